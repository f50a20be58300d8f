"""Activation functions that are layers of their own, with arguments, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.torch.layout import Weights


def relu(
    x: Tensor,
    weights: Weights,
    *,
    max_value: float | None = None,
    negative_slope: float = 0.0,
    threshold: float = 0.0,
) -> Tensor:
    """``ReLU`` without arguments or with ``max_value: 6``; both are modules of torch."""
    return nn.ReLU()(x) if max_value is None else nn.ReLU6()(x)


def relu_in_pieces(
    x: Tensor,
    weights: Weights,
    *,
    max_value: float | None = None,
    negative_slope: float = 0.0,
    threshold: float = 0.0,
) -> Tensor:
    """``ReLU``: x from ``threshold`` on, ``negative_slope * (x - threshold)`` below.

    Args:
        x: Of any shape.
        max_value: The largest answer; torch's modules know 6 only.
        negative_slope: Torch's leaky relu has it, but its corner is always at 0.
        threshold: Torch's ``Threshold`` has it, but answers a constant below.
    """
    y = torch.where(x >= threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else torch.where(x >= max_value, max_value, y)


def leaky_relu(x: Tensor, weights: Weights, *, negative_slope: float = 0.3) -> Tensor:
    """``LeakyReLU``: the layer's slope is 0.3, that of Keras's function 0.2, torch's 0.01."""
    return nn.LeakyReLU(negative_slope)(x)


def elu(x: Tensor, weights: Weights, *, alpha: float = 1.0) -> Tensor:
    """``ELU``: ``alpha * (exp(x) - 1)`` below zero."""
    return nn.ELU(alpha)(x)


def prelu(x: Tensor, weights: Weights, *, shared_axes: Sequence[int] | int | None = None) -> Tensor:
    """``PReLU``: Keras has a slope for each number of a sample, torch's module one a channel.

    Args:
        x: (batch, ...).
        weights: ``alpha``, of a sample's shape, with 1 along the shared axes.
        shared_axes: Counted from 1; ``alpha`` has been shaped by it.
    """
    return torch.where(x > 0, x, weights["alpha"] * x)


def softmax(x: Tensor, weights: Weights, *, axis: int = -1, mask: Tensor | None = None) -> Tensor:
    """``Softmax`` along one axis.

    Args:
        x: The logits.
        mask: Broadcasting to ``x``; where it is false, the answer is 0.
    """
    if mask is None:
        return nn.Softmax(dim=axis)(x)
    return torch.where(mask, nn.Softmax(dim=axis)(torch.where(mask, x, -1e9)), 0.0)


def softmax_of_axes(
    x: Tensor, weights: Weights, *, axis: Sequence[int], mask: Tensor | None = None
) -> Tensor:
    """``Softmax`` along several axes together: they are made one, and apart again."""
    shape, axes, ends = x.shape, tuple(axis), tuple(range(-len(axis), 0))
    if mask is not None:
        mask = torch.movedim(mask.expand(shape), axes, ends).flatten(-len(axes))
    moved = torch.movedim(x, axes, ends)
    together = softmax(moved.flatten(-len(axes)), weights, mask=mask)
    return torch.movedim(together.reshape(moved.shape), ends, axes)
