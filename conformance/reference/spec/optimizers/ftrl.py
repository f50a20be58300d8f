"""keras.optimizers.Ftrl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.engine import functions as f
from conformance.reference.errors import Refused
from conformance.reference.spec.optimizers.base import Optimizer
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


@defines("optimizers.Ftrl")
class Ftrl(Optimizer):
    """keras.optimizers.Ftrl."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        """See Keras.

        Raises:
            Refused: A power above zero, or another number below it.
        """
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
        least = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
            "-learning_rate_power": -learning_rate_power,
        }
        for key, value in least.items():
            if value < 0:
                message = f"Ftrl: {key}={value} must not be negative"
                raise Refused(message)
        self.power, self.initial, self.beta = -learning_rate_power, initial_accumulator_value, beta
        self.l1, self.l2 = l1_regularization_strength, l2_regularization_strength
        self.shrinkage = l2_shrinkage_regularization_strength
        self.slots = [["accumulator", "linear"]]

    def first(self, slot: str, array: Array) -> Array:
        """The accumulator's initial value; the other begins at zero."""
        start = self.initial if slot == "accumulator" else 0.0
        return array.arithmetic.constant(start, array.shape)

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """The documented rule; the root of n stands there for the power that is the default."""
        before, linear = self.recalled(name, "accumulator"), self.recalled(name, "linear")
        counted, shrunk = self.gradients(weight, gradient)
        after = before + f.square(counted)
        scaled = self._scaled(after)
        linear = linear + shrunk - (scaled - self._scaled(before)) / rate * weight
        self.remember(name, "accumulator", after)
        self.remember(name, "linear", linear)
        pull = f.clip(linear, -self.l1, self.l1) - linear if self.l1 else -linear
        return pull / ((scaled + self.beta) / rate + self.held())

    def gradients(self, weight: Array, gradient: Array) -> tuple[Array, Array]:
        """What is squared and what is added up: the gradient of the loss with its L2 penalty."""
        if not self.shrinkage:
            return gradient, gradient
        shrunk = gradient + weight * (2.0 * self.shrinkage)
        return shrunk, shrunk

    def held(self) -> float:
        """What the L2 regularization adds to the divisor."""
        return self.l2

    def _scaled(self, accumulator: Array) -> Array:
        return f.power(accumulator, self.power)
