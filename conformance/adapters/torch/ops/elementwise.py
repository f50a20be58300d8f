"""Functions of each number by itself that are several of torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor


def cbrt(x: Tensor) -> Tensor:
    """``ops.cbrt``: torch has no cubic root, and a power of a negative number is NaN."""
    return torch.copysign(torch.pow(torch.abs(x), 1 / 3), x)


def divide_no_nan(x1: Tensor, x2: Tensor) -> Tensor:
    """``ops.divide_no_nan``: nothing is divided by zero, so that no gradient is NaN."""
    zero = x2 == 0
    return torch.where(zero, 0, torch.divide(x1, torch.where(zero, 1, x2)))


def allclose(
    x1: Tensor, x2: Tensor, *, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """``ops.allclose``: torch.allclose answers no tensor."""
    return torch.all(torch.isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan))


def view(x: Tensor, *, dtype: Any = None) -> Tensor:
    """``ops.view``: without a dtype, torch's method wants a shape."""
    return x if dtype is None else x.view(dtype)


def saturate_cast(x: Tensor, *, dtype: Any) -> Tensor:
    """``ops.saturate_cast``: numbers are clamped, in float64 as float32 lacks some ends, then cast.

    An end of a 64-bit range is no float64 either.
    """
    if dtype is torch.bool:
        return x.to(dtype)
    info = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    wide = x.double() if x.is_floating_point() else x.long()
    if not x.is_floating_point() and dtype.is_floating_point:
        return x.to(dtype)
    return torch.clamp(wide, info.min, info.max).to(dtype)
