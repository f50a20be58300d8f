"""Dense layers, tables of embeddings, masking and the probing Lambda in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import numpy as jnp

from conformance.adapters.jax.activation import linear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Activation, Weights


def dense(
    x: Array,
    weights: Weights,
    *,
    units: int,
    activation: Activation = linear,
    use_bias: bool = True,
) -> Array:
    """``Dense``: on the last axis, whatever the rank.

    Args:
        x: (batch, ..., features).
        weights: ``kernel`` (features, units) and ``bias`` (units,).
        units: Size of the last axis of the answer.
        activation: A function of this package.
        use_bias: Whether there is a bias.

    Returns:
        (batch, ..., units).
    """
    x = jnp.matmul(x, weights["kernel"])
    if use_bias:
        x = x + weights["bias"]
    return activation(x)


def einsum_dense(
    x: Array,
    weights: Weights,
    *,
    equation: str,
    output_shape: int | Sequence[int | None],
    activation: Activation = linear,
    bias_axes: str | None = None,
) -> Array:
    """``EinsumDense``: a product whose axes are named by letters.

    Args:
        x: By the letters of the equation's first term.
        weights: ``kernel`` by its second term, ``bias`` broadcasting to the last axes.
        equation: Such as ``abc,cd->abd``; an ellipsis stands for any axes.
        output_shape: Follows from the kernel here.
        activation: A function of this package.
        bias_axes: The bias has been shaped by it.
    """
    x = jnp.einsum(equation, x, weights["kernel"])
    return activation(x if bias_axes is None else x + weights["bias"])


def embedding(
    x: Array,
    weights: Weights,
    *,
    input_dim: int,
    output_dim: int,
) -> Array:
    """``Embedding``: whole numbers to rows of ``embeddings`` (input_dim, output_dim)."""
    return jnp.take(weights["embeddings"], x, axis=0)


def identity(x: Array, weights: Weights) -> Array:
    """``Identity``: the input."""
    return x


def probe(x: Array, weights: Weights, *, function: str) -> Array:
    """``Lambda`` with ``function: probe``: the input itself; whoever calls it notes the shape."""
    return x
