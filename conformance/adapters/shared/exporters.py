"""The ways out of Keras that are judged: what writes a file on a backend, and what runs it.

Each is an adapter, named by the format and the backend that writes it: ``onnx-torch``. This is data
for both sides: the coordinator lists them and says what is not installed, the adapter's process
does the work (``conformance/adapters/exported/``).
"""

from __future__ import annotations

from typing import NamedTuple

from conformance.adapters.shared.naming import KERAS_3

TFJS = "tfjs_layers_model"
"""The format of TensorFlow.js's layers, as its converter calls it; not one of ``Model.export``."""

CONVERTER = "pip install --no-deps tensorflowjs==4.22.0"
"""How to get that converter. What it names as required can't be installed beside the default row's
TensorFlow, and isn't needed."""


class Route(NamedTuple):
    """One way out of Keras.

    Attributes:
        name: The adapter's.
        backend: What ``KERAS_BACKEND`` is while the file is written.
        format: The ``format`` that ``Model.export`` is given, or :data:`TFJS`.
        suffix: What the file's name ends in; empty where a folder is written.
        runtime: The module below ``conformance/adapters/exported/runtimes`` that runs the file.
        modules: What must be importable beside Keras, by the names of the modules, the most telling
            first. Each is of a distribution of its name, whose version matters.
        keras: The module of the Keras that writes it.
        hint: What to do where something is missing, unless `pip install` of all that is will do.
    """

    name: str
    backend: str
    format: str
    suffix: str
    runtime: str
    modules: tuple[str, ...]
    keras: str = "keras"
    hint: str = ""

    @property
    def writer(self) -> str:
        """The adapter of the Keras that writes it, whose known divergences the file shows, too."""
        return f"{KERAS_3}{self.backend}" if self.keras == "keras" else self.keras.replace("_", "-")


_ONNX = ("onnx", ".onnx", "onnx")
_LITERT = ("litert", ".tflite", "litert")
_OPENVINO = ("openvino", ".xml", "openvino")
_SAVEDMODEL = ("tf_saved_model", "", "savedmodel")

_TFJS = ("tensorflow", TFJS, "", "tfjs", ("tensorflow", "tensorflowjs"))
_HINT = f"{CONVERTER}, and see docs/exporters.md for Node's part"

_ALL = (
    Route("onnx-torch", "torch", *_ONNX, ("torch", "onnxscript", "onnx", "onnxruntime")),
    Route(
        "onnx-tensorflow", "tensorflow", *_ONNX, ("tensorflow", "tf2onnx", "onnx", "onnxruntime")
    ),
    Route("onnx-jax", "jax", *_ONNX, ("jax", "jax2onnx", "onnx", "onnxruntime")),
    Route("litert-tensorflow", "tensorflow", *_LITERT, ("tensorflow", "ai_edge_litert")),
    # litert-torch imports JAX.
    Route("litert-torch", "torch", *_LITERT, ("torch", "litert_torch", "ai_edge_litert", "jax")),
    Route("openvino-ir-torch", "torch", *_OPENVINO, ("torch", "openvino")),
    Route("openvino-ir-tensorflow", "tensorflow", *_OPENVINO, ("tensorflow", "openvino")),
    Route("savedmodel-tensorflow", "tensorflow", *_SAVEDMODEL, ("tensorflow",)),
    Route("savedmodel-jax", "jax", *_SAVEDMODEL, ("jax", "tensorflow")),
    Route("pt2-torch", "torch", "torch", ".pt2", "pt2", ("torch",)),
    Route("tfjs-layers", *_TFJS, hint=_HINT),
    # The Keras whose files the converter is documented for.
    Route("tfjs-layers-tf-keras", *_TFJS, keras="tf_keras", hint=_HINT),
)

ROUTES = {route.name: route for route in _ALL}
"""Every way out by the name of its adapter, in the order of reports."""
