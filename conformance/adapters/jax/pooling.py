"""Pooling in JAX: one reduction over windows, in either data format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import lax
from jax import numpy as jnp

from conformance.adapters.jax.layout import each

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.jax.layout import Sizes, Weights


def max_pooling1d(
    x: Array,
    weights: Weights,
    *,
    pool_size: Sizes = 2,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Array:
    """``MaxPooling1D``: (batch, steps, channels), or channels first, to fewer steps."""
    return pool_max(
        x,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


def max_pooling2d(
    x: Array,
    weights: Weights,
    *,
    pool_size: Sizes = 2,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Array:
    """``MaxPooling2D``: (batch, rows, columns, channels), or channels first, to fewer of both."""
    return pool_max(
        x,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


def average_pooling1d(
    x: Array,
    weights: Weights,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Array:
    """``AveragePooling1D``: (batch, steps, channels), or channels first, to fewer steps."""
    return pool_average(
        x,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


def average_pooling2d(
    x: Array,
    weights: Weights,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Array:
    """``AveragePooling2D``: as ``MaxPooling2D``, with the mean of each window."""
    return pool_average(
        x,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


def windows(
    x: Array, pool_size: Sizes, strides: Sizes | None, data_format: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(window, stride) for every axis of ``x``, batch and channels included."""
    rank = x.ndim - 2
    window = each(pool_size, rank)
    stride = window if strides is None else each(strides, rank)
    if data_format == "channels_last":
        return (1, *window, 1), (1, *stride, 1)
    return (1, 1, *window), (1, 1, *stride)


def pool_max(
    x: Array, *, pool_size: Sizes, strides: Sizes | None, padding: str, data_format: str
) -> Array:
    """Largest entry of each window; what pads is never the largest."""
    window, stride = windows(x, pool_size, strides, data_format)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, stride, padding.upper())


def pool_average(
    x: Array, *, pool_size: Sizes, strides: Sizes | None, padding: str, data_format: str
) -> Array:
    """Mean of each window's own entries: padding does not count, in the sum or the number."""
    window, stride = windows(x, pool_size, strides, data_format)
    total = lax.reduce_window(x, 0.0, lax.add, window, stride, padding.upper())
    number = lax.reduce_window(
        jnp.ones((1, *x.shape[1:]), x.dtype), 0.0, lax.add, window, stride, padding.upper()
    )
    return total / number
