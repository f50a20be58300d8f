"""Preprocessing of numbers in JAX: affine maps, bins, encodings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Union

import jax
from jax import numpy as jnp

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.jax.layout import Weights

Numbers = Union[float, Sequence["Numbers"]]
"""A number, or nested lists of numbers."""


def _floats(x: Array) -> Array:
    """Floats as they are, in the layer's dtype; whole numbers as floats."""
    return x if jnp.issubdtype(x.dtype, jnp.floating) else jnp.asarray(x, jnp.float32)


def rescaling(x: Array, weights: Weights, *, scale: Numbers, offset: Numbers = 0.0) -> Array:
    """``Rescaling``: lists belong to the last axis."""
    x = _floats(x)
    return x * jnp.asarray(scale, x.dtype) + jnp.asarray(offset, x.dtype)


def normalization(
    x: Array,
    weights: Weights,
    *,
    mean: Numbers,
    variance: Numbers,
    axis: int | Sequence[int] | None = -1,
    invert: bool = False,
) -> Array:
    """``Normalization`` with the statistics that it is given; the deviation is at least 1e-7."""
    x = _floats(x)
    axes = [] if axis is None else [axis] if isinstance(axis, int) else axis
    kept = sorted(i % x.ndim for i in axes)
    sizes = [x.shape[i] for i in kept]
    shape = [n if i in kept else 1 for i, n in enumerate(x.shape)]
    centre = jnp.broadcast_to(jnp.asarray(mean, x.dtype), sizes).reshape(shape)
    spread = jnp.broadcast_to(jnp.asarray(variance, x.dtype), sizes).reshape(shape)
    deviation = jnp.maximum(jnp.sqrt(spread), 1e-7)
    return centre + x * deviation if invert else (x - centre) / deviation


def encoded(indices: Array, mode: str, depth: int, counted: Array | None = None) -> Array:
    """Indices as they are, or a place for each that there may be.

    Args:
        indices: (batch, ..., sample).
        mode: ``int``, ``one_hot``, ``multi_hot`` or ``count``.
        depth: How many indices there may be.
        counted: For ``count``: by how much each index counts.
    """
    if mode == "int":
        return jnp.asarray(indices, jnp.int32)
    if mode == "one_hot" and indices.ndim > 1 and indices.shape[-1] == 1:
        indices = indices[..., 0]
    places = jax.nn.one_hot(indices, depth)
    if mode == "one_hot":
        return places
    if mode == "multi_hot":
        return jnp.max(places, axis=-2)
    return jnp.sum(places if counted is None else places * counted[..., None], axis=-2)


def discretization(
    x: Array,
    weights: Weights,
    *,
    bin_boundaries: Sequence[float],
    output_mode: str = "int",
) -> Array:
    """``Discretization``: how many boundaries are at or below each number."""
    boundaries = jnp.asarray(bin_boundaries, jnp.float32)
    bins = jnp.digitize(jnp.asarray(x, jnp.float32), boundaries)
    return encoded(bins, output_mode, len(bin_boundaries) + 1)


def category_encoding(
    x: Array,
    weights: Weights,
    *,
    num_tokens: int,
    output_mode: str = "multi_hot",
    count_weights: Array | None = None,
) -> Array:
    """``CategoryEncoding``: tokens to places; ``count_weights`` is an argument of the call."""
    return encoded(x, output_mode, num_tokens, count_weights)
