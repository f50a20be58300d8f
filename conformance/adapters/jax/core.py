"""Dense and the probing Lambda in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import numpy as jnp

from conformance.adapters.jax.activation import linear

if TYPE_CHECKING:
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


def probe(x: Array, weights: Weights, *, function: str) -> Array:
    """``Lambda`` with ``function: probe``: the input itself; whoever calls it notes the shape."""
    return x
