"""Convolutions in torch: channels first, kernels as (filters, channels, spatial ...)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.func import functional_call

from conformance.adapters.torch.activation import linear
from conformance.adapters.torch.layout import (
    Activation,
    Sizes,
    Weights,
    each,
    from_channels_first,
    pad,
    same_padding,
    to_channels_first,
)


def conv1d(
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
    """``Conv1D``; ``padding="causal"`` pads the past only.

    Args:
        x: (batch, steps, channels), or (batch, channels, steps) when channels come first.
        weights: ``kernel`` (kernel_size, channels / groups, filters) and ``bias`` (filters,).
        filters: Number of output channels.
        kernel_size: Length of the window.
        strides: Steps from window to window.
        padding: ``valid``, ``same`` or ``causal``.
        data_format: ``channels_last`` or ``channels_first``.
        dilation_rate: Steps from entry to entry within the window.
        groups: Number of groups that the channels fall into.
        activation: A function of this package.
        use_bias: Whether there is a bias.

    Returns:
        (batch, new steps, filters), or channels first.
    """
    x = to_channels_first(x, data_format)
    x = convolve(
        nn.Conv1d,
        x,
        weights,
        filters=filters,
        kernel_size=kernel_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        groups=groups,
        use_bias=use_bias,
    )
    return activation(from_channels_first(x, data_format))


def conv2d(
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
    """``Conv2D``.

    Args:
        x: (batch, rows, columns, channels), or (batch, channels, rows, columns).
        weights: ``kernel`` (rows, columns, channels / groups, filters) and ``bias`` (filters,).
        filters: Number of output channels.
        kernel_size: Size of the window, one number or two.
        strides: Steps from window to window.
        padding: ``valid`` or ``same``.
        data_format: ``channels_last`` or ``channels_first``.
        dilation_rate: Steps from entry to entry within the window.
        groups: Number of groups that the channels fall into.
        activation: A function of this package.
        use_bias: Whether there is a bias.

    Returns:
        (batch, new rows, new columns, filters), or channels first.
    """
    x = to_channels_first(x, data_format)
    x = convolve(
        nn.Conv2d,
        x,
        weights,
        filters=filters,
        kernel_size=kernel_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        groups=groups,
        use_bias=use_bias,
    )
    return activation(from_channels_first(x, data_format))


def convolve(
    module: type[nn.Module],
    x: Tensor,
    weights: Weights,
    *,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes,
    padding: str,
    dilation_rate: Sizes,
    groups: int,
    use_bias: bool,
) -> Tensor:
    """Run a convolution module on a channels-first array, padded as Keras does.

    Args:
        module: ``nn.Conv1d`` or ``nn.Conv2d``.
        x: (batch, channels, spatial ...).
        weights: ``kernel`` (spatial ..., channels / groups, filters) and ``bias``.
        filters: As of ``conv2d``, and so are the others.
        kernel_size: One number or one an axis.
        strides: Likewise.
        padding: ``valid``, ``same`` or ``causal``.
        dilation_rate: One number or one an axis.
        groups: Number of groups.
        use_bias: Whether there is a bias.

    Returns:
        (batch, filters, new spatial ...).
    """
    rank = x.ndim - 2
    window = each(kernel_size, rank)
    stride = each(strides, rank)
    dilation = each(dilation_rate, rank)
    around = [(0, 0)] * rank
    if padding == "same":
        around = list(map(same_padding, x.shape[2:], window, stride, dilation))
    elif padding == "causal":
        around = [(dilation[0] * (window[0] - 1), 0)]
    own = tuple(before for before, after in around if before == after)
    if len(own) < rank:
        # The module pads both sides alike; what differs is padded before it.
        x, own = pad(x, around), (0,) * rank
    layer = module(
        x.shape[1],
        filters,
        window,
        stride=stride,
        padding=own,
        dilation=dilation,
        groups=groups,
        bias=use_bias,
        device="meta",
    )
    # (spatial ..., in, out) as Keras has it becomes (out, in, spatial ...).
    parameters = {"weight": weights["kernel"].permute(-1, -2, *range(rank))}
    if use_bias:
        parameters["bias"] = weights["bias"]
    return functional_call(layer, parameters, (x,))
