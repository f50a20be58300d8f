"""Recurrent layers in torch that its modules can't do: step by step."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from conformance.adapters.torch.layers.activation import sigmoid, tanh
from conformance.adapters.torch.layers.recurrent_cells import (
    gru_cell_by_hand,
    lstm_cell_by_hand,
    rnn,
    simple_rnn_cell_by_hand,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from conformance.adapters.torch.layout import Activation, Weights


def simple_rnn_by_steps(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    return_state: bool = False,
    initial_state: Sequence[Tensor] = (),
    mask: Tensor | None = None,
) -> Tensor | list[Tensor]:
    """``SimpleRNN`` with any activations and any mask: ``rnn`` with ``simple_rnn_cell_by_hand``."""
    cell = functools.partial(
        simple_rnn_cell_by_hand, units=units, activation=activation, use_bias=use_bias
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


def lstm_by_steps(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    return_state: bool = False,
    initial_state: Sequence[Tensor] = (),
    mask: Tensor | None = None,
) -> Tensor | list[Tensor]:
    """``LSTM`` with any activations and any mask: ``rnn`` with ``lstm_cell_by_hand``."""
    cell = functools.partial(
        lstm_cell_by_hand,
        units=units,
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


def gru_by_steps(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    reset_after: bool = True,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    return_state: bool = False,
    initial_state: Sequence[Tensor] = (),
    mask: Tensor | None = None,
) -> Tensor | list[Tensor]:
    """``GRU`` with any activations and any mask: ``rnn`` with ``gru_cell_by_hand``."""
    cell = functools.partial(
        gru_cell_by_hand,
        units=units,
        activation=activation,
        recurrent_activation=recurrent_activation,
        use_bias=use_bias,
        reset_after=reset_after,
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
