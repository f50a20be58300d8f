"""Pooling in JAX: one reduction over windows, in either data format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import lax
from jax import numpy as jnp

from conformance.adapters.native.geometry import each, spatial_axes

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
    """``MaxPooling1D``, ``MaxPooling2D`` and ``MaxPooling3D``: what pads is never the largest.

    Args:
        x: (batch, spatial ..., channels), or channels first.

    Returns:
        (batch, new spatial ..., channels), or channels first.
    """
    window, stride = windows(x, pool_size, strides, data_format)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, stride, padding.upper())


def average_pooling(
    x: Array,
    weights: Weights,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Array:
    """``AveragePooling1D`` to ``3D``: padding does not count, in the sum or in the number.

    Args:
        x: (batch, spatial ..., channels), or channels first.

    Returns:
        (batch, new spatial ..., channels), or channels first.
    """
    window, stride = windows(x, pool_size, strides, data_format)
    total = lax.reduce_window(x, 0.0, lax.add, window, stride, padding.upper())
    ones = jnp.ones((1, *x.shape[1:]), x.dtype)
    return total / lax.reduce_window(ones, 0.0, lax.add, window, stride, padding.upper())


def global_max_pooling(
    x: Array,
    weights: Weights,
    *,
    data_format: str = "channels_last",
    keepdims: bool = False,
) -> Array:
    """``GlobalMaxPooling1D`` to ``3D``: the largest entry of each channel.

    Args:
        x: (batch, spatial ..., channels), or channels first.

    Returns:
        (batch, channels), or with the spatial axes.
    """
    return jnp.max(x, spatial_axes(x, data_format), keepdims=keepdims)


def global_average_pooling(
    x: Array,
    weights: Weights,
    *,
    data_format: str = "channels_last",
    keepdims: bool = False,
) -> Array:
    """``GlobalAveragePooling1D`` to ``3D``: as ``global_max_pooling``, with the mean."""
    return jnp.mean(x, spatial_axes(x, data_format), keepdims=keepdims)


def adaptive_max_pooling(
    x: Array, weights: Weights, *, output_size: Sizes, data_format: str = "channels_last"
) -> Array:
    """``AdaptiveMaxPooling1D`` to ``3D``: JAX has none, so every window is cut out by itself.

    Args:
        x: (batch, spatial ..., channels), or channels first.

    Returns:
        (batch, *output_size, channels), or channels first.
    """
    for axis, count in zip(spatial_axes(x, data_format), each(output_size, x.ndim - 2)):
        parts = [jnp.max(part, axis, keepdims=True) for part in cut_evenly(x, axis, count)]
        x = jnp.concatenate(parts, axis)
    return x


def adaptive_average_pooling(
    x: Array, weights: Weights, *, output_size: Sizes, data_format: str = "channels_last"
) -> Array:
    """``AdaptiveAveragePooling1D`` to ``3D``: as ``adaptive_max_pooling``, with the mean."""
    for axis, count in zip(spatial_axes(x, data_format), each(output_size, x.ndim - 2)):
        parts = [jnp.mean(part, axis, keepdims=True) for part in cut_evenly(x, axis, count)]
        x = jnp.concatenate(parts, axis)
    return x


def cut_evenly(x: Array, axis: int, count: int) -> list[Array]:
    """``count`` slices along an axis, overlapping where its size is no multiple of ``count``."""
    n = x.shape[axis]
    return [
        lax.slice_in_dim(x, i * n // count, -(-(i + 1) * n // count), axis=axis)
        for i in range(count)
    ]


def mean_of_steps(
    x: Array,
    weights: Weights,
    *,
    mask: Array | None,
    data_format: str = "channels_last",
    keepdims: bool = False,
) -> Array:
    """``GlobalAveragePooling1D`` of the steps that a mask (batch, steps) holds to be there.

    None comes from a layer that may mask and doesn't: all steps are there.
    """
    if mask is None:
        return global_average_pooling(x, weights, data_format=data_format, keepdims=keepdims)
    there = jnp.expand_dims(mask, -1 if data_format == "channels_last" else 1)
    axis = spatial_axes(x, data_format)
    total = jnp.sum(jnp.where(there, x, 0.0), axis, keepdims=keepdims)
    return total / jnp.sum(there, axis, keepdims=keepdims)


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
