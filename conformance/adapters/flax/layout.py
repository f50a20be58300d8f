"""What the layers in Flax NNX have in common: filling a module, and where it wants the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jax import numpy as jnp

if TYPE_CHECKING:
    from jax import Array


def filled(module: Any, **arrays: Array | None) -> Any:
    """The module with these arrays as its variables; ``None`` for one that it was made without."""
    for name, array in arrays.items():
        if array is not None:
            getattr(module, name).set_value(array)
    return module


def to_channels_last(x: Array, data_format: str) -> Array:
    """Move the channels behind, where every module of Flax has them."""
    return jnp.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def from_channels_last(x: Array, data_format: str) -> Array:
    """Move the channels back to where ``data_format`` says."""
    return jnp.moveaxis(x, -1, 1) if data_format == "channels_first" else x
