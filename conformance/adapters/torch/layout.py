"""Where Keras and torch lay arrays out differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

if TYPE_CHECKING:
    from conformance.adapters.native.geometry import Pairs

Weights = dict[str, Tensor]
"""Keras's variables of one layer, by name and in Keras's layout."""
Activation = Callable[[Tensor], Tensor]
Layer = Callable[[Tensor, Weights], Tensor]


def to_channels_first(x: Tensor, data_format: str) -> Tensor:
    """Move the channels to axis 1, where torch has them, from where ``data_format`` says."""
    return x if data_format == "channels_first" else torch.movedim(x, -1, 1)


def from_channels_first(x: Tensor, data_format: str) -> Tensor:
    """Move the channels from axis 1 back to where ``data_format`` says."""
    return x if data_format == "channels_first" else torch.movedim(x, 1, -1)


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
