"""An exported file, run by its runtime: ONNX, LiteRT, OpenVINO, SavedModel, ``.pt2``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.exported import runtimes
from conformance.adapters.keras.backends.base import Feed
from conformance.adapters.models.base import Sent
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNTIMES = {
    ".onnx": ("onnx", "ONNX Runtime"),
    ".tflite": ("litert", "LiteRT"),
    ".xml": ("openvino", "OpenVINO"),
    ".pt2": ("pt2", "torch.export"),
    "": ("savedmodel", "TensorFlow"),
}
"""By a file's suffix, a folder's being empty: the module that runs it, and its name."""

_ONNX_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}
_INSIDE = "the file tells no answers from inside: its outputs alone are compared"


def open_model(program: Mapping[str, Any]) -> Any:
    """Load ``path`` by the runtime that its suffix names."""
    path = Path(program["path"])
    if path.suffix == ".onnx":
        return OnnxFile(path)
    return ExportedFile(path, program.get("inputs") or [])


class ExportedFile:
    """A file whose outputs alone are seen."""

    def __init__(self, path: Path, inputs: Sequence[Mapping[str, Any]]) -> None:
        """Load it; ``inputs`` are those of the Keras model, in order."""
        runtime, self._name = RUNTIMES["" if path.is_dir() else path.suffix]
        self._inputs = inputs
        self._running = runtimes.find(runtime)(path)

    def told(self) -> dict[str, Any]:
        """That nothing is seen inside."""
        return {"framework": self._name, "inputs": [], "trains": False, "notes": [_INSIDE]}

    def infer(self, inputs: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its outputs."""
        feeds = []
        for place, array in enumerate(inputs):
            known = self._inputs[place] if place < len(self._inputs) else {}
            feeds.append(Feed(known.get("name", str(place)), array, known.get("dtype", "float32")))
        return _answered([], [np.asarray(one) for one in self._running(feeds)])

    def train(self, *_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """It can't."""
        raise Unsupported("an exported file holds a forward pass and no more: it can't be trained")


class OnnxFile:
    """An ONNX file; with the package ``onnx``, the answer of each of its nodes is an output too."""

    def __init__(self, path: Path) -> None:
        """Load it, with further outputs where they can be had."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Folded and fused nodes have no answer of their own any more.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._notes: list[str] = []
        self._inside: list[str] = []
        content: Any = str(path)
        try:
            content, self._inside = _opened_up(path)
        except ImportError:
            self._notes.append(f"{_INSIDE}; with the package onnx installed its nodes would be too")

        def session(model: Any) -> Any:
            return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

        try:
            self._session = session(content)
        except Exception:
            if not self._inside:
                raise
            self._session, self._inside = session(str(path)), []
            self._notes.append(_INSIDE)
        self._outputs = [one.name for one in self._session.get_outputs()]

    def told(self) -> dict[str, Any]:
        """Whether nodes are seen."""
        return {"framework": "ONNX Runtime", "inputs": [], "trains": False, "notes": self._notes}

    def infer(self, inputs: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its outputs, and what its nodes answer."""
        wanted = self._session.get_inputs()
        if len(wanted) != len(inputs):
            raise ValueError(f"the file takes {len(wanted)} inputs, and {len(inputs)} are fed")
        feeds = {
            one.name: np.asarray(array).astype(_ONNX_TYPES.get(one.type, "float32"))
            for one, array in zip(wanted, inputs)
        }
        try:
            found = self._session.run(None, feeds)
        except Exception as error:
            told = ", ".join(f"{one.name} {one.shape}" for one in wanted)
            raise ValueError(
                f"{error} (the file takes {told}; it may hold sizes of what it was exported with: "
                "--rows, --inputs)"
            ) from error
        answers = dict(zip(self._outputs, found))
        inside = [(name, answers[name]) for name in self._inside if name in answers]
        outputs = [answers[name] for name in self._outputs if name not in set(self._inside)]
        return _answered(inside, outputs)

    def train(self, *_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """It can't."""
        raise Unsupported("an exported file holds a forward pass and no more: it can't be trained")


def _opened_up(path: Path) -> tuple[bytes, list[str]]:
    """The file with the answer of every node among its outputs, and the names of those."""
    import onnx

    try:
        model = onnx.load(str(path))
    except Exception as error:
        raise Unsupported(f"it can't be read as ONNX: {error}") from error
    known = {one.name for one in model.graph.output}
    names = [
        name
        for node in model.graph.node
        if node.op_type != "Constant"
        for name in node.output
        if name and name not in known
    ]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    return model.SerializeToString(), names


def _answered(
    inside: Sequence[tuple[str, Any]], outputs: Sequence[Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    sent = Sent()
    for place, output in enumerate(outputs):
        sent.put(f"output/{place}", np.asarray(output))
    seen = []
    for place, (name, array) in enumerate(inside):
        kept = sent.put(f"seen/{place}", np.asarray(array))
        if kept is not None:
            seen.append({"name": name, "tensor": kept})
    outs = [f"output/{place}" for place in range(len(outputs))]
    return {"seen": seen, "outputs": outs, "left_out": sent.left_out}, sent.arrays
