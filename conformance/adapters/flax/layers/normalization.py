"""Normalizing layers in Flax NNX.

By default its modules compute a variance as the mean of squares less the square of the mean, which
loses digits where the mean is large; ``use_fast_variance=False`` is Keras's way.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flax import nnx
from jax import numpy as jnp

from conformance.adapters.flax.layout import filled
from conformance.adapters.native.geometry import ascending

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.jax.layout import Weights
    from conformance.adapters.native.geometry import Axes


def batch_normalization(
    x: Array,
    weights: Weights,
    *,
    axis: int = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    training: bool = False,
    mask: Array | None = None,
) -> Array:
    """``BatchNormalization``: ``nnx.BatchNorm``, which means the same by ``momentum``.

    Args:
        x: (batch, ...).
        weights: ``gamma``, ``beta``, ``moving_mean``, ``moving_variance``, each (channels,).
        epsilon: Added to the variance; Flax's default is 1e-5.
        training: Normalize by the mean and the population variance of this batch, and move the
            statistics; Flax does so by default.
        mask: (batch, ...) without the channels: what counts for the batch's statistics.

    Returns:
        The shape of x.
    """
    layer = nnx.BatchNorm(
        x.shape[axis],
        use_running_average=not training,
        axis=axis,
        momentum=momentum,
        epsilon=epsilon,
        use_bias=center,
        use_scale=scale,
        use_fast_variance=False,
        rngs=nnx.Rngs(0),
    )
    filled(
        layer,
        scale=weights["gamma"] if scale else None,
        bias=weights["beta"] if center else None,
        mean=weights["moving_mean"],
        var=weights["moving_variance"],
    )
    y = layer(x, mask=None if mask is None else mask[..., None])
    if training:
        weights["moving_mean"], weights["moving_variance"] = layer.mean[...], layer.var[...]
    return y


def layer_normalization(
    x: Array,
    weights: Weights,
    *,
    axis: Axes = -1,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
) -> Array:
    """``LayerNormalization``: ``nnx.LayerNorm``, whose variables are flat however many the axes.

    Args:
        x: (batch, ...).
        weights: ``gamma`` and ``beta``, of the sizes of the normalized axes in ascending order.
        axis: The axes to normalize; Flax asks for them twice, as reduced ones and as features.
        epsilon: Added to the variance; Flax's default is 1e-6.

    Returns:
        The shape of x.
    """
    axes = ascending(x, axis)
    layer = nnx.LayerNorm(
        math.prod(x.shape[i] for i in axes),
        epsilon=epsilon,
        use_bias=center,
        use_scale=scale,
        reduction_axes=axes,
        feature_axes=axes,
        use_fast_variance=False,
        rngs=nnx.Rngs(0),
    )
    filled(
        layer,
        scale=weights["gamma"].reshape(-1) if scale else None,
        bias=weights["beta"].reshape(-1) if center else None,
    )
    return layer(x)


def group_normalization(
    x: Array,
    weights: Weights,
    *,
    groups: int = 32,
    axis: int = -1,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
) -> Array:
    """``GroupNormalization``: ``nnx.GroupNorm`` has the channels behind.

    Args:
        x: (batch, ...).
        weights: ``gamma`` and ``beta`` (channels,).
        groups: Number of groups; -1 makes one of each channel, for which Flax has
            ``group_size=1``.
        epsilon: Added to the variance; Flax's default is 1e-6.

    Returns:
        The shape of x.
    """
    channels = x.shape[axis]
    layer = nnx.GroupNorm(
        channels,
        num_groups=channels if groups == -1 else groups,
        epsilon=epsilon,
        use_bias=center,
        use_scale=scale,
        use_fast_variance=False,
        rngs=nnx.Rngs(0),
    )
    filled(
        layer,
        scale=weights["gamma"] if scale else None,
        bias=weights["beta"] if center else None,
    )
    return jnp.moveaxis(layer(jnp.moveaxis(x, axis, -1)), -1, axis)


def rms_normalization(
    x: Array, weights: Weights, *, axis: Axes = -1, epsilon: float = 1e-6
) -> Array:
    """``RMSNormalization``: ``nnx.RMSNorm``; both have 1e-6 for epsilon.

    Args:
        x: (batch, ...).
        weights: ``scale``, of the sizes of the normalized axes in ascending order; flat in Flax.

    Returns:
        The shape of x.
    """
    axes = ascending(x, axis)
    layer = nnx.RMSNorm(
        math.prod(x.shape[i] for i in axes),
        epsilon=epsilon,
        reduction_axes=axes,
        feature_axes=axes,
        rngs=nnx.Rngs(0),
    )
    return filled(layer, scale=weights["scale"].reshape(-1))(x)
