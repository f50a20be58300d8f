"""Layers that make one array of several in torch."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.torch.layout import Weights


def aligned(arrays: Sequence[Tensor]) -> list[Tensor]:
    """Arrays of one rank: Keras puts axes of size 1 behind the batch axis, torch before it."""
    rank = max(x.ndim for x in arrays)
    return [x.reshape(x.shape[0], *[1] * (rank - x.ndim), *x.shape[1:]) for x in arrays]


def concatenate(x: Sequence[Tensor], weights: Weights, *, axis: int = -1) -> Tensor:
    """``Concatenate``: a list of arrays, end to end along ``axis`` (0 is the batch's)."""
    return torch.cat(x, dim=axis)


def add(x: Sequence[Tensor], weights: Weights) -> Tensor:
    """``Add``: the sum of a list of arrays, from left to right."""
    return functools.reduce(torch.add, aligned(x))


def subtract(x: Sequence[Tensor], weights: Weights) -> Tensor:
    """``Subtract``: the first less the second."""
    first, second = aligned(x)
    return torch.sub(first, second)


def multiply(x: Sequence[Tensor], weights: Weights) -> Tensor:
    """``Multiply``: the product of a list of arrays, from left to right."""
    return functools.reduce(torch.mul, aligned(x))


def average(x: Sequence[Tensor], weights: Weights) -> Tensor:
    """``Average``: the sum of a list of arrays, divided by their number."""
    return functools.reduce(torch.add, aligned(x)) / len(x)


def maximum(x: Sequence[Tensor], weights: Weights) -> Tensor:
    """``Maximum``: the largest of each place."""
    return functools.reduce(torch.maximum, aligned(x))


def minimum(x: Sequence[Tensor], weights: Weights) -> Tensor:
    """``Minimum``: the smallest of each place."""
    return functools.reduce(torch.minimum, aligned(x))


def dot(
    x: Sequence[Tensor],
    weights: Weights,
    *,
    axes: int | Sequence[int],
    normalize: bool = False,
) -> Tensor:
    """``Dot``: products summed along one axis of each of two arrays, sample by sample.

    Args:
        x: Two arrays, batch axis first.

    Returns:
        (batch, rest of the first, rest of the second), or (batch, 1) where nothing is left.
    """
    first, second = [axes, axes] if isinstance(axes, int) else axes
    # The summed axis last in the first array and second in the second, the rest made one axis.
    left, right = torch.movedim(x[0], first, -1), torch.movedim(x[1], second, 1)
    if normalize:
        left, right = F.normalize(left, dim=-1, eps=1e-7), F.normalize(right, dim=1, eps=1e-7)
    batch, size = left.shape[0], left.shape[-1]
    y = torch.bmm(
        left.reshape(batch, left.shape[1:-1].numel(), size),
        right.reshape(batch, size, right.shape[2:].numel()),
    )
    return y.reshape(batch, *(left.shape[1:-1] + right.shape[2:] or (1,)))
