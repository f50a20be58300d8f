"""The jax adapter: Keras's layers as functions of ``jax.numpy``, ``jax.lax`` and ``jax.nn``.

JAX compiles every new shape, so all that a case asks of values and gradients is one jitted
function. Where ``compiled`` is asked, call 0 is also made without jit: that is the eager answer,
and the jitted one is the compiled.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jax import numpy as jnp

from conformance.adapters.jax import random
from conformance.adapters.jax.describe import Description
from conformance.adapters.jax.functions import answered
from conformance.adapters.jax.tables.layers import TABLE
from conformance.adapters.jax.training import loss_of, optimizer_of
from conformance.adapters.native.feeds import Feeds, split
from conformance.adapters.native.model import Answer, Model
from conformance.adapters.shared.compiling import forget, keep_context
from conformance.adapters.worker.failure import Unsupported, failure
from conformance.adapters.worker.loop import kind_of
from conformance.adapters.worker.outputs import Arrays
from conformance.adapters.worker.probe import effective_precision, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from conformance.adapters.native.binding import Table

UNANSWERED = {
    "weights": "JAX has no layers that name their weights",
    "params": "JAX has no layers that hold parameters: functions are given arrays",
    "config_round_trip": "a function has no configuration to be rebuilt from",
    "save_round_trip": "JAX has no models to save",
    "summary": "JAX has no summary of a model",
    "mask": "JAX's arrays carry no masks; a layer that heeds one is given it",
    "raises": "what Keras must refuse is said of Keras, not of JAX",
}
"""Facets that JAX has no notion of."""

_CASES_BETWEEN_SHEDDINGS = 16
"""See :func:`forget`."""


class Framework(NamedTuple):
    """JAX, or a library on top of it whose layers are functions of arrays here, too."""

    table: Table
    versions: Mapping[str, str]
    unanswered: Mapping[str, str]
    """Facets that it has no notion of, with the reasons."""
    every_dtype: bool = False
    """Whether its layers compute in the dtype of what they are given; else in float32 alone."""


class Adapter:
    """Runs programs in JAX on the CPU."""

    kinds = ("model", "function", "steps")

    def __init__(self, framework: Framework) -> None:
        """Make it for JAX, or for what stands on it."""
        keep_context()
        self._framework = framework
        self._cases = 0

    def hello(self) -> dict[str, Any]:
        """Pin what could change an answer, and say what this is."""
        jax.config.update("jax_default_matmul_precision", "highest")
        measured = probe(jax.jit(jnp.matmul), jax.jit(_conv))
        return {
            "versions": dict(self._framework.versions),
            "precision": effective_precision(measured),
            "probe": measured,
            "settings": {
                "jax_default_matmul_precision": "highest",
                "jax_enable_x64": str(jax.config.jax_enable_x64),
                "backend": jax.default_backend(),
            },
        }

    def run(
        self, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer one program.

        Args:
            program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict.
            tensors: Its arrays.

        Returns:
            The observation and its arrays.

        Raises:
            Unsupported: No facet can be answered, or a layer, or an argument.
        """
        self._cases += 1
        if self._cases % _CASES_BETWEEN_SHEDDINGS == 0:
            forget(jax)
        if (kind := kind_of(program)) != "model":
            return answered(self._framework.unanswered, kind, program, tensors)
        with jax.enable_x64(_is_wide(program)):
            return Run(self._framework, program, tensors).answer()


class Network:
    """A model with what it is fed, and the shapes seen while JAX traced it."""

    def __init__(self, model: Model, feeds: Feeds, ordinary: Iterable[int]) -> None:
        """Wrap the model in one function that JAX traces once a shape.

        Args:
            model: The model.
            feeds: What it is fed.
            ordinary: The calls whose changes of variables hold for those that follow.
        """
        self.model = model
        self.feeds = feeds
        self._seen: dict[Any, Answer] = {}
        self._step: Callable[[Any, Any], tuple[list[Any], dict[str, Any]]] = jax.jit(self.step)
        self.ordinary = set(ordinary)

    def step(
        self, inputs: Mapping[str, Any], weights: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Outputs of one call, and the variables that it changes; notes the shapes on the way."""
        answer: Answer = self.model(inputs, weights)
        self._seen[_shapes(inputs)] = answer
        return answer.outputs, dict(answer.updates)

    def forward(self, inputs: Mapping[str, Any], weights: Mapping[str, Any]) -> list[Any]:
        """Outputs of one call."""
        return self.step(inputs, weights)[0]

    def seen(self, index: int) -> dict[str, Any]:
        """Shapes that the nodes had, and that the probes saw, in one call."""
        answer = self._seen[_shapes(self.feeds.calls[index])]
        return {"nodes": answer.nodes, "probes": answer.probes}

    def everything(self, feeds: Feeds) -> tuple[list[Any], Any, dict[str, Any]]:
        """What one jitted function answers.

        Returns:
            The outputs of all calls in their order, the gradients of call 0 where there are
            cotangents, and the variables that the ordinary calls have changed.
        """
        first, changed = feeds.calls[0], dict[str, Any]()
        answers, gradients = [], None
        for index, inputs in enumerate(feeds.calls):
            if index == 0 and feeds.cotangents:
                outputs, updates, gradients = self._differentiated(first, feeds)
            else:
                outputs, updates = self._step(inputs, {**feeds.weights, **changed})
            answers.append(outputs)
            if index in self.ordinary:
                changed.update(updates)
        return answers, gradients, changed

    def _differentiated(
        self, first: Mapping[str, Any], feeds: Feeds
    ) -> tuple[list[Any], dict[str, Any], Any]:
        """Call 0, and the gradients of its float outputs."""
        floats = {k: x for k, x in first.items() if jnp.issubdtype(x.dtype, jnp.floating)}

        def differentiable(some: Mapping[str, Any], weights: Mapping[str, Any]) -> Any:
            outputs, updates = self._step({**first, **some}, {**feeds.weights, **weights})
            return [y for y in outputs if _is_float(y)], (outputs, updates)

        trainable = {k: w for k, w in feeds.weights.items() if k not in self.model.frozen}
        moving, pull, (outputs, updates) = jax.vjp(differentiable, floats, trainable, has_aux=True)
        pairs = [c for c, y in zip(feeds.cotangents, outputs) if _is_float(y)]
        gradients = pull([c.astype(y.dtype) for c, y in zip(pairs, moving)])
        return outputs, updates, gradients


def _is_float(array: Any) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.floating))


class Run:
    """One program on its way to its answer."""

    def __init__(
        self, framework: Framework, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> None:
        """Bind the model, and the twin where there is one."""
        self.table = framework.table
        self.cast = _cast if framework.every_dtype else None
        self.program = program
        self.asked = set(program["facets"])
        unanswered = framework.unanswered
        if self.asked <= set(unanswered):
            raise Unsupported("; ".join(unanswered[facet] for facet in program["facets"]))
        self.arrays = Arrays()
        self.errors: dict[str, Any] = {}
        self.unsupported = {f: unanswered[f] for f in program["facets"] if f in unanswered}
        self.seconds: dict[str, float] = {}
        self.after: dict[str, Any] = {}
        self.main = self._network(program["model"], tensors, "")
        self.drawn = {
            name.split("/", 1)[1]: array
            for name, array in tensors.items()
            if name.startswith("random/")
        }
        self.networks = [self.main]
        if program.get("twin") and "equals" in self.asked:
            self.networks.append(self._network(program["twin"]["model"], tensors, "twin/"))

    def _network(
        self, model: Mapping[str, Any], tensors: Mapping[str, Any], prefix: str
    ) -> Network:
        feeds = split(tensors, np.asarray, prefix=prefix)
        if "gradients" not in self.asked:
            feeds = feeds._replace(cotangents=[])
        ordinary = [*range(len(self.program["calls"]))]
        bound = Model(self.table, model, self.cast)
        return Network(bound, bound.declared(feeds), ordinary)

    def answer(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer every facet that is asked; an error in one leaves the others alone."""
        observation: dict[str, Any] = {}
        self._describe(observation)
        built = self._facet("calls", self._values)
        observation.update(built[0])
        if len(built) > 1:
            observation["twin"] = built[1]
        if "compiled" in self.asked:
            self._without_jit(observation)
        if "state" in self.asked:
            state = self._facet("state", self._state)
            if state:
                observation["state"] = state
        if "random" in self.asked:
            found = self._facet("random", self._draws)
            if found:
                observation["random"] = found
        observation.update(unsupported=self.unsupported, errors=self.errors, seconds=self.seconds)
        return observation, self.arrays.tensors

    def _facet(self, facet: str, work: Callable[[], Any]) -> Any:
        """A facet's answer, or None with the error or the reason noted."""
        start = time.perf_counter()
        try:
            return work()
        except Unsupported as reason:
            self.unsupported[facet] = str(reason)
        except Exception as error:  # noqa: BLE001 - whatever a framework raises is the answer
            self.errors[facet] = failure(error, facet)
        finally:
            self.seconds[facet] = time.perf_counter() - start
        return None

    def _describe(self, observation: dict[str, Any]) -> None:
        inputs, weights = self.program["model"]["inputs"], self.main.feeds.weights
        description = self._facet(
            "symbolic_shape", lambda: Description(self.main.model, inputs, weights)
        )
        if description:
            observation["native"] = description.native()
            if "symbolic_shape" in self.asked:
                symbolic = self._facet("symbolic_shape", description.symbolic)
                if symbolic:
                    observation["symbolic"] = symbolic

    def _values(self) -> list[dict[str, Any]]:
        """Every call and gradient of both models, from one jitted function if it can be had."""
        try:
            found = jax.device_get(jax.jit(_all(self.networks))([n.feeds for n in self.networks]))
        except Exception:  # noqa: BLE001 - which call raised is found out one by one
            return [self._one_by_one(n, p) for n, p in zip(self.networks, ("", "twin/"))]
        self.after = {**self.main.feeds.weights, **found[0][2]}
        return [
            self._built(network, calls, gradients, prefix)
            for network, (calls, gradients, _), prefix in zip(self.networks, found, ("", "twin/"))
        ]

    def _built(
        self, network: Network, calls: Sequence[Any], gradients: Any, prefix: str
    ) -> dict[str, Any]:
        built: dict[str, Any] = {
            "calls": [
                {"outputs": self._outputs(f"{prefix}call/{i}", outputs), **network.seen(i)}
                for i, outputs in enumerate(calls)
            ]
        }
        if gradients is not None:
            built["gradients"] = self._gradients(gradients, prefix)
        return built

    def _one_by_one(self, network: Network, prefix: str) -> dict[str, Any]:
        """Each call by itself, so that an error belongs to the call that raised it."""
        built: dict[str, Any] = {"calls": []}
        for index, inputs in enumerate(network.feeds.calls):
            try:
                outputs = jax.device_get(jax.jit(network.forward)(inputs, network.feeds.weights))
            except Exception as error:  # noqa: BLE001 - whatever JAX raises is the answer
                built["calls"].append({"error": failure(error, "call")})
                continue
            call = {"outputs": self._outputs(f"{prefix}call/{index}", outputs)}
            built["calls"].append({**call, **network.seen(index)})
        if network.feeds.cotangents:
            only = network.feeds._replace(calls=network.feeds.calls[:1])
            found = self._facet("gradients", lambda: jax.jit(network.everything)(only)[1])
            if found is not None:
                built["gradients"] = self._gradients(jax.device_get(found), prefix)
        return built

    def _outputs(self, name: str, outputs: Sequence[Any]) -> list[dict[str, Any]]:
        return [
            self.arrays.output(f"{name}/output/{j}", output) for j, output in enumerate(outputs)
        ]

    def _gradients(self, gradients: tuple[Any, Any], prefix: str) -> dict[str, dict[str, str]]:
        return {
            kind: {
                name: self.arrays.put(f"{prefix}gradient/{kind}/{name}", array)
                for name, array in group.items()
            }
            for kind, group in zip(("inputs", "weights"), gradients)
        }

    def _without_jit(self, observation: dict[str, Any]) -> None:
        """Make call 0 operation by operation; what jit gave becomes the compiled answer."""
        jitted = observation["calls"][0].get("outputs")
        feeds = self.main.feeds
        eager = self._facet(
            "compiled",
            lambda: jax.device_get(
                self.main.forward(
                    {name: jnp.asarray(x) for name, x in feeds.calls[0].items()},
                    {name: jnp.asarray(w) for name, w in feeds.weights.items()},
                )
            ),
        )
        if jitted is not None and eager is not None:
            observation["compiled"] = jitted
            observation["calls"][0]["outputs"] = self._outputs("eager", eager)

    def _draws(self) -> dict[str, Any]:
        found = random.draws(self.table, self.program, self.drawn)
        return {name: self.arrays.output(f"random/{name}", y) for name, y in found.items()}

    def _state(self) -> dict[str, Any]:
        if not self.program.get("train"):
            if not self.after and self.main.feeds.weights:
                raise Unsupported("not every call could be made, so there is nothing after them")
            return {"weights": self._weights(jax.device_get(self.after))}
        if self.main.model.frozen:
            raise Unsupported("moving statistics in training are not handled here")
        train = self.program["train"]
        feeds = self.main.feeds
        start, update = optimizer_of(train["optimizer"]["name"], train["optimizer"]["config"])
        loss = loss_of(train["loss"]["name"], train["loss"]["config"])

        def total(weights: Any, inputs: Any, targets: Any) -> Any:
            outputs = self.main.forward(inputs, weights)
            return sum(loss(y, t) for y, t in zip(outputs, targets))

        def step(state: Any, weights: Any, inputs: Any, targets: Any) -> Any:
            value, gradients = jax.value_and_grad(total)(weights, inputs, targets)
            return value, *update(state, weights, gradients)

        jitted = jax.jit(step)
        weights = {name: jnp.asarray(array) for name, array in feeds.weights.items()}
        state = start(weights)
        losses = []
        for _ in range(train["steps"]):
            value, state, weights = jitted(state, weights, feeds.calls[0], feeds.targets)
            losses.append(value)
        return {
            "losses": self.arrays.put("state/losses", np.stack(jax.device_get(losses))),
            "weights": self._weights(weights),
        }

    def _weights(self, weights: Mapping[str, Any]) -> dict[str, str]:
        return {
            name: self.arrays.put(f"state/weights/{name}", np.asarray(weight))
            for name, weight in weights.items()
        }


def create(name: str) -> Adapter:
    """Make the adapter; the contract is in docs/adapters.md."""
    return Adapter(Framework(TABLE, versions(), UNANSWERED, every_dtype=True))


def versions() -> dict[str, str]:
    """The versions that JAX's numbers depend on."""
    return {"jax": jax.__version__, "numpy": np.__version__}


def _cast(array: Any, dtype: str) -> Any:
    """An array, NumPy's or traced, in the dtype of this name."""
    return array.astype(jnp.dtype(dtype))


def _is_wide(program: Mapping[str, Any]) -> bool:
    """Whether the program speaks of float64, which JAX has only where it is told so."""
    models = [program["model"], *([program["twin"]["model"]] if program.get("twin") else [])]
    return any(
        "float64" in {one.get("dtype"), one.get("config", {}).get("dtype")}
        for model in models
        for one in (*model["inputs"], *model["nodes"])
    )


def _all(networks: Sequence[Network]) -> Callable[[Sequence[Feeds]], list[Any]]:
    def everything(feeds: Sequence[Feeds]) -> list[Any]:
        return [network.everything(own) for network, own in zip(networks, feeds)]

    return everything


def _shapes(inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple((name, tuple(array.shape)) for name, array in sorted(inputs.items()))


def _conv(x: Any, kernel: Any) -> Any:
    return jax.lax.conv_general_dilated(
        x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
