"""keras.optimizers.schedules by optax: each makes a function of the step, counted from 0."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import optax

if TYPE_CHECKING:
    from collections.abc import Sequence


def exponential_decay(
    *,
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
) -> Any:
    """``optimizers.schedules.ExponentialDecay``: ``decay_steps`` are ``transition_steps``."""
    return optax.exponential_decay(
        initial_learning_rate, decay_steps, decay_rate, staircase=staircase
    )


def cosine_decay(
    *,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: None = None,
    warmup_steps: int = 0,
) -> Any:
    """``optimizers.schedules.CosineDecay``."""
    return optax.cosine_decay_schedule(initial_learning_rate, decay_steps, alpha)


def warm_cosine_decay(
    *,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: float,
    warmup_steps: int = 0,
) -> Any:
    """``optimizers.schedules.CosineDecay``: optax's ``decay_steps`` hold the warm-up.

    Its ``end_value`` is a rate, not a share.
    """
    return optax.warmup_cosine_decay_schedule(
        init_value=initial_learning_rate,
        peak_value=warmup_target,
        warmup_steps=warmup_steps,
        decay_steps=warmup_steps + decay_steps,
        end_value=alpha * warmup_target,
    )


def polynomial_decay(
    *,
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
) -> Any:
    """``optimizers.schedules.PolynomialDecay``: ``decay_steps`` are ``transition_steps``."""
    return optax.polynomial_schedule(initial_learning_rate, end_learning_rate, power, decay_steps)


def piecewise_constant_decay(*, boundaries: Sequence[int], values: Sequence[float]) -> Any:
    """``optimizers.schedules.PiecewiseConstantDecay``: optax's boundaries belong to what follows.

    Its numbers are factors, so constants are joined.
    """
    constants = [optax.constant_schedule(value) for value in values]
    return optax.join_schedules(constants, [one + 1 for one in boundaries])


def cosine_decay_restarts(
    *,
    initial_learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
) -> Any:
    """``optimizers.schedules.CosineDecayRestarts``: periods are joined, of which 16 are made."""
    lengths = [first_decay_steps * t_mul**i for i in range(16)]
    periods = [
        optax.cosine_decay_schedule(initial_learning_rate * m_mul**i, length, alpha / m_mul**i)
        for i, length in enumerate(lengths)
    ]
    return optax.join_schedules(periods, list(itertools.accumulate(lengths))[:-1])
