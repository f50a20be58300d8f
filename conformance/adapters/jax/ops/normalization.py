"""Normalizations as functions of JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
from jax import numpy as jnp

from conformance.adapters.native.geometry import ascending

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.native.geometry import Axes

_EPSILON = 1e-7


def _along(vector: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """A vector or array laid along axes of another."""
    return jnp.reshape(vector, [n if at in axes else 1 for at, n in enumerate(x.shape)])


def batch_normalization(
    x: Array,
    mean: Array,
    variance: Array,
    offset: Array | None = None,
    scale: Array | None = None,
    *,
    axis: int,
    epsilon: float = 1e-3,
) -> Array:
    """``ops.batch_normalization``: jax.nn.standardize takes the moments."""
    axes = ascending(x, axis)
    mean, variance = (_along(one, x, axes) for one in (mean, variance))
    found = jax.nn.standardize(x, axis=axes, mean=mean, variance=variance, epsilon=epsilon)
    found = found if scale is None else found * _along(scale, x, axes)
    return found if offset is None else found + _along(offset, x, axes)


def layer_normalization(
    x: Array,
    gamma: Array | None = None,
    beta: Array | None = None,
    *,
    axis: Axes = -1,
    epsilon: float | None = None,
) -> Array:
    """``ops.layer_normalization``: jax.nn.standardize takes x² - mean², so moments are given."""
    axes = ascending(x, axis)
    mean = jnp.mean(x, axes, keepdims=True)
    variance = jnp.var(x, axes, keepdims=True)
    eps = _EPSILON if epsilon is None else epsilon
    found = jax.nn.standardize(x, axis=axes, mean=mean, variance=variance, epsilon=eps)
    found = found if gamma is None else found * _along(gamma, x, axes)
    return found if beta is None else found + _along(beta, x, axes)


def rms_normalization(
    x: Array, scale: Array | None = None, *, axis: Axes = -1, epsilon: float | None = None
) -> Array:
    """``ops.rms_normalization``: JAX has no such function."""
    axes = ascending(x, axis)
    mean = jnp.mean(jnp.square(x), axes, keepdims=True)
    found = x * jax.lax.rsqrt(mean + (_EPSILON if epsilon is None else epsilon))
    return found if scale is None else found * _along(scale, x, axes)


def normalize(x: Array, *, axis: int = -1, order: float = 2, epsilon: float | None = None) -> Array:
    """``ops.normalize``: JAX has no such function."""
    size = jnp.linalg.norm(x, ord=order, axis=axis, keepdims=True)
    return x / jnp.maximum(size, _EPSILON if epsilon is None else epsilon)
