"""Pooling in torch: channels first, padding as Keras defines it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from conformance.adapters.native.geometry import Pairs, Sizes, each, same_padding, spatial_axes
from conformance.adapters.torch.layout import Weights, from_channels_first, pad, to_channels_first


def max_pooling(
    x: Tensor,
    weights: Weights,
    *,
    pool_size: Sizes = 2,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Tensor:
    """``MaxPooling1D``, ``MaxPooling2D`` and ``MaxPooling3D``: what pads is never the largest.

    Args:
        x: (batch, spatial ..., channels), or channels first.

    Returns:
        (batch, new spatial ..., channels), or channels first.
    """
    x = to_channels_first(x, data_format)
    window, stride, around = windows(x, pool_size, strides, padding)
    module = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)[x.ndim - 3]
    # The module's own padding is the same on both sides, so it is done before it.
    x = module(window, stride)(pad(x, around, value=-torch.inf))
    return from_channels_first(x, data_format)


def average_pooling(
    x: Tensor,
    weights: Weights,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Tensor:
    """``AveragePooling1D`` to ``3D``: padding does not count, in the sum or in the number.

    Args:
        x: (batch, spatial ..., channels), or channels first.

    Returns:
        (batch, new spatial ..., channels), or channels first.
    """
    x = to_channels_first(x, data_format)
    window, stride, around = windows(x, pool_size, strides, padding)
    module = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)[x.ndim - 3]
    if all(before == after for before, after in around):
        before = tuple(before for before, _ in around)
        x = module(window, stride, padding=before, count_include_pad=False)(x)
    else:
        # torch pads both sides alike: pool the padded array, then undo the zeros' share.
        share = module(window, stride)(pad(torch.ones_like(x[:1, :1]), around))
        x = module(window, stride)(pad(x, around)) / share
    return from_channels_first(x, data_format)


def global_max_pooling(
    x: Tensor,
    weights: Weights,
    *,
    data_format: str = "channels_last",
    keepdims: bool = False,
) -> Tensor:
    """``GlobalMaxPooling1D`` to ``3D``: the largest entry of each channel.

    Args:
        x: (batch, spatial ..., channels), or channels first.

    Returns:
        (batch, channels), or with the spatial axes.
    """
    return torch.amax(x, spatial_axes(x, data_format), keepdim=keepdims)


def global_average_pooling(
    x: Tensor,
    weights: Weights,
    *,
    data_format: str = "channels_last",
    keepdims: bool = False,
) -> Tensor:
    """``GlobalAveragePooling1D`` to ``3D``: as ``global_max_pooling``, with the mean."""
    return torch.mean(x, spatial_axes(x, data_format), keepdim=keepdims)


def mean_of_steps(
    x: Tensor,
    weights: Weights,
    *,
    mask: Tensor | None,
    data_format: str = "channels_last",
    keepdims: bool = False,
) -> Tensor:
    """``GlobalAveragePooling1D`` of the steps that a mask (batch, steps) holds to be there.

    None comes from a layer that may mask and doesn't: all steps are there.
    """
    if mask is None:
        return global_average_pooling(x, weights, data_format=data_format, keepdims=keepdims)
    there = torch.unsqueeze(mask, -1 if data_format == "channels_last" else 1)
    axis = spatial_axes(x, data_format)
    total = torch.sum(torch.where(there, x, 0.0), axis, keepdim=keepdims)
    return total / torch.sum(there, axis, keepdim=keepdims)


def adaptive_max_pooling(
    x: Tensor, weights: Weights, *, output_size: Sizes, data_format: str = "channels_last"
) -> Tensor:
    """``AdaptiveMaxPooling1D`` to ``3D``.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        output_size: Number of windows, which torch lays out as Keras does.

    Returns:
        (batch, *output_size, channels), or channels first.
    """
    x = to_channels_first(x, data_format)
    rank = x.ndim - 2
    module = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)[rank - 1]
    return from_channels_first(module(each(output_size, rank))(x), data_format)


def adaptive_average_pooling(
    x: Tensor, weights: Weights, *, output_size: Sizes, data_format: str = "channels_last"
) -> Tensor:
    """``AdaptiveAveragePooling1D`` to ``3D``: as ``adaptive_max_pooling``, with the mean."""
    x = to_channels_first(x, data_format)
    rank = x.ndim - 2
    module = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)[rank - 1]
    return from_channels_first(module(each(output_size, rank))(x), data_format)


def windows(
    x: Tensor, pool_size: Sizes, strides: Sizes | None, padding: str
) -> tuple[tuple[int, ...], tuple[int, ...], Pairs]:
    """(window, stride, padding) by spatial axis of a channels-first array."""
    rank = x.ndim - 2
    window = each(pool_size, rank)
    stride = window if strides is None else each(strides, rank)
    around: Pairs = [(0, 0)] * rank
    if padding.lower() == "same":
        around = list(map(same_padding, x.shape[2:], window, stride))
    return window, stride, around
