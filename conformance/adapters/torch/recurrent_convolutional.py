"""ConvLSTM1D to ConvLSTM3D in torch, which has none: convolutions where an LSTM multiplies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.torch.activation import sigmoid, tanh
from conformance.adapters.torch.layout import each, pad, same_padding

if TYPE_CHECKING:
    from conformance.adapters.torch.layout import Activation, Sizes, Weights


def conv_lstm(
    x: Tensor,
    weights: Weights,
    *,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Sizes = 1,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
) -> Tensor:
    """``ConvLSTM1D`` to ``ConvLSTM3D``: gates in the order input, forget, cell, output.

    Args:
        x: (batch, steps, spatial ..., channels), channels third with channels_first.
        weights: ``kernel`` (*size, channels, 4 filters), ``recurrent_kernel`` (*size, filters, 4
            filters), ``bias`` (4 filters,).
        filters: Channels of the states.
        kernel_size: Of both kernels.
        strides: Of the input's convolution; the states' has none.
        padding: ``valid`` or ``same``, of the input's convolution; the states' is ``same``.
        data_format: ``channels_last`` or ``channels_first``.
        dilation_rate: Of the input's convolution.
        activation: A function of this package.
        recurrent_activation: Likewise, of the gates.
        use_bias: Whether there is a bias.
        return_sequences: Every state instead of the last.
        go_backwards: Read the steps from the last to the first, and answer in that order.

    Returns:
        (batch, spatial ..., filters), with the steps behind the batch under return_sequences.
    """
    rank = x.dim() - 3
    if data_format == "channels_last":
        x = torch.movedim(x, -1, 2)
    if go_backwards:
        x = x.flip(1)
    sizes, steps, gaps = (each(one, rank) for one in (kernel_size, strides, dilation_rate))
    kernel, recurrent = (
        weights[name].movedim((-1, -2), (0, 1)) for name in ("kernel", "recurrent_kernel")
    )
    bias = weights["bias"] if use_bias else None
    slide = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    seen: list[Tensor] = []
    state = carry = None
    for now in x.unbind(1):
        if padding == "same":
            places = zip(now.shape[2:], sizes, steps, gaps)
            entering = pad(now, [same_padding(*place) for place in places])
        else:
            entering = now
        product = slide(entering, kernel, bias, stride=steps, dilation=gaps)
        if state is not None:
            around = [same_padding(size, window, 1) for size, window in zip(state.shape[2:], sizes)]
            product = product + slide(pad(state, around), recurrent)
        take, forget, candidate, give = product.split(filters, dim=1)
        new = recurrent_activation(take) * activation(candidate)
        carry = new if carry is None else recurrent_activation(forget) * carry + new
        state = recurrent_activation(give) * activation(carry)
        seen.append(state)
    y = torch.stack(seen, dim=1) if return_sequences else seen[-1]
    if data_format == "channels_first":
        return y
    return torch.movedim(y, 2 if return_sequences else 1, -1)
