"""Dense layers and tables of embeddings in Flax NNX.

Every weight is set by the case, so modules are made with zeros: drawing them would only take time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flax import nnx
from jax import numpy as jnp

from conformance.adapters.flax.layout import filled
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
    """``Dense``: ``nnx.Linear`` acts on the last axis too, and has no activation.

    Args:
        x: (batch, ..., features).
        weights: ``kernel`` (features, units) and ``bias`` (units,), as Flax has them.
        activation: A function of jax.nn.
        use_bias: Whether there is a bias.

    Returns:
        (batch, ..., units).
    """
    layer = nnx.Linear(
        x.shape[-1],
        units,
        use_bias=use_bias,
        kernel_init=nnx.initializers.zeros,
        rngs=nnx.Rngs(0),
    )
    filled(layer, kernel=weights["kernel"], bias=weights["bias"] if use_bias else None)
    return activation(layer(x))


def einsum_dense(
    x: Array,
    weights: Weights,
    *,
    equation: str,
    output_shape: int | Sequence[int | None],
    activation: Activation = linear,
    bias_axes: str | None = None,
) -> Array:
    """``EinsumDense``: ``nnx.Einsum``, which has a bias over all of the kernel's axes or none.

    Args:
        x: By the letters of the equation's first term.
        weights: ``kernel`` by its second term, ``bias`` broadcasting to the last axes.
        output_shape: Follows from the kernel here.
        activation: A function of jax.nn.
        bias_axes: The bias has been shaped by it; it is added behind the module.
    """
    layer = nnx.Einsum(
        equation,
        weights["kernel"].shape,
        kernel_init=nnx.initializers.zeros,
        rngs=nnx.Rngs(0),
    )
    x = filled(layer, kernel=weights["kernel"])(x)
    return activation(x if bias_axes is None else x + weights["bias"])


def embedding(
    x: Array,
    weights: Weights,
    *,
    input_dim: int,
    output_dim: int,
    mask_zero: bool = False,
) -> Array:
    """``Embedding``: ``nnx.Embed``, which takes whole numbers only.

    ``mask_zero`` makes a mask, of which Flax knows nothing; 0 has a row like any other number.
    """
    layer = nnx.Embed(
        input_dim, output_dim, embedding_init=nnx.initializers.zeros, rngs=nnx.Rngs(0)
    )
    return filled(layer, embedding=weights["embeddings"])(x)


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
    """``ReversibleEmbedding``: ``nnx.Embed``, and its method ``attend`` for the way back.

    Args:
        x: Whole numbers; with ``reverse``, (..., output_dim).
        weights: ``embeddings`` (input_dim, output_dim); without ``tie_weights`` also
            ``reverse_embeddings`` (output_dim, input_dim).
    """
    layer = nnx.Embed(
        input_dim, output_dim, embedding_init=nnx.initializers.zeros, rngs=nnx.Rngs(0)
    )
    if not reverse:
        return filled(layer, embedding=weights["embeddings"])(x)
    table = weights["embeddings"] if tie_weights else weights["reverse_embeddings"].T
    y = filled(layer, embedding=table).attend(x)
    if logit_soft_cap is None:
        return y
    return jnp.tanh(y / logit_soft_cap) * logit_soft_cap
