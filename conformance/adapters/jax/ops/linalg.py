"""Linear algebra in JAX, where it answers or takes other things than Keras."""

from __future__ import annotations

from jax import Array
from jax import numpy as jnp


def solve(a: Array, b: Array) -> Array:
    """``ops.solve``: of a batch, JAX takes b for matrices."""
    if b.ndim == a.ndim - 1:
        return jnp.linalg.solve(a, b[..., None])[..., 0]
    return jnp.linalg.solve(a, b)


def lstsq(a: Array, b: Array, *, rcond: float | None = None) -> Array:
    """``ops.lstsq``: JAX answers residuals, rank and singular values as well."""
    return jnp.linalg.lstsq(a, b, rcond=rcond)[0]


def matrix_rank(x: Array, *, tol: float) -> Array:
    """``ops.matrix_rank``: JAX is told a share of the largest singular value, not a limit."""
    return jnp.sum(jnp.linalg.svdvals(x) > tol, axis=-1, dtype="int32")


def logdet(x: Array) -> Array:
    """``ops.logdet``: what jax.numpy.linalg.slogdet answers beside the sign."""
    return jnp.linalg.slogdet(x)[1]


def cdist(x: Array, y: Array) -> Array:
    """``ops.cdist``: norms of differences; JAX has no such function."""
    return jnp.linalg.norm(x[..., :, None, :] - y[..., None, :, :], axis=-1)
