"""Products of arrays, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def dot(x1: Tensor, x2: Tensor) -> Tensor:
    """``ops.dot``: torch.dot takes vectors only; with more axes it is torch.tensordot."""
    if not x1.ndim or not x2.ndim:
        return x1 * x2
    if x2.ndim == 1:
        return torch.matmul(x1, x2)
    return torch.tensordot(x1, x2, dims=([-1], [-2]))
