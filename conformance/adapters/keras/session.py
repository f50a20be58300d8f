"""One case's way through a Keras: build, set the weights, and every facet that is asked."""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras import (
    configs,
    exchange,
    fitting,
    random,
    roundtrip,
    stated,
    training,
)
from conformance.adapters.keras.alone import MODEL, of_model, specs
from conformance.adapters.keras.backends.base import Feed, Plan, Value
from conformance.adapters.keras.build import Net, build
from conformance.adapters.keras.initial import UnseenInitialValues
from conformance.adapters.keras.quantizing import quantize
from conformance.adapters.keras.subjects.application import FORM
from conformance.adapters.keras.summary import summary
from conformance.adapters.keras.watch import Watch
from conformance.adapters.keras.weights import WeightError, assign, empty_states, variables
from conformance.adapters.shared.texts import decoded
from conformance.adapters.worker.failure import Unsupported, failure, raiser
from conformance.adapters.worker.outputs import Arrays
from conformance.facets import OF_CALLS, TRAINED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.adapters.keras.backends.base import Backend, Evaluator
    from conformance.adapters.keras.weights import Variable


class Session:
    """Answers one program. A facet that raises leaves the others unharmed."""

    def __init__(
        self, backend: Backend, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> None:
        """Hold what was asked."""
        self._backend = backend
        self._keras = backend.keras
        self._program = program
        self._tensors = tensors
        self._facets = frozenset(program["facets"])
        self._arrays = Arrays()
        self._answer: dict[str, Any] = {"unsupported": {}, "errors": {}, "seconds": {}}
        self._configs: dict[str, Any] = {}
        self._stated: dict[str, Any] | None = None

    def run(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The observation and its arrays."""
        try:
            with self._timed("build"):
                net = self._build(self._program["model"], "")
            self._refuse_training()
        except Unsupported as reason:
            return self._without(**reason.answer())
        except NotImplementedError as reason:
            return self._not_there(reason)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - the framework's refusal is an answer
            return self._without("error", error=failure(error, "build"))
        if "initial" in self._facets:
            with self._facet("initial"):
                self._answer["initial"] = self._as_made(net)
        several = len(self._program["model"]["nodes"]) > 1
        if several and "output_spec" in self._facets and hasattr(self._keras, "KerasTensor"):
            with self._facet("output_spec"):
                self._stated = of_model(self._keras, net)
        self._answer.update(self._examine(net, ""))
        if "twin" in self._program:
            with self._facet("equals"):
                twin = self._build(self._program["twin"]["model"], "twin/")
                self._answer["twin"] = self._examine(twin, "twin/")
        self._rebuild(net)
        self._answer_apart(net)
        if TRAINED & self._facets and "train" in self._program:  # last: it changes the model
            with self._facet("state"):
                self._answer["state"] = self._train(net)
        if self._goes_on():
            with self._facet("exchange"):
                self._answer["files"] = self._files(net, trained=True)
        return self._answer, self._arrays.tensors

    def _goes_on(self) -> bool:
        """Whether what is saved is the trained model, with which others go on."""
        return "exchange" in self._facets and "steps" in self._program["exchange"]

    def _not_there(self, reason: NotImplementedError) -> tuple[dict[str, Any], dict[str, Any]]:
        """No answer: a backend says it of what it can't do, a layer of what it was given."""
        if "raises" in self._facets and ".layers." in raiser(reason)[1]:
            return self._without("error", error=failure(reason, "build"))
        return self._without(**Unsupported(_text(reason)).answer())

    def _answer_apart(self, net: Net) -> None:
        """What is asked for by a facet each, and hangs on nothing else."""
        if "exchange" in self._facets and not self._goes_on():
            with self._facet("exchange"):
                self._answer["files"] = self._files(net)
        if "random" in self._facets:
            with self._facet("random"):
                self._answer["random"] = self._draws()
        self._describe(net)

    def _describe(self, net: Net) -> None:
        """What the model and its layers say of themselves."""
        if "summary" in self._facets:
            with self._facet("summary"):
                self._answer["summary"] = summary(net.model)
        if "output_spec" in self._facets:  # it calls the layers: behind what their one call tells
            with self._facet("output_spec"):
                told = specs(self._keras, net)
                if self._stated is not None:
                    again = of_model(self._keras, net)
                    after = {"spec_again": again["spec"], "shape_again": again["shape"]}
                    told[MODEL] = {**self._stated, **after}
                self._answer["specs"] = told

    def _refuse_training(self) -> None:
        """Layers that are called in training, on a backend that only predicts.

        What a layer draws is asked for apart, by calls of another kind.
        """
        trains = any(
            node.get("arguments", {}).get("training") is True
            for node in self._program["model"]["nodes"]
        ) or any(call.get("training") is True for call in self._program["calls"])
        if trains and "training" in self._backend.unsupported and "random" not in self._facets:
            raise Unsupported(self._backend.unsupported["training"])

    def _without(self, status: str, **why: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"status": status, **why, "seconds": self._answer["seconds"]}, {}

    def _build(self, spec: Mapping[str, Any], prefix: str) -> Net:
        if "initial" in self._facets and not prefix:
            return build(self._keras, spec)
        with self._unseen(prefix):
            net = build(self._keras, spec)
        if spec.get("quantize"):
            self._quantize(net, spec["quantize"])
        return net

    def _quantize(self, net: Net, asked: Mapping[str, Any]) -> None:
        """Quantize a model that has been given the case's weights."""
        try:
            assign(variables(net), self._given("weight/"))
        except WeightError:
            return  # they are given once more, where that is told
        quantize(self._keras, net.model, asked)
        numbers = self._backend.numbers
        net.quantized = {one.name: _copied(numbers(one.variable)) for one in variables(net)}

    def _unseen(self, prefix: str) -> UnseenInitialValues:
        given = any(name.startswith(f"{prefix}weight/") for name in self._tensors)
        if self._program["model"]["form"] == FORM:
            # EfficientNet's Normalization takes in what it begins with as soon as it is built.
            given = not self._program["calls"]
        return UnseenInitialValues(self._backend, unseen=given)

    # --- what one model shows of itself ---------------------------------------------------------

    def _examine(self, net: Net, prefix: str) -> dict[str, Any]:
        """The ``Built`` of one model: shapes, weights, counts, calls and gradients."""
        built: dict[str, Any] = {}
        if "symbolic_shape" in self._facets:
            with self._facet("symbolic_shape"):
                built["symbolic"] = stated.shapes_of(net)
        found = variables(net)
        if "weights" in self._facets:
            built["weights"] = [one.describe(self._backend.dtype) for one in found]
        if "params" in self._facets:
            with self._facet("params"):
                built["params"] = stated.counts_of(net)
        if not self._program["calls"]:
            return built
        plan = self._plan(net, found, prefix)
        try:
            assign(found, self._weights(net, prefix))
        except WeightError as error:
            self._unfitting(error, built, plan)
            return built
        evaluator = self._backend.evaluator(net.model, plan)
        if self._facets.intersection(OF_CALLS):
            with self._timed("calls"):
                built["calls"] = self._calls(net, evaluator, prefix)
        if plan.cotangents is not None:
            with self._facet("gradients"):
                self._start(net, found, prefix)
                built["gradients"] = self._gradients(evaluator, found, prefix)
        if plan.compiled:
            with self._facet("compiled"):
                self._start(net, found, prefix)
                self._answer["compiled"] = self._put("compiled", evaluator.compiled())
        self._start(net, found, prefix)
        if "state" in self._facets and "train" not in self._program and not prefix:
            with self._facet("state"):
                self._answer["state"] = self._after(net, evaluator)
                self._start(net, found, prefix)
        return built

    def _unfitting(self, error: WeightError, built: dict[str, Any], plan: Plan) -> None:
        """What is said where the case's weights don't fit the model."""
        said = failure(error, "weights", internal=False)
        built["calls"] = [{"error": said} for _ in plan.calls]
        self._answer["errors"].setdefault("gradients", said)

    def _start(self, net: Net, found: Sequence[Variable], prefix: str) -> None:
        """Give a model that calls change the case's weights again, and no states, as at first."""
        if "state" in self._facets:
            assign(found, self._weights(net, prefix))
            empty_states(net.model)

    def _weights(self, net: Net, prefix: str) -> Mapping[str, Any]:
        """What the variables begin with: the case's numbers, or what quantizing made of them."""
        return self._given(f"{prefix}weight/") if net.quantized is None else net.quantized

    def _after(self, net: Net, evaluator: Evaluator) -> dict[str, Any]:
        """What the ordinary calls leave of the variables."""
        # Out of training no call changes what quantizing has made.
        if "changes" in self._backend.unsupported and net.quantized is None:
            raise Unsupported(self._backend.unsupported["changes"])
        evaluator.make_calls()
        return {"weights": self._weights_now(net)}

    def _as_made(self, net: Net) -> dict[str, str]:
        """What the variables hold before anything is done to them."""
        numbers = self._backend.numbers
        return {
            one.name: self._arrays.put(f"initial/{one.name}", _copied(numbers(one.variable)))
            for one in variables(net)
        }

    def _weights_now(self, net: Net) -> dict[str, str]:
        numbers = self._backend.numbers
        return {
            one.name: self._arrays.put(f"state/weight/{one.name}", _copied(numbers(one.variable)))
            for one in variables(net)
        }

    def _plan(self, net: Net, found: Sequence[Variable], prefix: str) -> Plan:
        wanted = "gradients" in self._facets and "gradients" not in self._backend.unsupported
        cotangents = self._given(f"{prefix}cotangent/")
        if "gradients" in self._facets and not wanted:
            reason = self._backend.unsupported["gradients"]
            self._answer["unsupported"]["gradients"] = reason
        compiled = "compiled" in self._facets and not prefix
        return Plan(
            calls=[self._feeds(net, prefix, index) for index in range(self._count(prefix))],
            trainable=[one.variable for one in found if one.trainable],
            cotangents=[cotangents[str(j)] for j in range(len(cotangents))] if wanted else None,
            compiled=compiled,
            probes="probes" in self._facets,
            masks="mask" in self._facets,
            ordinary=[*range(len(self._program["calls"]))],
            flags=self._flags(),
            predicted=[
                index for index, call in enumerate(self._program["calls"]) if call.get("predict")
            ],
            batches={
                index: call["predict_rows"]
                for index, call in enumerate(self._program["calls"])
                if call.get("predict_rows")
            },
        )

    def _flags(self) -> dict[int, bool]:
        """The flag that the model itself is given: further calls are made as call 0 is."""
        calls = self._program["calls"]
        every = [*calls, *[calls[0]] * len(self._program.get("extra", ()))]
        flags = {index: call.get("training") for index, call in enumerate(every)}
        return {index: flag for index, flag in flags.items() if flag is not None}

    def _count(self, prefix: str) -> int:
        """Number of calls that arrays were sent for: a twin may be asked for fewer."""
        count = 0
        every = [*self._program["calls"], *self._program.get("extra", ())]
        for index in range(len(every)):
            if any(name.startswith(f"{prefix}call/{index}/") for name in self._tensors):
                count = index + 1
        return count

    def _feeds(self, net: Net, prefix: str, index: int) -> list[Feed]:
        feeds = []
        for spec in net.spec["inputs"]:
            array = self._tensors[f"{prefix}call/{index}/{spec['name']}"]
            dtype = spec.get("dtype", "float32")
            feeds.append(Feed(spec["name"], decoded(array) if dtype == "string" else array, dtype))
        return feeds

    def _calls(self, net: Net, evaluator: Evaluator, prefix: str) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []
        with Watch(net) as evaluator.watch:
            for index in range(len(evaluator.plan.calls)):
                try:
                    outputs = evaluator.call(index)
                    noted = evaluator.noted(index)
                except (Unsupported, NotImplementedError) as reason:
                    for facet in self._facets.intersection(OF_CALLS):
                        self._answer["unsupported"][facet] = _text(reason)
                    return []
                except MemoryError:
                    raise
                except Exception as error:  # noqa: BLE001 - a refusal is this call's answer
                    calls.append({"error": failure(error, "call")})
                    continue
                call: dict[str, Any] = {
                    "outputs": self._put(f"{prefix}call/{index}/output", outputs)
                }
                if "shape" in self._facets:
                    call["nodes"] = noted.nodes
                if "probes" in self._facets:
                    call["probes"] = noted.probes
                if evaluator.plan.masks and index == 0:
                    call["masks"] = self._masks(evaluator, f"{prefix}call/{index}/mask")
                calls.append(call)
        evaluator.watch = None
        return calls

    def _masks(self, evaluator: Evaluator, base: str) -> list[dict[str, Any] | None]:
        return [
            None if mask is None else self._put(f"{base}/{j}", [mask])[0]
            for j, mask in enumerate(evaluator.masks)
        ]

    def _gradients(
        self, evaluator: Evaluator, found: Sequence[Variable], prefix: str
    ) -> dict[str, Any]:
        gradients = evaluator.gradients()
        base = f"{prefix}gradient"
        names = [one.name for one in found if one.trainable]
        return {
            "inputs": {
                name: self._arrays.put(f"{base}/input/{name}", array)
                for name, array in gradients.inputs.items()
            },
            "weights": {
                name: self._arrays.put(f"{base}/weight/{name}", array)
                for name, array in zip(names, gradients.weights)
            },
        }

    # --- the model again ------------------------------------------------------------------------

    def _rebuild(self, net: Net) -> None:
        for facet, way, again in (
            ("config_round_trip", "rebuilt", roundtrip.from_config),
            ("save_round_trip", "loaded", roundtrip.from_file),
        ):
            if facet in self._facets:
                with self._facet(facet), self._unseen(""):
                    model = again(self._keras, net.model)
                    if "config" in self._facets and "config" not in self._backend.unsupported:
                        with self._facet("config"):
                            self._configs[way] = configs.again(model, net.layers)
                    self._answer_again(facet, net, model)
        if "clone" in self._facets:
            with self._facet("clone"), self._unseen(""):
                model = roundtrip.cloned(self._keras, net.model, self._program["clone"])
                with roundtrip.emptied(net.model):
                    self._answer_again("clone", net, model)
        if "config" in self._facets:
            with self._facet("config"):
                self._answer["config"] = self._told(net)

    def _answer_again(self, facet: str, net: Net, model: Any) -> None:
        """What another model answers to call 0."""
        # As call 0 was made: on JAX the operations are then compiled already.
        compiled = "compiled" in self._facets
        feeds, flags = [self._feeds(net, "", 0)], self._flags()
        plan = Plan(calls=feeds, compiled=compiled, flags=flags)
        outputs = self._backend.evaluator(model, plan).call(0)
        self._answer[facet] = self._put(facet, outputs)

    def _told(self, net: Net) -> dict[str, Any]:
        """The configs of the layers as made, and those that were found on the way round."""
        if "config" in self._backend.unsupported:
            raise Unsupported(self._backend.unsupported["config"])
        return {"made": configs.told(net.layers), **self._configs}

    def _files(self, net: Net, *, trained: bool = False) -> dict[str, str]:
        """The model with the case's weights, saved; or as training left it."""
        exchange.check(self._backend, trains=trained)
        kind = self._program["exchange"]["file"]
        if not trained:
            assign(variables(net), self._weights(net, ""))
        return {kind: self._arrays.put(f"file/{kind}", exchange.written(net.model, kind))}

    def _train(self, net: Net) -> dict[str, Any]:
        if "state" in self._backend.unsupported:
            raise Unsupported(self._backend.unsupported["state"])
        said = self._backend.unsupported.get("steps_per_execution")
        if said and "steps_per_execution" in self._program["train"].get("fit", {}):
            raise Unsupported(said)
        targets = self._given("target/")
        rows = (
            [feed.array for feed in self._feeds(net, "", 0)],
            [targets[str(j)] for j in range(len(targets))],
        )
        with tempfile.TemporaryDirectory(prefix="keras-conformance-") as folder:
            trained = training.train(self._keras, net, self._program["train"], rows, folder)
            return self._trained(net, trained, folder)

    def _trained(self, net: Net, trained: training.Trained, folder: str) -> dict[str, Any]:
        told = {
            "losses": self._arrays.put("state/losses", trained.losses),
            "metrics": {
                name: self._arrays.put(f"state/metric/{name}", values)
                for name, values in trained.metrics.items()
                if "metrics" in self._facets
            },
            "weights": self._weights_now(net),
        }
        if "optimizer" in self._facets:
            with self._facet("optimizer"):
                told["optimizer"] = self._held(net, trained.optimizer)
        if "checkpoint" in self._facets:  # last: it changes the model
            with self._facet("checkpoint"):
                told["checkpoint"] = self._read_back(net, folder)
        return told

    def _read_back(self, net: Net, folder: str) -> dict[str, str]:
        """The variables in every file that was written in training."""
        numbers = self._backend.numbers
        return {
            f"{number}/{one.name}": self._arrays.put(
                f"state/checkpoint/{number}/{one.name}", _copied(numbers(one.variable))
            )
            for number, read in fitting.read_back(self._keras, net, folder)
            for one in variables(read)
        }

    def _held(self, net: Net, optimizer: Any) -> dict[str, str]:
        """The optimizer's own variables."""
        owned = {one.name: one.variable for one in variables(net) if one.trainable}
        numbers = self._backend.numbers
        return {
            name: self._arrays.put(f"state/optimizer/{name}", np.array(numbers(variable)))
            for name, variable in training.optimizer_variables(optimizer, owned).items()
        }

    def _draws(self) -> dict[str, Any]:
        for node in self._program["model"]["nodes"]:
            if node.get("layer") in self._backend.undrawn:
                raise Unsupported(self._backend.undrawn[node["layer"]])
        found, kept = random.draws(self._backend, self._program, self._tensors)
        outputs = {
            name: self._arrays.output(f"random/{name}", value.array, value.dtype)
            for name, value in found.items()
        }
        return {**outputs, "input_kept": kept}

    # --- small helpers --------------------------------------------------------------------------

    def _put(self, base: str, values: Sequence[Value]) -> list[dict[str, Any]]:
        return [
            self._arrays.output(f"{base}/{j}", value.array, value.dtype)
            for j, value in enumerate(values)
        ]

    def _given(self, prefix: str) -> dict[str, Any]:
        """Arrays whose names begin so, by the rest of their names."""
        return {
            name[len(prefix) :]: array
            for name, array in self._tensors.items()
            if name.startswith(prefix)
        }

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = self._answer["seconds"]
            seconds[what] = seconds.get(what, 0.0) + time.perf_counter() - start

    @contextmanager
    def _facet(self, facet: str) -> Iterator[None]:
        """Turn what is raised inside into this facet's answer."""
        with self._timed(facet):
            try:
                yield
            except (Unsupported, NotImplementedError) as reason:
                self._answer["unsupported"][facet] = _text(reason)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - one facet's error is no other's
                self._answer["errors"][facet] = failure(error, facet)


def _copied(numbers: Any) -> Any:
    """Numbers that stay as they are when the variable is given others."""
    return numbers.copy() if isinstance(numbers, np.ndarray) else numbers


def _text(reason: BaseException) -> str:
    """Why something can't be answered; of a backend that says nothing, which function it is."""
    text = str(reason)
    name, module = raiser(reason)
    if not name or name in text:
        return text or type(reason).__name__
    return f"{text or type(reason).__name__} (in {name} of {module})"
