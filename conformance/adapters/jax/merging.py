"""Layers that make one array of several in JAX."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Weights


def concatenate(x: Sequence[Array], weights: Weights, *, axis: int = -1) -> Array:
    """``Concatenate``: a list of arrays, end to end along ``axis`` (0 is the batch's)."""
    return jnp.concatenate(x, axis=axis)


def add(x: Sequence[Array], weights: Weights) -> Array:
    """``Add``: the sum of a list of arrays, from left to right."""
    return functools.reduce(jnp.add, x)
