"""Recurrent layers in Flax NNX: a cell, and ``nnx.RNN`` along the time axis.

A cell is called as ``cell(x, weights, states)`` and answers its output and the new states, as in
``conformance.adapters.jax.layers.recurrent``. ``nnx.RNN`` knows sequences that end early, no other
mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from flax import nnx
from jax import Array
from jax import numpy as jnp

from conformance.adapters.flax.layout import filled
from conformance.adapters.jax.layers.activation import sigmoid, tanh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.jax.layers.recurrent import States
    from conformance.adapters.jax.layout import Activation, Weights


def simple_cell(
    x: Array, weights: Weights, *, units: int, activation: Activation, use_bias: bool
) -> Any:
    """``nnx.SimpleCell``; it always has a bias, which is zero where Keras has none."""
    cell = nnx.SimpleCell(
        x.shape[-1],
        units,
        activation_fn=activation,
        kernel_init=nnx.initializers.zeros,
        recurrent_kernel_init=nnx.initializers.zeros,
        rngs=nnx.Rngs(0),
    )
    filled(cell.dense_i, kernel=weights["kernel"], bias=weights["bias"] if use_bias else None)
    filled(cell.dense_h, kernel=weights["recurrent_kernel"])
    return cell


def optimized_lstm_cell(
    x: Array,
    weights: Weights,
    *,
    units: int,
    activation: Activation,
    recurrent_activation: Activation,
    use_bias: bool,
) -> Any:
    """``nnx.OptimizedLSTMCell``: the gates in Keras's order, the bias with the recurrent kernel."""
    cell = nnx.OptimizedLSTMCell(
        x.shape[-1],
        units,
        gate_fn=recurrent_activation,
        activation_fn=activation,
        kernel_init=nnx.initializers.zeros,
        recurrent_kernel_init=nnx.initializers.zeros,
        rngs=nnx.Rngs(0),
    )
    filled(cell.dense_i, kernel=weights["kernel"])
    filled(
        cell.dense_h, kernel=weights["recurrent_kernel"], bias=weights["bias"] if use_bias else None
    )
    return cell


def gated_cell(
    x: Array,
    weights: Weights,
    *,
    units: int,
    activation: Activation,
    recurrent_activation: Activation,
) -> Any:
    """``nnx.GRUCell``: reset, update, candidate where Keras has update, reset, candidate.

    Its one bias belongs to the input. Keras's ``reset_after`` needs a second one for the candidate,
    inside the product with the reset gate, so only a layer without bias can be had.
    """
    cell = nnx.GRUCell(
        x.shape[-1],
        units,
        gate_fn=recurrent_activation,
        activation_fn=activation,
        kernel_init=nnx.initializers.zeros,
        recurrent_kernel_init=nnx.initializers.zeros,
        rngs=nnx.Rngs(0),
    )
    filled(cell.dense_i, kernel=reset_first(weights["kernel"]))
    filled(cell.dense_h, kernel=reset_first(weights["recurrent_kernel"]))
    return cell


def reset_first(gates: Array) -> Array:
    """Keras's (update, reset, candidate) on the last axis as Flax's (reset, update, candidate)."""
    update, reset, candidate = jnp.split(gates, 3, axis=-1)
    return jnp.concatenate((reset, update, candidate), axis=-1)


def simple_rnn_cell(
    x: Array,
    weights: Weights,
    states: States,
    *,
    units: int,
    activation: Activation = tanh,
    use_bias: bool = True,
) -> tuple[Array, States]:
    """``SimpleRNNCell``: weights and answer as of the jax adapter's cell."""
    cell = simple_cell(x, weights, units=units, activation=activation, use_bias=use_bias)
    (state,) = states or [jnp.zeros((x.shape[0], units), x.dtype)]
    state, output = cell(state, x)
    return output, [state]


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
    """``LSTMCell``: Flax carries (cell state, output), Keras the other way round."""
    cell = optimized_lstm_cell(
        x,
        weights,
        units=units,
        activation=activation,
        recurrent_activation=recurrent_activation,
        use_bias=use_bias,
    )
    state, carry = states or [jnp.zeros((x.shape[0], units), x.dtype)] * 2
    (carry, state), output = cell((carry, state), x)
    return output, [state, carry]


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
    """``GRUCell`` without bias and with ``reset_after``."""
    cell = gated_cell(
        x,
        weights,
        units=units,
        activation=activation,
        recurrent_activation=recurrent_activation,
    )
    (state,) = states or [jnp.zeros((x.shape[0], units), x.dtype)]
    state, output = cell(state, x)
    return output, [state]


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
) -> Union[Array, list[Array]]:  # noqa: UP007 (Python 3.9 reads it)
    """``SimpleRNN``: ``nnx.RNN`` with ``nnx.SimpleCell``.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, units), ``recurrent_kernel`` (units, units), ``bias``
            (units,).
        activation: A function of jax.nn.
        use_bias: Whether there is a bias.
        initial_state: The states to start from, (batch, units) each; none: zeros.

    Returns:
        (batch, units), or (batch, steps, units); with return_state a list with the states behind.
    """
    cell = simple_cell(x, weights, units=units, activation=activation, use_bias=use_bias)
    carry = initial_state[0] if len(initial_state) else None
    layer = nnx.RNN(cell, return_carry=True, reverse=go_backwards)
    last, outputs = layer(x, initial_carry=carry)
    answer = outputs if return_sequences else outputs[:, -1]
    return [answer, last] if return_state else answer


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
) -> Union[Array, list[Array]]:  # noqa: UP007
    """``LSTM``: ``nnx.RNN`` with ``nnx.OptimizedLSTMCell``; arguments as ``simple_rnn``.

    ``kernel`` is (features, 4 units), ``recurrent_kernel`` (units, 4 units), ``bias`` (4 units,).
    """
    cell = optimized_lstm_cell(
        x,
        weights,
        units=units,
        activation=activation,
        recurrent_activation=recurrent_activation,
        use_bias=use_bias,
    )
    carry = (initial_state[1], initial_state[0]) if len(initial_state) else None
    layer = nnx.RNN(cell, return_carry=True, reverse=go_backwards)
    (carried, state), outputs = layer(x, initial_carry=carry)
    answer = outputs if return_sequences else outputs[:, -1]
    return [answer, state, carried] if return_state else answer


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
) -> Union[Array, list[Array]]:  # noqa: UP007
    """``GRU`` without bias and with ``reset_after``: ``nnx.RNN`` with ``nnx.GRUCell``.

    ``kernel`` is (features, 3 units), ``recurrent_kernel`` (units, 3 units); arguments as
    ``simple_rnn``.
    """
    cell = gated_cell(
        x,
        weights,
        units=units,
        activation=activation,
        recurrent_activation=recurrent_activation,
    )
    carry = initial_state[0] if len(initial_state) else None
    layer = nnx.RNN(cell, return_carry=True, reverse=go_backwards)
    last, outputs = layer(x, initial_carry=carry)
    answer = outputs if return_sequences else outputs[:, -1]
    return [answer, last] if return_state else answer
