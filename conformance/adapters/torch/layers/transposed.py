"""Transposed convolutions in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.func import functional_call

from conformance.adapters.native.geometry import cut, each
from conformance.adapters.torch.layers.activation import linear
from conformance.adapters.torch.layout import from_channels_first, to_channels_first
from conformance.adapters.torch.modules import empty

if TYPE_CHECKING:
    from torch import Tensor

    from conformance.adapters.native.geometry import Sizes
    from conformance.adapters.torch.layout import Activation, Weights


def conv_transpose(
    x: Tensor,
    weights: Weights,
    *,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str = "channels_last",
    dilation_rate: Sizes = 1,
    activation: Activation = linear,
    use_bias: bool = True,
) -> Tensor:
    """``Conv1DTranspose``, ``Conv2DTranspose`` and ``Conv3DTranspose``.

    Args:
        x: (batch, spatial ..., channels), or channels first.
        weights: ``kernel`` (spatial ..., filters, channels) and ``bias`` (filters,).
        use_bias: Whether there is a bias.

    Returns:
        (batch, new spatial ..., filters), or channels first.
    """
    x = to_channels_first(x, data_format)
    rank = x.ndim - 2
    window = each(kernel_size, rank)
    stride = each(strides, rank)
    dilation = each(dilation_rate, rank)
    extra = (None,) * rank if output_padding is None else each(output_padding, rank)
    cuts = [cut(padding.lower(), *sizes) for sizes in zip(window, stride, dilation, extra)]
    # The module cuts both ends alike and can leave some of the last end standing, never the first.
    module = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[rank - 1]
    layer = empty(
        module,
        x.shape[1],
        filters,
        window,
        stride=stride,
        padding=tuple(first for first, _ in cuts),
        output_padding=tuple(max(first - last, 0) for first, last in cuts),
        dilation=dilation,
        bias=use_bias,
    )
    # (spatial ..., out, in) as Keras has it becomes (in, out, spatial ...).
    parameters = {"weight": weights["kernel"].permute(-1, -2, *range(rank))}
    if use_bias:
        parameters["bias"] = weights["bias"]
    x = functional_call(layer, parameters, (x,))
    for axis, (first, last) in enumerate(cuts, start=2):
        x = x.narrow(axis, 0, x.shape[axis] - max(last - first, 0))
    return activation(from_channels_first(x, data_format))
