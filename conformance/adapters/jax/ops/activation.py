"""Activation functions with arguments that are more than one call of JAX's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import numpy as jnp

from conformance.adapters.jax.layers.activation import sparsemax as along_last

if TYPE_CHECKING:
    from jax import Array


def relu(
    x: Array,
    *,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Array:
    """``relu`` with arguments: JAX has neither a threshold with a slope nor a largest value."""
    found = jnp.where(x > threshold, x, negative_slope * (x - threshold))
    return found if max_value is None else jnp.minimum(found, max_value)


def threshold(x: Array, *, threshold: float, default_value: float) -> Array:
    """``threshold``: JAX has no such function."""
    return jnp.where(x > threshold, x, default_value)


def soft_shrink(x: Array, *, threshold: float = 0.5) -> Array:
    """``soft_shrink``: JAX has no such function."""
    return jnp.sign(x) * jnp.maximum(jnp.abs(x) - threshold, 0.0)


def hard_shrink(x: Array, *, threshold: float = 0.5) -> Array:
    """``hard_shrink``: JAX has no such function."""
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


def sparsemax(x: Array, *, axis: int = -1) -> Array:
    """``sparsemax`` along an axis; JAX has no such function."""
    return jnp.moveaxis(along_last(jnp.moveaxis(x, axis, -1)), -1, axis)
