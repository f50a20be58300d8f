"""Learning rates that change from step to step: keras.optimizers.schedules."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import elementary
from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import real, whole
from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.table import defines, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Tensor


class Schedule(ABC):
    """Takes a step, counted from 0, to a learning rate in floatx."""

    def __init__(self, name: str, arithmetic: Arithmetic) -> None:
        """The name changes nothing."""
        self.name = name
        self.arithmetic = arithmetic.at(FLOATX)

    def __call__(self, step: Tensor | int) -> Array:
        """The learning rate of a step.

        Raises:
            Unsupported: The step is no single integer.
        """
        values = np.asarray(step) if isinstance(step, int) else whole(real(step))
        if values.shape:
            message = (
                f"{type(self).__name__}: a step of shape {values.shape} is not in the reference"
            )
            raise Unsupported(message)
        return self.rate(int(values))

    @abstractmethod
    def rate(self, step: int) -> Array:
        """The learning rate of a step."""

    def fraction(self, step: int, steps: int) -> Array:
        """How much of so many steps has been done."""
        return self.arithmetic.constant(float(step)) / float(steps)


@defines("optimizers.schedules.CosineDecay")
class CosineDecay(Schedule):
    """keras.optimizers.schedules.CosineDecay."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, arithmetic)
        self.initial = float(initial_learning_rate)
        self.decay_steps, self.alpha = decay_steps, float(alpha)
        self.target, self.warmup_steps = warmup_target, warmup_steps

    def rate(self, step: int) -> Array:
        """Straight from the initial rate to the target, then half a cosine down to alpha of it."""
        if self.target is None:
            return self._decayed(step, self.initial)
        if step < self.warmup_steps:
            reach = self.arithmetic.constant(float(self.target)) - self.initial
            return reach * self.fraction(step, self.warmup_steps) + self.initial
        return self._decayed(step - self.warmup_steps, float(self.target))

    def _decayed(self, step: int, top: float) -> Array:
        done = self.fraction(min(step, self.decay_steps), self.decay_steps)
        cosine = (f.cosine(done * math.pi) + 1.0) * 0.5
        share = cosine * (1.0 - self.arithmetic.constant(self.alpha)) + self.alpha
        return share * top


@defines("optimizers.schedules.ExponentialDecay")
class ExponentialDecay(Schedule):
    """keras.optimizers.schedules.ExponentialDecay."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: ``decay_steps`` is not positive.
        """
        super().__init__(name, arithmetic)
        if decay_steps <= 0:
            message = f"ExponentialDecay: decay_steps={decay_steps} must be positive"
            raise Refused(message)
        self.initial, self.decay_steps = float(initial_learning_rate), decay_steps
        self.decay_rate, self.staircase = float(decay_rate), staircase

    def rate(self, step: int) -> Array:
        """``initial · rate**(step / decay_steps)``; an integer division on a staircase."""
        power = self.fraction(step, self.decay_steps)
        if self.staircase:
            power = self.arithmetic.constant(float(step // self.decay_steps))
        base = self.arithmetic.constant(self.decay_rate)
        made = self.arithmetic.combine(elementary.POWER, base, power)
        return self.arithmetic.result(made) * self.initial


def learning_rate(value: Any, arithmetic: Arithmetic) -> float | Schedule:
    """The argument of an optimizer: a number, or ``{"CosineDecay": {…}}``.

    Raises:
        Unsupported: It is neither.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        message = f"learning_rate={value!r} is not in the reference: a number or one schedule"
        raise Unsupported(message)
    ((name, config),) = value.items()
    given: Mapping[str, Any] = config or {}
    schedule: Schedule = find(f"optimizers.schedules.{name}")(**given, arithmetic=arithmetic)
    return schedule
