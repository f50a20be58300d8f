"""keras.optimizers.schedules by torch.optim.lr_scheduler: each makes the scheduler of an optimizer.

Its ``step`` is called after each of the optimizer's, as torch has it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from torch.optim import lr_scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence


def begun(optimizer: Any, rate: float) -> Any:
    """An optimizer that begins at this learning rate, which schedulers multiply."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    return optimizer


def exponential_decay(
    optimizer: Any,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
) -> Any:
    """``optimizers.schedules.ExponentialDecay``: torch's rate is that of one step.

    It is ``decay_rate ** (1 / decay_steps)``. A staircase is StepLR.
    """
    optimizer = begun(optimizer, initial_learning_rate)
    if staircase:
        return lr_scheduler.StepLR(optimizer, decay_steps, gamma=decay_rate)
    return lr_scheduler.ExponentialLR(optimizer, gamma=decay_rate ** (1 / decay_steps))


class Falling(lr_scheduler.CosineAnnealingLR):  # type: ignore[misc] # torch is not followed
    """torch's rises again after its last step; this one stays."""

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next step."""
        if self.last_epoch < self.T_max:
            super().step(epoch)


def cosine_decay(
    optimizer: Any,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: None = None,
    warmup_steps: int = 0,
) -> Any:
    """``optimizers.schedules.CosineDecay``: torch's rises again after ``decay_steps``.

    So it is stopped there. Its ``eta_min`` is a rate, not a share.
    """
    optimizer = begun(optimizer, initial_learning_rate)
    return Falling(optimizer, decay_steps, eta_min=alpha * initial_learning_rate)


def warm_cosine_decay(
    optimizer: Any,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: float,
    warmup_steps: int = 0,
) -> Any:
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

    return lr_scheduler.LambdaLR(begun(optimizer, 1.0), rate)


def polynomial_decay(
    optimizer: Any,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> Any:
    """``optimizers.schedules.PolynomialDecay``: torch's PolynomialLR always falls to 0, once.

    So it is a function of the step.
    """

    def rate(at: int) -> float:
        steps = decay_steps * (max(math.ceil(at / decay_steps), 1) if cycle else 1)
        left: float = (1.0 - min(at, steps) / steps) ** power
        return (initial_learning_rate - end_learning_rate) * left + end_learning_rate

    return lr_scheduler.LambdaLR(begun(optimizer, 1.0), rate)


def inverse_time_decay(
    optimizer: Any,
    *,
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
) -> Any:
    """``optimizers.schedules.InverseTimeDecay`` as a function of the step."""

    def factor(at: int) -> float:
        done = at // decay_steps if staircase else at / decay_steps
        return 1.0 / (1.0 + decay_rate * done)

    return lr_scheduler.LambdaLR(begun(optimizer, initial_learning_rate), factor)


def piecewise_constant_decay(
    optimizer: Any, *, boundaries: Sequence[int], values: Sequence[float]
) -> Any:
    """``optimizers.schedules.PiecewiseConstantDecay``: a step on a boundary is before it.

    torch's MultiStepLR multiplies by one number each time, so it is a function of the step.
    """

    def rate(at: int) -> float:
        return values[sum(at > boundary for boundary in boundaries)]

    return lr_scheduler.LambdaLR(begun(optimizer, 1.0), rate)


def cosine_decay_restarts(
    optimizer: Any,
    *,
    initial_learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
) -> Any:
    """``optimizers.schedules.CosineDecayRestarts``: ``eta_min`` is a rate, not a share.

    torch's periods grow by whole numbers, and begin at one rate.
    """
    if m_mul != 1.0 or t_mul != int(t_mul):
        raise NotImplementedError("torch's periods grow by whole numbers, and begin at one rate")
    return lr_scheduler.CosineAnnealingWarmRestarts(
        begun(optimizer, initial_learning_rate),
        first_decay_steps,
        int(t_mul),
        eta_min=alpha * initial_learning_rate,
    )
