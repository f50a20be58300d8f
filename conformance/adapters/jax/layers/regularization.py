"""Layers that drop or add noise, in JAX: functions of a key, which a seed and a count make."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import jax
from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Weights


def key(seed: int | None, call: int) -> Array:
    """The key of a layer's n-th call."""
    return jax.random.fold_in(jax.random.key(seed or 0), call)


def mask_shape(noise_shape: Sequence[int | None] | None, x: Array) -> tuple[int, ...]:
    """Keras's ``noise_shape`` with the input's sizes for ``None``."""
    noise = noise_shape or (None,) * x.ndim
    return tuple(size if n is None else n for n, size in zip(noise, x.shape))


def masked(x: Array, rate: float, shape: tuple[int, ...], key: Array) -> Array:
    """Zero where a draw of this shape says so, else scaled so that the mean stays."""
    keep = jax.random.bernoulli(key, 1.0 - rate, shape)
    # At rate 1 nothing is kept, and the scale would be a division by zero.
    return jnp.where(keep, x / (1 - rate), 0) if rate < 1 else jnp.zeros_like(x)


def dropout(
    x: Array,
    weights: Weights,
    *,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: int | None = None,
    training: bool = False,
    call: int = 0,
) -> Array:
    """``Dropout``.

    Args:
        x: (batch, ...).
        call: How often the layer was called before: JAX's functions keep no count.
    """
    if not training:
        return x
    return masked(x, rate, mask_shape(noise_shape, x), key(seed, call))


def spatial_dropout1d(
    x: Array,
    weights: Weights,
    *,
    rate: float,
    seed: int | None = None,
    training: bool = False,
    call: int = 0,
) -> Array:
    """``SpatialDropout1D``: (batch, steps, channels), whole channels at a time."""
    if not training:
        return x
    return masked(x, rate, (x.shape[0], 1, x.shape[2]), key(seed, call))


def spatial_dropout(
    x: Array,
    weights: Weights,
    *,
    rate: float,
    data_format: str = "channels_last",
    seed: int | None = None,
    training: bool = False,
    call: int = 0,
) -> Array:
    """``SpatialDropout2D`` and ``3D``: whole channels of images and volumes at a time."""
    if not training:
        return x
    space = (1,) * (x.ndim - 2)
    first = data_format == "channels_first"
    shape = (*x.shape[:2], *space) if first else (x.shape[0], *space, x.shape[-1])
    return masked(x, rate, shape, key(seed, call))


def alpha_dropout(
    x: Array,
    weights: Weights,
    *,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: int | None = None,
    training: bool = False,
    call: int = 0,
) -> Array:
    """``AlphaDropout``: dropped to selu's lower end, then mean 0 and variance 1 restored."""
    if not training:
        return x
    low = -1.6732632423543772 * 1.0507009873554805
    keep = jax.random.bernoulli(key(seed, call), 1.0 - rate, mask_shape(noise_shape, x))
    slope = ((1 - rate) * (1 + rate * low**2)) ** -0.5
    return slope * jnp.where(keep, x, low) - slope * low * rate


def gaussian_dropout(
    x: Array,
    weights: Weights,
    *,
    rate: float,
    seed: int | None = None,
    training: bool = False,
    call: int = 0,
) -> Array:
    """``GaussianDropout``: times normal numbers about 1."""
    if not training:
        return x
    noise = jax.random.normal(key(seed, call), x.shape, x.dtype)
    return x * (1 + math.sqrt(rate / (1 - rate)) * noise)


def gaussian_noise(
    x: Array,
    weights: Weights,
    *,
    stddev: float,
    seed: int | None = None,
    training: bool = False,
    call: int = 0,
) -> Array:
    """``GaussianNoise``: plus normal numbers about 0."""
    if not training:
        return x
    return x + stddev * jax.random.normal(key(seed, call), x.shape, x.dtype)
