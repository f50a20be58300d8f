"""keras.initializers by jax.nn.initializers, which draw with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
from jax import Array
from jax import numpy as jnp
from jax.nn import initializers

from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence


def zeros(*, shape: Sequence[int], dtype: Any = None) -> Array:
    """``initializers.Zeros``: JAX's takes a key that it does not use."""
    return initializers.zeros(_key(None), tuple(shape), dtype or jnp.float32)


def constant(*, shape: Sequence[int], value: float = 0.0, dtype: Any = None) -> Array:
    """``initializers.Constant``."""
    return initializers.constant(value)(_key(None), tuple(shape), dtype or jnp.float32)


def identity(*, shape: Sequence[int], gain: float = 1.0, dtype: Any = None) -> Array:
    """``initializers.Identity``: JAX has jnp.eye."""
    rows, columns = shape
    return gain * jnp.eye(rows, columns, dtype=dtype or jnp.float32)


def glorot_uniform(
    *,
    shape: Sequence[int],
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.GlorotUniform``: JAX counts the fans of the same axes as Keras."""
    if len(shape) < 2:  # noqa: PLR2004 - a matrix
        raise Unsupported("initializers.GlorotUniform: JAX wants two axes at least")
    return initializers.glorot_uniform()(_key(seed), tuple(shape), dtype or jnp.float32)


def truncated_normal(
    *,
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 0.05,
    seed: int | None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.TruncatedNormal``: JAX's bounds are deviations, and the mean is added."""
    draw = initializers.truncated_normal(stddev, lower=-2.0, upper=2.0)
    return mean + draw(_key(seed), tuple(shape), dtype or jnp.float32)


def orthogonal(
    *, shape: Sequence[int], gain: float = 1.0, seed: int | None = None, dtype: Any = None
) -> Array:
    """``initializers.Orthogonal``: JAX flattens all axes but the last, as Keras does."""
    return initializers.orthogonal(gain)(_key(seed), tuple(shape), dtype or jnp.float32)


def _key(seed: int | None) -> Array:
    """Keras's initializer draws the same numbers at each call, as JAX does with one key."""
    return jax.random.key(0 if seed is None else seed)
