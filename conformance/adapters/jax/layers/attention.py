"""Attention in JAX: ``jax.nn.dot_product_attention`` between projections made by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Union

import jax
from jax import Array
from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.jax.layout import Weights
    from conformance.adapters.native.geometry import Axes

Answer = Union[Array, list[Array]]


def attention(
    x: Sequence[Array],
    weights: Weights,
    *,
    use_scale: bool = False,
    score_mode: str = "dot",
    dropout: float = 0.0,
    seed: int | None = None,
    mask: Sequence[Array] | None = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
) -> Answer:
    """``Attention``: dot products are not divided by the root of the size.

    Args:
        x: Query (batch, targets, size), value (batch, sources, any) and perhaps key
            (batch, sources, size), in this order.
        weights: ``scale`` and ``concat_score_weight``, one number each, where they are used.
        mask: Which queries (batch, targets) are answered and which values (batch, sources) count.

    Returns:
        (batch, targets, any); with scores also (batch, targets, sources).
    """
    query, value, key = x[0], x[1], x[-1]
    if score_mode == "concat":
        sums = query[:, :, None] + key[:, None]
        tangents = jnp.tanh(weights["scale"] * sums if use_scale else sums)
        scores = weights["concat_score_weight"] * tangents.sum(-1)
    else:
        query = query * weights["scale"] if use_scale else query
        scores = jnp.einsum("btd,bsd->bts", query, key)
    y, shares = shared(scores, value, mask, causal=use_causal_mask)
    return [y, shares] if return_attention_scores else y


def additive_attention(
    x: Sequence[Array],
    weights: Weights,
    *,
    use_scale: bool = True,
    dropout: float = 0.0,
    seed: int | None = None,
    mask: Sequence[Array] | None = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
) -> Answer:
    """``AdditiveAttention``: arguments as ``attention``; ``scale`` is (size,), outside the tanh."""
    query, value, key = x[0], x[1], x[-1]
    tangents = jnp.tanh(query[:, :, None] + key[:, None])
    scores = (weights["scale"] * tangents if use_scale else tangents).sum(-1)
    y, shares = shared(scores, value, mask, causal=use_causal_mask)
    return [y, shares] if return_attention_scores else y


def multi_head_attention(
    x: Sequence[Array],
    weights: Weights,
    *,
    num_heads: int,
    key_dim: int,
    value_dim: int | None = None,
    dropout: float = 0.0,
    use_bias: bool = True,
    output_shape: Axes | None = None,
    attention_axes: Axes | None = None,
    sliding_window: int | None = None,
    flash_attention: bool | None = None,
    use_gate: bool = False,
    seed: int | None = None,
    attention_mask: Array | None = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
) -> Answer:
    """``MultiHeadAttention``: ``key_dim`` is the size of one head, not of all.

    Args:
        x: Query (batch, targets ..., any), value and perhaps key (batch, sources ..., any).
        weights: ``query``, ``key``, ``value``, ``gate`` and ``attention_output``, each with
            ``/kernel`` (sizes in ..., sizes out ...) and ``/bias`` (sizes out ...).
        use_bias: Whether there are biases.
        output_shape: Sizes of the answer's last axes; default: the query's last size.
        flash_attention: A way of computing.
        attention_mask: (batch, targets, sources), ``True`` for what may be looked at.

    Returns:
        The query's shape with the output's sizes last; with scores also (batch, other axes ...,
        heads, targets ..., sources ...).
    """
    query, value, key = x[0], x[1], x[-1]
    rank = query.ndim
    chosen = range(1, rank - 1) if attention_axes is None else attention_axes
    axes = [i % rank for i in ([chosen] if isinstance(chosen, int) else chosen)]
    alone = [i for i in range(rank - 1) if i not in axes]
    # (batch, other axes ..., attended axes ..., heads, size), then the axes of each group in one
    order = [*alone, *axes, rank - 1, rank]
    moved = [
        project(one, weights, name).transpose(order)
        for one, name in ((query, "query"), (key, "key"), (value, "value"))
    ]
    lead = moved[0].shape[: len(alone)]
    flat = [
        one.reshape((-1, math.prod(one.shape[len(alone) : -2]), *one.shape[-2:])) for one in moved
    ]
    allowed = both(
        attention_mask, band(flat[0], flat[1], causal=use_causal_mask, window=sliding_window)
    )
    y, shares = mixed(flat[0], flat[1], flat[2], allowed=allowed, scale=key_dim**-0.5)
    targets, sources = moved[0].shape[len(alone) : -2], moved[1].shape[len(alone) : -2]
    y = y.reshape((*lead, *targets, num_heads, y.shape[-1]))
    y = y.transpose([order.index(i) for i in range(rank + 1)])
    y = gated(y, query, weights) if use_gate else y
    y = project(y, weights, "attention_output", 2)
    shares = shares.reshape((*lead, num_heads, *targets, *sources))
    return [y, shares] if return_attention_scores else y


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
) -> Answer:
    """``GroupQueryAttention``: ``jax.nn.dot_product_attention`` takes fewer heads of key and value.

    Head h of the query looks at head ``h // repeats`` in both.
    """
    query, value, key = x[0], x[1], x[-1]
    q, k, v = (
        project(one, weights, name)
        for one, name in ((query, "query"), (key, "key"), (value, "value"))
    )
    allowed = both(attention_mask, band(q, k, causal=use_causal_mask, window=sliding_window))
    if return_attention_scores:
        repeats = num_query_heads // num_key_value_heads
        k, v = jnp.repeat(k, repeats, axis=2), jnp.repeat(v, repeats, axis=2)
        y, shares = mixed(q, k, v, allowed=allowed, scale=head_dim**-0.5)
    else:
        seen = None if allowed is None else allowed[:, None]
        y = shares = jax.nn.dot_product_attention(q, k, v, mask=seen, scale=head_dim**-0.5)
    y = gated(y, query, weights) if use_gate else y
    y = project(y, weights, "attention_output", 2)
    return [y, shares] if return_attention_scores else y


def project(x: Array, weights: Weights, name: str, summed: int = 1) -> Array:
    """The last ``summed`` axes of x against the first of a kernel; plus a bias if there is one."""
    y = jnp.tensordot(x, weights[f"{name}/kernel"], summed)
    bias = weights.get(f"{name}/bias")
    return y if bias is None else y + bias


def gated(heads: Array, query: Array, weights: Weights) -> Array:
    """Heads times the sigmoid of the query's projection by ``gate``."""
    return heads * jax.nn.sigmoid(project(query, weights, "gate"))


def both(a: Array | None, b: Array | None) -> Array | None:
    """Allowed by both masks; ``None`` allows all."""
    if a is None or b is None:
        return b if a is None else a
    return a & b


def band(
    query: Array, key: Array, *, causal: bool = False, window: int | None = None
) -> Array | None:
    """(1, targets, sources) of what ``use_causal_mask`` and ``sliding_window`` allow, or None."""
    apart = jnp.arange(query.shape[1])[:, None] - jnp.arange(key.shape[1])
    allowed = (apart >= 0)[None] if causal else None
    return both(allowed, None if window is None else (jnp.abs(apart) < window)[None])


def mixed(
    query: Array, key: Array, value: Array, *, allowed: Array | None, scale: float
) -> tuple[Array, Array]:
    """Values (batch, sources, heads, size) mixed by the softmax of scores, and the softmax.

    ``jax.nn.dot_product_attention`` does not return the softmax, and wants one size of all heads.
    Where nothing is allowed, all is mixed alike, as in Keras; infinities would make it NaN.
    """
    scores = jnp.einsum("btnd,bsnd->bnts", query * scale, key)
    if allowed is not None:
        scores = jnp.where(allowed[:, None], scores, jnp.finfo(scores.dtype).min)
    shares = jax.nn.softmax(scores, axis=-1)
    return jnp.einsum("bnts,bsnd->btnd", shares, value), shares


def shared(
    scores: Array, value: Array, mask: Sequence[Array] | None, *, causal: bool
) -> tuple[Array, Array]:
    """Values mixed by the softmax of scores (batch, targets, sources), under the masks."""
    of_query, of_value = mask or (None, None)
    allowed = None if of_value is None else of_value[:, None, :]
    if causal:
        allowed = both(allowed, jnp.tri(*scores.shape[1:], dtype=bool)[None])
    if allowed is not None:
        scores = jnp.where(allowed, scores, jnp.finfo(scores.dtype).min)
    shares = jax.nn.softmax(scores, axis=-1)
    y = jnp.einsum("bts,bsd->btd", shares, value)
    return (y if of_query is None else jnp.where(of_query[..., None], y, 0.0)), shares
