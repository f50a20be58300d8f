"""Cells of recurrent layers in torch, and what takes them along a sequence.

A cell is called as ``cell(x, weights, states)`` and answers its output and the new states; without
states it starts from zeros. Weights are Keras's variables, in Keras's layout and order.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

import torch
from torch import Tensor

from conformance.adapters.native.nesting import below
from conformance.adapters.torch.layers.activation import sigmoid, tanh
from conformance.adapters.torch.layers.recurrent import reset_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.torch.layout import Activation, Weights

States = list[Any]
"""A cell's states: arrays, or one list for each cell of a stack."""
Cell = Callable[[Tensor, "Weights", States], tuple[Tensor, States]]


def simple_rnn_cell(
    x: Tensor,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    use_bias: bool = True,
) -> tuple[Tensor, States]:
    """``SimpleRNNCell`` with tanh or relu, by the functions that ``nn.RNNCell`` calls.

    Args:
        x: (batch, features).
        weights: ``kernel`` (features, units), ``recurrent_kernel`` (units, units), ``bias``
            (units,).
        states: The output of the step before, (batch, units); none: zeros.
        use_bias: Whether there is a bias.

    Returns:
        The output, and the states: the output once more.
    """
    step = torch.rnn_tanh_cell if activation is tanh else torch.rnn_relu_cell
    (state,) = states or [x.new_zeros(x.shape[0], units)]
    bias = weights["bias"] if use_bias else x.new_zeros(units)
    state = step(x, state, *cell_rows(weights), bias, torch.zeros_like(bias))
    return state, [state]


def lstm_cell(
    x: Tensor,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
) -> tuple[Tensor, States]:
    """``LSTMCell`` by what ``nn.LSTMCell`` calls; both: input, forget, cell, output gate.

    Args:
        x: (batch, features).
        weights: ``kernel`` (features, 4 units), ``recurrent_kernel`` (units, 4 units), ``bias``
            (4 units,).
        states: Output and cell state of the step before, (batch, units) each; none: zeros.
        use_bias: Whether there is a bias.

    Returns:
        The output, and the states: the output once more, and the cell state.
    """
    states = states or [x.new_zeros(x.shape[0], units)] * 2
    bias = weights["bias"] if use_bias else x.new_zeros(4 * units)
    rows = cell_rows(weights)
    state, carry = torch.lstm_cell(x, states, *rows, bias, torch.zeros_like(bias))
    return state, [state, carry]


def gru_cell(
    x: Tensor,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
    reset_after: bool = True,
) -> tuple[Tensor, States]:
    """``GRUCell``: Keras's gates are update, reset, candidate; torch's reset, update, candidate.

    Args:
        x: (batch, features).
        weights: ``kernel`` (features, 3 units), ``recurrent_kernel`` (units, 3 units), ``bias``
            (2, 3 units): of the input and of the state.
        states: The output of the step before, (batch, units); none: zeros.
        use_bias: Whether there is a bias.

    Returns:
        The output, and the states: the output once more.
    """
    (state,) = states or [x.new_zeros(x.shape[0], units)]
    biases = weights["bias"] if use_bias else x.new_zeros(2, 3 * units)
    rows = cell_rows({name: reset_first(value) for name, value in weights.items()})
    state = torch.gru_cell(x, state, *rows, *reset_first(biases))
    return state, [state]


def simple_rnn_cell_by_hand(
    x: Tensor,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    use_bias: bool = True,
) -> tuple[Tensor, States]:
    """``SimpleRNNCell`` with any activation: arguments as ``simple_rnn_cell``."""
    (state,) = states or [x.new_zeros(x.shape[0], units)]
    product = x @ weights["kernel"] + state @ weights["recurrent_kernel"]
    state = activation(product + weights["bias"] if use_bias else product)
    return state, [state]


def lstm_cell_by_hand(
    x: Tensor,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
) -> tuple[Tensor, States]:
    """``LSTMCell`` with any activations: arguments as ``lstm_cell``."""
    state, carry = states or [x.new_zeros(x.shape[0], units)] * 2
    product = x @ weights["kernel"] + state @ weights["recurrent_kernel"]
    if use_bias:
        product = product + weights["bias"]
    take, forget, candidate, give = product.chunk(4, dim=-1)
    kept = recurrent_activation(forget) * carry
    carry = kept + recurrent_activation(take) * activation(candidate)
    state = recurrent_activation(give) * activation(carry)
    return state, [state, carry]


def gru_cell_by_hand(
    x: Tensor,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
    reset_after: bool = True,
) -> tuple[Tensor, States]:
    """``GRUCell`` with any activations, or with ``reset_after=False``: else as ``gru_cell``.

    ``reset_after=False`` is the formula of the first paper: the reset gate acts on the state
    before the product, and there is one bias of (3 units,).
    """
    (state,) = states or [x.new_zeros(x.shape[0], units)]
    bias = recurrent_bias = x.new_zeros(3 * units)
    if use_bias and reset_after:
        bias, recurrent_bias = weights["bias"]
    elif use_bias:
        bias = weights["bias"]
    update, reset, candidate = (x @ weights["kernel"] + bias).chunk(3, dim=-1)
    kernels = weights["recurrent_kernel"].chunk(3, dim=-1)
    of_update, of_reset, of_candidate = recurrent_bias.chunk(3)
    update = recurrent_activation(update + state @ kernels[0] + of_update)
    reset = recurrent_activation(reset + state @ kernels[1] + of_reset)
    if reset_after:
        candidate = candidate + reset * (state @ kernels[2] + of_candidate)
    else:
        candidate = candidate + (reset * state) @ kernels[2]
    state = update * state + (1 - update) * activation(candidate)
    return state, [state]


def stacked_rnn_cells(
    x: Tensor, weights: Weights, states: States, *, cells: dict[str, Cell]
) -> tuple[Tensor, States]:
    """``StackedRNNCells``: each cell's output is the next one's input.

    Args:
        x: (batch, features).
        weights: Of all cells, ``<cell>/<variable>`` where there are several.
        states: One list for each cell; none: zeros.
        cells: By name, from the lowest up.

    Returns:
        The last cell's output, and one list of states for each cell.
    """
    after: States = []
    for (name, cell), before in zip(cells.items(), states or [[]] * len(cells)):
        x, made = cell(x, below(name, weights) if len(cells) > 1 else weights, before)
        after.append(made)
    return x, after


def rnn(
    x: Tensor,
    weights: Weights,
    *,
    cell: Union[Cell, dict[str, Cell]],  # noqa: UP007 (Python 3.9 reads it)
    return_sequences: bool = False,
    go_backwards: bool = False,
    return_state: bool = False,
    zero_output_for_mask: bool = False,
    initial_state: Sequence[Tensor] = (),
    mask: Optional[Tensor] = None,  # noqa: UP045
) -> Union[Tensor, list[Tensor]]:  # noqa: UP007
    """``RNN``: a cell along the second axis.

    A masked step leaves the states as they were and answers what the step before answered.

    Args:
        x: (batch, steps, ...).
        weights: The cell's.
        mask: (batch, steps), true where a step counts.

    Returns:
        (batch, ...), or (batch, steps, ...); with return_state a list with the states behind.
    """
    if isinstance(cell, dict):
        cell = functools.partial(stacked_rnn_cells, cells=cell)
    order = range(x.shape[1])
    _, after = cell(x[:, 0], weights, [])  # tells how many states there are, and of which shapes
    first = list(initial_state) or [torch.zeros_like(state) for state in flat(after)]
    states = packed(after, first)
    outputs: list[Tensor] = []
    for t in reversed(order) if go_backwards else order:
        output, after = cell(x[:, t], weights, states)
        if mask is not None:
            silent = zero_output_for_mask and return_sequences
            before = outputs[-1] if outputs and not silent else torch.zeros_like(output)
            output = kept(mask[:, t], output, before)
            pairs = zip(flat(after), flat(states))
            after = packed(after, [kept(mask[:, t], new, old) for new, old in pairs])
        outputs.append(output)
        states = after
    answer = torch.stack(outputs, dim=1) if return_sequences else outputs[-1]
    return [answer, *flat(states)] if return_state else answer


def kept(mask: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """``new`` for the samples where ``mask`` (batch,) is true, else ``old``."""
    return torch.where(mask.reshape(-1, *[1] * (new.dim() - 1)), new, old)


def flat(states: States) -> list[Tensor]:
    """The arrays of a stack's states, cell by cell."""
    return [a for one in states for a in (flat(one) if isinstance(one, list) else [one])]


def packed(like: States, arrays: list[Tensor]) -> States:
    """Arrays in the lists of ``like``; ``arrays`` is used up."""
    return [packed(one, arrays) if isinstance(one, list) else arrays.pop(0) for one in like]


def cell_rows(weights: Weights) -> tuple[Tensor, Tensor]:
    """The two matrices as torch's cells lay them out: one row a gate's unit."""
    return weights["kernel"].T, weights["recurrent_kernel"].T
