"""Layers that drop or add noise, in torch. They draw from torch's global generator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.torch.layout import from_channels_first, to_channels_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.torch.layout import Weights


def dropout(
    x: Tensor,
    weights: Weights,
    *,
    rate: float,
    noise_shape: None = None,
    seed: int | None = None,
    training: bool = False,
) -> Tensor:
    """``Dropout``.

    Args:
        x: (batch, ...).
        noise_shape: A mask of its own shape is ``dropout_with_shared_mask``'s business.
        seed: For ``torch.manual_seed``, before the model is called: modules have no seed.
    """
    return nn.Dropout(rate).train(training)(x)


def dropout_with_shared_mask(
    x: Tensor,
    weights: Weights,
    *,
    rate: float,
    noise_shape: Sequence[int | None],
    seed: int | None = None,
    training: bool = False,
) -> Tensor:
    """``Dropout`` with a mask that is 1 long along some axes: drop ones of that shape, multiply."""
    sizes = [size if n is None else n for n, size in zip(noise_shape, x.shape)]
    return x * F.dropout(x.new_ones(sizes), rate, training) if training else x


def spatial_dropout1d(
    x: Tensor,
    weights: Weights,
    *,
    rate: float,
    seed: int | None = None,
    training: bool = False,
) -> Tensor:
    """``SpatialDropout1D``: (batch, steps, channels), whole channels at a time."""
    module = nn.Dropout1d(rate).train(training)
    return from_channels_first(module(to_channels_first(x, "channels_last")), "channels_last")


def spatial_dropout2d(
    x: Tensor,
    weights: Weights,
    *,
    rate: float,
    data_format: str = "channels_last",
    seed: int | None = None,
    training: bool = False,
) -> Tensor:
    """``SpatialDropout2D``: whole channels of images at a time."""
    module = nn.Dropout2d(rate).train(training)
    return from_channels_first(module(to_channels_first(x, data_format)), data_format)


def spatial_dropout3d(
    x: Tensor,
    weights: Weights,
    *,
    rate: float,
    data_format: str = "channels_last",
    seed: int | None = None,
    training: bool = False,
) -> Tensor:
    """``SpatialDropout3D``: whole channels of volumes at a time."""
    module = nn.Dropout3d(rate).train(training)
    return from_channels_first(module(to_channels_first(x, data_format)), data_format)


def alpha_dropout(
    x: Tensor,
    weights: Weights,
    *,
    rate: float,
    noise_shape: None = None,
    seed: int | None = None,
    training: bool = False,
) -> Tensor:
    """``AlphaDropout``."""
    return nn.AlphaDropout(rate).train(training)(x)


def gaussian_dropout(
    x: Tensor,
    weights: Weights,
    *,
    rate: float,
    seed: int | None = None,
    training: bool = False,
) -> Tensor:
    """``GaussianDropout``: times normal numbers about 1; torch has no such module."""
    if not training:
        return x
    return x * (1 + math.sqrt(rate / (1 - rate)) * torch.randn_like(x))


def gaussian_noise(
    x: Tensor,
    weights: Weights,
    *,
    stddev: float,
    seed: int | None = None,
    training: bool = False,
) -> Tensor:
    """``GaussianNoise``: plus normal numbers about 0; torch has no such module."""
    return x + stddev * torch.randn_like(x) if training else x
