"""Functions that slide windows, in torch: poolings, convolutions, patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.geometry import cut, each, same_padding
from conformance.adapters.torch.layers.convolutional import out_in_spatial
from conformance.adapters.torch.layers.depthwise import one_channel_each
from conformance.adapters.torch.layers.pooling import (
    adaptive_average_pooling,
    adaptive_max_pooling,
    average_pooling,
    max_pooling,
)
from conformance.adapters.torch.layout import from_channels_first, pad, to_channels_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.native.geometry import Sizes

_CONVOLVED = (F.conv1d, F.conv2d, F.conv3d)


def max_pool(
    inputs: Tensor,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """``ops.max_pool``: channels first, and what pads is never the largest."""
    return max_pooling(
        inputs,
        {},
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format or "channels_last",
    )


def average_pool(
    inputs: Tensor,
    *,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """``ops.average_pool``: channels first, and padding does not count."""
    return average_pooling(
        inputs,
        {},
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        data_format=data_format or "channels_last",
    )


def adaptive_max_pool(
    inputs: Tensor, *, output_size: Sizes, data_format: str | None = None
) -> Tensor:
    """``ops.adaptive_max_pool``: channels first, the same windows."""
    form = data_format or "channels_last"
    return adaptive_max_pooling(inputs, {}, output_size=output_size, data_format=form)


def adaptive_average_pool(
    inputs: Tensor, *, output_size: Sizes, data_format: str | None = None
) -> Tensor:
    """``ops.adaptive_average_pool``: channels first, the same windows."""
    form = data_format or "channels_last"
    return adaptive_average_pooling(inputs, {}, output_size=output_size, data_format=form)


def _padded(
    x: Tensor, window: Sequence[int], stride: Sequence[int], dilation: Sequence[int], padding: str
) -> Tensor:
    if padding.lower() != "same":
        return x
    return pad(x, list(map(same_padding, x.shape[2:], window, stride, dilation)))


def depthwise_conv(
    inputs: Tensor,
    kernel: Tensor,
    *,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """``ops.depthwise_conv``: as many groups as channels, the kernel (in * multiplier, 1, ...)."""
    form = data_format or "channels_last"
    x = to_channels_first(inputs, form)
    rank = x.ndim - 2
    stride, dilation = each(strides, rank), each(dilation_rate, rank)
    x = _padded(x, kernel.shape[:rank], stride, dilation, padding)
    weight = one_channel_each(kernel)
    found = _CONVOLVED[rank - 1](x, weight, stride=stride, dilation=dilation, groups=x.shape[1])
    return from_channels_first(found, form)


def separable_conv(
    inputs: Tensor,
    depthwise_kernel: Tensor,
    pointwise_kernel: Tensor,
    *,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """``ops.separable_conv``: two convolutions, the second of windows of one."""
    form = data_format or "channels_last"
    x = depthwise_conv(
        inputs,
        depthwise_kernel,
        strides=strides,
        padding=padding,
        data_format=form,
        dilation_rate=dilation_rate,
    )
    x = to_channels_first(x, form)
    found = _CONVOLVED[x.ndim - 3](x, out_in_spatial(pointwise_kernel))
    return from_channels_first(found, form)


def conv_transpose(
    inputs: Tensor,
    kernel: Tensor,
    *,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """``ops.conv_transpose``: torch cuts both ends alike, so that what differs is cut after it."""
    form = data_format or "channels_last"
    x = to_channels_first(inputs, form)
    rank = x.ndim - 2
    stride, dilation = each(strides, rank), each(dilation_rate, rank)
    extra = (None,) * rank if output_padding is None else each(output_padding, rank)
    window = kernel.shape[:rank]
    cuts = [cut(padding.lower(), *sizes) for sizes in zip(window, stride, dilation, extra)]
    spread = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    x = spread(
        x,
        # (spatial ..., out, in) as Keras has it becomes (in, out, spatial ...).
        kernel.permute(-1, -2, *range(rank)),
        stride=stride,
        padding=tuple(first for first, _ in cuts),
        output_padding=tuple(max(first - last, 0) for first, last in cuts),
        dilation=dilation,
    )
    for axis, (first, last) in enumerate(cuts, start=2):
        x = x.narrow(axis, 0, x.shape[axis] - max(last - first, 0))
    return from_channels_first(x, form)


def extract_patches(
    images: Tensor,
    *,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """``ops.image.extract_patches``: torch puts channels before places, Keras behind them."""
    if not isinstance(size, int) and len(size) == 3:  # noqa: PLR2004 - of volumes
        return extract_patches_3d(
            images, size=size, strides=strides, padding=padding, data_format=data_format
        )
    form = data_format or "channels_last"
    alone = images.ndim == 3  # noqa: PLR2004 - a single image
    x = to_channels_first(images[None] if alone else images, form)
    window = each(size, 2)
    stride, dilation = each(window if strides is None else strides, 2), each(dilation_rate, 2)
    x = _padded(x, window, stride, dilation, padding)
    n, c, *space = x.shape
    counts = [(m - (k - 1) * d - 1) // s + 1 for m, k, s, d in zip(space, window, stride, dilation)]
    cut_out = F.unfold(x, window, dilation=dilation, stride=stride)
    parts = torch.reshape(cut_out, (n, c, window[0] * window[1], *counts))
    found = torch.flatten(torch.movedim(parts, 1, 2), start_dim=1, end_dim=2)
    found = from_channels_first(found, form)
    return found[0] if alone else found


def extract_patches_3d(
    volumes: Tensor,
    *,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: int = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """``ops.image.extract_patches_3d``: one axis after another, each window behind the others."""
    form = data_format or "channels_last"
    alone = volumes.ndim == 4  # noqa: PLR2004 - a single volume
    x = to_channels_first(volumes[None] if alone else volumes, form)
    window = each(size, 3)
    stride = each(window if strides is None else strides, 3)
    x = _padded(x, window, stride, (1, 1, 1), padding)
    for axis, (n, step) in enumerate(zip(window, stride), start=2):
        x = x.unfold(axis, n, step)
    # (batch, channels, 3 of windows, 3 within): channels go behind what lies within.
    x = torch.flatten(torch.movedim(x, 1, -1), start_dim=4)
    found = torch.movedim(x, -1, 1) if form == "channels_first" else x
    return found[0] if alone else found


def depth_to_space(x: Tensor, *, block_size: int, data_format: str = "channels_last") -> Tensor:
    """``ops.depth_to_space``: torch's pixel_shuffle puts a block's places behind its channels."""
    r = block_size
    x = to_channels_first(x, data_format)
    n, depth, h, w = x.shape
    parts = torch.reshape(x, (n, r * r, depth // (r * r), h, w))
    arranged = torch.flatten(torch.movedim(parts, 1, 2), start_dim=1, end_dim=2)
    return from_channels_first(F.pixel_shuffle(arranged, r), data_format)


def space_to_depth(x: Tensor, *, block_size: int, data_format: str = "channels_last") -> Tensor:
    """``ops.space_to_depth``: torch's pixel_unshuffle puts a block's places behind its channels."""
    r = block_size
    x = to_channels_first(x, data_format)
    n, c = x.shape[:2]
    found = F.pixel_unshuffle(x, r)
    parts = torch.reshape(found, (n, c, r * r, *found.shape[2:]))
    arranged = torch.flatten(torch.movedim(parts, 1, 2), start_dim=1, end_dim=2)
    return from_channels_first(arranged, data_format)
