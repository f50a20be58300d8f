"""Layers that make one array of several in JAX."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import jax
from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Weights


def aligned(arrays: Sequence[Array]) -> list[Array]:
    """Arrays of one rank: Keras puts axes of size 1 behind the batch axis, JAX before it."""
    rank = max(x.ndim for x in arrays)
    return [jnp.reshape(x, (x.shape[0], *[1] * (rank - x.ndim), *x.shape[1:])) for x in arrays]


def concatenate(x: Sequence[Array], weights: Weights, *, axis: int = -1) -> Array:
    """``Concatenate``: a list of arrays, end to end along ``axis`` (0 is the batch's)."""
    return jnp.concatenate(x, axis=axis)


def add(x: Sequence[Array], weights: Weights) -> Array:
    """``Add``: the sum of a list of arrays, from left to right."""
    return functools.reduce(jnp.add, aligned(x))


def subtract(x: Sequence[Array], weights: Weights) -> Array:
    """``Subtract``: the first less the second."""
    first, second = aligned(x)
    return jnp.subtract(first, second)


def multiply(x: Sequence[Array], weights: Weights) -> Array:
    """``Multiply``: the product of a list of arrays, from left to right."""
    return functools.reduce(jnp.multiply, aligned(x))


def average(x: Sequence[Array], weights: Weights) -> Array:
    """``Average``: the sum of a list of arrays, divided by their number."""
    return functools.reduce(jnp.add, aligned(x)) / len(x)


def maximum(x: Sequence[Array], weights: Weights) -> Array:
    """``Maximum``: the largest of each place."""
    return functools.reduce(jnp.maximum, aligned(x))


def minimum(x: Sequence[Array], weights: Weights) -> Array:
    """``Minimum``: the smallest of each place."""
    return functools.reduce(jnp.minimum, aligned(x))


def dot(
    x: Sequence[Array],
    weights: Weights,
    *,
    axes: int | Sequence[int],
    normalize: bool = False,
) -> Array:
    """``Dot``: products summed along one axis of each of two arrays, sample by sample.

    Args:
        x: Two arrays, batch axis first.

    Returns:
        (batch, rest of the first, rest of the second), or (batch, 1) where nothing is left.
    """
    first, second = [axes, axes] if isinstance(axes, int) else axes
    left, right = x
    if normalize:
        left, right = unit(left, first), unit(right, second)
    contracted = ((first % left.ndim,), (second % right.ndim,))
    y = jax.lax.dot_general(left, right, (contracted, ((0,), (0,))))
    return y if y.ndim > 1 else y[:, None]


def unit(x: Array, axis: int) -> Array:
    """Vectors along an axis divided by their length, by 1e-7 at least."""
    square = jnp.sum(x * x, axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(square, 1e-14))
