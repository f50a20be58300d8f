"""TensorFlow: eager calls, ``GradientTape``, ``tf.function``. Below Keras 3 and Keras 2 alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.keras.backends.base import (
    Backend,
    Evaluator,
    Gradients,
    Value,
    dtype_name,
    import_keras_3,
    is_float,
    packed,
    pin,
)
from conformance.adapters.keras.nesting import flat

if TYPE_CHECKING:
    from types import ModuleType


class TensorFlowEvaluator(Evaluator):
    """Runs the model eagerly, under a tape, or traced."""

    backend: TensorFlowBackend

    def gradients(self) -> Gradients:
        """Record call 0 on a tape and pull the cotangents back."""
        tf = self.backend.tf
        feeds, tensors = self.plan.calls[0], self.tensors(0)
        chosen = {feed.name: tensor for feed, tensor in zip(feeds, tensors) if feed.differentiable}
        variables = [self.backend.raw(variable) for variable in self.plan.trainable]
        with tf.GradientTape() as tape:
            for tensor in chosen.values():
                tape.watch(tensor)
            outputs = list(flat(self.model(packed(tensors))))
        pairs = [
            (output, tf.cast(cotangent, output.dtype))
            for output, cotangent in zip(outputs, self.plan.cotangents or ())
            if is_float(dtype_name(output))
        ]
        found = tape.gradient(
            [output for output, _ in pairs],
            [*chosen.values(), *variables],
            output_gradients=[cotangent for _, cotangent in pairs],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        arrays = [tf.convert_to_tensor(gradient).numpy() for gradient in found]
        return Gradients(dict(zip(chosen, arrays)), arrays[len(chosen) :])

    def compiled(self) -> list[Value]:
        """Trace call 0 into a graph with ``tf.function`` and run that."""
        model = self.model
        traced = self.backend.tf.function(lambda *tensors: model(packed(tensors)), autograph=False)
        return [self.backend.value(output) for output in flat(traced(*self.tensors(0)))]


class TensorFlowBackend(Backend):
    """Keras 3 on TensorFlow."""

    evaluator_class = TensorFlowEvaluator
    distributions = ("tensorflow",)

    def load(self) -> Any:
        """Import TensorFlow with one thread and full float32 precision."""
        self.tf = _tensorflow()
        return import_keras_3()

    def settings(self) -> dict[str, str]:
        """What was pinned."""
        return {
            "tensor_float_32_execution": "False",
            "threads": "1",
            "values": "eager",
            "compiled": "tf.function",
        }

    def tensor(self, array: Any, dtype: str) -> Any:
        """An eager tensor."""
        tensor = self.tf.convert_to_tensor(array)
        return tensor if tensor.dtype.name == dtype else self.tf.cast(tensor, dtype)

    def value(self, tensor: Any) -> Value:
        """Numbers of an eager tensor; ragged and sparse answers are made dense."""
        dense = tensor if hasattr(tensor, "numpy") else self.tf.sparse.to_dense(tensor)
        return Value(dense.numpy(), dtype_name(tensor))

    def raw(self, variable: Any) -> Any:
        """The ``tf.Variable`` inside a Keras variable."""
        return variable.value


class Keras2Backend(TensorFlowBackend):
    """tf_keras: the Keras 2 that the documents speak of. Its variables are TensorFlow's own."""

    distributions = ("tensorflow",)

    def load(self) -> Any:
        """Import tf_keras on a pinned TensorFlow."""
        self.tf = _tensorflow()
        import tf_keras

        pin(tf_keras)
        # Filtered tracebacks end in the caller's file, as if the refusal were the adapter's.
        self.tf.debugging.disable_traceback_filtering()
        return tf_keras

    def settings(self) -> dict[str, str]:
        """What was pinned."""
        return {**super().settings(), "random": "tf.random.set_seed(0) before each model"}

    def rewind(self) -> None:
        """Set the global seed.

        A layer's seed chooses one of TensorFlow's streams, which a later layer of the same seed
        goes on reading: TensorFlow's documentation asks for the global seed besides.
        """
        self.tf.random.set_seed(0)

    def raw(self, variable: Any) -> Any:
        """The variable itself."""
        return variable

    def numbers(self, variable: Any) -> Any:
        """A variable's numbers."""
        return variable.numpy()

    def mask(self, tensor: Any) -> Any:
        """The mask, which is an attribute here."""
        return getattr(tensor, "_keras_mask", None)

    def clear(self) -> None:
        """Forget the scratch graph that symbolic tensors live in."""
        self.keras.backend.clear_session()


def _tensorflow() -> ModuleType:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_tensor_float_32_execution(enabled=False)
    module: ModuleType = tf
    return module
