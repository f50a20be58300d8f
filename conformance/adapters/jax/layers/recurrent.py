"""Recurrent layers in JAX, which has none: a cell and ``jax.lax.scan`` over the time axis.

A cell is called as ``cell(x, weights, states)`` and answers its output and the new states; without
states it starts from zeros. Weights are Keras's variables, in Keras's layout.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import jax
from jax import Array, lax
from jax import numpy as jnp

from conformance.adapters.jax.layers.activation import sigmoid, tanh
from conformance.adapters.native.nesting import below

if TYPE_CHECKING:
    from conformance.adapters.jax.layout import Activation, Weights

States = list[Any]
"""A cell's states: arrays, or one list for each cell of a stack."""
Cell = Callable[[Array, "Weights", States], tuple[Array, States]]


def simple_rnn_cell(
    x: Array,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    use_bias: bool = True,
) -> tuple[Array, States]:
    """``SimpleRNNCell``: one matrix product with the input and one with the state.

    Args:
        x: (batch, features).
        weights: ``kernel`` (features, units), ``recurrent_kernel`` (units, units), ``bias``
            (units,).
        states: The output of the step before, (batch, units); none: zeros.
        use_bias: Whether there is a bias.

    Returns:
        The output, and the states: the output once more.
    """
    (state,) = states or [jnp.zeros((x.shape[0], units), x.dtype)]
    product = x @ weights["kernel"] + state @ weights["recurrent_kernel"]
    state = activation(product + weights["bias"] if use_bias else product)
    return state, [state]


def lstm_cell(
    x: Array,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
) -> tuple[Array, States]:
    """``LSTMCell``: the gates are input, forget, cell, output.

    Args:
        x: (batch, features).
        weights: ``kernel`` (features, 4 units), ``recurrent_kernel`` (units, 4 units), ``bias``
            (4 units,).
        states: Output and cell state of the step before, (batch, units) each; none: zeros.
        use_bias: Whether there is a bias.

    Returns:
        The output, and the states: the output once more, and the cell state.
    """
    state, carry = states or [jnp.zeros((x.shape[0], units), x.dtype)] * 2
    product = x @ weights["kernel"] + state @ weights["recurrent_kernel"]
    if use_bias:
        product = product + weights["bias"]
    take, forget, candidate, give = jnp.split(product, 4, axis=-1)
    kept = recurrent_activation(forget) * carry
    carry = kept + recurrent_activation(take) * activation(candidate)
    state = recurrent_activation(give) * activation(carry)
    return state, [state, carry]


def gru_cell(
    x: Array,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
    reset_after: bool = True,
) -> tuple[Array, States]:
    """``GRUCell``: the gates are update, reset, candidate.

    Args:
        x: (batch, features).
        weights: ``kernel`` (features, 3 units), ``recurrent_kernel`` (units, 3 units), ``bias``
            (2, 3 units): of the input and of the state.
        states: The output of the step before, (batch, units); none: zeros.
        use_bias: Whether there is a bias.
        reset_after: Whether the reset gate acts on the product with the recurrent kernel; if not,
            on the state before it, and the bias is one of (3 units,).

    Returns:
        The output, and the states: the output once more.
    """
    (state,) = states or [jnp.zeros((x.shape[0], units), x.dtype)]
    bias = recurrent_bias = jnp.zeros(3 * units, x.dtype)
    if use_bias and reset_after:
        bias, recurrent_bias = weights["bias"]
    elif use_bias:
        bias = weights["bias"]
    update, reset, candidate = jnp.split(x @ weights["kernel"] + bias, 3, axis=-1)
    kernels = jnp.split(weights["recurrent_kernel"], 3, axis=-1)
    of_update, of_reset, of_candidate = jnp.split(recurrent_bias, 3, axis=-1)
    update = recurrent_activation(update + state @ kernels[0] + of_update)
    reset = recurrent_activation(reset + state @ kernels[1] + of_reset)
    if reset_after:
        candidate = candidate + reset * (state @ kernels[2] + of_candidate)
    else:
        candidate = candidate + (reset * state) @ kernels[2]
    state = update * state + (1 - update) * activation(candidate)
    return state, [state]


def stacked_rnn_cells(
    x: Array, weights: Weights, states: States, *, cells: dict[str, Cell]
) -> tuple[Array, States]:
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
    x: Array,
    weights: Weights,
    *,
    cell: Union[Cell, dict[str, Cell]],  # noqa: UP007 (Python 3.9 reads it)
    return_sequences: bool = False,
    go_backwards: bool = False,
    return_state: bool = False,
    zero_output_for_mask: bool = False,
    initial_state: Sequence[Array] = (),
    mask: Optional[Array] = None,  # noqa: UP045
) -> Union[Array, list[Array]]:  # noqa: UP007
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
    if mask is None:
        mask = jnp.ones(x.shape[:2], bool)
    if go_backwards:
        x, mask = jnp.flip(x, axis=1), jnp.flip(mask, axis=1)
    # The shapes of what a step answers, from zeros, tell what to start with.
    shapes = jax.eval_shape(lambda now: cell(now, weights, []), x[:, 0])
    output, states = jax.tree.map(lambda made: jnp.zeros(made.shape, made.dtype), shapes)
    if len(initial_state):
        states = jax.tree.unflatten(jax.tree.structure(states), list(initial_state))

    def step(before: Any, now: Any) -> Any:
        output, states = before
        x_now, counts = now
        made, after = cell(x_now, weights, states)

        def kept(new: Array, old: Array) -> Array:
            return jnp.where(counts.reshape(-1, *[1] * (new.ndim - 1)), new, old)

        silent = zero_output_for_mask and return_sequences
        made = kept(made, jnp.zeros_like(made) if silent else output)
        after = jax.tree.map(kept, after, states)
        return (made, after), made

    steps = jnp.moveaxis(x, 1, 0), jnp.moveaxis(mask, 1, 0)
    (last, states), seen = lax.scan(step, (output, states), steps)
    answer = jnp.moveaxis(seen, 0, 1) if return_sequences else last
    return [answer, *jax.tree.leaves(states)] if return_state else answer


def simple_rnn(
    x: Array,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    return_state: bool = False,
    initial_state: Sequence[Array] = (),
    mask: Optional[Array] = None,  # noqa: UP045
) -> Union[Array, list[Array]]:  # noqa: UP007
    """``SimpleRNN``: ``rnn`` with ``simple_rnn_cell``, whose arguments it shares."""
    cell = functools.partial(simple_rnn_cell, units=units, activation=activation, use_bias=use_bias)
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


def lstm(
    x: Array,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    return_state: bool = False,
    initial_state: Sequence[Array] = (),
    mask: Optional[Array] = None,  # noqa: UP045
) -> Union[Array, list[Array]]:  # noqa: UP007
    """``LSTM``: ``rnn`` with ``lstm_cell``, whose arguments it shares."""
    cell = functools.partial(
        lstm_cell,
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


def gru(
    x: Array,
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
    initial_state: Sequence[Array] = (),
    mask: Optional[Array] = None,  # noqa: UP045
) -> Union[Array, list[Array]]:  # noqa: UP007
    """``GRU``: ``rnn`` with ``gru_cell``, whose arguments it shares."""
    cell = functools.partial(
        gru_cell,
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
