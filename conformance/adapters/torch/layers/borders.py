"""Cropping, zero padding and upsampling in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.geometry import each, sides
from conformance.adapters.torch.layout import from_channels_first, to_channels_first

if TYPE_CHECKING:
    from torch import Tensor

    from conformance.adapters.native.geometry import Border, Pairs, Sizes
    from conformance.adapters.torch.layout import Weights


def bordered(x: Tensor, amounts: Pairs, data_format: str) -> Tensor:
    """Zeros around the spatial axes; negative amounts cut. Torch wants the last axis first."""
    sizes = [n for pair in reversed(amounts) for n in pair]
    # The channels are the last axis in Keras's default format, and keep their number.
    around = sizes if data_format == "channels_first" else [0, 0, *sizes]
    return F.pad(x, around)


def zero_padding(
    x: Tensor, weights: Weights, *, padding: Border = 1, data_format: str = "channels_last"
) -> Tensor:
    """``ZeroPadding1D``, ``2D`` and ``3D``."""
    return bordered(x, sides(padding, x.ndim - 2), data_format)


def cropping1d(x: Tensor, weights: Weights, *, cropping: Border = 1) -> Tensor:
    """``Cropping1D``: by default 1 from either end; channels last always."""
    return cropping3d(x, weights, cropping=cropping)


def cropping2d(
    x: Tensor, weights: Weights, *, cropping: Border = 0, data_format: str = "channels_last"
) -> Tensor:
    """``Cropping2D``: nothing by default."""
    return cropping3d(x, weights, cropping=cropping, data_format=data_format)


def cropping3d(
    x: Tensor, weights: Weights, *, cropping: Border = 1, data_format: str = "channels_last"
) -> Tensor:
    """``Cropping3D``, and of any other number of axes: by default 1 from each side.

    Cutting is padding by negative amounts.
    """
    amounts = [(-before, -after) for before, after in sides(cropping, x.ndim - 2)]
    return bordered(x, amounts, data_format)


def upsampling(
    x: Tensor, weights: Weights, *, size: Sizes = 2, data_format: str = "channels_last"
) -> Tensor:
    """``UpSampling1D`` and ``3D``: every entry so many times in a row, along each spatial axis."""
    return upsampling2d(x, weights, size=size, data_format=data_format)


def upsampling2d(
    x: Tensor,
    weights: Weights,
    *,
    size: Sizes = 2,
    data_format: str = "channels_last",
    interpolation: str = "nearest",
) -> Tensor:
    """``UpSampling2D``: repeated, or interpolated between the centres of the pixels.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        data_format: Where the channels are.
        interpolation: ``nearest`` and ``bilinear`` are ``nn.Upsample``'s. Its ``bicubic`` has
            a = -0.75 in the cubic; Keras's a = -0.5 is what torch has under ``antialias``, which
            does nothing else when images grow.
    """
    x = to_channels_first(x, data_format)
    sizes = tuple(n * f for n, f in zip(x.shape[2:], each(size, x.ndim - 2)))
    if interpolation == "bicubic":
        x = F.interpolate(x, sizes, mode="bicubic", align_corners=False, antialias=True)
    elif interpolation == "bilinear":
        x = nn.Upsample(sizes, mode="bilinear", align_corners=False)(x)
    else:
        x = nn.Upsample(sizes, mode="nearest")(x)
    return from_channels_first(x, data_format)
