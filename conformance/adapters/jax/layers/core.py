"""Dense layers, tables of embeddings, masking and the probing Lambda in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import numpy as jnp

from conformance.adapters.jax.layers.activation import linear

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
        output_shape: Follows from the kernel here.
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
    mask_zero: bool = False,
) -> Array:
    """``Embedding``: whole numbers to rows of ``embeddings`` (input_dim, output_dim).

    ``mask_zero`` is :func:`embedding_mask`'s: 0 has a row like any other number.
    """
    return jnp.take(weights["embeddings"], x, axis=0)


def embedding_mask(
    x: Array,
    weights: Weights,
    *,
    input_dim: int,
    output_dim: int,
    mask_zero: bool = False,
) -> Array | None:
    """The mask that ``Embedding`` makes with ``mask_zero``: every number but 0 counts."""
    return x != 0 if mask_zero else None


def reversible_embedding(
    x: Array,
    weights: Weights,
    *,
    input_dim: int,
    output_dim: int,
    tie_weights: bool = True,
    logit_soft_cap: float | None = None,
    reverse: bool = False,
) -> Array:
    """``ReversibleEmbedding``: rows of a table, or vectors multiplied by it.

    Args:
        x: Whole numbers; with ``reverse``, (..., output_dim).
        weights: ``embeddings`` (input_dim, output_dim); without ``tie_weights`` also
            ``reverse_embeddings`` (output_dim, input_dim).
    """
    if not reverse:
        return embedding(x, weights, input_dim=input_dim, output_dim=output_dim)
    table = weights["embeddings"].T if tie_weights else weights["reverse_embeddings"]
    y = jnp.matmul(x, table)
    if logit_soft_cap is None:
        return y
    return jnp.tanh(y / logit_soft_cap) * logit_soft_cap


def masking(x: Array, weights: Weights, *, mask_value: float = 0.0) -> Array:
    """``Masking``: zeros at the steps of which every entry is ``mask_value``."""
    return jnp.where(masking_mask(x, weights, mask_value=mask_value)[..., None], x, 0.0)


def masking_mask(x: Array, weights: Weights, *, mask_value: float = 0.0) -> Array:
    """The mask that ``Masking`` makes: the steps of which any entry is another number."""
    return jnp.any(x != mask_value, axis=-1)


def identity(x: Array, weights: Weights) -> Array:
    """``Identity``: the input."""
    return x


def probe(x: Array, weights: Weights, *, function: str) -> Array:
    """``Lambda`` with ``function: probe``: the input itself; whoever calls it notes the shape."""
    return x
