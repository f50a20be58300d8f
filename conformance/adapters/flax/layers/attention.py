"""Multi-head attention in Flax NNX."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flax import nnx

from conformance.adapters.flax.layout import filled
from conformance.adapters.jax.layers.attention import band, both

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Weights


def multi_head_attention(
    x: Sequence[Array],
    weights: Weights,
    *,
    num_heads: int,
    key_dim: int,
    value_dim: None = None,
    dropout: float = 0.0,
    use_bias: bool = True,
    output_shape: int | Sequence[int] | None = None,
    attention_axes: None = None,
    sliding_window: int | None = None,
    flash_attention: bool | None = None,
    use_gate: bool = False,
    seed: int | None = None,
    attention_mask: Array | None = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
) -> Array:
    """``MultiHeadAttention``: ``nnx.MultiHeadAttention`` takes query, key, value in this order.

    Args:
        x: Query (batch, targets ..., any), value and perhaps key (batch, sources ..., any).
        weights: ``query``, ``key``, ``value`` and ``attention_output``, each with ``/kernel`` and
            ``/bias``, laid out as Flax has them.
        key_dim: Size of one head; Flax's ``qkv_features`` is that of all together.
        value_dim: Flax has one size for all heads.
        use_bias: Whether there are biases.
        output_shape: Sizes of the answer's last axes; default: the query's last size.
        attention_axes: Flax attends over one axis; here several are made one and two again.
        flash_attention: A way of computing.
        use_gate: Flax has no gate.
        attention_mask: (batch, targets, sources), ``True`` for what may be looked at.
        return_attention_scores: Flax only sows them.

    Returns:
        The query's shape with the output's sizes last.
    """
    query, value, key = x[0], x[1], x[-1]
    layer = nnx.MultiHeadAttention(
        num_heads,
        query.shape[-1],
        qkv_features=num_heads * key_dim,
        out_features=output_shape,
        in_kv_features=key.shape[-1],
        use_bias=use_bias,
        decode=False,
        kernel_init=nnx.initializers.zeros,
        rngs=nnx.Rngs(0),
    )
    query, key, value = (
        one.reshape(one.shape[0], math.prod(one.shape[1:-1]), one.shape[-1])
        for one in (query, key, value)
    )
    allowed = both(attention_mask, band(query, key, causal=use_causal_mask, window=sliding_window))
    y = attend(layer, (query, key, value), weights, allowed)
    return y.reshape(*x[0].shape[:-1], *y.shape[2:])


def group_query_attention(
    x: Sequence[Array],
    weights: Weights,
    *,
    head_dim: int,
    num_query_heads: int,
    num_key_value_heads: int,
    dropout: float = 0.0,
    use_bias: bool = True,
    sliding_window: int | None = None,
    flash_attention: bool | None = None,
    use_gate: bool = False,
    seed: int | None = None,
    attention_mask: Array | None = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
) -> Array:
    """``GroupQueryAttention``: ``nnx.MultiHeadAttention`` with fewer heads of key and value."""
    query, value, key = x[0], x[1], x[-1]
    layer = nnx.MultiHeadAttention(
        num_query_heads,
        query.shape[-1],
        qkv_features=num_query_heads * head_dim,
        num_kv_heads=num_key_value_heads,
        in_kv_features=key.shape[-1],
        use_bias=use_bias,
        decode=False,
        kernel_init=nnx.initializers.zeros,
        rngs=nnx.Rngs(0),
    )
    allowed = both(attention_mask, band(query, key, causal=use_causal_mask, window=sliding_window))
    return attend(layer, (query, key, value), weights, allowed)


def attend(
    layer: Any, inputs: tuple[Array, Array, Array], weights: Weights, allowed: Array | None
) -> Array:
    """Fill ``nnx.MultiHeadAttention`` and call it.

    Args:
        layer: The module.
        inputs: Query, key and value, (batch, steps, any).
        weights: As of ``multi_head_attention``.
        allowed: (batch or 1, targets, sources), ``True`` for what may be looked at.
    """
    query, key, value = inputs
    if value.shape[-1] != key.shape[-1]:
        # The module projects key and value from one size; its parts may be replaced.
        kernel = weights["value/kernel"]
        layer.value = nnx.LinearGeneral(
            kernel.shape[0],
            kernel.shape[1:],
            use_bias=layer.use_bias,
            kernel_init=nnx.initializers.zeros,
            rngs=nnx.Rngs(0),
        )
    for part, name in (
        (layer.query, "query"),
        (layer.key, "key"),
        (layer.value, "value"),
        (layer.out, "attention_output"),
    ):
        filled(part, kernel=weights[f"{name}/kernel"], bias=weights.get(f"{name}/bias"))
    return layer(query, key, value, mask=None if allowed is None else allowed[:, None])
