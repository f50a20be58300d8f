"""Attention in JAX where there is a mask and no bias, which a row of data can't leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax

if TYPE_CHECKING:
    from jax import Array


def masked(
    query: Array,
    key: Array,
    value: Array,
    mask: Array,
    *,
    scale: float | None = None,
    is_causal: bool = False,
) -> Array:
    """``ops.dot_product_attention`` with a mask: the same function."""
    return jax.nn.dot_product_attention(
        query, key, value, mask=mask, scale=scale, is_causal=is_causal
    )
