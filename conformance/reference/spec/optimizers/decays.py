"""Learning rates that fall by a power, with time, in pieces, or in cosines that begin again."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.reference.engine import elementary
from conformance.reference.engine import functions as f
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.optimizers.schedules import Schedule
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


def _some(owner: str, name: str, steps: Any) -> None:
    """See that there are steps to decay over.

    Raises:
        Unsupported: There are none, of which the documentation of most says nothing.
    """
    if steps <= 0:
        message = f"{owner}: {name}={steps}: Keras documents no answer"
        raise Unsupported(message)


@defines("optimizers.schedules.PolynomialDecay")
class PolynomialDecay(Schedule):
    """keras.optimizers.schedules.PolynomialDecay."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: ``decay_steps`` is not positive.
        """
        super().__init__(name, arithmetic)
        if decay_steps <= 0:
            message = f"PolynomialDecay: decay_steps={decay_steps} must be positive"
            raise Refused(message, at="call")
        self.initial, self.end = float(initial_learning_rate), float(end_learning_rate)
        self.decay_steps, self.power, self.cycle = decay_steps, float(power), cycle

    def rate(self, step: int) -> Array:
        """``(initial - end) * (1 - step / steps)**power + end``.

        Raises:
            Unsupported: The end of a cycle: the formula says that the rate is the last one there,
                the sentence above it that the next cycle has begun.
        """
        steps = self.decay_steps
        if self.cycle:
            if step and step % steps == 0:
                message = "PolynomialDecay: at the end of a cycle Keras documents two answers"
                raise Unsupported(message)
            steps *= max(-(-step // steps), 1)
        done = min(step, steps)
        reach = self.arithmetic.constant(self.initial) - self.end
        if done == steps and self.power:
            return reach * 0.0 + self.end
        left = 1.0 - self.fraction(done, steps)
        made = self.arithmetic.combine(elementary.POWER, left, self.arithmetic.constant(self.power))
        return reach * self.arithmetic.result(made) + self.end


@defines("optimizers.schedules.InverseTimeDecay")
class InverseTimeDecay(Schedule):
    """keras.optimizers.schedules.InverseTimeDecay."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, arithmetic)
        _some("InverseTimeDecay", "decay_steps", decay_steps)
        self.initial, self.decay_steps = float(initial_learning_rate), decay_steps
        self.decay_rate, self.staircase = float(decay_rate), staircase

    def rate(self, step: int) -> Array:
        """``initial / (1 + rate * step / steps)``; whole divisions on a staircase."""
        done = self.fraction(step, self.decay_steps)
        if self.staircase:
            done = self.arithmetic.constant(float(step // self.decay_steps))
        return self.arithmetic.constant(self.initial) / (done * self.decay_rate + 1.0)


@defines("optimizers.schedules.PiecewiseConstantDecay")
class PiecewiseConstantDecay(Schedule):
    """keras.optimizers.schedules.PiecewiseConstantDecay."""

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: There isn't one value more than boundaries.
        """
        super().__init__(name, arithmetic)
        if len(boundaries) != len(values) - 1:
            message = (
                f"PiecewiseConstantDecay: {len(values)} values beside {len(boundaries)} boundaries"
            )
            raise Refused(message, at="call")
        self.boundaries, self.values = boundaries, values

    def rate(self, step: int) -> Array:
        """The value of the first boundary that the step has not passed, else the last one."""
        passed = sum(step > boundary for boundary in self.boundaries)
        return self.arithmetic.constant(float(self.values[passed]))


@defines("optimizers.schedules.CosineDecayRestarts")
class CosineDecayRestarts(Schedule):
    """keras.optimizers.schedules.CosineDecayRestarts."""

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, arithmetic)
        _some("CosineDecayRestarts", "first_decay_steps", first_decay_steps)
        self.initial, self.first_decay_steps = float(initial_learning_rate), first_decay_steps
        self.t_mul, self.m_mul, self.alpha = float(t_mul), float(m_mul), float(alpha)

    def rate(self, step: int) -> Array:
        """Half a cosine from the period's own first rate down to alpha of the very first.

        Each period is ``t_mul`` times as long as the one before and begins at ``m_mul`` times its
        rate: ``m_mul**i`` of the initial one. The least rate is a share of the initial one.
        """
        length, start, restarts = Fraction(self.first_decay_steps), Fraction(0), 0
        while start + length <= step:
            start, length, restarts = start + length, length * Fraction(self.t_mul), restarts + 1
        done = self._fraction(step, restarts)
        top = self.arithmetic.constant(self.m_mul**restarts)
        share = (f.cosine(done * math.pi) + 1.0) * 0.5
        return ((top - self.alpha) * share + self.alpha) * self.initial

    def _fraction(self, step: int, restarts: int) -> Array:
        """How much of the period is done; long sums are off by their own rounding."""
        done = self.fraction(step, self.first_decay_steps)
        times = self.arithmetic.constant(self.t_mul)
        for _ in range(restarts):
            done = (done - 1.0) / times
        return done
