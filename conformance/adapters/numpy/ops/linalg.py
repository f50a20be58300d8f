"""Linear algebra in NumPy, where it answers or takes other things than Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def logdet(x: Array) -> Array:
    """``ops.logdet``: what numpy.linalg.slogdet answers beside the sign."""
    return np.linalg.slogdet(x)[1]


def solve(a: Array, b: Array) -> Array:
    """``ops.solve``: of a batch, NumPy takes b for matrices."""
    if b.ndim == a.ndim - 1:
        return np.linalg.solve(a, b[..., None])[..., 0]
    return np.linalg.solve(a, b)


def lstsq(a: Array, b: Array, *, rcond: float | None = None) -> Array:
    """``ops.lstsq``: NumPy answers residuals, rank and singular values as well."""
    return np.linalg.lstsq(a, b, rcond=rcond)[0]


def solve_triangular(a: Array, b: Array, *, lower: bool = False) -> Array:
    """``ops.solve_triangular``: NumPy's solver takes whole matrices alone."""
    return solve(np.tril(a) if lower else np.triu(a), b)


def cdist(x: Array, y: Array) -> Array:
    """``ops.cdist``: norms of differences; NumPy has no such function."""
    return np.linalg.norm(x[..., :, None, :] - y[..., None, :, :], axis=-1)
