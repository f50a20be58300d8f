"""Recurrent layers in torch: gates stacked by rows, two biases for Keras's one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from conformance.adapters.torch.activation import sigmoid, tanh

if TYPE_CHECKING:
    from conformance.adapters.torch.layout import Activation, Weights

Step = Callable[[Tensor, Sequence[Tensor]], Sequence[Tensor]]


def simple_rnn(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
) -> Tensor:
    """``SimpleRNN`` with tanh or relu, which ``nn.RNN`` has.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, units), ``recurrent_kernel`` (units, units), ``bias``
            (units,).
        units: Size of the state.
        activation: ``tanh`` or ``relu`` of this package.
        use_bias: Whether there is a bias.
        return_sequences: Every state instead of the last.
        go_backwards: Read the steps from the last to the first, and answer in that order.

    Returns:
        (batch, units), or (batch, steps, units).
    """
    layer = nn.RNN(
        x.shape[-1],
        units,
        nonlinearity=activation.__name__,
        bias=use_bias,
        batch_first=True,
        device="meta",
    )
    parameters = rows(weights["kernel"], weights["recurrent_kernel"])
    if use_bias:
        parameters.update(biases(weights["bias"], torch.zeros_like(weights["bias"])))
    return run(layer, parameters, x, return_sequences=return_sequences, go_backwards=go_backwards)


def lstm(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
) -> Tensor:
    """``LSTM``: both have the gates in the order input, forget, cell, output.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, 4 units), ``recurrent_kernel`` (units, 4 units), ``bias``
            (4 units,).
        units: Size of the state.
        use_bias: Whether there is a bias.
        return_sequences: Every state instead of the last.
        go_backwards: Read the steps from the last to the first, and answer in that order.
        activation: ``tanh``.
        recurrent_activation: ``sigmoid``.

    Returns:
        (batch, units), or (batch, steps, units).
    """
    layer = nn.LSTM(x.shape[-1], units, bias=use_bias, batch_first=True, device="meta")
    parameters = rows(weights["kernel"], weights["recurrent_kernel"])
    if use_bias:
        parameters.update(biases(weights["bias"], torch.zeros_like(weights["bias"])))
    return run(layer, parameters, x, return_sequences=return_sequences, go_backwards=go_backwards)


def gru(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    reset_after: bool = True,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
) -> Tensor:
    """``GRU``: Keras's gates are update, reset, candidate; torch's reset, update, candidate.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, 3 units), ``recurrent_kernel`` (units, 3 units), ``bias``
            (2, 3 units): of the input and of the state.
        units: Size of the state.
        use_bias: Whether there is a bias.
        return_sequences: Every state instead of the last.
        go_backwards: Read the steps from the last to the first, and answer in that order.
        reset_after: ``True``: the reset gate acts on the product with the recurrent kernel.
        activation: ``tanh``.
        recurrent_activation: ``sigmoid``.

    Returns:
        (batch, units), or (batch, steps, units).
    """
    layer = nn.GRU(x.shape[-1], units, bias=use_bias, batch_first=True, device="meta")
    parameters = rows(reset_first(weights["kernel"]), reset_first(weights["recurrent_kernel"]))
    if use_bias:
        parameters.update(biases(*reset_first(weights["bias"])))
    return run(layer, parameters, x, return_sequences=return_sequences, go_backwards=go_backwards)


def simple_rnn_by_steps(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
) -> Tensor:
    """``SimpleRNN`` with any activation: arguments as ``simple_rnn``."""
    bias = weights["bias"] if use_bias else x.new_zeros(units)

    def step(now: Tensor, states: Sequence[Tensor]) -> Sequence[Tensor]:
        (state,) = states
        product = now @ weights["kernel"] + bias + state @ weights["recurrent_kernel"]
        return (activation(product),)

    return by_steps(
        step,
        x,
        [x.new_zeros(x.shape[0], units)],
        return_sequences=return_sequences,
        go_backwards=go_backwards,
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
) -> Tensor:
    """``LSTM`` with any activations: arguments as ``lstm``."""
    bias = weights["bias"] if use_bias else x.new_zeros(4 * units)

    def step(now: Tensor, states: Sequence[Tensor]) -> Sequence[Tensor]:
        state, cell = states
        product = now @ weights["kernel"] + bias + state @ weights["recurrent_kernel"]
        take, forget, candidate, give = product.chunk(4, dim=-1)
        cell = recurrent_activation(forget) * cell + recurrent_activation(take) * activation(
            candidate
        )
        return recurrent_activation(give) * activation(cell), cell

    start = x.new_zeros(x.shape[0], units)
    return by_steps(
        step, x, [start, start], return_sequences=return_sequences, go_backwards=go_backwards
    )


def gru_by_steps(
    x: Tensor,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    reset_after: bool = True,
) -> Tensor:
    """``GRU`` with any activations, or with ``reset_after=False``: arguments as ``gru``.

    ``reset_after=False`` is the formula of the first paper: the reset gate acts on the state
    before the product, and there is one bias of (3 units,).
    """
    bias = recurrent_bias = x.new_zeros(3 * units)
    if use_bias and reset_after:
        bias, recurrent_bias = weights["bias"]
    elif use_bias:
        bias = weights["bias"]

    def step(now: Tensor, states: Sequence[Tensor]) -> Sequence[Tensor]:
        (state,) = states
        update, reset, candidate = (now @ weights["kernel"] + bias).chunk(3, dim=-1)
        kernels = weights["recurrent_kernel"].chunk(3, dim=-1)
        of_update, of_reset, of_candidate = recurrent_bias.chunk(3)
        update = recurrent_activation(update + state @ kernels[0] + of_update)
        reset = recurrent_activation(reset + state @ kernels[1] + of_reset)
        if reset_after:
            candidate = candidate + reset * (state @ kernels[2] + of_candidate)
        else:
            candidate = candidate + (reset * state) @ kernels[2]
        return (update * state + (1 - update) * activation(candidate),)

    return by_steps(
        step,
        x,
        [x.new_zeros(x.shape[0], units)],
        return_sequences=return_sequences,
        go_backwards=go_backwards,
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
    *,
    return_sequences: bool,
    go_backwards: bool,
) -> Tensor:
    """Run a recurrent module with these parameters and keep every state or the last."""
    if go_backwards:
        x = x.flip(1)
    states, _ = functional_call(layer, parameters, (x,))
    return states if return_sequences else states[:, -1]


def by_steps(
    step: Step, x: Tensor, states: Sequence[Tensor], *, return_sequences: bool, go_backwards: bool
) -> Tensor:
    """Fold ``step(input, states) -> states`` over the time axis; the first state is the answer."""
    if go_backwards:
        x = x.flip(1)
    seen: list[Tensor] = []
    for now in x.unbind(1):
        states = step(now, states)
        seen.append(states[0])
    return torch.stack(seen, dim=1) if return_sequences else seen[-1]
