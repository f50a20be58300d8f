"""Layers that take images and draw nothing, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 (its usual name)

from conformance.adapters.native.geometry import aspect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.torch.layout import Weights


def middle(x: Tensor, size: Sequence[int]) -> Tensor:
    """The window of this height and width in the middle of (batch, channels, height, width)."""
    for axis, n in zip((2, 3), size):
        x = torch.narrow(x, axis, (x.shape[axis] - n) // 2, n)
    return x


def cropped(x: Tensor, target: Sequence[int]) -> Tensor:
    """The largest window in the middle that has the target's aspect ratio."""
    size = x.shape[2:]
    return middle(x, [max(min(n, m), 1) for n, m in zip(size, aspect(size, target))])


def padded(x: Tensor, target: Sequence[int], fill: float) -> Tensor:
    """As much of a constant before as after, up to the target's aspect ratio."""
    size = x.shape[2:]
    high, wide = ((max(m, n) - n) // 2 for n, m in zip(size, aspect(size, target)))
    return F.pad(x, (wide, wide, high, high), value=fill)


def resizing(
    x: Tensor,
    weights: Weights,
    *,
    height: int,
    width: int,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str = "channels_last",
) -> Tensor:
    """``Resizing``: ``nearest`` is torch's ``nearest-exact``, and is never antialiased."""
    last = data_format != "channels_first"
    x = torch.movedim(x, -1, 1) if last else x
    if crop_to_aspect_ratio:
        x = cropped(x, (height, width))
    if pad_to_aspect_ratio:
        x = padded(x, (height, width), fill_value)
    if interpolation == "nearest":
        x = F.interpolate(x, (height, width), mode="nearest-exact")
    else:
        x = F.interpolate(
            x, (height, width), mode=interpolation, align_corners=False, antialias=antialias
        )
    return torch.movedim(x, 1, -1) if last else x


def bicubic_resizing(
    x: Tensor,
    weights: Weights,
    *,
    height: int,
    width: int,
    interpolation: str,
    antialias: bool,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str = "channels_last",
) -> Tensor:
    """``Resizing`` with ``bicubic``, which torch does Keras's way where it is antialiased."""
    return resizing(
        x,
        weights,
        height=height,
        width=width,
        interpolation=interpolation,
        antialias=antialias,
        crop_to_aspect_ratio=crop_to_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        fill_value=fill_value,
        data_format=data_format,
    )


def center_crop(
    x: Tensor, weights: Weights, *, height: int, width: int, data_format: str = "channels_last"
) -> Tensor:
    """``CenterCrop``: an image that is smaller anywhere is cropped and resized instead."""
    last = data_format != "channels_first"
    x = torch.movedim(x, -1, 1) if last else x
    if x.shape[2] >= height and x.shape[3] >= width:
        x = middle(x, (height, width))
    else:
        x = F.interpolate(
            cropped(x, (height, width)), (height, width), mode="bilinear", align_corners=False
        )
    return torch.movedim(x, 1, -1) if last else x


def auto_contrast(
    x: Tensor,
    weights: Weights,
    *,
    value_range: Sequence[float] = (0, 255),
    training: bool = True,
) -> Tensor:
    """``AutoContrast``, in training and out of it: (batch, height, width, channels)."""
    low, high = min(value_range), max(value_range)
    darkest = torch.amin(x, dim=(1, 2), keepdim=True)
    brightest = torch.amax(x, dim=(1, 2), keepdim=True)
    stretched = (x - darkest) / (brightest - darkest) * (high - low) + low
    return torch.where(brightest == darkest, x, stretched)
