"""Functions of many numbers that NumPy has in several parts, or with other arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = Any


def average(x: Array, weights: Array, *, axis: int | None = None) -> Array:
    """``ops.average``: the weights go by name."""
    return np.average(x, axis=axis, weights=weights)


def weighted_bincount(
    x: Array, weights: Array, *, minlength: int = 0, sparse: bool = False
) -> Array:
    """``ops.bincount``: the sums are float64, whatever the dtype of the weights."""
    del sparse
    return np.bincount(x, weights=weights, minlength=minlength).astype(weights.dtype)


def corrcoef(x: Array) -> Array:
    """``ops.corrcoef``: NumPy computes in float64, and answers one row with no matrix."""
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype("float32")
    return np.corrcoef(x).reshape(len(x), len(x)).astype(dtype)


def moments(
    x: Array, *, axes: Sequence[int], keepdims: bool = False, synchronized: bool = False
) -> list[Array]:
    """``ops.moments``: the mean and the variance."""
    del synchronized
    axes = tuple(axes)
    return [np.mean(x, axis=axes, keepdims=keepdims), np.var(x, axis=axes, keepdims=keepdims)]


def logsumexp(x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """``ops.logsumexp``: numpy.logaddexp, two numbers at a time; axis and keepdims are its own."""
    found: Array = np.logaddexp.reduce(x, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]
    return found
