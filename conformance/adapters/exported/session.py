"""One case's way out of Keras: build, set the weights, export, and run the file for each call."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.adapters.exported.runtimes import find
from conformance.adapters.exported.writing import sizes_of, write
from conformance.adapters.keras.backends.base import Value, packed
from conformance.adapters.keras.session import Session
from conformance.adapters.shared.exporters import TFJS
from conformance.adapters.shared.policies import quantized_policy
from conformance.adapters.worker.failure import Unsupported, failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.exported.runtimes.base import Running
    from conformance.adapters.keras.backends.base import Backend, Evaluator, Feed, Plan
    from conformance.adapters.keras.build import Net
    from conformance.adapters.keras.weights import WeightError
    from conformance.adapters.shared.exporters import Route

ANSWERED = frozenset({"shape", "dtype", "values", "batch", "influence"})
"""The facets that a file's outputs answer."""

_OF_KERAS = "it is asked of Keras itself: an exported file holds a forward pass and no more"
_REFUSALS = "what Keras must refuse is said of Keras, not of what comes out of it"
_WEIGHTS = "the case's weights don't fit the model that Keras makes on this backend"
_TRAINING = "an exported file answers in inference alone, as Model.export documents"
_STATES = "a call is to leave a state for the next one, which an exported file isn't asked to keep"
_PRECISION = "export_onnx documents that the dtype policy must be float32"
_FLOAT32 = "tfjs has no floating-point numbers but float32"
_BFLOAT16 = "the runtime is fed NumPy's arrays, and NumPy has no bfloat16"
_LETTERS = (
    "tf2onnx weighs every order of an equation's letters, which takes minutes where attention goes "
    "over two axes of four"
)
_FEW_AXES = 3
"""Without the batch's: of so many, an equation has seven letters, which take no time."""

_ONLY_FLOAT32 = {"onnx": _PRECISION, TFJS: _FLOAT32}
"""Formats that leave other precisions out, with the reason."""

_NO_ROWS = "arrays of no rows aren't asked of a file"
_QUANTIZED = "files of weights in few bits aren't asked for"
_STRINGS = "runtimes of this format are fed numbers, no strings"


class ExportedSession(Session):
    """Answers one program from a file."""

    def __init__(
        self,
        backend: Backend,
        program: Mapping[str, Any],
        tensors: Mapping[str, Any],
        route: Route,
    ) -> None:
        """Hold what was asked, and the way out."""
        asked = frozenset(program["facets"])
        kept = {key: part for key, part in program.items() if key not in {"twin", "train"}}
        super().__init__(backend, {**kept, "facets": sorted(asked & ANSWERED)}, tensors)
        self._route = route
        self._answer["unsupported"] = dict.fromkeys(sorted(asked - ANSWERED), _OF_KERAS)
        if "raises" in asked:
            self._answer["unsupported"]["raises"] = _REFUSALS
        self._unanswered = ""

    def run(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The observation and its arrays."""
        if reason := self._not_asked():
            return self._without("unsupported", reason=reason)
        answer = super().run()
        if self._unanswered:
            return self._without("unsupported", reason=self._unanswered)
        return answer

    def _unfitting(self, error: WeightError, built: dict[str, Any], plan: Plan) -> None:
        # A file of other weights would say nothing; that they are others is said of Keras.
        del error, built, plan
        self._unanswered = _WEIGHTS

    def _not_asked(self) -> str:
        """Why a file isn't asked this at all; empty where it is."""
        model, calls = self._program["model"], self._program["calls"]
        nodes, inputs = model["nodes"], model["inputs"]
        fed = [array for name, array in self._tensors.items() if "call/" in name]
        strings = any(one.get("dtype") == "string" for one in inputs)
        trained = any(call.get("training") for call in calls) or any(
            node.get("arguments", {}).get("training") for node in nodes
        )
        reasons = {
            _REFUSALS: "raises" in self._answer["unsupported"],
            _OF_KERAS: not self._facets,
            _TRAINING: trained,
            _STATES: any(_says(node.get("config"), "stateful") for node in nodes),
            _QUANTIZED: model.get("quantize") is not None or any(_quantized(one) for one in nodes),
            _NO_ROWS: any(array.size == 0 for array in fed),
            _LETTERS: self._route.name == "onnx-tensorflow" and _of_axes(model),
            _STRINGS: strings and self._route.name != "savedmodel-tensorflow",
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def _calls(self, net: Net, evaluator: Evaluator, prefix: str) -> list[dict[str, Any]]:
        files: dict[Any, Running | Exception] = {}
        answers: list[dict[str, Any]] = []
        try:
            self._check(net)
            with tempfile.TemporaryDirectory(prefix="exported-") as folder:
                for index, feeds in enumerate(evaluator.plan.calls):
                    kind = sizes_of(self._route, feeds)
                    try:
                        if kind not in files:
                            files[kind] = self._exported(net, feeds, Path(folder, str(len(files))))
                        answer = self._call(files[kind], feeds, f"{prefix}call/{index}/output")
                    except (Unsupported, MemoryError):
                        raise
                    except Exception as error:  # noqa: BLE001 - a refusal is this call's answer
                        answer = {"error": failure(error, "call", internal=False)}
                    answers.append(answer)
        except Unsupported as reason:
            self._unanswered = str(reason)
            return []
        return answers

    def _call(self, file: Running | Exception, feeds: Sequence[Feed], base: str) -> dict[str, Any]:
        if isinstance(file, Exception):
            return {"error": failure(file, "load", internal=False)}
        return {"outputs": self._put(base, [Value(one, one.dtype.name) for one in file(feeds)])}

    def _check(self, net: Net) -> None:
        """Leave out what the documentation of the format leaves out.

        Raises:
            Unsupported: The model has another precision than the format is documented for.
        """
        reason = _ONLY_FLOAT32.get(self._route.format, "")
        for layer in net.layers.values() if reason else ():
            told = {str(layer.compute_dtype), str(layer.variable_dtype)}
            if any("float" in one and one != "float32" for one in told):
                raise Unsupported(reason)
        if any(one.get("dtype") == "bfloat16" for one in net.spec["inputs"]):
            raise Unsupported(_BFLOAT16)

    def _exported(self, net: Net, feeds: Sequence[Feed], folder: Path) -> Running | Exception:
        """The model's file, loaded; of one that the runtime doesn't take, what it raised."""
        folder.mkdir()
        with self._timed("export"):
            # ``Model.export`` wants a model that has been called.
            net.model(packed([self._backend.tensor(feed.array, feed.dtype) for feed in feeds]))
            path = write(self._backend.keras, self._route, net, feeds, folder)
        with self._timed("load"):
            try:
                return find(self._route.runtime)(path)
            except (Unsupported, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001 - what the runtime refuses is an answer
                return error


def _quantized(node: Mapping[str, Any]) -> bool:
    """Whether a node's layer is made with weights in few bits."""
    return quantized_policy(node.get("config", {}).get("dtype")) is not None


def _of_axes(model: Mapping[str, Any]) -> bool:
    """Whether a model attends over several of four axes or more: an equation of eight letters."""
    rank = max((len(one["shape"]) for one in model["inputs"]), default=0)
    axes = [node.get("config", {}).get("attention_axes") for node in model["nodes"]]
    return rank > _FEW_AXES and any(isinstance(one, list) and len(one) > 1 for one in axes)


def _says(config: Any, argument: str) -> bool:
    """Whether an argument is true of a layer or of one inside it."""
    if isinstance(config, dict):
        return any(
            (key == argument and value is True) or _says(value, argument)
            for key, value in config.items()
        )
    return isinstance(config, list) and any(_says(one, argument) for one in config)
