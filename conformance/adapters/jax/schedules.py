"""keras.optimizers.schedules by optax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import optax
from jax import Array
from jax import numpy as jnp

if TYPE_CHECKING:
    from collections.abc import Callable


def exponential_decay(
    step: Array,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
) -> Array:
    """``optimizers.schedules.ExponentialDecay``: ``decay_steps`` are ``transition_steps``."""
    return _at(
        step, exponential(initial_learning_rate, decay_steps, decay_rate, staircase=staircase)
    )


def exponential(
    initial_learning_rate: float, decay_steps: int, decay_rate: float, *, staircase: bool = False
) -> Callable[[Array], Array]:
    """The schedule as optax has it."""
    found: Callable[[Array], Array] = optax.exponential_decay(
        initial_learning_rate, decay_steps, decay_rate, staircase=staircase
    )
    return found


def cosine_decay(
    step: Array,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: None = None,
    warmup_steps: int = 0,
) -> Array:
    """``optimizers.schedules.CosineDecay``."""
    return _at(step, optax.cosine_decay_schedule(initial_learning_rate, decay_steps, alpha))


def warm_cosine_decay(
    step: Array,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: float,
    warmup_steps: int = 0,
) -> Array:
    """``optimizers.schedules.CosineDecay``: optax's ``decay_steps`` hold the warm-up.

    Its ``end_value`` is a rate, not a share.
    """
    schedule = optax.warmup_cosine_decay_schedule(
        init_value=initial_learning_rate,
        peak_value=warmup_target,
        warmup_steps=warmup_steps,
        decay_steps=warmup_steps + decay_steps,
        end_value=alpha * warmup_target,
    )
    return _at(step, schedule)


def _at(step: Array, schedule: Callable[[Array], Array]) -> Array:
    return jnp.asarray(schedule(step), jnp.float32)
