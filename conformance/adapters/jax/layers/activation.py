"""Keras's activation functions in JAX. Where a default differs, Keras's is written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
from jax import numpy as jnp

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.jax.layout import Activation, Weights


def activation(x: Array, weights: Weights, *, activation: Activation) -> Array:
    """``Activation``: one activation function as a layer."""
    return activation(x)


def linear(x: Array) -> Array:
    """Nothing at all; Keras also writes it ``None``."""
    return x


def relu(x: Array) -> Array:
    """max(x, 0)."""
    return jax.nn.relu(x)


def relu6(x: Array) -> Array:
    """min(max(x, 0), 6)."""
    return jax.nn.relu6(x)


def leaky_relu(x: Array) -> Array:
    """Keras's slope is 0.2 for the function, JAX's default 0.01."""
    return jax.nn.leaky_relu(x, negative_slope=0.2)


def elu(x: Array) -> Array:
    """With alpha 1 on both sides."""
    return jax.nn.elu(x, alpha=1.0)


def celu(x: Array) -> Array:
    """With alpha 1 on both sides."""
    return jax.nn.celu(x, alpha=1.0)


def selu(x: Array) -> Array:
    """Scaled elu."""
    return jax.nn.selu(x)


def gelu(x: Array) -> Array:
    """Keras's activation is exact by default, with erf; JAX's is the approximation by tanh."""
    return jax.nn.gelu(x, approximate=False)


def silu(x: Array) -> Array:
    """X * sigmoid(x); Keras also calls it swish."""
    return jax.nn.silu(x)


def mish(x: Array) -> Array:
    """X * tanh(softplus(x))."""
    return jax.nn.mish(x)


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return jax.nn.softplus(x)


def softsign(x: Array) -> Array:
    """X / (1 + |x|)."""
    return jax.nn.soft_sign(x)


def softmax(x: Array) -> Array:
    """Over the last axis."""
    return jax.nn.softmax(x, axis=-1)


def log_softmax(x: Array) -> Array:
    """Over the last axis."""
    return jax.nn.log_softmax(x, axis=-1)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return jax.nn.sigmoid(x)


def log_sigmoid(x: Array) -> Array:
    """log(sigmoid(x))."""
    return jax.nn.log_sigmoid(x)


def hard_sigmoid(x: Array) -> Array:
    """relu6(x + 3) / 6, as in Keras 3; Keras 2 had 0.2 x + 0.5."""
    return jax.nn.hard_sigmoid(x)


def hard_silu(x: Array) -> Array:
    """X * hard_sigmoid(x); Keras also calls it hard_swish."""
    return jax.nn.hard_silu(x)


def tanh(x: Array) -> Array:
    """Hyperbolic tangent."""
    return jnp.tanh(x)


def hard_tanh(x: Array) -> Array:
    """Clip to -1..1."""
    return jax.nn.hard_tanh(x)


def tanh_shrink(x: Array) -> Array:
    """X - tanh(x); JAX has no such function."""
    return x - jnp.tanh(x)


def soft_shrink(x: Array) -> Array:
    """Towards 0 by 0.5; JAX has no such function."""
    return jnp.sign(x) * jnp.maximum(jnp.abs(x) - 0.5, 0.0)


def hard_shrink(x: Array) -> Array:
    """0 where |x| is at most 0.5; JAX has no such function."""
    threshold = 0.5
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


def exponential(x: Array) -> Array:
    """exp(x)."""
    return jnp.exp(x)


def glu(x: Array) -> Array:
    """Half of the last axis, times the sigmoid of the other half."""
    return jax.nn.glu(x, axis=-1)


def sparse_plus(x: Array) -> Array:
    """(x + 1)² / 4 between -1 and 1, 0 below, x above."""
    return jax.nn.sparse_plus(x)


def sparse_sigmoid(x: Array) -> Array:
    """(x + 1) / 2, clipped to 0..1."""
    return jax.nn.sparse_sigmoid(x)


def squareplus(x: Array) -> Array:
    """(x + sqrt(x² + 4)) / 2."""
    return jax.nn.squareplus(x, b=4)


def sparsemax(x: Array) -> Array:
    """The nearest point to x whose entries are not negative and add up to 1, on the last axis.

    Martins and Astudillo, 2016; JAX has no such function.
    """
    falling = -jnp.sort(-x, axis=-1)
    ranks = jnp.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    sums = jnp.cumsum(falling, axis=-1)
    size = (1 + ranks * falling > sums).sum(axis=-1, keepdims=True)
    return jax.nn.relu(x - (jnp.take_along_axis(sums, size - 1, axis=-1) - 1) / size)
