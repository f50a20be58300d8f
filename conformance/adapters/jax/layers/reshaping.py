"""Layers that move numbers without changing them, in JAX."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Weights


def flatten(x: Array, weights: Weights, *, data_format: str = "channels_last") -> Array:
    """``Flatten``: (batch, ...) to (batch, numbers), the channels changing fastest.

    With ``channels_first`` Keras moves the channels to the end before it unrolls.
    """
    if data_format == "channels_first" and x.ndim > 1:
        x = jnp.moveaxis(x, 1, -1)
    # Counted, not -1, which is ambiguous in an empty batch.
    return jnp.reshape(x, (x.shape[0], math.prod(x.shape[1:])))


def reshape(x: Array, weights: Weights, *, target_shape: Sequence[int]) -> Array:
    """``Reshape``: ``target_shape`` is without the batch axis and may hold one -1."""
    target = list(target_shape)
    if -1 in target:
        others = -math.prod(target)
        target[target.index(-1)] = math.prod(x.shape[1:]) // others
    return jnp.reshape(x, (x.shape[0], *target))


def repeat_vector(x: Array, weights: Weights, *, n: int) -> Array:
    """``RepeatVector``: (batch, features) to (batch, n, features)."""
    return jnp.repeat(x[:, None], n, axis=1)


def permute(x: Array, weights: Weights, *, dims: Sequence[int]) -> Array:
    """``Permute``: ``dims`` counts from 1 and leaves the batch axis out."""
    return jnp.transpose(x, (0, *dims))
