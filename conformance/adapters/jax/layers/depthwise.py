"""Depthwise and separable convolutions in JAX: as many feature groups as channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.jax.layers.activation import linear
from conformance.adapters.jax.layers.convolutional import add_bias, convolve

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.jax.layout import Activation, Weights
    from conformance.adapters.native.geometry import Sizes


def depthwise_conv(
    x: Array,
    weights: Weights,
    *,
    kernel_size: Sizes,
    strides: Sizes = 1,
    padding: str = "valid",
    depth_multiplier: int = 1,
    data_format: str = "channels_last",
    dilation_rate: Sizes = 1,
    activation: Activation = linear,
    use_bias: bool = True,
) -> Array:
    """``DepthwiseConv1D`` and ``DepthwiseConv2D``.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``kernel`` (spatial ..., channels, depth_multiplier) and ``bias``.
        use_bias: Whether there is a bias.

    Returns:
        (batch, new spatial ..., channels * depth_multiplier), or channels first.
    """
    x = convolve_channels(
        x,
        weights["kernel"],
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
    )
    return activation(add_bias(x, weights, data_format, use_bias=use_bias))


def separable_conv(
    x: Array,
    weights: Weights,
    *,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Sizes = 1,
    depth_multiplier: int = 1,
    activation: Activation = linear,
    use_bias: bool = True,
) -> Array:
    """``SeparableConv1D`` and ``SeparableConv2D``: two convolutions, the second of windows of one.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``depthwise_kernel`` (spatial ..., channels, depth_multiplier),
            ``pointwise_kernel`` (1 ..., channels * depth_multiplier, filters) and ``bias``.
        use_bias: Whether there is a bias at the end.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    x = convolve_channels(
        x,
        weights["depthwise_kernel"],
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
    )
    x = convolve(
        x,
        weights["pointwise_kernel"],
        strides=1,
        padding="valid",
        data_format=data_format,
        dilation_rate=1,
        groups=1,
    )
    return activation(add_bias(x, weights, data_format, use_bias=use_bias))


def convolve_channels(
    x: Array,
    kernel: Array,
    *,
    strides: Sizes,
    padding: str,
    data_format: str,
    dilation_rate: Sizes,
) -> Array:
    """Convolve each channel with its own kernels, (spatial ..., channels, multiplier)."""
    *size, channels, multiplier = kernel.shape
    return convolve(
        x,
        kernel.reshape(*size, 1, channels * multiplier),
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
        groups=channels,
    )
