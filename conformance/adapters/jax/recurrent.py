"""Recurrent layers in JAX, which has none: a step and ``jax.lax.scan`` over the time axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jax import Array, lax, vmap
from jax import numpy as jnp

from conformance.adapters.jax.activation import sigmoid, tanh

if TYPE_CHECKING:
    from conformance.adapters.jax.layout import Activation, Layer, Weights

Step = Callable[[Array, Sequence[Array]], Sequence[Array]]


def simple_rnn(
    x: Array,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
) -> Array:
    """``SimpleRNN``: one matrix product with the input and one with the state, each step.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, units), ``recurrent_kernel`` (units, units), ``bias``
            (units,).
        units: Size of the state.
        activation: A function of this package.
        use_bias: Whether there is a bias.
        return_sequences: Every state instead of the last.
        go_backwards: Read the steps from the last to the first, and answer in that order.

    Returns:
        (batch, units), or (batch, steps, units).
    """
    bias = weights["bias"] if use_bias else jnp.zeros(units, x.dtype)

    def step(now: Array, states: Sequence[Array]) -> Sequence[Array]:
        (state,) = states
        product = now @ weights["kernel"] + bias + state @ weights["recurrent_kernel"]
        return (activation(product),)

    return by_steps(
        step,
        x,
        [jnp.zeros((x.shape[0], units), x.dtype)],
        return_sequences=return_sequences,
        go_backwards=go_backwards,
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
) -> Array:
    """``LSTM``: the gates are input, forget, cell, output.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, 4 units), ``recurrent_kernel`` (units, 4 units), ``bias``
            (4 units,).
        units: Size of the state.
        use_bias: Whether there is a bias.
        return_sequences: Every state instead of the last.
        go_backwards: Read the steps from the last to the first, and answer in that order.
        activation: A function of this package.
        recurrent_activation: Likewise, of the gates.

    Returns:
        (batch, units), or (batch, steps, units).
    """
    bias = weights["bias"] if use_bias else jnp.zeros(4 * units, x.dtype)

    def step(now: Array, states: Sequence[Array]) -> Sequence[Array]:
        state, cell = states
        product = now @ weights["kernel"] + bias + state @ weights["recurrent_kernel"]
        take, forget, candidate, give = jnp.split(product, 4, axis=-1)
        cell = recurrent_activation(forget) * cell + recurrent_activation(take) * activation(
            candidate
        )
        return recurrent_activation(give) * activation(cell), cell

    start = jnp.zeros((x.shape[0], units), x.dtype)
    return by_steps(
        step, x, [start, start], return_sequences=return_sequences, go_backwards=go_backwards
    )


def gru(
    x: Array,
    weights: Weights,
    *,
    units: int,
    activation: Activation = tanh,
    recurrent_activation: Activation = sigmoid,
    use_bias: bool = True,
    return_sequences: bool = False,
    go_backwards: bool = False,
    reset_after: bool = True,
) -> Array:
    """``GRU``: the gates are update, reset, candidate.

    Args:
        x: (batch, steps, features).
        weights: ``kernel`` (features, 3 units), ``recurrent_kernel`` (units, 3 units), ``bias``
            (2, 3 units): of the input and of the state.
        units: Size of the state.
        use_bias: Whether there is a bias.
        return_sequences: Every state instead of the last.
        go_backwards: Read the steps from the last to the first, and answer in that order.
        reset_after: Whether the reset gate acts on the product with the recurrent kernel; if not,
            on the state before it, and the bias is one of (3 units,).
        activation: A function of this package.
        recurrent_activation: Likewise, of the gates.

    Returns:
        (batch, units), or (batch, steps, units).
    """
    bias = recurrent_bias = jnp.zeros(3 * units, x.dtype)
    if use_bias and reset_after:
        bias, recurrent_bias = weights["bias"]
    elif use_bias:
        bias = weights["bias"]

    def step(now: Array, states: Sequence[Array]) -> Sequence[Array]:
        (state,) = states
        update, reset, candidate = jnp.split(now @ weights["kernel"] + bias, 3, axis=-1)
        kernels = jnp.split(weights["recurrent_kernel"], 3, axis=-1)
        of_update, of_reset, of_candidate = jnp.split(recurrent_bias, 3, axis=-1)
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
        [jnp.zeros((x.shape[0], units), x.dtype)],
        return_sequences=return_sequences,
        go_backwards=go_backwards,
    )


def time_distributed(x: Array, weights: Weights, *, layer: Layer) -> Array:
    """``TimeDistributed``: the inner layer on every step, by ``jax.vmap`` over the time axis."""
    return vmap(lambda step: layer(step, weights), in_axes=1, out_axes=1)(x)


def by_steps(
    step: Step,
    x: Array,
    states: Sequence[Array],
    *,
    return_sequences: bool,
    go_backwards: bool,
) -> Array:
    """Fold ``step(input, states) -> states`` over the time axis; the first state is the answer.

    Going backwards, the input is turned round and the answer is in the order of reading.
    ``scan(reverse=True)`` would put the answer back into the order of the input.
    """
    if go_backwards:
        x = jnp.flip(x, axis=1)

    def carry(before: Sequence[Array], now: Array) -> tuple[Sequence[Array], Array]:
        after = step(now, before)
        return after, after[0]

    last, seen = lax.scan(carry, tuple(states), jnp.moveaxis(x, 1, 0))
    return jnp.moveaxis(seen, 0, 1) if return_sequences else last[0]
