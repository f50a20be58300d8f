"""Gradients through Keras's public API alone, on any backend that can train.

The model is wrapped into one whose loss is ``sum(cotangent · output)``, and is trained for one step
by an optimizer that changes nothing and keeps the gradients that it is handed. To each float input
a trainable variable of zeros is added; what it is handed for that one is the input's gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras.backends.base import Gradients, is_float, packed
from conformance.adapters.keras.nesting import flat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.keras.backends.base import Backend, Plan


def recorded_gradients(backend: Backend, model: Any, plan: Plan) -> Gradients:
    """The gradients of call 0.

    Args:
        backend: The Keras.
        model: A built model. Its variables are as they were afterwards.
        plan: What is asked, with cotangents.

    Raises:
        NotImplementedError: This backend does not train.
        Exception: Whatever Keras raises.
    """
    keras, feeds = backend.keras, plan.calls[0]
    names = [feed.name for feed in feeds if feed.differentiable]
    if not names and not plan.trainable:
        return Gradients()
    before = model.get_weights()
    wrapped = _probe_class(keras)(model, plan)
    optimizer = _recorder_class(keras)(learning_rate=0.0)
    wrapped.compile(optimizer=optimizer, run_eagerly=True)
    # The loss makes no use of targets, but some trainers want one.
    unused = np.zeros((len(feeds[0].array), 1), dtype=np.float32)
    wrapped.train_on_batch(packed([feed.array for feed in feeds]), unused)
    # A layer's own update, as of moving statistics, is none of what was asked.
    model.set_weights(before)
    found = {
        id(variable): backend.numbers(kept)
        for variable, kept in zip(optimizer.recorded, optimizer.gradients)
    }
    return Gradients(
        {name: found[id(variable)] for name, variable in zip(names, wrapped.added)},
        [found[id(variable)] for variable in plan.trainable],
    )


def recorded_function_gradients(
    backend: Backend,
    function: Any,
    tensors: Sequence[Any],
    moving: Sequence[int],
    cotangents: Mapping[int, Any],
) -> list[Any]:
    """The gradients of ``sum(cotangent · output)`` of a function, as numbers for the wire.

    Args:
        backend: The Keras.
        function: Takes the list of tensors, answers a list of them.
        tensors: Its inputs.
        moving: Places of the inputs whose gradients are wanted.
        cotangents: By the place of their output.

    Raises:
        NotImplementedError: This backend does not train.
        Exception: Whatever Keras raises.
    """
    keras = backend.keras
    if not moving:
        return []
    wrapped = _function_probe_class(keras)(function, tensors, moving, cotangents)
    optimizer = _recorder_class(keras)(learning_rate=0.0)
    wrapped.compile(optimizer=optimizer, run_eagerly=True)
    row = np.zeros((1, 1), dtype=np.float32)
    wrapped.train_on_batch(row, row)
    found = {
        id(variable): backend.numbers(kept)
        for variable, kept in zip(optimizer.recorded, optimizer.gradients)
    }
    return [found[id(variable)] for variable in wrapped.added]


def total(keras: Any, outputs: Sequence[Any], cotangents: Sequence[Any]) -> Any:
    """The sum of all ``cotangent · output``, over the outputs that are floats.

    Args:
        keras: The module.
        outputs: The model's, flat.
        cotangents: One array for each.

    Returns:
        A scalar of float32, or of float64 where an output is.
    """
    ops = keras.ops
    terms = []
    for output, cotangent in zip(outputs, cotangents):
        dtype = keras.backend.standardize_dtype(output.dtype)
        if is_float(dtype):
            term = ops.multiply(output, ops.cast(ops.convert_to_tensor(cotangent), dtype))
            # In half precision the sum may overflow, and its gradient with it.
            terms.append(ops.sum(ops.cast(term, "float32") if dtype != "float64" else term))
    return sum(terms[1:], start=terms[0]) if terms else ops.convert_to_tensor(0.0)


def _probe_class(keras: Any) -> Any:
    ops = keras.ops

    class Probe(keras.Model):  # type: ignore[misc]
        """The model with variables of zeros added to its inputs, and the loss that is asked for."""

        def __init__(self, model: Any, plan: Plan) -> None:
            super().__init__(dtype="float32")
            self.model = model
            self._feeds = plan.calls[0]
            self._cotangents = list(plan.cotangents or ())
            self.added = [
                self.add_weight(
                    shape=feed.array.shape,
                    initializer="zeros",
                    dtype="float64" if feed.dtype == "float64" else "float32",
                    name=f"added_to_{at}",
                )
                for at, feed in enumerate(self._feeds)
                if feed.differentiable
            ]
            self.built = True

        # Without an argument `training`, so that the model is called as it is outside of training,
        # and its nodes' own flags hold.
        def call(self, inputs: Any) -> Any:
            added = iter(self.added)
            fed = []
            for tensor, feed in zip(inputs if len(self._feeds) > 1 else [inputs], self._feeds):
                given = tensor
                if feed.differentiable:
                    variable = ops.convert_to_tensor(next(added))
                    given = ops.add(ops.cast(given, variable.dtype), variable)
                fed.append(ops.cast(given, feed.dtype))
            return self.model(packed(fed))

        def compute_loss(
            self,
            x: Any = None,
            y: Any = None,
            y_pred: Any = None,
            sample_weight: Any = None,
            training: bool = True,  # noqa: FBT001, FBT002 - Keras's own
            **options: Any,
        ) -> Any:
            del x, y, sample_weight, training, options
            loss = total(keras, list(flat(y_pred)), self._cotangents)
            # Zero, so that every trainer finds a way from the loss to a variable.
            for variable in self.added:
                loss = ops.add(loss, ops.sum(ops.cast(ops.multiply(variable, 0.0), loss.dtype)))
            return loss

    return Probe


def _function_probe_class(keras: Any) -> Any:
    ops = keras.ops

    class FunctionProbe(keras.Model):  # type: ignore[misc]
        """A function of constants with variables of zeros added, and the loss that is asked for."""

        def __init__(
            self,
            function: Any,
            tensors: Sequence[Any],
            moving: Sequence[int],
            cotangents: Mapping[int, Any],
        ) -> None:
            super().__init__(dtype="float32")
            self._function = function
            self._held = (list(tensors), list(moving), dict(cotangents))
            self.added = [
                self.add_weight(
                    shape=tuple(tensors[at].shape),
                    initializer="zeros",
                    dtype=_wide(keras, tensors[at]),
                    name=f"added_to_{at}",
                )
                for at in moving
            ]
            self.built = True

        def call(self, inputs: Any) -> Any:
            tensors, moving, cotangents = self._held
            fed = list(tensors)
            for at, variable in zip(moving, self.added):
                wide = ops.add(ops.cast(fed[at], variable.dtype), ops.convert_to_tensor(variable))
                fed[at] = ops.cast(wide, keras.backend.standardize_dtype(fed[at].dtype))
            outputs = self._function(fed)
            loss = total(keras, [outputs[at] for at in cotangents], list(cotangents.values()))
            return ops.add(ops.multiply(ops.cast(inputs, loss.dtype), 0.0), loss)

        def compute_loss(
            self,
            x: Any = None,
            y: Any = None,
            y_pred: Any = None,
            sample_weight: Any = None,
            training: bool = True,  # noqa: FBT001, FBT002 - Keras's own
            **options: Any,
        ) -> Any:
            del x, y, sample_weight, training, options
            loss = ops.sum(y_pred)
            # Zero, so that every trainer finds a way from the loss to a variable.
            for variable in self.added:
                loss = ops.add(loss, ops.sum(ops.cast(ops.multiply(variable, 0.0), loss.dtype)))
            return loss

    return FunctionProbe


def _wide(keras: Any, tensor: Any) -> str:
    return "float64" if keras.backend.standardize_dtype(tensor.dtype) == "float64" else "float32"


def _recorder_class(keras: Any) -> Any:
    ops = keras.ops

    class Recorder(keras.optimizers.Optimizer):  # type: ignore[misc]
        """Keeps the gradients that it is handed, and leaves the variables alone."""

        recorded: Sequence[Any] = ()
        gradients: Sequence[Any] = ()

        def build(self, variables: Any) -> None:
            if self.built:
                return
            super().build(variables)
            self.recorded = list(variables)
            self.gradients = [
                self.add_variable_from_reference(variable, "gradient") for variable in variables
            ]

        # Not `update_step`: what is called around it clips, averages and constrains.
        def apply(self, grads: Any, trainable_variables: Any = None) -> None:
            if trainable_variables is not None:
                self.build(list(trainable_variables))
            for kept, gradient in zip(self.gradients, grads):
                if gradient is not None:
                    # Added to zeros, not assigned: a table's gradient may come as rows of it, some
                    # of them twice (TensorFlow's IndexedSlices), and assigned the last one counts.
                    self.assign(kept, ops.zeros(kept.shape, kept.dtype))
                    self.assign_add(kept, ops.cast(ops.convert_to_tensor(gradient), kept.dtype))

    return Recorder
