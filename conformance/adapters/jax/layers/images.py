"""Layers that take images and draw nothing, in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
from jax import numpy as jnp

from conformance.adapters.native.geometry import aspect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Weights


def middle(x: Array, size: Sequence[int]) -> Array:
    """The window of this height and width in the middle of (batch, channels, height, width)."""
    for axis, n in zip((2, 3), size):
        start = (x.shape[axis] - n) // 2
        x = jax.lax.slice_in_dim(x, start, start + n, axis=axis)
    return x


def cropped(x: Array, target: Sequence[int]) -> Array:
    """The largest window in the middle that has the target's aspect ratio."""
    size = x.shape[2:]
    return middle(x, [max(min(n, m), 1) for n, m in zip(size, aspect(size, target))])


def padded(x: Array, target: Sequence[int], fill: float) -> Array:
    """As much of a constant before as after, up to the target's aspect ratio."""
    size = x.shape[2:]
    high, wide = ((max(m, n) - n) // 2 for n, m in zip(size, aspect(size, target)))
    sides = ((0, 0), (0, 0), (high, high), (wide, wide))
    return jnp.pad(x, sides, constant_values=fill)


def resizing(
    x: Array,
    weights: Weights,
    *,
    height: int,
    width: int,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str = "channels_last",
) -> Array:
    """``Resizing``: ``bicubic`` is JAX's ``cubic``."""
    last = data_format != "channels_first"
    x = jnp.moveaxis(x, -1, 1) if last else x
    if crop_to_aspect_ratio:
        x = cropped(x, (height, width))
    if pad_to_aspect_ratio:
        x = padded(x, (height, width), fill_value)
    method = {"bicubic": "cubic"}.get(interpolation, interpolation)
    x = jax.image.resize(x, (*x.shape[:2], height, width), method, antialias=antialias)
    return jnp.moveaxis(x, 1, -1) if last else x


def center_crop(
    x: Array, weights: Weights, *, height: int, width: int, data_format: str = "channels_last"
) -> Array:
    """``CenterCrop``: an image that is smaller anywhere is cropped and resized instead."""
    last = data_format != "channels_first"
    x = jnp.moveaxis(x, -1, 1) if last else x
    if x.shape[2] >= height and x.shape[3] >= width:
        x = middle(x, (height, width))
    else:
        x = cropped(x, (height, width))
        x = jax.image.resize(x, (*x.shape[:2], height, width), "bilinear", antialias=False)
    return jnp.moveaxis(x, 1, -1) if last else x


def auto_contrast(
    x: Array,
    weights: Weights,
    *,
    value_range: Sequence[float] = (0, 255),
    training: bool = True,
) -> Array:
    """``AutoContrast``, in training and out of it: (batch, height, width, channels)."""
    low, high = min(value_range), max(value_range)
    darkest = jnp.min(x, axis=(1, 2), keepdims=True)
    brightest = jnp.max(x, axis=(1, 2), keepdims=True)
    stretched = (x - darkest) / (brightest - darkest) * (high - low) + low
    return jnp.where(brightest == darkest, x, stretched)
