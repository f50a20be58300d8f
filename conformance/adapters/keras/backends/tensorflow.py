"""TensorFlow: eager calls, ``GradientTape``, ``tf.function``. Below Keras 3 and Keras 2 alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.adapters.keras.backends.base import (
    Backend,
    Evaluator,
    Gradients,
    Value,
    import_keras_3,
    is_float,
    packed,
    pin,
)
from conformance.adapters.keras.backends.hidden import hide_jax
from conformance.adapters.keras.backends.kept import (
    FunctionNames,
    drop_kernels,
    keep_compiled,
    keep_kernels,
)
from conformance.adapters.keras.nesting import flat
from conformance.adapters.keras.remembering import remember_protocols
from conformance.adapters.worker.precision import declared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.keras.backends.base import Plan

_SHEDDINGS_BETWEEN_CLEARINGS = 128
"""Kernels are made anew after 2,048 cases. Each takes about a millisecond, and little memory: 900
cases took 20 MB more than when they were dropped every 128, and 4 % less time."""


@dataclass(frozen=True)
class _Recorded:
    """Call 0 as a tape saw it."""

    tape: Any
    sources: dict[str, Any]
    """The inputs that a gradient is asked for, by name."""
    outputs: list[Any]


class TensorFlowEvaluator(Evaluator):
    """Runs the model eagerly, on a tape where gradients are asked for, and traced."""

    backend: OnTensorFlow

    def __init__(self, backend: Backend, model: Any, plan: Plan) -> None:
        """Hold the model and the plan."""
        super().__init__(backend, model, plan)
        self._recorded: _Recorded | None = None

    def outputs(self, index: int) -> list[Any]:
        """Call 0 leaves its tape for the gradients, which then need no call of their own."""
        if index != 0 or self.plan.cotangents is None:
            return super().outputs(index)
        self._recorded = self._record()
        return self._recorded.outputs

    def gradients(self) -> Gradients:
        """Pull the cotangents back through call 0."""
        tf = self.backend.tf
        recorded, self._recorded = self._recorded or self._record(), None
        pairs = [
            (output, tf.cast(cotangent, output.dtype))
            for output, cotangent in zip(recorded.outputs, self.plan.cotangents or ())
            if is_float(self.backend.dtype(output))
        ]
        found = recorded.tape.gradient(
            [output for output, _ in pairs],
            [
                *recorded.sources.values(),
                *(self.backend.raw(variable) for variable in self.plan.trainable),
            ],
            output_gradients=[cotangent for _, cotangent in pairs],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        arrays = [tf.convert_to_tensor(gradient).numpy() for gradient in found]
        count = len(recorded.sources)
        return Gradients(dict(zip(recorded.sources, arrays)), arrays[count:])

    def _record(self) -> _Recorded:
        feeds, tensors = self.plan.calls[0], self.tensors(0)
        sources = {feed.name: tensor for feed, tensor in zip(feeds, tensors) if feed.differentiable}
        with self.backend.tf.GradientTape() as tape:
            for tensor in sources.values():
                tape.watch(tensor)
            outputs = list(flat(self.model(packed(tensors), **self.plan.keywords(0))))
        return _Recorded(tape, sources, outputs)

    def compiled(self) -> list[Value]:
        """Trace call 0 into a graph with ``tf.function`` and run that."""
        model, keywords = self.model, self.plan.keywords(0)
        traced = self.backend.tf.function(
            lambda *tensors: model(packed(tensors), **keywords), autograph=False
        )
        return [self.backend.value(output) for output in flat(traced(*self.tensors(0)))]


class OnTensorFlow(Backend):
    """What Keras 2 and Keras 3 on TensorFlow have in common."""

    evaluator_class = TensorFlowEvaluator
    distributions = ("tensorflow",)

    def load(self) -> Any:
        """Import TensorFlow with one thread and in the declared precision."""
        hide_jax()
        import tensorflow as tf

        self._compiled = keep_compiled(tf.__version__)
        remember_protocols()
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.experimental.enable_tensor_float_32_execution(enabled=declared() != "float32")
        self.tf: Any = tf
        return self.load_keras()

    def load_keras(self) -> Any:
        """Import the Keras on top."""
        raise NotImplementedError

    def end(self) -> None:
        """Seal what XLA has compiled for the case."""
        if self._compiled is not None:
            self._compiled.seal()

    def raw(self, variable: Any) -> Any:
        """The ``tf.Variable`` inside a Keras variable."""
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        """What was pinned."""
        return {
            "tensor_float_32_execution": "False",
            "threads": "1",
            "values": "eager, call 0 on a tape where gradients are asked for",
            "compiled": "tf.function",
        }

    def function_gradients(
        self,
        function: Any,
        tensors: Sequence[Any],
        moving: Sequence[int],
        cotangents: Mapping[int, Any],
    ) -> list[Any]:
        """On a tape."""
        tf = self.tf
        sources = [tensors[at] for at in moving]
        with tf.GradientTape() as tape:
            for source in sources:
                tape.watch(source)
            outputs = function(tensors)
        found = tape.gradient(
            [outputs[at] for at in cotangents],
            sources,
            output_gradients=[tf.cast(one, outputs[at].dtype) for at, one in cotangents.items()],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return [tf.convert_to_tensor(one).numpy() for one in found]

    def compiled_function(self, function: Any, tensors: Sequence[Any]) -> list[Any]:
        """Traced by ``tf.function``."""
        traced = self.tf.function(lambda *fed: function(list(fed)), autograph=False)
        return list(traced(*tensors))

    def tensor(self, array: Any, dtype: str) -> Any:
        """An eager tensor."""
        tensor = self.tf.convert_to_tensor(array)
        return tensor if tensor.dtype.name == dtype else self.tf.cast(tensor, dtype)

    def value(self, tensor: Any) -> Value:
        """Numbers of an eager tensor; ragged and sparse answers are made dense."""
        dense = tensor if hasattr(tensor, "numpy") else self.tf.sparse.to_dense(tensor)
        return Value(dense.numpy(), self.dtype(tensor))


class TensorFlowBackend(OnTensorFlow):
    """Keras 3 on TensorFlow."""

    _sheddings = 0

    def load_keras(self) -> Any:
        """Import Keras 3."""
        keep_kernels()
        self._names = FunctionNames()
        return import_keras_3()

    def begin(self, case: str) -> None:
        """Forget what Keras keeps, and name functions after the case."""
        super().begin(case)
        self._names.begin(case)

    def shed(self) -> None:
        """Now and then drop the kernels that operations have left behind."""
        self._sheddings += 1
        if self._sheddings % _SHEDDINGS_BETWEEN_CLEARINGS == 0:
            drop_kernels()

    def raw(self, variable: Any) -> Any:
        """The ``tf.Variable`` inside a Keras variable."""
        return variable.value


class Keras2Backend(OnTensorFlow):
    """tf_keras: the Keras 2 that the documents speak of. Its variables are TensorFlow's own.

    Its layers draw by kernels that hold a state, so no case finds the kernels of another one.
    """

    unsupported: ClassVar[Mapping[str, str]] = {
        "config": "Keras 2 documents other arguments and other defaults than Keras 3",
        "exchange": "files of Keras 2 and of Keras 3 are not promised to be each other's",
    }

    def load_keras(self) -> Any:
        """Import tf_keras."""
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

    def dtype(self, tensor: Any) -> str:
        """TensorFlow's name of a dtype, which is Keras's too."""
        return str(tensor.dtype.name)

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
