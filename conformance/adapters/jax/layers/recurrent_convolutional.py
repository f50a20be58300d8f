"""ConvLSTM1D to ConvLSTM3D in JAX: convolutions where an LSTM multiplies."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Optional, Union

from jax import Array
from jax import numpy as jnp

from conformance.adapters.jax.layers.activation import sigmoid, tanh
from conformance.adapters.jax.layers.convolutional import add_bias, convolve
from conformance.adapters.jax.layers.recurrent import States, rnn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.jax.layout import Activation, Weights
    from conformance.adapters.native.geometry import Sizes


def conv_lstm(
    x: Array,
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
    initial_state: Sequence[Array] = (),
    mask: Optional[Array] = None,  # noqa: UP045 (Python 3.9 reads it)
) -> Union[Array, list[Array]]:  # noqa: UP007
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
    x: Array,
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
) -> tuple[Array, States]:
    """One step of a ConvLSTM: gates in the order input, forget, cell, output.

    ``weights``: ``kernel`` (*size, channels, 4 filters), ``recurrent_kernel`` (*size, filters, 4
    filters), ``bias`` (4 filters,).
    """
    slide = functools.partial(convolve, data_format=data_format, groups=1)
    product = slide(
        x, weights["kernel"], strides=strides, padding=padding, dilation_rate=dilation_rate
    )
    product = add_bias(product, weights, data_format, use_bias=use_bias)
    axis = -1 if data_format == "channels_last" else 1
    state, carry = states or [jnp.zeros_like(jnp.split(product, 4, axis=axis)[0])] * 2
    recurrent = weights["recurrent_kernel"]
    product = product + slide(state, recurrent, strides=1, padding="same", dilation_rate=1)
    take, forget, candidate, give = jnp.split(product, 4, axis=axis)
    kept = recurrent_activation(forget) * carry
    carry = kept + recurrent_activation(take) * activation(candidate)
    state = recurrent_activation(give) * activation(carry)
    return state, [state, carry]
