"""keras.ops' functions of neural networks, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.geometry import each, same_padding
from conformance.adapters.torch.layers.convolutional import out_in_spatial
from conformance.adapters.torch.layout import from_channels_first, pad, to_channels_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.native.geometry import Sizes


def softmax(x: Tensor, *, axis: Sequence[int] | None) -> Tensor:
    """``ops.softmax``: along one axis in torch, so that several are put behind and flattened."""
    axes = [one % x.ndim for one in (range(x.ndim) if axis is None else axis)]
    behind = list(range(x.ndim - len(axes), x.ndim))
    moved = torch.movedim(x, axes, behind)
    flat = torch.flatten(moved, start_dim=x.ndim - len(axes))
    found = F.softmax(flat, dim=-1)
    return torch.movedim(torch.reshape(found, moved.shape), behind, axes)


def conv(
    inputs: Tensor,
    kernel: Tensor,
    *,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """``ops.conv``: channels first, the kernel (out, in, spatial ...), ``same`` padded before."""
    form = data_format or "channels_last"
    x = to_channels_first(inputs, form)
    rank = x.ndim - 2
    stride, dilation = each(strides, rank), each(dilation_rate, rank)
    if padding.lower() == "same":
        sides = list(map(same_padding, x.shape[2:], kernel.shape[:rank], stride, dilation))
        x = pad(x, sides)
    groups = x.shape[1] // kernel.shape[-2]
    convolve = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    weight = out_in_spatial(kernel)
    found = convolve(x, weight, stride=stride, dilation=dilation, groups=groups)
    return from_channels_first(found, form)
