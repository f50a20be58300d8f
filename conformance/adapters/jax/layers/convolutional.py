"""Convolutions in JAX: one function that takes Keras's kernel and either data format as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import lax

from conformance.adapters.jax.layers.activation import linear
from conformance.adapters.native.geometry import each

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
    """``Conv1D``, ``Conv2D`` and ``Conv3D``; ``padding="causal"`` of the first pads the past only.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``kernel`` (spatial ..., channels / groups, filters) and ``bias`` (filters,).
        use_bias: Whether there is a bias.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    x = convolve(
        x,
        weights["kernel"],
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
        groups=groups,
    )
    return activation(add_bias(x, weights, data_format, use_bias=use_bias))


def convolve(
    x: Array,
    kernel: Array,
    *,
    strides: Sizes,
    padding: str,
    data_format: str,
    dilation_rate: Sizes,
    groups: int,
) -> Array:
    """Run the convolution of any number of spatial axes.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        kernel: (spatial ..., channels / groups, filters).
        strides: One number or one an axis.
        padding: ``valid``, ``same`` or ``causal``, in upper or lower case.
        data_format: ``channels_last`` or ``channels_first``.
        dilation_rate: One number or one an axis.
        groups: Number of groups.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    rank = x.ndim - 2
    dilation = each(dilation_rate, rank)
    if padding.lower() == "causal":
        past = dilation[0] * (kernel.shape[0] - 1)
        around: str | list[tuple[int, int]] = [(past, 0)]
    else:
        around = padding.upper()
    letters = axes(rank, data_format)
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=each(strides, rank),
        padding=around,
        rhs_dilation=dilation,
        dimension_numbers=(letters, f"{'DHW'[-rank:]}IO", letters),
        feature_group_count=groups,
    )


def axes(rank: int, data_format: str) -> str:
    """A letter for every axis, as lax names them: ``NHWC``."""
    spatial = "DHW"[-rank:]
    return f"N{spatial}C" if data_format == "channels_last" else f"NC{spatial}"


def add_bias(x: Array, weights: Weights, data_format: str, *, use_bias: bool) -> Array:
    """Add ``bias`` (channels,) along the axis of the channels."""
    if not use_bias:
        return x
    shape = [1] * x.ndim
    shape[-1 if data_format == "channels_last" else 1] = -1
    return x + weights["bias"].reshape(shape)
