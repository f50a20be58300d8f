"""Layers that drop, in Flax NNX: one module, whose mask may be 1 long along some axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flax import nnx

from conformance.adapters.jax.layers.regularization import key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jax import Array

    from conformance.adapters.jax.layout import Weights


def dropout(
    x: Array,
    weights: Weights,
    *,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: int | None = None,
    training: bool = False,
    call: int = 0,
) -> Array:
    """``Dropout``.

    Args:
        x: (batch, ...).
        noise_shape: Shape of the mask, ``None`` for the input's own size; where it is 1, Flax says
            ``broadcast_dims``.
        training: Whether anything is dropped; Flax drops by default.
        call: How often the layer was called before: a module in Flax counts for itself.
    """
    noise = noise_shape or (None,) * x.ndim
    shared = tuple(i for i, size in enumerate(noise) if size == 1)
    return nnx.Dropout(rate, broadcast_dims=shared, deterministic=not training)(
        x, rngs=key(seed, call)
    )


def spatial_dropout1d(
    x: Array,
    weights: Weights,
    *,
    rate: float,
    seed: int | None = None,
    training: bool = False,
    call: int = 0,
) -> Array:
    """``SpatialDropout1D``: (batch, steps, channels), whole channels at a time."""
    layer = nnx.Dropout(rate, broadcast_dims=(1,), deterministic=not training)
    return layer(x, rngs=key(seed, call))


def spatial_dropout(
    x: Array,
    weights: Weights,
    *,
    rate: float,
    data_format: str = "channels_last",
    seed: int | None = None,
    training: bool = False,
    call: int = 0,
) -> Array:
    """``SpatialDropout2D`` and ``3D``: whole channels of images and volumes at a time."""
    first = data_format == "channels_first"
    space = tuple(range(2, x.ndim) if first else range(1, x.ndim - 1))
    layer = nnx.Dropout(rate, broadcast_dims=space, deterministic=not training)
    return layer(x, rngs=key(seed, call))
