"""Wrappers of recurrent layers in torch: TimeDistributed and Bidirectional."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Optional

import torch
from torch import Tensor

from conformance.adapters.torch.recurrent_cells import below

if TYPE_CHECKING:
    from conformance.adapters.torch.layout import Layer, Weights


def time_distributed(x: Tensor, weights: Weights, *, layer: Layer) -> Tensor:
    """``TimeDistributed``: the steps become part of the batch while the inner layer runs."""
    inner = layer(torch.flatten(x, 0, 1), weights)
    return torch.unflatten(inner, 0, x.shape[:2])


def bidirectional(
    x: Tensor,
    weights: Weights,
    *,
    layer: Layer,
    backward_layer: Optional[Layer] = None,  # noqa: UP045 (Python 3.9 reads it)
    merge_mode: Optional[str] = "concat",  # noqa: UP045
) -> Tensor:
    """``Bidirectional``: ``bidirectional=True`` of torch's modules concatenates and knows no more.

    Args:
        x: (batch, steps, features).
        weights: ``forward_<name>/<variable>`` of the forward layer, and those of the backward one.
        layer: A recurrent layer of this package.
        backward_layer: Another that goes backwards; ``None``: the same, going backwards.
        merge_mode: ``concat``, ``sum``, ``mul`` or ``ave``.

    Returns:
        As the layers, both in the order of the input.
    """
    ahead, back = sorted({key.partition("/")[0] for key in weights}, key=is_backward)
    y = layer(x, below(ahead, weights))
    backwards = backward_layer or functools.partial(layer, go_backwards=True)
    z = backwards(x, below(back, weights))
    if z.dim() == x.dim():
        z = z.flip(1)
    if merge_mode == "concat":
        return torch.cat((y, z), dim=-1)
    if merge_mode == "mul":
        return y * z
    return y + z if merge_mode == "sum" else (y + z) / 2


def is_backward(name: str) -> bool:
    """Whether a layer inside ``Bidirectional`` is the backward one: it calls the other so."""
    return not name.startswith("forward_")
