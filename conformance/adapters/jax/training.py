"""Training steps in JAX, which has no optimizers of its own: Keras's formulas, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
from jax import numpy as jnp

from conformance.adapters.jax import losses
from conformance.adapters.native.training import loss_of as bound
from conformance.adapters.native.training import weighs
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jax import Array

    Weights = dict[str, Array]
    State = dict[str, Any]
    Update = Callable[[State, Weights, Weights], tuple[State, Weights]]


def mean_squared_error(answer: Array, target: Array) -> Array:
    """Mean over everything, which is Keras's mean over the last axis, then over the batch."""
    return jnp.mean(jnp.square(target - answer))


def mean_absolute_error(answer: Array, target: Array) -> Array:
    """Mean over everything, as above."""
    return jnp.mean(jnp.abs(target - answer))


LOSSES: Mapping[str, Callable[[Array, Array], Array]] = {
    "mean_squared_error": mean_squared_error,
    "mse": mean_squared_error,
    "MeanSquaredError": mean_squared_error,
    "mean_absolute_error": mean_absolute_error,
    "mae": mean_absolute_error,
    "MeanAbsoluteError": mean_absolute_error,
}


REDUCED: Mapping[str, Callable[..., Array]] = {
    "Huber": losses.huber,
    "MeanSquaredError": losses.mean_squared_error,
    "BinaryCrossentropy": losses.binary_crossentropy,
    "SparseCategoricalCrossentropy": losses.sparse_categorical_crossentropy,
}
"""Those that take Keras's arguments, and weights of samples."""


def loss_of(train: Mapping[str, Any]) -> Callable[[Array, Array], Array]:
    """The loss of a training, as a function of (answer, target).

    Raises:
        Unsupported: Another loss, or an argument that is not handled.
    """
    name = train["loss"]["name"]
    if name in LOSSES and not train["loss"].get("config") and not weighs(train):
        return LOSSES[name]
    return bound(REDUCED, train, lambda numbers: jnp.asarray(numbers, jnp.float32))


def optimizer_of(name: str, config: Mapping[str, Any]) -> tuple[Callable[[Weights], State], Update]:
    """The optimizer by Keras's name: how its state starts, and one update.

    Args:
        name: ``SGD`` or ``Adam``.
        config: Keras's arguments of it.

    Returns:
        ``start(weights) -> state`` and ``update(state, weights, gradients) -> (state, weights)``.

    Raises:
        Unsupported: Another optimizer, or an argument that is not handled.
    """
    given = dict(config)
    if name == "SGD":
        found = _sgd(
            given.pop("learning_rate", 0.01),
            given.pop("momentum", 0.0),
            nesterov=given.pop("nesterov", False),
        )
    elif name == "Adam":
        found = _adam(
            given.pop("learning_rate", 0.001),
            given.pop("beta_1", 0.9),
            given.pop("beta_2", 0.999),
            given.pop("epsilon", 1e-7),
        )
    else:
        raise Unsupported(f"this adapter has no native counterpart for the optimizer {name}")
    left = [key for key, value in given.items() if value is not None and value is not False]
    if left:
        raise Unsupported(f"{name}: the arguments {left} are not handled here")
    return found


def _zeros(weights: Weights) -> Weights:
    return {name: jnp.zeros_like(array) for name, array in weights.items()}


def _sgd(
    rate: float, momentum: float, *, nesterov: bool
) -> tuple[Callable[[Weights], State], Update]:
    def start(weights: Weights) -> State:
        return {"velocity": _zeros(weights)}

    def update(state: State, weights: Weights, gradients: Weights) -> tuple[State, Weights]:
        velocity = jax.tree.map(lambda v, g: momentum * v - rate * g, state["velocity"], gradients)
        moves = velocity
        if nesterov:
            moves = jax.tree.map(lambda v, g: momentum * v - rate * g, velocity, gradients)
        return {"velocity": velocity}, jax.tree.map(jnp.add, weights, moves)

    return start, update


def _adam(
    rate: float, beta_1: float, beta_2: float, epsilon: float
) -> tuple[Callable[[Weights], State], Update]:
    def start(weights: Weights) -> State:
        return {"steps": jnp.float32(0), "mean": _zeros(weights), "square": _zeros(weights)}

    def update(state: State, weights: Weights, gradients: Weights) -> tuple[State, Weights]:
        steps = state["steps"] + 1
        mean = jax.tree.map(lambda m, g: m + (g - m) * (1 - beta_1), state["mean"], gradients)
        square = jax.tree.map(
            lambda s, g: s + (g * g - s) * (1 - beta_2), state["square"], gradients
        )
        alpha = rate * jnp.sqrt(1 - beta_2**steps) / (1 - beta_1**steps)
        moved = jax.tree.map(
            # Keras's epsilon: beside the root of the uncorrected second moment.
            lambda w, m, s: w - alpha * m / (jnp.sqrt(s) + epsilon),
            weights,
            mean,
            square,
        )
        return {"steps": steps, "mean": mean, "square": square}, moved

    return start, update
