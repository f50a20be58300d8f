"""Pooling in torch: channels first, padding as Keras defines it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from conformance.adapters.torch.layout import (
    Pairs,
    Sizes,
    Weights,
    each,
    from_channels_first,
    pad,
    same_padding,
    to_channels_first,
)


def max_pooling1d(
    x: Tensor,
    weights: Weights,
    *,
    pool_size: Sizes = 2,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Tensor:
    """``MaxPooling1D``: (batch, steps, channels), or channels first, to fewer steps."""
    return pool_max(
        nn.MaxPool1d,
        x,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


def max_pooling2d(
    x: Tensor,
    weights: Weights,
    *,
    pool_size: Sizes = 2,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Tensor:
    """``MaxPooling2D``: (batch, rows, columns, channels), or channels first, to fewer of both."""
    return pool_max(
        nn.MaxPool2d,
        x,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


def average_pooling1d(
    x: Tensor,
    weights: Weights,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Tensor:
    """``AveragePooling1D``: (batch, steps, channels), or channels first, to fewer steps."""
    return pool_average(
        nn.AvgPool1d,
        x,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


def average_pooling2d(
    x: Tensor,
    weights: Weights,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Tensor:
    """``AveragePooling2D``: as ``MaxPooling2D``, with the mean of each window."""
    return pool_average(
        nn.AvgPool2d,
        x,
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format,
    )


def windows(
    x: Tensor, pool_size: Sizes, strides: Sizes | None, padding: str
) -> tuple[tuple[int, ...], tuple[int, ...], Pairs]:
    """(window, stride, padding) by spatial axis of a channels-first array."""
    rank = x.ndim - 2
    window = each(pool_size, rank)
    stride = window if strides is None else each(strides, rank)
    around: Pairs = [(0, 0)] * rank
    if padding == "same":
        around = list(map(same_padding, x.shape[2:], window, stride))
    return window, stride, around


def pool_max(
    module: type[nn.Module],
    x: Tensor,
    *,
    pool_size: Sizes,
    strides: Sizes | None,
    padding: str,
    data_format: str,
) -> Tensor:
    """Largest entry of each window; what pads is never the largest."""
    x = to_channels_first(x, data_format)
    window, stride, around = windows(x, pool_size, strides, padding)
    # The module's own padding is the same on both sides, so it is done before it.
    x = module(window, stride)(pad(x, around, value=-torch.inf))
    return from_channels_first(x, data_format)


def pool_average(
    module: type[nn.Module],
    x: Tensor,
    *,
    pool_size: Sizes,
    strides: Sizes | None,
    padding: str,
    data_format: str,
) -> Tensor:
    """Mean of each window's own entries: padding does not count, in the sum or the number."""
    x = to_channels_first(x, data_format)
    window, stride, around = windows(x, pool_size, strides, padding)
    if all(before == after for before, after in around):
        before = tuple(before for before, _ in around)
        x = module(window, stride, padding=before, count_include_pad=False)(x)
    else:
        # torch pads both sides alike: pool the padded array, then undo the zeros' share.
        share = module(window, stride)(pad(torch.ones_like(x[:1, :1]), around))
        x = module(window, stride)(pad(x, around)) / share
    return from_channels_first(x, data_format)
