"""Layers that move numbers without changing them, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.torch.layout import Weights


def flatten(x: Tensor, weights: Weights, *, data_format: str = "channels_last") -> Tensor:
    """``Flatten``: (batch, ...) to (batch, numbers), the channels changing fastest.

    With ``channels_first`` Keras moves the channels to the end before it unrolls, so the order of
    the numbers is not ``nn.Flatten``'s on the array as it is.
    """
    if x.ndim == 1:
        return x[:, None]
    if data_format == "channels_first":
        x = torch.movedim(x, 1, -1)
    return nn.Flatten()(x)


def reshape(x: Tensor, weights: Weights, *, target_shape: Sequence[int]) -> Tensor:
    """``Reshape``: ``target_shape`` is without the batch axis and may hold one -1."""
    target = list(target_shape)
    if -1 in target:
        # Worked out from the input's own sizes, because -1 is ambiguous in an empty batch.
        others = -torch.Size(target).numel()
        target[target.index(-1)] = x.shape[1:].numel() // others
    return torch.reshape(x, (x.shape[0], *target))


def repeat_vector(x: Tensor, weights: Weights, *, n: int) -> Tensor:
    """``RepeatVector``: (batch, features) to (batch, n, features)."""
    return x[:, None].expand(-1, n, -1)


def permute(x: Tensor, weights: Weights, *, dims: Sequence[int]) -> Tensor:
    """``Permute``: ``dims`` counts from 1 and leaves the batch axis out."""
    return torch.permute(x, (0, *dims))
