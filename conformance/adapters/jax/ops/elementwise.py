"""Functions of each number by itself that are several of JAX's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
from jax import numpy as jnp

if TYPE_CHECKING:
    from jax import Array


def divide_no_nan(x1: Array, x2: Array) -> Array:
    """``ops.divide_no_nan``: nothing is divided by zero, so that no gradient is NaN."""
    zero = x2 == 0
    return jnp.where(zero, 0, jnp.divide(x1, jnp.where(zero, 1, x2)))


def polar(abs_: Array, angle: Array) -> Array:
    """``ops.polar``: sine and cosine of the angle, times the size."""
    return jax.lax.complex(abs_ * jnp.cos(angle), abs_ * jnp.sin(angle))


def view_as_complex(x: Array) -> Array:
    """``ops.view_as_complex``: the two of the last axis as one number."""
    return jax.lax.complex(x[..., 0], x[..., 1])


def view_as_real(x: Array) -> Array:
    """``ops.view_as_real``: both parts along a new last axis."""
    return jnp.stack([jnp.real(x), jnp.imag(x)], axis=-1)


def view(x: Array, *, dtype: Any = None) -> Array:
    """``ops.view``: the method of an array, which lets the last axis grow or shrink."""
    return x.view(dtype)


def saturate_cast(x: Array, *, dtype: Any) -> Array:
    """``ops.saturate_cast``: cut at the ends that both dtypes hold, then cast.

    Floats are cut short of an end that they don't hold, so that the cast finds nothing beyond it.
    """
    if dtype == "bool" or x.dtype == bool:
        return x.astype(dtype)
    floating = jnp.issubdtype(dtype, jnp.floating)
    ends = jnp.finfo(dtype) if floating else jnp.iinfo(dtype)
    if jnp.issubdtype(x.dtype, jnp.floating):
        if floating:
            return jnp.clip(x, float(ends.min), float(ends.max)).astype(dtype)
        return x.astype(dtype)  # XLA's own cast stops at the ends
    if floating:
        return x.astype(dtype)
    own = jnp.iinfo(x.dtype)
    low, high = max(int(own.min), int(ends.min)), min(int(own.max), int(ends.max))
    return jnp.clip(x, low, high).astype(dtype)
