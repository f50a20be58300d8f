"""PyTorch: eager calls and autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from conformance.adapters.keras.backends.base import (
    Backend,
    Evaluator,
    Gradients,
    Value,
    import_keras_3,
    is_float,
    packed,
)
from conformance.adapters.keras.backends.hidden import hide_jax, hide_tensorflow
from conformance.adapters.keras.nesting import flat
from conformance.adapters.shared.wire import BF16
from conformance.adapters.worker.precision import torch_precision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_WIDENED = frozenset({"uint16", "uint32"})


class TorchEvaluator(Evaluator):
    """Runs the model eagerly, with inputs as leaves where gradients are asked."""

    backend: TorchBackend

    def gradients(self) -> Gradients:
        """Differentiate call 0 with ``torch.autograd.grad``."""
        torch = self.backend.torch
        tensors = self.tensors(0)
        chosen = {}
        for feed, tensor in zip(self.plan.calls[0], tensors):
            if feed.differentiable:
                chosen[feed.name] = tensor.requires_grad_()
        sources = [*chosen.values(), *(variable.value for variable in self.plan.trainable)]
        outputs = list(flat(self.model(packed(tensors), **self.plan.keywords(0))))
        pairs = [
            (output, torch.as_tensor(cotangent).to(output.dtype))
            for output, cotangent in zip(outputs, self.plan.cotangents or ())
            if is_float(self.backend.dtype(output)) and output.requires_grad
        ]
        found = [None] * len(sources)
        if pairs:
            found = torch.autograd.grad(
                [output for output, _ in pairs],
                sources,
                [cotangent for _, cotangent in pairs],
                allow_unused=True,
            )
        # A source that no output depends on has a gradient all the same: zero.
        arrays = [
            self.backend.value(torch.zeros_like(source) if gradient is None else gradient).array
            for source, gradient in zip(sources, found)
        ]
        return Gradients(dict(zip(chosen, arrays)), arrays[len(chosen) :])


class TorchBackend(Backend):
    """Keras 3 on PyTorch."""

    evaluator_class = TorchEvaluator
    distributions = ("torch",)
    unsupported: ClassVar[Mapping[str, str]] = {
        "compiled": "Keras's graph mode on PyTorch is torch.compile, whose tracing takes 1 to "
        "16 seconds a case even with backend='eager', more than all other facets together",
        "steps_per_execution": "Keras documents steps_per_execution as not supported on PyTorch",
    }

    def load(self) -> Any:
        """Import PyTorch with one thread and in the declared precision."""
        hide_tensorflow()
        hide_jax()
        import torch

        torch.set_num_threads(1)
        self._precision = torch_precision(torch)
        self.torch: Any = torch
        return import_keras_3()

    def settings(self) -> dict[str, str]:
        """What was pinned."""
        return {
            "float32_matmul_precision": self._precision,
            "threads": "1",
            "values": "eager",
            "tensorflow": "hidden from Keras",
            "jax": "hidden from Keras",
        }

    def tensor(self, array: Any, dtype: str) -> Any:
        """A tensor of its own memory, so that becoming a leaf touches nothing else."""
        return self.torch.tensor(array, dtype=getattr(self.torch, dtype))

    def operand(self, array: Any, dtype: str) -> Any:
        """As :meth:`tensor`, but for unsigned integers what Keras makes of a user's array.

        Keras has wider dtypes with a sign in the place of uint16 and uint32, which torch has in
        name: almost nothing of it takes them.
        """
        if dtype in _WIDENED:
            return self.keras.ops.convert_to_tensor(array)
        return self.tensor(array, dtype)

    def value(self, tensor: Any) -> Value:
        """Numbers of a tensor; bfloat16, which NumPy lacks, travels as its bits."""
        detached = tensor.detach()
        if detached.dtype == self.torch.bfloat16:
            bits = detached.contiguous().view(self.torch.uint16).numpy()
            return Value(BF16(bits), "bfloat16")
        return Value(detached.numpy(), self.dtype(tensor))

    def function_gradients(
        self,
        function: Any,
        tensors: Sequence[Any],
        moving: Sequence[int],
        cotangents: Mapping[int, Any],
    ) -> list[Any]:
        """By ``torch.autograd.grad``."""
        torch = self.torch
        leaves = [tensors[at].requires_grad_() for at in moving]
        outputs = function(tensors)
        pairs = [
            (outputs[at], torch.as_tensor(cotangent).to(outputs[at].dtype))
            for at, cotangent in cotangents.items()
            if outputs[at].requires_grad
        ]
        found = [None] * len(leaves)
        if pairs:
            found = torch.autograd.grad(
                [output for output, _ in pairs],
                leaves,
                [cotangent for _, cotangent in pairs],
                allow_unused=True,
            )
        return [
            self.value(torch.zeros_like(leaf) if one is None else one).array
            for leaf, one in zip(leaves, found)
        ]

    def numbers(self, variable: Any) -> Any:
        """A copy of a variable's numbers, which the next assignment would change in place."""
        return self.value(variable.value.detach().clone()).array

    def clear(self) -> None:
        """Nothing: Keras would import torch's compiler for seconds, only to empty its caches."""
