"""Activation functions that are layers of their own, with arguments, in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Weights


def relu(
    x: Array,
    weights: Weights,
    *,
    max_value: float | None = None,
    negative_slope: float = 0.0,
    threshold: float = 0.0,
) -> Array:
    """``ReLU`` without arguments or with ``max_value: 6``; JAX has both."""
    return jax.nn.relu(x) if max_value is None else jax.nn.relu6(x)


def relu_in_pieces(
    x: Array,
    weights: Weights,
    *,
    max_value: float | None = None,
    negative_slope: float = 0.0,
    threshold: float = 0.0,
) -> Array:
    """``ReLU``: x from ``threshold`` on, ``negative_slope * (x - threshold)`` below.

    Args:
        x: Of any shape.
        max_value: The largest answer; JAX knows 6 only.
        negative_slope: JAX's leaky relu has it, but its corner is always at 0.
        threshold: Where the corner lies.
    """
    y = jnp.where(x >= threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else jnp.where(x >= max_value, max_value, y)


def leaky_relu(x: Array, weights: Weights, *, negative_slope: float = 0.3) -> Array:
    """``LeakyReLU``: the layer's slope is 0.3, that of Keras's function 0.2, JAX's 0.01."""
    return jax.nn.leaky_relu(x, negative_slope)


def elu(x: Array, weights: Weights, *, alpha: float = 1.0) -> Array:
    """``ELU``: ``alpha * (exp(x) - 1)`` below zero."""
    return jax.nn.elu(x, alpha)


def prelu(x: Array, weights: Weights, *, shared_axes: Sequence[int] | int | None = None) -> Array:
    """``PReLU``: a slope for each number of a sample.

    Args:
        x: (batch, ...).
        weights: ``alpha``, of a sample's shape, with 1 along the shared axes.
        shared_axes: Counted from 1; ``alpha`` has been shaped by it.
    """
    return jnp.where(x > 0, x, weights["alpha"] * x)


def softmax(
    x: Array, weights: Weights, *, axis: int | Sequence[int] = -1, mask: Array | None = None
) -> Array:
    """``Softmax`` along one axis, or several together.

    Args:
        x: The logits.
        mask: Broadcasting to ``x``; where it is false, the answer is 0.
    """
    axes = axis if isinstance(axis, int) else tuple(axis)
    # With `where` alone, JAX divides zero by zero where nothing is let through.
    kept = x if mask is None else jnp.where(mask, x, -1e9)
    y = jax.nn.softmax(kept, axis=axes)
    return y if mask is None else jnp.where(mask, y, 0.0)
