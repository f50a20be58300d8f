"""Transposed convolutions in JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import lax

from conformance.adapters.jax.layers.activation import linear
from conformance.adapters.jax.layers.convolutional import add_bias, axes
from conformance.adapters.native.geometry import amounts, each

if TYPE_CHECKING:
    from jax import Array

    from conformance.adapters.jax.layout import Activation, Weights
    from conformance.adapters.native.geometry import Sizes


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
    """``Conv1DTranspose``, ``Conv2DTranspose`` and ``Conv3DTranspose``.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``kernel`` (spatial ..., filters, channels) and ``bias`` (filters,).
        use_bias: Whether there is a bias.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    rank = x.ndim - 2
    window = each(kernel_size, rank)
    stride = each(strides, rank)
    dilation = each(dilation_rate, rank)
    # lax says by a word what Keras does without output_padding, and takes amounts for the rest.
    around: str | list[tuple[int, int]] = padding.upper()
    if output_padding is not None:
        extra = each(output_padding, rank)
        around = [amounts(padding.lower(), *sizes) for sizes in zip(window, dilation, extra)]
    letters = axes(rank, data_format)
    x = lax.conv_transpose(
        x,
        weights["kernel"],
        strides=stride,
        padding=around,
        rhs_dilation=dilation,
        dimension_numbers=(letters, f"{'DHW'[-rank:]}IO", letters),
        transpose_kernel=True,
    )
    return activation(add_bias(x, weights, data_format, use_bias=use_bias))
