"""Attention in torch: ``scaled_dot_product_attention`` between projections made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.native.geometry import Axes
    from conformance.adapters.torch.layout import Weights

Answer = Union[Tensor, list[Tensor]]


def attention(
    x: Sequence[Tensor],
    weights: Weights,
    *,
    use_scale: bool = False,
    score_mode: str = "dot",
    dropout: float = 0.0,
    seed: int | None = None,
    mask: Sequence[Tensor] | None = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
    training: bool = False,
) -> Answer:
    """``Attention``: dot products are not divided by the root of the size, as torch does.

    Args:
        x: Query (batch, targets, size), value (batch, sources, any) and perhaps key
            (batch, sources, size), in this order.
        weights: ``scale`` and ``concat_score_weight``, one number each, where they are used.
        seed: Of the dropout; torch has one generator for all.
        mask: Which queries (batch, targets) are answered and which values (batch, sources) count.

    Returns:
        (batch, targets, any); with scores also (batch, targets, sources).
    """
    query, value, key = x[0], x[1], x[-1]
    of_query, of_value = mask or (None, None)
    allowed = None if of_value is None else of_value[:, None, :]
    allowed = both(allowed, band(query, key, causal=use_causal_mask))
    rate = dropout if training else 0.0
    scores = None
    if score_mode == "concat":
        sums = query[:, :, None] + key[:, None]
        tangents = torch.tanh(weights["scale"] * sums if use_scale else sums)
        scores = weights["concat_score_weight"] * tangents.sum(-1)
    elif use_scale:
        query = query * weights["scale"]
    y, shares = mixed(
        query,
        key,
        value,
        allowed=allowed,
        scale=1.0,
        dropout=rate,
        wanted=return_attention_scores,
        scores=scores,
    )
    if of_query is not None:
        y = torch.where(of_query[..., None], y, 0.0)
    return [y, shares] if return_attention_scores else y


def additive_attention(
    x: Sequence[Tensor],
    weights: Weights,
    *,
    use_scale: bool = True,
    dropout: float = 0.0,
    seed: int | None = None,
    mask: Sequence[Tensor] | None = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
    training: bool = False,
) -> Answer:
    """``AdditiveAttention``: arguments as ``attention``; ``scale`` is (size,), outside the tanh."""
    query, value, key = x[0], x[1], x[-1]
    of_query, of_value = mask or (None, None)
    allowed = None if of_value is None else of_value[:, None, :]
    allowed = both(allowed, band(query, key, causal=use_causal_mask))
    tangents = torch.tanh(query[:, :, None] + key[:, None])
    scores = (weights["scale"] * tangents if use_scale else tangents).sum(-1)
    rate = dropout if training else 0.0
    y, shares = mixed(
        query,
        key,
        value,
        allowed=allowed,
        scale=1.0,
        dropout=rate,
        wanted=return_attention_scores,
        scores=scores,
    )
    if of_query is not None:
        y = torch.where(of_query[..., None], y, 0.0)
    return [y, shares] if return_attention_scores else y


def multi_head_attention(
    x: Sequence[Tensor],
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
    attention_mask: Tensor | None = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
    training: bool = False,
) -> Answer:
    """``MultiHeadAttention``: ``key_dim`` is the size of one head, not of all as torch's.

    ``nn.MultiheadAttention`` takes query, key, value in this order, one width for heads and output,
    and ``True`` in a mask for what is not looked at; it has neither a gate nor several axes.

    Args:
        x: Query (batch, targets ..., any), value and perhaps key (batch, sources ..., any).
        weights: ``query``, ``key``, ``value``, ``gate`` and ``attention_output``, each with
            ``/kernel`` (sizes in ..., sizes out ...) and ``/bias`` (sizes out ...).
        use_bias: Whether there are biases.
        output_shape: Sizes of the answer's last axes; default: the query's last size.
        flash_attention: A way of computing.
        seed: Of the dropout; torch has one generator for all.
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
    order = [*alone, rank - 1, *axes, rank]
    heads = [
        project(one, weights, name).permute(order)
        for one, name in ((query, "query"), (key, "key"), (value, "value"))
    ]
    lead, first, last = heads[0].shape[: len(alone) + 1], len(alone) + 1, -2
    flat = [one.flatten(first, last) for one in heads]
    allowed = both(
        attention_mask, band(flat[0], flat[1], causal=use_causal_mask, window=sliding_window)
    )
    if allowed is not None:
        allowed = allowed.reshape(allowed.shape[0], *[1] * len(alone), *allowed.shape[1:])
    rate = dropout if training else 0.0
    y, shares = mixed(
        flat[0],
        flat[1],
        flat[2],
        allowed=allowed,
        scale=key_dim**-0.5,
        dropout=rate,
        wanted=return_attention_scores,
    )
    targets, sources = heads[0].shape[first:-1], heads[1].shape[first:-1]
    y = y.reshape(*lead, *targets, y.shape[-1])
    y = y.permute([order.index(i) for i in range(rank + 1)])
    y = gated(y, query, weights) if use_gate else y
    y = project(y, weights, "attention_output", 2)
    return [y, shares.reshape(*lead, *targets, *sources)] if return_attention_scores else y


def group_query_attention(
    x: Sequence[Tensor],
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
    attention_mask: Tensor | None = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
    training: bool = False,
) -> Answer:
    """``GroupQueryAttention``: as ``multi_head_attention``, with fewer heads of key and value.

    Head h of the query looks at head ``h // repeats``: torch's ``enable_gqa`` does the same.
    """
    query, value, key = x[0], x[1], x[-1]
    q, k, v = (
        project(one, weights, name).transpose(1, 2)
        for one, name in ((query, "query"), (key, "key"), (value, "value"))
    )
    repeats = num_query_heads // num_key_value_heads
    k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
    allowed = both(attention_mask, band(q, k, causal=use_causal_mask, window=sliding_window))
    if allowed is not None:
        allowed = allowed[:, None]
    rate = dropout if training else 0.0
    y, shares = mixed(
        q,
        k,
        v,
        allowed=allowed,
        scale=head_dim**-0.5,
        dropout=rate,
        wanted=return_attention_scores,
    )
    y = y.transpose(1, 2)
    y = gated(y, query, weights) if use_gate else y
    y = project(y, weights, "attention_output", 2)
    return [y, shares] if return_attention_scores else y


def project(x: Tensor, weights: Weights, name: str, summed: int = 1) -> Tensor:
    """The last ``summed`` axes of x against the first of a kernel; plus a bias if there is one."""
    y = torch.tensordot(x, weights[f"{name}/kernel"], summed)
    bias = weights.get(f"{name}/bias")
    return y if bias is None else y + bias


def gated(heads: Tensor, query: Tensor, weights: Weights) -> Tensor:
    """Heads times the sigmoid of the query's projection by ``gate``."""
    return heads * torch.sigmoid(project(query, weights, "gate"))


def both(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    """Allowed by both masks; ``None`` allows all."""
    if a is None or b is None:
        return b if a is None else a
    return a & b


def band(
    query: Tensor, key: Tensor, *, causal: bool = False, window: int | None = None
) -> Tensor | None:
    """(1, targets, sources) of what ``use_causal_mask`` and ``sliding_window`` allow, or None."""
    apart = torch.arange(query.shape[-2])[:, None] - torch.arange(key.shape[-2])
    allowed = (apart >= 0)[None] if causal else None
    return both(allowed, None if window is None else (apart.abs() < window)[None])


def mixed(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    allowed: Tensor | None,
    scale: float,
    dropout: float,
    wanted: bool = False,
    scores: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Values mixed by the softmax of scores, and the softmax where it is wanted.

    torch's own function does not return the softmax, and makes its scores itself. Where nothing is
    allowed, all is mixed alike, as in Keras; torch's would answer 0, and infinities NaN.
    """
    added = None
    if allowed is not None:
        added = torch.where(allowed, 0.0, torch.finfo(query.dtype).min / 2).to(query.dtype)
    if not wanted and scores is None:
        y = F.scaled_dot_product_attention(
            query, key, value, attn_mask=added, dropout_p=dropout, scale=scale
        )
        return y, y
    if scores is None:
        scores = (query * scale) @ key.transpose(-2, -1)
    if added is not None:
        scores = scores + added
    shares = torch.softmax(scores, -1)
    return F.dropout(shares, dropout) @ value, shares
