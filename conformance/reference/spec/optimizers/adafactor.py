"""keras.optimizers.Adafactor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import reshape
from conformance.reference.spec.optimizers.base import Optimizer, turning
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array

NEAR = 1e-6
"""Share by which a number may be the smaller one of two and still be taken for the larger one: the
first step of what is no matrix has the size 1, up to rounding, where the usual threshold is."""
MATRIX = 2
"""Axes from which on squares are kept by rows and columns alone."""


@defines("optimizers.Adafactor")
class Adafactor(Optimizer):
    """keras.optimizers.Adafactor."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            arithmetic,
        )
        self.decay, self.epsilons = beta_2_decay, (epsilon_1, epsilon_2)
        self.threshold, self.relative_step = clip_threshold, relative_step
        self.slots = [["r", "c", "velocity"]]

    def first(self, slot: str, array: Array) -> Array:
        """Zeros: ``r`` without the last axis, ``c`` without the one before it.

        Of what is no matrix neither is of use, and both are a single zero.
        """
        shape = array.shape
        if slot != "velocity" and len(shape) < MATRIX:
            shape = ()
        elif slot == "r":
            shape = shape[:-1]
        elif slot == "c":
            shape = (*shape[:-2], shape[-1])
        return array.arithmetic.constant(0.0, shape)

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """Shazeer and Stern's rule, with means in the place of their sums."""
        turning(gradient, 0.0)
        step = weight.arithmetic.constant(float(self.step + 1))
        mixed = 1.0 - f.power(step, self.decay)
        velocity = self._velocity(name, f.square(gradient) + self.epsilons[0], mixed)
        self.remember(name, "velocity", velocity)
        direction = gradient / f.sqrt(velocity)
        one = weight.arithmetic.constant(1.0)
        held = _larger(_rms(direction) / self.threshold, one)
        least = weight.arithmetic.constant(self.epsilons[1])
        size = _larger(_rms(weight), least) * self.relative(rate, step)
        return weight - direction / held * size

    def relative(self, rate: Array, step: Array) -> Array:
        """A constant learning rate, or one over the root of the step if that is smaller."""
        if self._schedule is not None or not self.relative_step:
            return rate
        return -_larger(-rate, -(1.0 / f.sqrt(step)))

    def _velocity(self, name: str, square: Array, mixed: Array) -> Array:
        def brought(slot: str, mean: Array) -> Array:
            kept = self.recalled(name, slot) * mixed + mean * (1.0 - mixed)
            self.remember(name, slot, kept)
            return kept

        if square.ndim < MATRIX:
            return brought("velocity", square)
        rows, columns = brought("r", square.mean(-1)), brought("c", square.mean(-2))
        shares = rows / rows.mean(-1, keepdims=True)
        shape = columns.shape
        return reshape(shares, (*rows.shape, 1)) * reshape(columns, (*shape[:-1], 1, shape[-1]))


def _larger(a: Array, b: Array) -> Array:
    """The larger of two numbers; of two that are as good as alike the first, as nothing jumps."""
    near = a.value.real >= b.value.real - NEAR * np.abs(b.value.real)
    return f.choose(np.asarray(near), a, b)


def _rms(a: Array) -> Array:
    return f.sqrt(f.square(a).mean(tuple(range(a.ndim))))
