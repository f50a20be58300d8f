"""Functions of many numbers that JAX names otherwise, or has in several parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array


def average(x: Array, weights: Array, *, axis: int | None = None) -> Array:
    """``ops.average``: the weights go by name."""
    return jnp.average(x, axis=axis, weights=weights)


def weighted_bincount(
    x: Array, weights: Array, *, minlength: int = 0, sparse: bool = False
) -> Array:
    """``ops.bincount``: the sums are of the dtype of the weights."""
    del sparse
    found = jnp.bincount(x, weights=weights, minlength=minlength)
    return found.astype(jnp.promote_types(x.dtype, weights.dtype))


def corrcoef(x: Array) -> Array:
    """``ops.corrcoef``: of one row JAX answers no matrix."""
    return jnp.corrcoef(x).reshape(len(x), len(x))


def histogram(
    x: Array,
    *,
    bins: int = 10,
    range: Sequence[float] | None = None,  # noqa: A002 - Keras's name
) -> list[Array]:
    """``ops.histogram``: counts are floats in JAX."""
    counts, edges = jnp.histogram(x, bins=bins, range=range)
    return [counts.astype("int32"), edges]


def in_top_k(targets: Array, predictions: Array, *, k: int) -> Array:
    """``ops.in_top_k``: fewer than k are larger; a target that is no class is not among them."""
    inside = (targets >= 0) & (targets < predictions.shape[1])
    own = jnp.take_along_axis(predictions, jnp.where(inside, targets, 0)[:, None], axis=1)
    return inside & (jnp.sum(predictions > own, axis=1) < k)


def moments(
    x: Array, *, axes: Sequence[int], keepdims: bool = False, synchronized: bool = False
) -> list[Array]:
    """``ops.moments``: the mean and the variance."""
    del synchronized
    axes = tuple(axes)
    return [jnp.mean(x, axis=axes, keepdims=keepdims), jnp.var(x, axis=axes, keepdims=keepdims)]


def quantile(
    x: Array, *, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """``ops.quantile``: JAX wants the levels as an array of floats."""
    return jnp.quantile(x, _levels(q), axis=axis, method=method, keepdims=keepdims)


def percentile(
    x: Array, *, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """``ops.percentile``: JAX wants the levels as an array of floats."""
    return jnp.percentile(x, _levels(q), axis=axis, method=method, keepdims=keepdims)


def nanquantile(
    x: Array, *, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """``ops.nanquantile``: JAX wants the levels as an array of floats."""
    return jnp.nanquantile(x, _levels(q), axis=axis, method=method, keepdims=keepdims)


def nanpercentile(
    x: Array, *, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """``ops.nanpercentile``: JAX wants the levels as an array of floats."""
    return jnp.nanpercentile(x, _levels(q), axis=axis, method=method, keepdims=keepdims)


def _levels(q: Any) -> Array:
    return jnp.asarray(q, jnp.float32)
