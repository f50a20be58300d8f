"""OpenVINO: the compiled graph of ``predict``, pinned to float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from conformance.adapters.keras.backends.base import (
    Backend,
    Evaluator,
    Value,
    import_keras_3,
    origin,
    packed,
)
from conformance.adapters.keras.backends.hidden import hide_tensorflow
from conformance.adapters.keras.nesting import flat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.keras.watch import Noted


_SLOW = (
    "the package keras-openvino may take minutes over what this layer draws, so the process would "
    "be ended when its time is over"
)
_PINS = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "1", "NUM_STREAMS": "1"}


class OpenVinoEvaluator(Evaluator):
    """Runs the model through ``predict_on_batch``.

    An eager ``model(x)`` on this backend is constant folding, not the kernels that a user's
    prediction runs on; only ``predict`` puts real parameters into the graph.
    """

    def call(self, index: int) -> list[Value]:
        """Outputs of the compiled graph."""
        arrays = [self.backend.tensor(feed.array, feed.dtype) for feed in self.plan.calls[index]]
        if index == 0 and self.plan.masks:  # an eager answer carries masks, a predicted one doesn't
            self.keep_masks(self.backend.mask(one) for one in flat(self.model(packed(arrays))))
        if index in self.plan.batches:
            return [Value(np.array(one), str(one.dtype)) for one in self.predicted(index)]
        outputs = self.model.predict_on_batch(packed(arrays))
        # Where a model answers with its input, the answer may be a view of memory that is soon
        # given back (docs/findings/augmentation.md).
        return [Value(np.array(output), self.backend.dtype(output)) for output in flat(outputs)]

    def noted(self, index: int) -> Noted:
        """What the layers saw. ``predict`` leaves the batch axis open, so a probe asks again."""
        if self.watch is not None and self.plan.probes:
            self.watch.take()
            self.model(packed(self.tensors(index)))
        return super().noted(index)


class OpenVinoBackend(Backend):
    """Keras 3 on OpenVINO."""

    evaluator_class = OpenVinoEvaluator
    distributions = ("openvino",)
    unsupported: ClassVar[Mapping[str, str]] = {
        "gradients": "Keras's OpenVINO backend computes no gradients: it is for inference alone",
        "compiled": "the values are the compiled graph's already: an eager call on this backend "
        "folds constants and runs none of its kernels",
        "training": "predict calls with training=False, whatever the layer was called with",
        "changes": "predict gives back answers alone, not what a call would change",
        "state": "Keras's OpenVINO backend does not train: it is for inference alone",
    }

    def load(self) -> Any:
        """Pin OpenVINO's precision and threads in every compilation, then import Keras."""
        hide_tensorflow()
        import openvino

        compile_model = openvino.compile_model

        def pinned(model: Any, device_name: str = "CPU", config: Any = None, **kwargs: Any) -> Any:
            return compile_model(model, device_name, {**_PINS, **(config or {})}, **kwargs)

        # On processors with bfloat16, OpenVINO's own default computes float32 models in it.
        # Keras passes no configuration, so the pin has to be put under its hands.
        openvino.compile_model = pinned
        keras = import_keras_3()
        # From Keras 3.16 on the backend is a package of its own.
        self._origin = origin(keras, "openvino")
        if not self._origin.startswith("keras "):
            self.distributions = ("keras-openvino", "openvino")  # type: ignore[assignment, misc]
            self.undrawn = dict.fromkeys(("AugMix", "RandAugment"), _SLOW)
        return keras

    def settings(self) -> dict[str, str]:
        """What was pinned."""
        values = {
            "values": "predict_on_batch; of functions, eager",
            "backend": self._origin,
        }
        return {**_PINS, **values, "tensorflow": "hidden from Keras"}

    def tensor(self, array: Any, dtype: str) -> Any:
        """NumPy's array in the declared dtype: what ``predict`` takes."""
        if array.dtype.name == dtype:
            return array
        return array.astype(dtype)

    def operand(self, array: Any, dtype: str) -> Any:
        """A tensor: beside an array of NumPy's, a number of Python's widens the dtype."""
        return self.keras.ops.convert_to_tensor(self.tensor(array, dtype))
