"""Cropping, zero padding and upsampling in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
from jax import numpy as jnp

from conformance.adapters.native.geometry import each, sides

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.jax.layout import Weights
    from conformance.adapters.native.geometry import Border, Sizes


def pairs(border: Border, rank: int, data_format: str) -> list[tuple[int, int]]:
    """(before, after) for every axis of an array with ``rank`` spatial axes."""
    still, inner = [(0, 0)], sides(border, rank)
    if data_format == "channels_first":
        return [*still, *still, *inner]
    return [*still, *inner, *still]


def zero_padding(
    x: Array, weights: Weights, *, padding: Border = 1, data_format: str = "channels_last"
) -> Array:
    """``ZeroPadding1D``, ``2D`` and ``3D``."""
    return jnp.pad(x, pairs(padding, x.ndim - 2, data_format))


def cropping1d(x: Array, weights: Weights, *, cropping: Border = 1) -> Array:
    """``Cropping1D``: by default 1 from either end; channels last always."""
    return cropping3d(x, weights, cropping=cropping)


def cropping2d(
    x: Array, weights: Weights, *, cropping: Border = 0, data_format: str = "channels_last"
) -> Array:
    """``Cropping2D``: nothing by default."""
    return cropping3d(x, weights, cropping=cropping, data_format=data_format)


def cropping3d(
    x: Array, weights: Weights, *, cropping: Border = 1, data_format: str = "channels_last"
) -> Array:
    """``Cropping3D``, and of any other number of axes: by default 1 from each side."""
    amounts = pairs(cropping, x.ndim - 2, data_format)
    starts = [before for before, _ in amounts]
    stops = [n - after for n, (_, after) in zip(x.shape, amounts)]
    return jax.lax.slice(x, starts, stops)


def upsampling(
    x: Array, weights: Weights, *, size: Sizes = 2, data_format: str = "channels_last"
) -> Array:
    """``UpSampling1D`` and ``3D``: every entry so many times in a row, along each spatial axis."""
    first = 2 if data_format == "channels_first" else 1
    for axis, factor in enumerate(each(size, x.ndim - 2), start=first):
        x = jnp.repeat(x, factor, axis=axis)
    return x


def upsampling2d(
    x: Array,
    weights: Weights,
    *,
    size: Sizes = 2,
    data_format: str = "channels_last",
    interpolation: str = "nearest",
) -> Array:
    """``UpSampling2D``: repeated, or interpolated between the centres of the pixels.

    Args:
        x: (batch, rows, columns, channels), or channels first.
        data_format: Where the channels are.
        interpolation: By Keras's name; JAX's ``cubic`` is ``bicubic``.
    """
    first = 2 if data_format == "channels_first" else 1
    shape = list(x.shape)
    for axis, factor in enumerate(each(size, 2), start=first):
        shape[axis] *= factor
    method = {"bilinear": "linear", "bicubic": "cubic"}.get(interpolation, interpolation)
    return jax.image.resize(x, shape, method)
