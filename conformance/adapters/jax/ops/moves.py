"""Functions that move and pick numbers, where JAX has no one call for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array


def get_item(x: Array, *, key: int | None) -> Array:
    """``ops.get_item``: indexing."""
    return x[key]


def unique(
    x: Array,
    *,
    sorted: bool = True,  # noqa: A002 - Keras's name; JAX always sorts
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: float | None = None,
) -> Any:
    """``ops.unique``: JAX fills with the least number unless it is told another, Keras with 0."""
    found = jnp.unique(
        x,
        return_index=return_index,
        return_inverse=return_inverse,
        return_counts=return_counts,
        axis=axis,
        size=size,
        fill_value=0 if size is not None and fill_value is None else fill_value,
    )
    if not isinstance(found, tuple):
        return found
    return (found[0], *(one.astype("int32") for one in found[1:]))


def slice_update(inputs: Array, updates: Array, *, start_indices: Sequence[int]) -> Array:
    """``ops.slice_update``: jax.lax.dynamic_update_slice, which wants one dtype."""
    return jax.lax.dynamic_update_slice(inputs, updates.astype(inputs.dtype), start_indices)


def scatter(indices: Array, values: Array, *, shape: Sequence[int]) -> Array:
    """``ops.scatter``: zeros, of which entries are overwritten."""
    return scatter_update(jnp.zeros(tuple(shape), values.dtype), indices, values)


def scatter_update(
    inputs: Array, indices: Array, updates: Array, *, reduction: str | None = None
) -> Array:
    """``ops.scatter_update``: ``.at[places].set``, or another of its methods."""
    entries = inputs.at[tuple(jnp.moveaxis(indices, -1, 0))]
    name = {None: "set", "mul": "multiply"}.get(reduction, reduction)
    return getattr(entries, str(name))(updates.astype(inputs.dtype))
