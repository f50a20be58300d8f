"""Depthwise and separable convolutions in torch: as many groups as channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.torch.layers.activation import linear
from conformance.adapters.torch.layers.convolutional import convolve, out_in_spatial
from conformance.adapters.torch.layout import from_channels_first, to_channels_first

if TYPE_CHECKING:
    from torch import Tensor

    from conformance.adapters.native.geometry import Sizes
    from conformance.adapters.torch.layout import Activation, Weights


def depthwise_conv(
    x: Tensor,
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
) -> Tensor:
    """``DepthwiseConv1D`` and ``DepthwiseConv2D``.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``kernel`` (spatial ..., channels, depth_multiplier) and ``bias``.
        use_bias: Whether there is a bias.

    Returns:
        (batch, new spatial ..., channels * depth_multiplier), or channels first.
    """
    x = to_channels_first(x, data_format)
    x = convolve(
        x,
        one_channel_each(weights["kernel"]),
        weights["bias"] if use_bias else None,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        groups=x.shape[1],
    )
    return activation(from_channels_first(x, data_format))


def separable_conv(
    x: Tensor,
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
) -> Tensor:
    """``SeparableConv1D`` and ``SeparableConv2D``: two modules, the second of windows of one.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``depthwise_kernel`` (spatial ..., channels, depth_multiplier),
            ``pointwise_kernel`` (1 ..., channels * depth_multiplier, filters) and ``bias``.
        strides: Of the depthwise module.
        padding: Of the depthwise module.
        dilation_rate: Of the depthwise module.
        depth_multiplier: Filters for each channel of the depthwise module.
        use_bias: Whether the second module has a bias; the first has none.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    x = to_channels_first(x, data_format)
    x = convolve(
        x,
        one_channel_each(weights["depthwise_kernel"]),
        None,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        groups=x.shape[1],
    )
    x = convolve(
        x,
        out_in_spatial(weights["pointwise_kernel"]),
        weights["bias"] if use_bias else None,
        strides=1,
        padding="valid",
        dilation_rate=1,
        groups=1,
    )
    return activation(from_channels_first(x, data_format))


def one_channel_each(kernel: Tensor) -> Tensor:
    """Keras's kernel (spatial ..., in, multiplier) as torch's (in * multiplier, 1, spatial ...)."""
    rank = kernel.ndim - 2
    return kernel.permute(-2, -1, *range(rank)).reshape(-1, 1, *kernel.shape[:rank])
