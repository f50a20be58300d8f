"""Convolutions in Flax NNX: Keras's kernels as they are, channels last, ``SAME`` by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flax import nnx

from conformance.adapters.flax.layout import filled, from_channels_last, to_channels_last
from conformance.adapters.jax.layers.activation import linear
from conformance.adapters.native.geometry import amounts, each

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.jax.layout import Activation, Weights
    from conformance.adapters.native.geometry import Sizes


def conv(
    x: Array,
    weights: Weights,
    *,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Sizes = 1,
    groups: int = 1,
    activation: Activation = linear,
    use_bias: bool = True,
) -> Array:
    """``Conv1D``, ``Conv2D`` and ``Conv3D``: one module for all three.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``kernel`` (spatial ..., channels / groups, filters) and ``bias`` (filters,).
        kernel_size: Size of the window; Flax takes a number for one axis only.
        activation: A function of jax.nn.
        use_bias: Whether there is a bias.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    rank = x.ndim - 2
    x = to_channels_last(x, data_format)
    layer = nnx.Conv(
        x.shape[-1],
        filters,
        each(kernel_size, rank),
        each(strides, rank),
        padding=padding.upper(),
        kernel_dilation=each(dilation_rate, rank),
        feature_group_count=groups,
        use_bias=use_bias,
        kernel_init=nnx.initializers.zeros,
        rngs=nnx.Rngs(0),
    )
    filled(layer, kernel=weights["kernel"], bias=weights["bias"] if use_bias else None)
    return activation(from_channels_last(layer(x), data_format))


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
    """``DepthwiseConv1D`` and ``DepthwiseConv2D``: as many groups as channels.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``kernel`` (spatial ..., channels, depth_multiplier) and ``bias``.
        activation: A function of jax.nn.
        use_bias: Whether there is a bias.

    Returns:
        (batch, new spatial ..., channels * depth_multiplier), or channels first.
    """
    *size, channels, multiplier = weights["kernel"].shape
    kernel = weights["kernel"].reshape(*size, 1, channels * multiplier)
    return conv(
        x,
        {**weights, "kernel": kernel},
        filters=channels * multiplier,
        kernel_size=kernel_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
        groups=channels,
        activation=activation,
        use_bias=use_bias,
    )


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
        activation: A function of jax.nn.
        use_bias: Whether there is a bias at the end.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    x = depthwise_conv(
        x,
        {"kernel": weights["depthwise_kernel"]},
        kernel_size=kernel_size,
        strides=strides,
        padding=padding,
        depth_multiplier=depth_multiplier,
        data_format=data_format,
        dilation_rate=dilation_rate,
        use_bias=False,
    )
    return conv(
        x,
        {**weights, "kernel": weights["pointwise_kernel"]},
        filters=filters,
        kernel_size=1,
        data_format=data_format,
        activation=activation,
        use_bias=use_bias,
    )


def conv_transpose(
    x: Array,
    weights: Weights,
    *,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str = "channels_last",
    dilation_rate: Sizes = 1,
    activation: Activation = linear,
    use_bias: bool = True,
) -> Array:
    """``Conv1DTranspose``, ``2D`` and ``3D``: Keras's kernel is Flax's with ``transpose_kernel``.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``kernel`` (spatial ..., filters, channels) and ``bias`` (filters,).
        output_padding: Numbers answered beyond those that the window reaches; Flax has no such
            argument and takes amounts of padding instead.
        activation: A function of jax.nn.
        use_bias: Whether there is a bias.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    rank = x.ndim - 2
    window, dilation = each(kernel_size, rank), each(dilation_rate, rank)
    around: str | list[tuple[int, int]] = padding.upper()
    if output_padding is not None:
        extra = each(output_padding, rank)
        around = [amounts(padding.lower(), *sizes) for sizes in zip(window, dilation, extra)]
    x = to_channels_last(x, data_format)
    layer = nnx.ConvTranspose(
        x.shape[-1],
        filters,
        window,
        each(strides, rank),
        padding=around,
        kernel_dilation=dilation,
        use_bias=use_bias,
        transpose_kernel=True,
        kernel_init=nnx.initializers.zeros,
        rngs=nnx.Rngs(0),
    )
    filled(layer, kernel=weights["kernel"], bias=weights["bias"] if use_bias else None)
    return activation(from_channels_last(layer(x), data_format))
