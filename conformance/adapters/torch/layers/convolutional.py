"""Convolutions in torch: channels first, kernels as (filters, channels, spatial ...)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.func import functional_call

from conformance.adapters.native.geometry import Sizes, each, same_padding
from conformance.adapters.torch.layers.activation import linear
from conformance.adapters.torch.layout import (
    Activation,
    Weights,
    from_channels_first,
    pad,
    to_channels_first,
)
from conformance.adapters.torch.modules import empty


def conv(
    x: Tensor,
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
) -> Tensor:
    """``Conv1D``, ``Conv2D`` and ``Conv3D``; ``padding="causal"`` of the first pads the past only.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``kernel`` (spatial ..., channels / groups, filters) and ``bias`` (filters,).
        use_bias: Whether there is a bias.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    x = convolve(
        to_channels_first(x, data_format),
        out_in_spatial(weights["kernel"]),
        weights["bias"] if use_bias else None,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        groups=groups,
    )
    return activation(from_channels_first(x, data_format))


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    *,
    strides: Sizes,
    padding: str,
    dilation_rate: Sizes,
    groups: int,
) -> Tensor:
    """Run torch's convolution module on a channels-first array, padded as Keras does.

    Args:
        x: (batch, channels, spatial ...), with one to three spatial axes.
        weight: (filters, channels / groups, spatial ...), as torch has it.
        bias: (filters,), if there is one.
        strides: One number or one an axis.
        padding: ``valid``, ``same`` or ``causal``, in upper or lower case.
        dilation_rate: One number or one an axis.
        groups: Number of groups.

    Returns:
        (batch, filters, new spatial ...).
    """
    rank = x.ndim - 2
    window = tuple(weight.shape[2:])
    stride = each(strides, rank)
    dilation = each(dilation_rate, rank)
    around = [(0, 0)] * rank
    if padding.lower() == "same":
        around = list(map(same_padding, x.shape[2:], window, stride, dilation))
    elif padding.lower() == "causal":
        around = [(dilation[0] * (window[0] - 1), 0)]
    own = tuple(before for before, after in around if before == after)
    if len(own) < rank:
        # The module pads both sides alike; what differs is padded before it.
        x, own = pad(x, around), (0,) * rank
    module = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
    layer = empty(
        module,
        x.shape[1],
        weight.shape[0],
        window,
        stride=stride,
        padding=own,
        dilation=dilation,
        groups=groups,
        bias=bias is not None,
    )
    parameters = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    return functional_call(layer, parameters, (x,))


def out_in_spatial(kernel: Tensor) -> Tensor:
    """Keras's kernel (spatial ..., in, out) as torch's weight (out, in, spatial ...)."""
    return kernel.permute(-1, -2, *range(kernel.ndim - 2))
