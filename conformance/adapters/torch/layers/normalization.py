"""Normalizing layers in torch, where channels lie on axis 1 and normalized axes at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.geometry import ascending

if TYPE_CHECKING:
    from conformance.adapters.native.geometry import Axes
    from conformance.adapters.torch.layout import Layer, Weights


def batch_normalization(
    x: Tensor,
    weights: Weights,
    *,
    axis: int = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    training: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    """``BatchNormalization``: by the moving statistics, or in training by the batch's own.

    Args:
        x: (batch, ...).
        weights: ``gamma``, ``beta``, ``moving_mean``, ``moving_variance``, each (channels,).
        axis: The channels' axis; torch has it at 1.
        momentum: Weight of the old statistics; torch's ``momentum`` is that of the new ones.
        epsilon: Added to the variance; torch's default is 1e-5.
        training: Normalize by the mean and the population variance of this batch, and move the
            statistics; torch moves its own by the sample variance.
        mask: (batch, ...) without the channels: what counts for the batch's statistics.

    Returns:
        The shape of x.
    """
    mean, variance = weights["moving_mean"], weights["moving_variance"]
    if training:
        counted = torch.movedim(x, axis, -1)
        counted = counted.flatten(0, -2) if mask is None else counted[mask]
        mean, variance = counted.mean(0), counted.var(0, correction=0)
        for name, new in (("moving_mean", mean), ("moving_variance", variance)):
            weights[name] = momentum * weights[name] + (1 - momentum) * new.detach()
    gamma = weights["gamma"] if scale else None
    beta = weights["beta"] if center else None
    if training and (mask is not None or x.numel() <= x.shape[axis]):
        # torch knows no masks, and refuses a single row; its moving statistics have no gradient.
        y = (torch.movedim(x, axis, -1) - mean) * torch.rsqrt(variance + epsilon)
        y = y if gamma is None else y * gamma
        return torch.movedim(y if beta is None else y + beta, -1, axis)
    if training:
        mean = variance = None
    y = F.batch_norm(
        torch.movedim(x, axis, 1),
        mean,
        variance,
        gamma,
        beta,
        training=training,
        momentum=1 - momentum,
        eps=epsilon,
    )
    return torch.movedim(y, 1, axis)


def layer_normalization(
    x: Tensor,
    weights: Weights,
    *,
    axis: Axes = -1,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
) -> Tensor:
    """``LayerNormalization``: torch normalizes the last axes, so the others go before them.

    Args:
        x: (batch, ...).
        weights: ``gamma`` and ``beta``, of the sizes of the normalized axes in ascending order.
        epsilon: Added to the variance; torch's default is 1e-5.

    Returns:
        The shape of x.
    """
    last, axes = behind(x, axis)
    y = F.layer_norm(
        last,
        last.shape[-len(axes) :],
        weights["gamma"] if scale else None,
        weights["beta"] if center else None,
        epsilon,
    )
    return torch.movedim(y, tuple(range(-len(axes), 0)), axes)


def group_normalization(
    x: Tensor,
    weights: Weights,
    *,
    groups: int = 32,
    axis: int = -1,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
) -> Tensor:
    """``GroupNormalization``: torch has the channels at axis 1 and no word for one group each.

    Args:
        x: (batch, ...).
        weights: ``gamma`` and ``beta`` (channels,).
        groups: Number of groups; -1 makes one of each channel.
        epsilon: Added to the variance; torch's default is 1e-5.

    Returns:
        The shape of x.
    """
    channels = x.shape[axis]
    # One of the two alone has no gradient in torch 2.13.
    y = F.group_norm(
        torch.movedim(x, axis, 1),
        channels if groups == -1 else groups,
        weights["gamma"] if scale else x.new_ones(channels),
        weights["beta"] if center else x.new_zeros(channels),
        epsilon,
    )
    return torch.movedim(y, 1, axis)


def rms_normalization(
    x: Tensor, weights: Weights, *, axis: Axes = -1, epsilon: float = 1e-6
) -> Tensor:
    """``RMSNormalization``: as ``layer_normalization``, without mean.

    Args:
        x: (batch, ...).
        weights: ``scale``, of the sizes of the normalized axes in ascending order.
        epsilon: Added to the mean square; torch's default is the smallest step of the dtype.

    Returns:
        The shape of x.
    """
    last, axes = behind(x, axis)
    y = F.rms_norm(last, last.shape[-len(axes) :], weights["scale"], epsilon)
    return torch.movedim(y, tuple(range(-len(axes), 0)), axes)


def unit_normalization(x: Tensor, weights: Weights, *, axis: Axes = -1) -> Tensor:
    """``UnitNormalization``: both hold the norm above 1e-12."""
    return F.normalize(x, dim=ascending(x, axis), eps=1e-12)


def spectral_normalization(
    x: Tensor, weights: Weights, *, layer: Layer, power_iterations: int = 1
) -> Tensor:
    """``SpectralNormalization`` outside of training: the layer with its kernel as it is.

    Keras divides the kernel when it is called in training, and leaves it divided. torch's
    ``parametrizations.spectral_norm`` keeps the kernel and divides it at every call.
    """
    return layer(x, {name: array for name, array in weights.items() if name != "vector_u"})


def behind(x: Tensor, axis: Axes) -> tuple[Tensor, tuple[int, ...]]:
    """The array with these axes moved behind all others, and where they came from."""
    axes = ascending(x, axis)
    return torch.movedim(x, axes, tuple(range(-len(axes), 0))), axes
