"""Where Keras and torch lay arrays out differently, and Keras's rule for ``same`` padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Union

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

Weights = dict[str, Tensor]
"""Keras's variables of one layer, by name and in Keras's layout."""
Sizes = Union[int, Sequence[int]]
"""One number for every spatial axis, or one for each."""
Pairs = Sequence[tuple[int, int]]
"""(before, after) by spatial axis."""
Activation = Callable[[Tensor], Tensor]
Layer = Callable[[Tensor, Weights], Tensor]


def each(value: Sizes, rank: int) -> tuple[int, ...]:
    """One number for each of ``rank`` spatial axes, as Keras reads ``3`` and ``[3, 5]``."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def to_channels_first(x: Tensor, data_format: str) -> Tensor:
    """Move the channels to axis 1, where torch has them, from where ``data_format`` says."""
    return x if data_format == "channels_first" else torch.movedim(x, -1, 1)


def from_channels_first(x: Tensor, data_format: str) -> Tensor:
    """Move the channels from axis 1 back to where ``data_format`` says."""
    return x if data_format == "channels_first" else torch.movedim(x, 1, -1)


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """(before, after) on one axis for ``padding="same"``: the odd one goes after.

    The output has ``ceil(size / stride)`` entries, so the padding depends on the stride;
    torch's own ``padding="same"`` refuses strides.
    """
    steps = -(-size // stride)
    total = max((steps - 1) * stride + (window - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def pad(x: Tensor, padding: Pairs, value: float = 0.0) -> Tensor:
    """Pad the spatial axes of a channels-first array with ``value``.

    Args:
        x: (batch, channels, spatial ...).
        padding: (before, after) by spatial axis; torch wants the last axis first.
        value: What to put there.
    """
    if not any(map(any, padding)):
        return x
    return F.pad(x, [n for pair in reversed(padding) for n in pair], value=value)
