"""Activation functions with arguments that are more than one call of torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from conformance.adapters.torch.layers.activation import sparsemax as along_last

if TYPE_CHECKING:
    from torch import Tensor


def relu(
    x: Tensor,
    *,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Tensor:
    """``relu`` with arguments: torch has neither a threshold with a slope nor a largest value."""
    found = torch.where(x > threshold, x, negative_slope * (x - threshold))
    return found if max_value is None else torch.clamp(found, max=max_value)


def squareplus(x: Tensor, *, b: float = 4) -> Tensor:
    """``(x + sqrt(x² + b)) / 2``; torch has no such function."""
    return (x + torch.sqrt(x * x + b)) / 2


def sparsemax(x: Tensor, *, axis: int = -1) -> Tensor:
    """``sparsemax`` along an axis; torch has no such function."""
    return torch.movedim(along_last(torch.movedim(x, axis, -1)), -1, axis)
