"""Training steps in JAX, which has no optimizers of its own, in Keras's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jax import numpy as jnp

from conformance.adapters.jax import formulas, losses
from conformance.adapters.native.functions import parameters
from conformance.adapters.native.training import loss_of as bound
from conformance.adapters.native.training import weighs
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jax import Array

    Weights = dict[str, Array]
    State = Any
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
    "Huber": losses.Huber,
    "huber": losses.Huber,
    "MeanSquaredError": losses.MeanSquaredError,
    "mean_squared_error": losses.MeanSquaredError,
    "BinaryCrossentropy": losses.BinaryCrossentropy,
    "binary_crossentropy": losses.BinaryCrossentropy,
    "SparseCategoricalCrossentropy": losses.SparseCategoricalCrossentropy,
    "sparse_categorical_crossentropy": losses.SparseCategoricalCrossentropy,
}
"""Those that take Keras's arguments, and weights of samples."""


OPTIMIZERS: Mapping[str, tuple[Callable[..., State], Callable[..., tuple[Weights, State]]]] = {
    "SGD": (formulas.sgd_state, formulas.sgd_step),
    "Adam": (formulas.adam_state, formulas.adam_step),
}
"""How each begins, and a step of it."""


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
    if name not in OPTIMIZERS:
        raise Unsupported(f"this adapter has no native counterpart for the optimizer {name}")
    start, step = OPTIMIZERS[name]
    known = {one.name for one in parameters(step)}
    given = {key: value for key, value in config.items() if key in known}
    left = [
        key
        for key in config
        if key not in given and config[key] is not None and config[key] is not False
    ]
    if left:
        raise Unsupported(f"{name}: the arguments {left} are not handled here")

    def update(state: State, weights: Weights, gradients: Weights) -> tuple[State, Weights]:
        weights, state = step(gradients, state, weights, **given)
        return state, weights

    return start, update
