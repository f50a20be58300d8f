"""Functions of images, in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import numpy as jnp

from conformance.adapters.jax.layers.images import resizing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

_LUMA = (0.2989, 0.587, 0.114)
"""How much of red, green and blue is in gray."""


def resize(
    images: Array,
    *,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Array:
    """``ops.image.resize``: JAX is told the whole shape, and antialiases unless told not to."""
    batch = images if images.ndim == 4 else images[None]  # noqa: PLR2004 - a single image has 3
    found = resizing(
        batch,
        {},
        height=size[0],
        width=size[1],
        interpolation=interpolation,
        antialias=antialias,
        crop_to_aspect_ratio=crop_to_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        fill_value=fill_value,
        data_format=data_format or "channels_last",
    )
    return found if images.ndim == 4 else found[0]  # noqa: PLR2004


def rgb_to_grayscale(images: Array, *, data_format: str | None = None) -> Array:
    """``ops.image.rgb_to_grayscale``: a product with the luma of the three colours."""
    axis = -3 if data_format == "channels_first" else -1
    luma = jnp.asarray(_LUMA, dtype=images.dtype)
    return jnp.expand_dims(jnp.tensordot(images, luma, axes=([axis], [0])), axis)
