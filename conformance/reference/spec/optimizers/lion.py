"""keras.optimizers.Lion and Lamb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.errors import Unsupported
from conformance.reference.spec.optimizers.base import Optimizer, norm, turning
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


@defines("optimizers.Lion")
class Lion(Optimizer):
    """keras.optimizers.Lion."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        self.betas = beta_1, beta_2
        self.slots = [["momentum"]]

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """A step of the learning rate along the sign of what one rate mixes; another remembers."""
        mean = self.recalled(name, "momentum")
        # Computed in the arithmetic: a float32 0.99 is off by u/2, and one minus it by much more.
        kept = [weight.arithmetic.constant(beta) for beta in self.betas]
        mixed = mean * kept[0] + gradient * (1.0 - kept[0])
        mixed.arithmetic.jump(mixed, np.abs(mixed.value.real))
        one = mixed.arithmetic.constant(1.0, mixed.shape)
        sign = f.choose(mixed.value.real > 0, one, f.choose(mixed.value.real < 0, -one, one * 0.0))
        self.remember(name, "momentum", mean * kept[1] + gradient * (1.0 - kept[1]))
        return weight - sign * rate


@defines("optimizers.Lamb")
class Lamb(Optimizer):
    """keras.optimizers.Lamb."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
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
            Unsupported: A weight decay: the paper counts it in the ratio, which Keras doesn't say.
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
        if weight_decay is not None:
            message = "Lamb with weight_decay: Keras documents no answer"
            raise Unsupported(message)
        self.betas, self.epsilon = (beta_1, beta_2), epsilon
        self.slots = [["momentum", "velocity"]]

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """Adam's step, as long as the learning rate's share of the weight's norm."""
        turning(gradient, self.epsilon)
        mean, square = self.recalled(name, "momentum"), self.recalled(name, "velocity")
        mean = mean + (gradient - mean) * (1.0 - self.betas[0])
        square = square + (f.square(gradient) - square) * (1.0 - self.betas[1])
        self.remember(name, "momentum", mean)
        self.remember(name, "velocity", square)
        left = [
            1.0 - f.power(weight.arithmetic.constant(beta), self.step + 1) for beta in self.betas
        ]
        step = mean / left[0] / (f.sqrt(square / left[1]) + self.epsilon)
        return weight - step * self.ratio(weight, step) * rate

    def ratio(self, weight: Array, step: Array) -> Array:
        """The norm of the weight over that of the step; 1 where either is nought."""
        if not weight.value.any() or not step.value.any():
            return weight.arithmetic.constant(1.0)
        return norm([weight]) / norm([step])
