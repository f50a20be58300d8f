"""Functions and steps in torch: arrays, gradients and graph mode."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from conformance.adapters.native.functions import Table
from conformance.adapters.native.running import Library
from conformance.adapters.native.subjects import session
from conformance.adapters.shared.wire import BF16
from conformance.adapters.torch.tables import functions_linalg, initializers, optimizers
from conformance.adapters.torch.tables.activations import ACTIVATIONS
from conformance.adapters.torch.tables.initializers import INITIALIZERS
from conformance.adapters.torch.tables.losses import LOSSES
from conformance.adapters.torch.tables.ops import OPS
from conformance.adapters.torch.tables.optimizers import OPTIMIZERS
from conformance.adapters.torch.tables.promotion import PROMOTION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

    Function = Callable[[Sequence[Tensor]], list[Tensor]]

TABLE = Table(
    "conformance.adapters.torch",
    {**OPS, **ACTIVATIONS, **LOSSES, **INITIALIZERS, **OPTIMIZERS},
    PROMOTION,
    {
        **optimizers.ABSENT,
        **initializers.ABSENT,
        "metrics": "torch has no metrics",
        "random": "torch's generators are not made of a seed alone",
        **functions_linalg.ABSENT,
    },
)
"""All functions and objects that the adapter can do."""


class TorchLibrary(Library):
    """PyTorch, operation by operation."""

    casting = "torch.Tensor.to"

    def __init__(self, unanswered: Mapping[str, str]) -> None:
        """Hold the facets that it has no notion of."""
        self.table = TABLE
        self.unanswered = unanswered

    def array(self, numbers: Any, dtype: str) -> Tensor:
        """A tensor with memory of its own."""
        return torch.tensor(np.asarray(numbers), dtype=getattr(torch, dtype))

    def numbers(self, array: Tensor) -> Any:
        """The numbers of a tensor in its own dtype; those of bfloat16 as bits."""
        array = array.detach().clone()  # an optimizer moves variables where they lie
        if array.dtype is torch.bfloat16:
            return BF16(array.contiguous().view(torch.uint16).numpy())
        return array.numpy()

    def dtype(self, name: str) -> Any:
        """``torch.float32``."""
        return getattr(torch, name)

    def cast(self, array: Tensor, dtype: str) -> Tensor:
        """A tensor in the dtype of this name."""
        return array.to(getattr(torch, dtype))

    def scalar(self, number: float, others: Sequence[Tensor]) -> Tensor:
        """A number as a tensor without axes."""
        if not others:
            kinds = {bool: torch.bool, int: torch.int32}
            return torch.tensor(number, dtype=kinds.get(type(number), torch.float32))
        return torch.tensor(number, dtype=torch.result_type(others[0], number))

    def promoted(self, dtypes: Sequence[str]) -> str:
        """The dtype in which torch has these meet."""
        found = functools.reduce(torch.promote_types, [getattr(torch, one) for one in dtypes])
        return str(found).rpartition(".")[2]

    def gradients(
        self,
        function: Function,
        arrays: Sequence[Tensor],
        moving: Sequence[int],
        cotangents: Mapping[int, Any],
    ) -> list[Tensor]:
        """By ``torch.autograd.grad``."""
        leaves = [arrays[at].requires_grad_() for at in moving]
        outputs = function(arrays)
        pairs = [
            (outputs[at], torch.as_tensor(cotangent).to(outputs[at].dtype))
            for at, cotangent in cotangents.items()
            if outputs[at].requires_grad
        ]
        if not pairs:
            return [torch.zeros_like(leaf) for leaf in leaves]
        ends, given = zip(*pairs)
        found = torch.autograd.grad(ends, leaves, given, allow_unused=True)
        return [torch.zeros_like(leaf) if one is None else one for leaf, one in zip(leaves, found)]

    def compiled(self, function: Function, arrays: Sequence[Tensor]) -> list[Tensor]:
        """The graph that ``torch.export`` makes."""
        with torch.no_grad():
            exported = torch.export.export(_Module(function), tuple(arrays), strict=False)
            return list(exported.module()(*arrays))

    def refusal(self, error: Exception) -> str:
        """``"add_stub" not implemented for 'UInt32'``."""
        text = str(error)
        if isinstance(error, (NotImplementedError, RuntimeError)) and "not implemented for" in text:
            return f"torch has it for other dtypes only: {text.splitlines()[0]}"
        if type(error).__name__.startswith("GuardOnDataDependent"):
            return "what is computed hangs on a number, which torch.export does not know"
        return ""


class _Module(nn.Module):  # type: ignore[misc] # torch is not followed by the type checker
    """Functions as the module that ``torch.export`` wants."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self._function = function

    def forward(self, *arrays: Tensor) -> list[Tensor]:
        return self._function(arrays)


def answered(
    unanswered: Mapping[str, str], kind: str, program: Mapping[str, Any], tensors: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The observation of one program that is no model, and its arrays.

    Args:
        unanswered: Facets that the adapter does not answer, with the reasons.
        kind: ``function`` or ``steps``.
        program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict.
        tensors: Its arrays.

    Raises:
        Unsupported: torch has no counterpart.
    """
    return session(TorchLibrary(unanswered), kind, program, tensors).answer()
