"""keras.optimizers.RMSprop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.engine import functions as f
from conformance.reference.spec.optimizers.base import Optimizer, turning
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


@defines("optimizers.RMSprop")
class RMSprop(Optimizer):
    """keras.optimizers.RMSprop."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.rho, self.momentum, self.epsilon = rho, momentum, epsilon
        self.centered = centered
        self.slots = [
            ["velocity"],
            *([["momentum"]] if momentum else []),
            *([["average_gradient"]] if centered else []),
        ]

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """The gradient over the root of its mean square, or of its variance; then momentum.

        Epsilon is the "epsilon hat" of Kingma and Ba's formula, which is added to the root.
        """
        turning(gradient, self.epsilon)
        rho = self.rho
        square = self.recalled(name, "velocity") * rho + f.square(gradient) * (1.0 - rho)
        self.remember(name, "velocity", square)
        if self.centered:
            mean = self.recalled(name, "average_gradient") * rho + gradient * (1.0 - rho)
            self.remember(name, "average_gradient", mean)
            square = square - f.square(mean)
        step = gradient * rate / self.rooted(square)
        if self.momentum:
            step = self.recalled(name, "momentum") * self.momentum + step
            self.remember(name, "momentum", step)
        return weight - step

    def rooted(self, square: Array) -> Array:
        """What the gradient is divided by."""
        return f.sqrt(square) + self.epsilon
