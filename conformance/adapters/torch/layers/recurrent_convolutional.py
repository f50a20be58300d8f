"""ConvLSTM1D to ConvLSTM3D in torch, which has none: convolutions where an LSTM multiplies."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Optional, Union

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.geometry import each, same_padding
from conformance.adapters.torch.layers.activation import sigmoid, tanh
from conformance.adapters.torch.layers.recurrent_cells import States, rnn
from conformance.adapters.torch.layout import from_channels_first, pad, to_channels_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.native.geometry import Sizes
    from conformance.adapters.torch.layout import Activation, Weights


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
    return_state: bool = False,
    initial_state: Sequence[Tensor] = (),
    mask: Optional[Tensor] = None,  # noqa: UP045 (Python 3.9 reads it)
) -> Union[Tensor, list[Tensor]]:  # noqa: UP007
    """``ConvLSTM1D`` to ``ConvLSTM3D``: ``rnn`` with ``conv_lstm_cell``.

    Args:
        x: (batch, steps, spatial ..., channels), channels third with channels_first.
        weights: See ``conv_lstm_cell``.
        use_bias: Whether there is a bias.
        mask: (batch, steps), true where a step counts.

    Returns:
        As ``rnn``.
    """
    del filters, kernel_size  # the kernels have both
    cell = functools.partial(
        conv_lstm_cell,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
        activation=activation,
        recurrent_activation=recurrent_activation,
        use_bias=use_bias,
    )
    return rnn(
        x,
        weights,
        cell=cell,
        return_sequences=return_sequences,
        go_backwards=go_backwards,
        return_state=return_state,
        initial_state=initial_state,
        mask=mask,
    )


def conv_lstm_cell(
    x: Tensor,
    weights: Weights,
    states: States,
    *,
    strides: Sizes,
    padding: str,
    data_format: str,
    dilation_rate: Sizes,
    activation: Activation,
    recurrent_activation: Activation,
    use_bias: bool,
) -> tuple[Tensor, States]:
    """One step of a ConvLSTM: gates in the order input, forget, cell, output.

    ``weights``: ``kernel`` (*size, channels, 4 filters), ``recurrent_kernel`` (*size, filters, 4
    filters), ``bias`` (4 filters,).
    """
    x = to_channels_first(x, data_format)
    product = slide(x, weights["kernel"], strides, padding, dilation_rate)
    if use_bias:
        product = product + weights["bias"].reshape(-1, *[1] * (x.dim() - 2))
    before = [to_channels_first(state, data_format) for state in states]
    state, carry = before or [torch.zeros_like(product.chunk(4, dim=1)[0])] * 2
    product = product + slide(state, weights["recurrent_kernel"], 1, "same", 1)
    take, forget, candidate, give = product.chunk(4, dim=1)
    kept = recurrent_activation(forget) * carry
    carry = kept + recurrent_activation(take) * activation(candidate)
    state = recurrent_activation(give) * activation(carry)
    made = [from_channels_first(one, data_format) for one in (state, carry)]
    return made[0], made


def slide(x: Tensor, kernel: Tensor, strides: Sizes, padding: str, dilation: Sizes) -> Tensor:
    """A convolution with a kernel in Keras's layout, on channels first."""
    rank = x.dim() - 2
    steps, gaps = each(strides, rank), each(dilation, rank)
    if padding == "same":
        places = zip(x.shape[2:], kernel.shape, steps, gaps)
        x = pad(x, [same_padding(*place) for place in places])
    weight = kernel.movedim((-1, -2), (0, 1))
    return (F.conv1d, F.conv2d, F.conv3d)[rank - 1](x, weight, stride=steps, dilation=gaps)
