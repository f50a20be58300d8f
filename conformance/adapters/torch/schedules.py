"""keras.optimizers.schedules by torch.optim.lr_scheduler, whose schedulers move an optimizer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim import lr_scheduler

from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Scheduler = Any
    Make = Callable[[Any], Scheduler]

MAX_STEPS = 100_000
"""Steps that a scheduler is moved on at most."""


def exponential_decay(
    step: Tensor,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
) -> Tensor:
    """``optimizers.schedules.ExponentialDecay``: torch's rate is that of one step.

    It is ``decay_rate ** (1 / decay_steps)``. A staircase is StepLR.
    """
    make = exponential(decay_steps, decay_rate, staircase=staircase)
    return _after(step, initial_learning_rate, make)


def exponential(decay_steps: int, decay_rate: float, *, staircase: bool = False) -> Make:
    """What makes the scheduler of an optimizer."""
    if staircase:
        return lambda moved: lr_scheduler.StepLR(moved, decay_steps, gamma=decay_rate)
    return lambda moved: lr_scheduler.ExponentialLR(moved, gamma=decay_rate ** (1 / decay_steps))


def cosine_decay(
    step: Tensor,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: None = None,
    warmup_steps: int = 0,
) -> Tensor:
    """``optimizers.schedules.CosineDecay``: torch's rises again after ``decay_steps``.

    So it is stopped there. Its ``eta_min`` is a rate, not a share.
    """
    least = alpha * initial_learning_rate
    return _after(
        step,
        initial_learning_rate,
        lambda moved: lr_scheduler.CosineAnnealingLR(moved, decay_steps, eta_min=least),
        most=decay_steps,
    )


def warm_cosine_decay(
    step: Tensor,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: float,
    warmup_steps: int = 0,
) -> Tensor:
    """``optimizers.schedules.CosineDecay``: torch's LinearLR can't begin at zero.

    So a warm-up is a function of the step.
    """

    def rate(at: int) -> float:
        if at < warmup_steps:
            share = at / warmup_steps
            return initial_learning_rate + (warmup_target - initial_learning_rate) * share
        share = min(at - warmup_steps, decay_steps) / decay_steps
        fallen = 0.5 * (1.0 + math.cos(math.pi * share))
        return warmup_target * ((1.0 - alpha) * fallen + alpha)

    return _after(step, 1.0, lambda moved: lr_scheduler.LambdaLR(moved, rate))


def polynomial_decay(
    step: Tensor,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> Tensor:
    """``optimizers.schedules.PolynomialDecay``: torch's PolynomialLR always falls to 0, once.

    So it is a function of the step.
    """

    def rate(at: int) -> float:
        steps = decay_steps * (max(math.ceil(at / decay_steps), 1) if cycle else 1)
        left: float = (1.0 - min(at, steps) / steps) ** power
        return (initial_learning_rate - end_learning_rate) * left + end_learning_rate

    return _after(step, 1.0, lambda moved: lr_scheduler.LambdaLR(moved, rate))


def inverse_time_decay(
    step: Tensor,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
) -> Tensor:
    """``optimizers.schedules.InverseTimeDecay`` as a function of the step."""

    def factor(at: int) -> float:
        done = at // decay_steps if staircase else at / decay_steps
        return 1.0 / (1.0 + decay_rate * done)

    return _after(step, initial_learning_rate, lambda moved: lr_scheduler.LambdaLR(moved, factor))


def piecewise_constant_decay(
    step: Tensor, *, boundaries: Sequence[int], values: Sequence[float]
) -> Tensor:
    """``optimizers.schedules.PiecewiseConstantDecay``: a step on a boundary is before it.

    torch's MultiStepLR multiplies by one number each time, so it is a function of the step.
    """

    def rate(at: int) -> float:
        return values[sum(at > boundary for boundary in boundaries)]

    return _after(step, 1.0, lambda moved: lr_scheduler.LambdaLR(moved, rate))


def cosine_decay_restarts(
    step: Tensor,
    *,
    initial_learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
) -> Tensor:
    """``optimizers.schedules.CosineDecayRestarts``: ``eta_min`` is a rate, not a share.

    torch's periods grow by whole numbers, and begin at one rate.
    """
    return _after(
        step,
        initial_learning_rate,
        lambda moved: lr_scheduler.CosineAnnealingWarmRestarts(
            moved, first_decay_steps, int(t_mul), eta_min=alpha * initial_learning_rate
        ),
    )


def _after(step: Tensor, rate: float, make: Make, most: int = MAX_STEPS) -> Tensor:
    """The learning rate of an optimizer whose scheduler has made some steps."""
    count = float(step)
    if step.ndim or count != int(count) or not 0 <= count <= MAX_STEPS:
        raise Unsupported(f"torch's schedulers count whole steps, from 0 to {MAX_STEPS:,} here")
    moved = torch.optim.SGD([torch.zeros(())], lr=rate)
    scheduler = make(moved)
    for _ in range(min(int(count), most)):
        moved.step()
        scheduler.step()
    return torch.tensor(moved.param_groups[0]["lr"], dtype=torch.float32)
