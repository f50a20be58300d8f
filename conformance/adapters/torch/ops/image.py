"""Functions of images, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from conformance.adapters.torch.layers.images import resizing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_LUMA = (0.2989, 0.587, 0.114)
"""How much of red, green and blue is in gray."""


def resize(
    images: Tensor,
    *,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """``ops.image.resize``: ``nearest`` is torch's ``nearest-exact``, and channels come first."""
    batch = images if images.ndim == 4 else images[None]  # noqa: PLR2004 - a single image has 3
    found = resizing(
        batch,
        {},
        height=size[0],
        width=size[1],
        interpolation=interpolation,
        antialias=antialias,
        crop_to_aspect_ratio=crop_to_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        fill_value=fill_value,
        data_format=data_format or "channels_last",
    )
    return found if images.ndim == 4 else found[0]  # noqa: PLR2004


def rgb_to_grayscale(images: Tensor, *, data_format: str | None = None) -> Tensor:
    """``ops.image.rgb_to_grayscale``: a product with the luma of the three colours."""
    axis = -3 if data_format == "channels_first" else -1
    luma = torch.tensor(_LUMA, dtype=images.dtype)
    return torch.unsqueeze(torch.tensordot(images, luma, dims=([axis], [0])), axis)
