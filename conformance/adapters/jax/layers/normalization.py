"""Normalizing layers in JAX: ``jax.nn.standardize`` and what stands around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
from jax import Array, lax
from jax import numpy as jnp

from conformance.adapters.native.geometry import ascending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.jax.layout import Layer, Weights
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
    """``BatchNormalization``: by the moving statistics, or in training by the batch's own.

    Args:
        x: (batch, ...).
        weights: ``gamma``, ``beta``, ``moving_mean``, ``moving_variance``, each (channels,).
        mask: (batch, ...) without the channels: what counts for the batch's statistics.

    Returns:
        The shape of x.
    """
    axes = ascending(x, axis)
    mean, variance = weights["moving_mean"], weights["moving_variance"]
    if training:
        others = tuple(i for i in range(x.ndim) if i not in axes)
        counts = None if mask is None else mask[..., None]
        mean, variance = jnp.mean(x, others, where=counts), jnp.var(x, others, where=counts)
        for name, new in (("moving_mean", mean), ("moving_variance", variance)):
            weights[name] = momentum * weights[name] + (1 - momentum) * new
    y = jax.nn.standardize(
        x, mean=along(x, mean, axes), variance=along(x, variance, axes), epsilon=epsilon
    )
    return affine(y, weights, axes, center=center, scale=scale)


def layer_normalization(
    x: Array,
    weights: Weights,
    *,
    axis: Axes = -1,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
) -> Array:
    """``LayerNormalization``: ``jax.nn.standardize``, which squares the mean away from E[x**2].

    Args:
        x: (batch, ...).
        weights: ``gamma`` and ``beta``, of the sizes of the normalized axes in ascending order.
        epsilon: Added to the variance; JAX's default is 1e-5.

    Returns:
        The shape of x.
    """
    axes = ascending(x, axis)
    y = jax.nn.standardize(x, axis=axes, epsilon=epsilon)
    return affine(y, weights, axes, center=center, scale=scale)


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
    """``GroupNormalization``: the channels' axis made two, standardized, and made one again.

    Args:
        x: (batch, ...).
        weights: ``gamma`` and ``beta`` (channels,).
        groups: Number of groups; -1 makes one of each channel.

    Returns:
        The shape of x.
    """
    axes = ascending(x, axis)
    (channels,) = axes
    parts = x.shape[channels] if groups == -1 else groups
    sizes = (parts, x.shape[channels] // parts)
    grouped = x.reshape((*x.shape[:channels], *sizes, *x.shape[channels + 1 :]))
    within = tuple(i for i in range(1, grouped.ndim) if i != channels)
    y = jax.nn.standardize(grouped, axis=within, epsilon=epsilon)
    return affine(y.reshape(x.shape), weights, axes, center=center, scale=scale)


def rms_normalization(
    x: Array, weights: Weights, *, axis: Axes = -1, epsilon: float = 1e-6
) -> Array:
    """``RMSNormalization``: by the root of the mean square over ``axis``, times ``scale``."""
    axes = ascending(x, axis)
    mean = jnp.mean(jnp.square(x), axis=axes, keepdims=True)
    return x * lax.rsqrt(mean + epsilon) * along(x, weights["scale"], axes)


def unit_normalization(x: Array, weights: Weights, *, axis: Axes = -1) -> Array:
    """``UnitNormalization``: by the norm, held above 1e-12 under the root.

    ``jax.numpy.linalg.norm`` has no gradient at zero; the maximum keeps the root away from it.
    """
    total = jnp.sum(jnp.square(x), axis=ascending(x, axis), keepdims=True)
    return x * lax.rsqrt(jnp.maximum(total, 1e-24))


def spectral_normalization(
    x: Array, weights: Weights, *, layer: Layer, power_iterations: int = 1
) -> Array:
    """``SpectralNormalization`` outside of training: the layer with its kernel as it is."""
    return layer(x, {name: array for name, array in weights.items() if name != "vector_u"})


def along(x: Array, weight: Array, axes: Sequence[int]) -> Array:
    """A weight whose axes are those of x, with axes of size 1 for all the others."""
    return jnp.expand_dims(weight, [i for i in range(x.ndim) if i not in axes])


def affine(y: Array, weights: Weights, axes: Sequence[int], *, center: bool, scale: bool) -> Array:
    """``gamma * y + beta``, each where it is wanted."""
    if scale:
        y = y * along(y, weights["gamma"], axes)
    return y + along(y, weights["beta"], axes) if center else y
