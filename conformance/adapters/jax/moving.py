"""Optimizers and schedules as cases ask for them: step by step, and by Keras's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optax
from jax import numpy as jnp

from conformance.adapters.jax.schedules import exponential_decay
from conformance.adapters.native.optimizers import takes_common
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jax import Array

    Arrays = dict[str, Array]

SLOTS: Mapping[str, Mapping[str, str]] = {
    "sgd": {"trace": "momentum"},
    "adam": {"mu": "momentum", "nu": "velocity"},
    "adamw": {"mu": "momentum", "nu": "velocity"},
    "rmsprop": {"nu": "velocity", "mu": "average_gradient"},
    "adagrad": {"sum_of_squares": "accumulator"},
    "adadelta": {"e_g": "accumulated_grad", "e_x": "accumulated_delta_var"},
    "adamax": {"mu": "momentum", "nu": "norm"},
    "lion": {"mu": "momentum"},
    "lamb": {"mu": "momentum", "nu": "velocity"},
}
"""optax's names of what is kept for a variable, to Keras's, by optimizer."""


class Moved:
    """Variables that an optimizer moves.

    Args:
        make: Makes it, of Keras's arguments.
        variables: By name.
        config: Keras's arguments, of which the learning rate may be Keras's words for a schedule.
    """

    def __init__(
        self, make: Callable[..., Any], variables: Mapping[str, Array], config: dict[str, Any]
    ) -> None:
        """Make the optimizer."""
        self.variables = dict(variables)
        self.kind: str = make.__name__
        self.scheduled = isinstance(config.get("learning_rate"), dict)
        if self.scheduled:
            config = {**config, "learning_rate": _schedule(config["learning_rate"])}
        self.optimizer = make(**config)
        self.kept = self.optimizer.init(self.variables)
        self.lacking: dict[str, str] = {}
        """Keras's variables that optax has not, with the reasons."""

    def apply(self, gradients: Mapping[str, Array]) -> None:
        """Move each variable by its gradient."""
        moves, self.kept = self.optimizer.update(dict(gradients), self.kept, self.variables)
        self.variables = optax.apply_updates(self.variables, moves)

    def set(self, *, learning_rate: float) -> None:
        """Set the learning rate."""
        rate = jnp.asarray(learning_rate, jnp.float32)
        self.kept = optax.tree_utils.tree_set(self.kept, learning_rate=rate)

    def state(self) -> Arrays:
        """Every variable of Keras's that optax has a counterpart of, by Keras's name."""
        found = dict(self.variables)
        for part in self.kept:
            if isinstance(part, dict):
                found.update({f"{name}/average": one for name, one in part["average"].items()})
            elif hasattr(part, "hyperparams"):
                found["iteration"] = part.count
                if not self.scheduled:
                    rate = part.hyperparams["learning_rate"]
                    found["learning_rate"] = jnp.asarray(rate, jnp.float32)
                found.update(self._slots(part.inner_state))
        return found

    def _slots(self, inner: Any) -> Arrays:
        sign = -1.0 if self.kind == "sgd" else 1.0
        return {
            f"{name}/{keras}": sign * array
            for part in _parts(inner)
            for own, keras in SLOTS[self.kind].items()
            for name, array in (getattr(part, own, None) or {}).items()
        }


@takes_common
def moved(
    make: Callable[..., Any],
    variables: Mapping[str, Array],
    *,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
    **config: Any,
) -> Moved:
    """An optimizer of Keras's, and the variables that it moves."""
    return Moved(make, variables, config)


def rate_at(make: Callable[..., Any], step: Array, **config: Any) -> Array:
    """The learning rate at a step, by the schedule that is made."""
    return jnp.asarray(make(**config)(step), jnp.float32)


def _parts(state: Any) -> list[Any]:
    """The states of a chain's transformations."""
    if hasattr(state, "_fields"):
        return [state]
    return [part for one in state for part in _parts(one)] if isinstance(state, tuple) else []


def _schedule(rate: Mapping[str, Any]) -> Callable[[Array], Array]:
    """A schedule in optax's terms."""
    ((kind, config),) = rate.items()
    if kind != "ExponentialDecay":
        raise Unsupported(f"the schedule {kind} of an optimizer is not handled here")
    given = {key: value for key, value in config.items() if key != "name"}
    found: Callable[[Array], Array] = exponential_decay(**given)
    return found
