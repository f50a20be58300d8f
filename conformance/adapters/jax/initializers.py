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
    diagonal = jnp.eye(rows, columns, dtype=dtype or jnp.float32)
    return jnp.asarray(gain, diagonal.dtype) * diagonal


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


def glorot_normal(
    *,
    shape: Sequence[int],
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.GlorotNormal``: JAX counts the fans of the same axes as Keras."""
    return _scaled("GlorotNormal", initializers.glorot_normal(), shape, seed, dtype)


def he_normal(
    *,
    shape: Sequence[int],
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.HeNormal``: JAX counts the fans of the same axes as Keras."""
    return _scaled("HeNormal", initializers.he_normal(), shape, seed, dtype)


def he_uniform(
    *,
    shape: Sequence[int],
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.HeUniform``: JAX counts the fans of the same axes as Keras."""
    return _scaled("HeUniform", initializers.he_uniform(), shape, seed, dtype)


def lecun_normal(
    *,
    shape: Sequence[int],
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.LecunNormal``: JAX counts the fans of the same axes as Keras."""
    return _scaled("LecunNormal", initializers.lecun_normal(), shape, seed, dtype)


def lecun_uniform(
    *,
    shape: Sequence[int],
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.LecunUniform``: JAX counts the fans of the same axes as Keras."""
    return _scaled("LecunUniform", initializers.lecun_uniform(), shape, seed, dtype)


def variance_scaling(
    *,
    shape: Sequence[int],
    scale: float = 1.0,
    mode: str = "fan_in",
    distribution: str = "truncated_normal",
    seed: int | None = None,
    input_axes: None = None,
    output_axes: None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.VarianceScaling``: ``untruncated_normal`` is JAX's ``normal``."""
    law = {"untruncated_normal": "normal"}.get(distribution, distribution)
    made = initializers.variance_scaling(scale, mode, law)
    return _scaled("VarianceScaling", made, shape, seed, dtype)


def _scaled(owner: str, made: Any, shape: Sequence[int], seed: int | None, dtype: Any) -> Array:
    if len(shape) < 2:  # noqa: PLR2004 - a matrix
        raise Unsupported(f"initializers.{owner}: JAX wants two axes at least")
    drawn: Array = made(_key(seed), tuple(shape), dtype or jnp.float32)
    return drawn


def ones(*, shape: Sequence[int], dtype: Any = None) -> Array:
    """``initializers.Ones``: JAX's takes a key that it does not use."""
    return initializers.ones(_key(None), tuple(shape), dtype or jnp.float32)


def random_normal(
    *,
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 0.05,
    seed: int | None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.RandomNormal``: the mean is added."""
    drawn: Array = initializers.normal(stddev)(_key(seed), tuple(shape), dtype or jnp.float32)
    return mean + drawn


def random_uniform(
    *,
    shape: Sequence[int],
    minval: float = -0.05,
    maxval: float = 0.05,
    seed: int | None = None,
    dtype: Any = None,
) -> Array:
    """``initializers.RandomUniform``: JAX's begins at 0, so the lower bound is added."""
    draw = initializers.uniform(maxval - minval)
    drawn: Array = draw(_key(seed), tuple(shape), dtype or jnp.float32)
    return minval + drawn


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
