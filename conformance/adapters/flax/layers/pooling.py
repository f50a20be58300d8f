"""Pooling in Flax NNX: functions, channels last only, with steps of 1 where none are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flax import nnx

from conformance.adapters.flax.layout import from_channels_last, to_channels_last
from conformance.adapters.native.geometry import each

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.jax.layout import Weights
    from conformance.adapters.native.geometry import Sizes


def max_pooling(
    x: Array,
    weights: Weights,
    *,
    pool_size: Sizes = 2,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Array:
    """``MaxPooling1D``, ``MaxPooling2D`` and ``MaxPooling3D``.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        strides: Steps from window to window, by default the window's size; Flax's default is 1.

    Returns:
        (batch, new spatial ..., channels), or channels first.
    """
    rank = x.ndim - 2
    window = each(pool_size, rank)
    stride = window if strides is None else each(strides, rank)
    x = to_channels_last(x, data_format)
    y = nnx.max_pool(x, window, strides=stride, padding=padding.upper())
    return from_channels_last(y, data_format)


def average_pooling(
    x: Array,
    weights: Weights,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Array:
    """``AveragePooling1D`` to ``3D``: in Keras padding does not count, in Flax it does by default.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        strides: Steps from window to window, by default the window's size; Flax's default is 1.

    Returns:
        (batch, new spatial ..., channels), or channels first.
    """
    rank = x.ndim - 2
    window = each(pool_size, rank)
    stride = window if strides is None else each(strides, rank)
    x = to_channels_last(x, data_format)
    y = nnx.avg_pool(x, window, strides=stride, padding=padding.upper(), count_include_pad=False)
    return from_channels_last(y, data_format)
