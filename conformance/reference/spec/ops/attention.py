"""Attention: keras/src/ops/nn.py."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.contraction import einsum
from conformance.reference.engine.conversion import booleans, real, together
from conformance.reference.engine.structure import repeat
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.attention.dot_product import both, causal, masked_softmax
from conformance.reference.spec.ops.base import floating_array
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor

_RANK = 4


@defines("ops.dot_product_attention")
def dot_product_attention(
    query: Tensor | Scalar,
    key: Tensor | Scalar,
    value: Tensor | Scalar,
    bias: Tensor | Scalar | None = None,
    mask: Tensor | Scalar | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """``softmax(query·key·scale + bias)·value`` of each head; keys and values serve groups of them.

    Raises:
        Refused: Shapes don't fit.
        Unsupported: A soft cap, which is said of one device, or flash attention, a way to compute.
    """
    if flash_attention or attn_logits_soft_cap is not None:
        message = f"attention with {flash_attention=} and {attn_logits_soft_cap=}"
        raise Unsupported(f"{message} is not in the reference")
    floating_array(query, "dot_product_attention")
    q, k, v = (real(a) for a in together(query, key, value))
    _check(q, k, v)
    heads = q.shape[2] // k.shape[2]
    k, v = repeat(k, 2, heads), repeat(v, 2, heads)
    scores = einsum("btnh,bsnh->bnts", q, k) * (
        1 / math.sqrt(q.shape[3]) if scale is None else scale
    )
    if bias is not None:
        scores = _biased(scores, bias)
    allowed = None if mask is None else _wide(booleans(mask, q.arithmetic), scores, "mask")
    if is_causal:
        allowed = both(allowed, causal(*scores.shape[-2:]))
    return einsum("bnts,bsnh->btnh", masked_softmax(scores, allowed), v)


def _check(q: Array, k: Array, v: Array) -> None:
    shapes = [list(a.shape) for a in (q, k, v)]
    fits = all(len(shape) == _RANK for shape in shapes) and shapes[1] == shapes[2]
    if fits:
        (b, _, n, h), (b2, _, m, h2) = shapes[:2]
        fits = (b, h) == (b2, h2) and m > 0 and n % m == 0
    if not fits:
        message = f"dot_product_attention: query, key and value of {shapes}"
        raise Refused(message, at="call")


def _biased(scores: Array, bias: Tensor | Scalar) -> Array:
    x, y = (real(a) for a in together(scores, bias))
    _wide(y.value.real, scores, "bias")
    return x + y


def _wide(values: Values, scores: Array, what: str) -> Values:
    """Something that broadcasts to the scores.

    Raises:
        Refused: It doesn't.
    """
    try:
        return np.broadcast_to(values, scores.shape)
    except ValueError:
        message = f"dot_product_attention: a {what} of {values.shape} for {scores.shape}"
        raise Refused(message, at="call") from None
