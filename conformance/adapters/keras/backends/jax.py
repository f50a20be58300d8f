"""JAX: one compilation for all of a model's calls and gradients."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras.backends.base import (
    Backend,
    Evaluator,
    Gradients,
    Plan,
    Value,
    import_keras_3,
    is_float,
    packed,
)
from conformance.adapters.keras.backends.hidden import hide_tensorflow
from conformance.adapters.keras.nesting import flat
from conformance.adapters.keras.watch import Noted
from conformance.adapters.keras.weights import empty_states
from conformance.adapters.shared.compiling import forget, keep_context
from conformance.adapters.worker.precision import jax_precision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class JaxEvaluator(Evaluator):
    """Puts everything that is asked into one jitted function.

    JAX compiles each operation for each new shape; call by call and eagerly that takes hundreds of
    milliseconds a case. Only where graph mode itself is asked for is call 0 also made eagerly, and
    is then what the values are.
    """

    backend: JaxBackend

    def __init__(self, backend: Backend, model: Any, plan: Plan) -> None:
        """Hold the model and the plan."""
        super().__init__(backend, model, plan)
        self._whole: tuple[dict[int, list[Any]], Gradients] | None = None
        self._refused = False
        # As the case gives them: an eager call may change them.
        self._trainable = [variable.value for variable in model.trainable_variables]
        self._fixed = [variable.value for variable in model.non_trainable_variables]
        self._left: list[Any] = self._fixed
        self._notes: dict[int, Noted] = {}

    def noted(self, index: int) -> Noted:
        """What was seen while the call was traced, or made eagerly."""
        return self._notes.get(index, Noted())

    def call(self, index: int) -> list[Value]:
        """Outputs of the call: eager for call 0 where it is compared with the compiled one."""
        if index in self.plan.predicted:
            return self._predicted_after_calls(index)
        if index == 0 and self.plan.compiled:
            values = super().call(0)
            self._notes[0] = super().noted(0)
            return values
        return self._values(index)

    def gradients(self) -> Gradients:
        """Gradients of call 0, from the compiled function."""
        whole = self._answer()
        return whole[1] if whole else self._compute([], gradients=True)[1]

    def compiled(self) -> list[Value]:
        """Outputs of call 0 from the compiled function."""
        return self._values(0)

    def make_calls(self) -> None:
        """Leave in the model what the compiled calls left, and those of ``predict`` after them."""
        self._leave(self._left_by_calls())
        for index in self.plan.predicted:
            self.predicted(index)

    def _left_by_calls(self) -> list[Any]:
        self._answer()
        return self._left

    def _leave(self, values: Sequence[Any]) -> None:
        for variable, value in zip(self.model.non_trainable_variables, values):
            # A copy: ``predict_on_batch`` donates the buffers of what the model holds.
            variable.assign(np.array(value))

    def _predicted_after_calls(self, index: int) -> list[Value]:
        """By ``predict_on_batch``, from what the calls before it left."""
        self._leave(self._left_by_calls())
        values = [self.backend.value(one) for one in self.predicted(index)]
        self._leave(self._fixed)
        return values

    def _values(self, index: int) -> list[Value]:
        whole = self._answer()
        outputs = whole[0][index] if whole else self._compute([index], gradients=False)[0][0]
        return [self.backend.value(output) for output in outputs]

    def _answer(self) -> tuple[dict[int, list[Any]], Gradients] | None:
        """Everything in one go; None where something raised, so that each part is tried alone."""
        if self._whole is None and not self._refused:
            wanted = self.plan.cotangents is not None
            try:
                traced = [i for i in range(len(self.plan.calls)) if i not in self.plan.predicted]
                answers, found = self._compute(traced, gradients=wanted)
                self._whole = dict(zip(traced, answers)), found
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001 - it is raised again by the part that is to blame
                self._refused = True
        return self._whole

    def _compute(self, indices: Any, *, gradients: bool) -> tuple[list[list[Any]], Gradients]:
        jax, model, plan = self.backend.jax, self.model, self.plan
        # No variables of the model: what an eager call left of them would be traced as constants.
        empty_states(model)
        wanted = {id(variable): at for at, variable in enumerate(model.trainable_variables)}
        calls = [self.tensors(index) for index in indices]
        source = self.tensors(0) if gradients else []
        moving = [at for at, feed in enumerate(plan.calls[0]) if feed.differentiable]

        # Jitted by itself, so that a further call with the same shapes, the one whose gradients
        # are asked for among them, is not traced again.
        @functools.partial(jax.jit, static_argnums=3)
        def forward(
            weights: Any, state: Any, tensors: Any, flags: tuple[tuple[str, bool], ...] = ()
        ) -> tuple[list[Any], Any, Any]:
            answer, after = model.stateless_call(weights, state, packed(tensors), **dict(flags))
            outputs = list(flat(answer))
            masks = [self.backend.mask(output) for output in outputs] if plan.masks else None
            return outputs, masks, after

        def differentiable(weights: Any, state: Any, tensors: Any, floats: Any) -> list[Any]:
            merged = list(tensors)
            for at, tensor in zip(moving, floats):
                merged[at] = tensor
            outputs = forward(weights, state, merged, tuple(plan.keywords(0).items()))[0]
            return [out for out in outputs if is_float(self.backend.dtype(out))]

        def case(weights: Any, state: Any, calls: Any, source: Any, cotangents: Any) -> Any:
            answers, masks, now = [], None, state
            traced: dict[Any, Noted] = {}
            for index, tensors in zip(indices, calls):
                flags = tuple(plan.keywords(index).items())
                outputs, found, after = forward(weights, now, tensors, flags)
                answers.append(outputs)
                masks = found if index == 0 else masks
                now = after if index in plan.ordinary else now
                shapes = (flags, *((tensor.shape, tensor.dtype) for tensor in tensors))
                seen = traced.setdefault(shapes, super(JaxEvaluator, self).noted(index))
                self._notes.setdefault(index, seen)
            if not gradients:
                return answers, None, masks, now
            outputs, pull = jax.vjp(
                lambda weights, floats: differentiable(weights, state, source, floats),
                weights,
                [source[at] for at in moving],
            )
            pairs = zip(outputs, cotangents)
            pulled = pull([cotangent.astype(out.dtype) for out, cotangent in pairs])
            return answers, pulled, masks, now

        cotangents = [
            np.asarray(cotangent)
            for cotangent in plan.cotangents or ()
            if is_float(cotangent.dtype.name)
        ]
        answers, pulled, masks, self._left = jax.jit(case)(
            self._trainable, self._fixed, calls, source, cotangents
        )
        if masks is not None and not self.masks:
            self.keep_masks(masks)
        if pulled is None:
            return answers, Gradients()
        of_weights, of_floats = pulled
        names = [plan.calls[0][at].name for at in moving]
        return answers, Gradients(
            {name: np.asarray(gradient) for name, gradient in zip(names, of_floats)},
            [np.asarray(of_weights[wanted[id(variable)]]) for variable in plan.trainable],
        )


class JaxBackend(Backend):
    """Keras 3 on JAX."""

    evaluator_class = JaxEvaluator
    distributions = ("jax", "jaxlib")

    def load(self) -> Any:
        """Import JAX in the declared precision."""
        hide_tensorflow()
        import jax

        jax.config.update("jax_default_matmul_precision", jax_precision())
        # Filtered tracebacks end in the caller's file, as if the refusal were the adapter's.
        jax.config.update("jax_traceback_filtering", "off")
        keep_context()
        self.jax: Any = jax
        return import_keras_3()

    def settings(self) -> dict[str, str]:
        """What was pinned."""
        return {
            "jax_default_matmul_precision": jax_precision(),
            "jax_enable_x64": str(self.jax.config.jax_enable_x64),
            "values": "call 0 eager where graph mode is asked for, all else in one jax.jit a case",
            "compiled": "jax.jit",
            "tensorflow": "hidden from Keras",
        }

    def tensor(self, array: Any, dtype: str) -> Any:
        """The array on the device, in the declared dtype."""
        return self.jax.numpy.asarray(array, dtype=dtype)

    def function_gradients(
        self,
        function: Any,
        tensors: Sequence[Any],
        moving: Sequence[int],
        cotangents: Mapping[int, Any],
    ) -> list[Any]:
        """By ``jax.vjp``."""

        def differentiable(*floats: Any) -> list[Any]:
            merged = list(tensors)
            for at, tensor in zip(moving, floats):
                merged[at] = tensor
            outputs = function(merged)
            return [outputs[at] for at in cotangents]

        outputs, pull = self.jax.vjp(differentiable, *(tensors[at] for at in moving))
        given = [one.astype(out.dtype) for out, one in zip(outputs, cotangents.values())]
        return [np.asarray(one) for one in pull([self.jax.numpy.asarray(one) for one in given])]

    def compiled_function(self, function: Any, tensors: Sequence[Any]) -> list[Any]:
        """By ``jax.jit``."""
        return list(self.jax.jit(lambda *fed: function(list(fed)))(*tensors))

    def shed(self) -> None:
        """Drop the compiled programs: no case meets another's, and they take gigabytes."""
        forget(self.jax)

    def value(self, tensor: Any) -> Value:
        """Numbers of an array, of a sparse one with its zeros; bfloat16 stays what it is."""
        dense = tensor.todense() if hasattr(tensor, "todense") else tensor
        return Value(np.asarray(dense), self.dtype(tensor))
