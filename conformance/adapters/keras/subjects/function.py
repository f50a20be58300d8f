"""Functions of Keras called on arrays: ``ops.where``, losses, schedules, initializers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras.backends.base import Feed, is_float
from conformance.adapters.keras.nesting import flat
from conformance.adapters.keras.subjects.parts import Answering, as_lists
from conformance.adapters.keras.subjects.symbols import called, make, symbol
from conformance.adapters.shared.functions import is_layer, is_made, outputs_of, walked
from conformance.adapters.shared.open_sizes import opened
from conformance.adapters.shared.wire import BF16
from conformance.adapters.worker.failure import Unsupported, failure
from conformance.facets import OPEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.keras.backends.base import Backend


class Functions:
    """The functions of a program as one callable of its inputs, in their order.

    Args:
        keras: The module.
        model: The program's ``model``.
        seed: In the place of the one that the program gives, where a function draws.
    """

    def __init__(self, keras: Any, model: Mapping[str, Any], seed: int | None = None) -> None:
        """Find every symbol, and make what has to be made.

        Raises:
            Absent: The installed Keras lacks one, or an argument.
            Exception: Whatever Keras raises.
        """
        self._keras = keras
        self._model = model
        self._seed = seed
        self.made: dict[str, Any] = {}
        self.seeds: dict[str, Any] = {}
        for node in model["nodes"]:
            config = dict(node["config"])
            if isinstance(config.get("seed"), dict) and is_made(node["layer"]):
                config["seed"] = _generator(keras, config["seed"], seed)
            elif seed is not None and "seed" in config:
                config["seed"] = seed
            given = node.get("arguments", {}).get("seed")
            if isinstance(given, dict):
                self.seeds[node["name"]] = _generator(keras, given, seed)
            found = symbol(keras, node["layer"])
            if is_made(node["layer"]):
                found = make(keras, node["layer"], config)
            self.made[node["name"]] = found

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        """Outputs in order, flat."""
        names = [spec["name"] for spec in self._model["inputs"]]
        values = walked(self._model["nodes"], dict(zip(names, tensors)), self._called)
        return list(flat(outputs_of(self._model["outputs"], values)))

    @property
    def configurable(self) -> bool:
        """Whether anything is there that has a configuration."""
        return bool(self.seeds) or any(is_made(node["layer"]) for node in self._model["nodes"])

    def rebuilt(self) -> Functions:
        """The same, each instance made anew from its configuration."""
        twin = Functions(self._keras, self._model, self._seed)
        for node in self._model["nodes"]:
            if is_made(node["layer"]):
                before = self.made[node["name"]]
                twin.made[node["name"]] = type(before).from_config(before.get_config())
        for name, before in self.seeds.items():
            twin.seeds[name] = type(before).from_config(before.get_config())
        return twin

    def _called(self, node: Mapping[str, Any], place: list[Any], keywords: dict[str, Any]) -> Any:
        literals = node.get("arguments", {})
        if node["name"] in self.seeds:
            literals = {key: one for key, one in literals.items() if key != "seed"}
            keywords = {**keywords, "seed": self.seeds[node["name"]]}
        elif self._seed is not None and "seed" in literals:
            literals = {**literals, "seed": self._seed}
        node = {**node, "arguments": literals}
        if is_layer(node["layer"]):  # whatever a layer calls the first one
            place = [keywords.pop("data")]
        return called(self._keras, node, self.made[node["name"]], place, keywords)


class FunctionSession(Answering):
    """Answers one program of functions. A facet that raises leaves the others unharmed."""

    def answer(self) -> None:
        """Every facet that is asked."""
        self.functions = Functions(self.keras, self.program["model"])
        feeds = [
            Feed(spec["name"], self.tensors[f"call/0/{spec['name']}"], spec.get("dtype", "float32"))
            for spec in self.program["model"]["inputs"]
        ]
        # Made before any call, which may change what it is given.
        arrays = [np.array(one.array).astype(one.dtype) for one in feeds if self._asks_of_numpy]
        if "symbolic_shape" in self.facets:
            with self.facet("symbolic_shape"):
                self.said["symbolic"] = self._symbolic("symbolic_shape")
        self._of_open_sizes()
        if self.facets & {"shape", "dtype", "values", "raises"}:
            self.said["calls"] = [self._call(feeds)]
        if "gradients" in self.facets:
            with self.facet("gradients"):
                self.said["gradients"] = self._gradients(feeds)
        if "compiled" in self.facets:
            with self.facet("compiled"):
                self._refuse("compiled")
                outputs = self.backend.compiled_function(self.functions, self._fed(feeds))
                self.said["compiled"] = self.put("compiled", outputs)
        if "config_round_trip" in self.facets:
            with self.facet("config_round_trip"):
                outputs = self.functions.rebuilt()(self._fed(feeds))
                self.said["config_round_trip"] = self.put("config_round_trip", outputs)
        if "from_numpy" in self.facets:
            with self.facet("from_numpy"):
                self.said["from_numpy"] = self._from_numpy(feeds, arrays)
        if "from_lists" in self.facets:
            with self.facet("from_lists"):
                given = [as_lists(feed.array, feed.dtype) for feed in feeds]
                outputs = [
                    self.backend.operand(np.array(one), np.asarray(one).dtype.name)
                    if isinstance(one, (list, np.ndarray, np.generic))
                    else one
                    for one in self.functions(given)
                ]
                self.said["from_lists"] = self.put("from_lists", outputs)
        if "random" in self.facets:
            with self.facet("random"):
                self.said["random"] = self._draws(feeds)

    def _refuse(self, facet: str) -> None:
        if facet in self.backend.unsupported:
            raise Unsupported(self.backend.unsupported[facet])

    def _fed(self, feeds: Sequence[Feed]) -> list[Any]:
        return [self.backend.operand(feed.array, feed.dtype) for feed in feeds]

    def _call(self, feeds: Sequence[Feed]) -> dict[str, Any]:
        with self.timed("calls"):
            try:
                outputs = self.functions(self._fed(feeds))
            except (Unsupported, NotImplementedError, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001 - a refusal is this call's answer
                return {"error": failure(error, "call")}
            return {"outputs": self.put("call/0/output", outputs)}

    def _of_open_sizes(self) -> None:
        """The symbolic calls with sizes that aren't known; one that raises anyhow is not made."""
        for facet in OPEN:
            if facet in self.facets and "symbolic_shape" not in self.said["errors"]:
                with self.facet(facet):
                    self.said[facet] = self._symbolic(facet)

    def _symbolic(self, facet: str) -> dict[str, Any]:
        """What a symbolic call states, with the sizes that the facet leaves open."""
        if not hasattr(self.keras, "KerasTensor"):
            raise Unsupported(f"{self.keras.__name__} has no KerasTensor to call a function with")
        specs = self.program["model"]["inputs"]
        shapes = opened(facet, [spec["shape"] for spec in specs])
        tensors = [
            self.keras.KerasTensor(tuple(shape), spec.get("dtype", "float32"))
            for spec, shape in zip(specs, shapes)
        ]
        outputs = self.functions(tensors)
        return {
            "inputs": [list(tensor.shape) for tensor in tensors],
            "outputs": [list(getattr(output, "shape", ())) for output in outputs],
            "dtypes": [self._dtype(output) for output in outputs],
        }

    def _dtype(self, output: Any) -> str:
        """That of an output, which may be a number of Python's: the step of ``ops.linspace``."""
        plain = isinstance(output, (bool, int, float))
        return np.asarray(output).dtype.name if plain else self.backend.dtype(output)

    @property
    def _asks_of_numpy(self) -> bool:
        return "from_numpy" in self.facets

    def _from_numpy(self, feeds: Sequence[Feed], arrays: list[Any]) -> list[dict[str, Any]]:
        """Call 0 from NumPy's arrays; one that is handed on as it is counts like a tensor."""
        before = [array.copy() for array in arrays]
        outputs = [
            self.backend.operand(np.array(one), np.asarray(one).dtype.name)
            if isinstance(one, np.generic) or _is_part(one, arrays)
            else one
            for one in self.functions(arrays)
        ]
        self.said["changed"] = [
            feed.name
            for feed, one, other in zip(feeds, before, arrays)
            if one.tobytes() != other.tobytes()
        ]
        return self.put("from_numpy", outputs)

    def _gradients(self, feeds: Sequence[Feed]) -> dict[str, Any]:
        self._refuse("gradients")
        moving = [at for at, feed in enumerate(feeds) if feed.differentiable]
        cotangents = {
            int(name.partition("/")[2]): array
            for name, array in self.tensors.items()
            if name.startswith("cotangent/")
        }
        found = self.backend.function_gradients(
            self.functions, self._fed(feeds), moving, cotangents
        )
        return {
            "inputs": {
                feeds[at].name: self.arrays.put(f"gradient/input/{feeds[at].name}", array)
                for at, array in zip(moving, found)
            },
            "weights": {},
        }

    def _draws(self, feeds: Sequence[Feed]) -> dict[str, Any]:
        """Two calls of one instance, one made anew with its seed, one with the other seed.

        What has a configuration is made from it as well, and called twice.
        """
        self.backend.rewind()
        model, other = self.program["model"], self.program["random"]["other"]
        one, given = Functions(self.keras, model), self._fed(feeds)
        before = [np.array(self._bits(tensor)) for tensor in given]
        answers = {"first": self._kept("first", one(given))}
        kept = all(
            np.array_equal(array, self._bits(tensor)) for array, tensor in zip(before, given)
        )
        answers["second"] = self._kept("second", one(self._fed(feeds)))
        self.backend.rewind()
        anew = Functions(self.keras, model)
        answers["again"] = self._kept("again", anew(self._fed(feeds)))
        self.backend.rewind()
        another = Functions(self.keras, model, seed=other)
        answers["other"] = self._kept("other", another(self._fed(feeds)))
        if one.configurable:
            self.backend.rewind()
            rebuilt = one.rebuilt()
            rebuilt(self._fed(feeds))
            answers["rebuilt"] = self._kept("rebuilt", rebuilt(self._fed(feeds)))
        return {**answers, "input_kept": kept}

    def _bits(self, tensor: Any) -> Any:
        """A tensor's numbers, or their bits where NumPy has no dtype for them."""
        array = self.backend.value(tensor).array
        return array.bits if isinstance(array, BF16) else array

    def _kept(self, name: str, outputs: Sequence[Any]) -> Any:
        """An answer, put aside before the next call could change it."""
        return self.put(f"random/{name}", outputs)[0]


def _generator(keras: Any, given: Mapping[str, Any], seed: int | None) -> Any:
    """The generator of seeds that a case writes as ``{SeedGenerator: {seed: 7}}``."""
    ((kind, config),) = given.items()
    return make(keras, f"random.{kind}", config if seed is None else {**config, "seed": seed})


def floats(backend: Backend, outputs: Sequence[Any]) -> list[int]:
    """Places of the outputs that are floats."""
    return [at for at, output in enumerate(outputs) if is_float(backend.dtype(output))]


def _is_part(answer: Any, arrays: Sequence[Any]) -> bool:
    """Whether an answer is an array of NumPy that was handed in, or a view of one."""
    return isinstance(answer, np.ndarray) and any(
        np.may_share_memory(answer, array) for array in arrays
    )
