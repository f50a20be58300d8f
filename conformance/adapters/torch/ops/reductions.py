"""Reductions that torch makes along one axis only, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def prod(
    x: Tensor,
    *,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    dtype: Any = None,
) -> Tensor:
    """``ops.prod``: torch multiplies along one axis at a time."""
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    for one in sorted((one % x.ndim for one in axes), reverse=True):
        x = torch.prod(x, dim=one, keepdim=keepdims, dtype=dtype)
    return torch.prod(x, dtype=dtype) if x.ndim == 0 else x


def flat_cumsum(x: Tensor, *, axis: None = None, dtype: Any = None) -> Tensor:
    """``ops.cumsum``: without an axis, torch is given the flattened array."""
    return torch.cumsum(torch.flatten(x), dim=0, dtype=dtype)


def logsumexp_of_all(x: Tensor, *, axis: None = None, keepdims: bool = False) -> Tensor:
    """``ops.logsumexp``: torch has no word for all axes here, so that each is named."""
    return torch.logsumexp(x, dim=tuple(range(max(x.ndim, 1))), keepdim=keepdims)
