"""Recurrent layers in torch: gates stacked by rows, two biases for Keras's one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

import torch
from torch import Tensor, nn
from torch.func import functional_call

from conformance.adapters.torch.layers.activation import sigmoid, tanh
from conformance.adapters.torch.modules import empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.torch.layout import Activation, Weights

Answer = Union[Tensor, list[Tensor]]
"""A layer's output, or a list of it and the last states."""


def simple_rnn(
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
) -> Answer:
    """``SimpleRNN`` with tanh or relu, which ``nn.RNN`` has.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, units), ``recurrent_kernel`` (units, units), ``bias``
            (units,).
        use_bias: Whether there is a bias.
        initial_state: The states to start from, (batch, units) each; none: zeros.

    Returns:
        (batch, units), or (batch, steps, units); with return_state a list with the states behind.
    """
    layer = empty(
        nn.RNN,
        x.shape[-1],
        units,
        nonlinearity=activation.__name__,
        bias=use_bias,
        batch_first=True,
    )
    parameters = rows(weights["kernel"], weights["recurrent_kernel"])
    if use_bias:
        parameters.update(biases(weights["bias"], torch.zeros_like(weights["bias"])))
    return run(
        layer,
        parameters,
        x,
        initial_state,
        return_sequences=return_sequences,
        go_backwards=go_backwards,
        return_state=return_state,
    )


def lstm(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    return_state: bool = False,
    initial_state: Sequence[Tensor] = (),
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
) -> Answer:
    """``LSTM``: both have the gates in the order input, forget, cell, output.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, 4 units), ``recurrent_kernel`` (units, 4 units), ``bias``
            (4 units,).
        use_bias: Whether there is a bias.
        initial_state: The states to start from, (batch, units) each; none: zeros.

    Returns:
        (batch, units), or (batch, steps, units); with return_state a list with the states behind.
    """
    layer = empty(nn.LSTM, x.shape[-1], units, bias=use_bias, batch_first=True)
    parameters = rows(weights["kernel"], weights["recurrent_kernel"])
    if use_bias:
        parameters.update(biases(weights["bias"], torch.zeros_like(weights["bias"])))
    return run(
        layer,
        parameters,
        x,
        initial_state,
        return_sequences=return_sequences,
        go_backwards=go_backwards,
        return_state=return_state,
    )


def gru(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    return_state: bool = False,
    initial_state: Sequence[Tensor] = (),
    reset_after: bool = True,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
) -> Answer:
    """``GRU``: Keras's gates are update, reset, candidate; torch's reset, update, candidate.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, 3 units), ``recurrent_kernel`` (units, 3 units), ``bias``
            (2, 3 units): of the input and of the state.
        use_bias: Whether there is a bias.
        initial_state: The states to start from, (batch, units) each; none: zeros.

    Returns:
        (batch, units), or (batch, steps, units); with return_state a list with the states behind.
    """
    layer = empty(nn.GRU, x.shape[-1], units, bias=use_bias, batch_first=True)
    parameters = rows(reset_first(weights["kernel"]), reset_first(weights["recurrent_kernel"]))
    if use_bias:
        parameters.update(biases(*reset_first(weights["bias"])))
    return run(
        layer,
        parameters,
        x,
        initial_state,
        return_sequences=return_sequences,
        go_backwards=go_backwards,
        return_state=return_state,
    )


def rows(kernel: Tensor, recurrent_kernel: Tensor) -> dict[str, Tensor]:
    """The two matrices as torch names and lays them out: one row a gate's unit."""
    return {"weight_ih_l0": kernel.T, "weight_hh_l0": recurrent_kernel.T}


def biases(of_input: Tensor, of_state: Tensor) -> dict[str, Tensor]:
    """The two biases as torch names them."""
    return {"bias_ih_l0": of_input, "bias_hh_l0": of_state}


def reset_first(gates: Tensor) -> Tensor:
    """Keras's (update, reset, candidate) on the last axis as torch's (reset, update, candidate)."""
    update, reset, candidate = gates.chunk(3, dim=-1)
    return torch.cat((reset, update, candidate), dim=-1)


def run(
    layer: nn.Module,
    parameters: dict[str, Tensor],
    x: Tensor,
    initial_state: Sequence[Tensor],
    *,
    return_sequences: bool,
    go_backwards: bool,
    return_state: bool,
) -> Answer:
    """Run a recurrent module with these parameters and keep every state or the last."""
    if go_backwards:
        x = x.flip(1)
    first = [state.unsqueeze(0) for state in initial_state]  # one layer, one direction
    given = (x,) if not first else (x, tuple(first) if len(first) > 1 else first[0])
    states, last = functional_call(layer, parameters, given)
    answer = states if return_sequences else states[:, -1]
    if not return_state:
        return answer
    return [answer, *(a.squeeze(0) for a in (last if isinstance(last, tuple) else (last,)))]
