"""keras.optimizers.Adagrad and Adadelta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.engine import functions as f
from conformance.reference.spec.optimizers.base import Optimizer, turning
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


@defines("optimizers.Adagrad")
class Adagrad(Optimizer):
    """keras.optimizers.Adagrad."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
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
        self.initial, self.epsilon = initial_accumulator_value, epsilon
        self.slots = [["accumulator"]]

    def first(self, slot: str, array: Array) -> Array:  # noqa: ARG002 (there is but one)
        """The accumulator's initial value."""
        return array.arithmetic.constant(self.initial, array.shape)

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """The gradient over the root of all its squares so far.

        The paper that Keras cites adds its small constant to that root.
        """
        turning(gradient, self.initial**0.5 + self.epsilon)
        square = self.recalled(name, "accumulator") + f.square(gradient)
        self.remember(name, "accumulator", square)
        return weight - gradient * rate / self.rooted(square)

    def rooted(self, square: Array) -> Array:
        """What the gradient is divided by."""
        return f.sqrt(square) + self.epsilon


@defines("optimizers.Adadelta")
class Adadelta(Optimizer):
    """keras.optimizers.Adadelta."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
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
        self.rho, self.epsilon = rho, epsilon
        self.slots = [["accumulated_grad", "accumulated_delta_var"]]

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """Zeiler's rule, whose epsilon is under both roots; the learning rate scales the step."""
        turning(gradient, self.epsilon**0.5)
        rho, epsilon = self.rho, self.epsilon
        moves = self.recalled(name, "accumulated_delta_var")
        square = self.recalled(name, "accumulated_grad") * rho + f.square(gradient) * (1.0 - rho)
        step = gradient * f.sqrt(moves + epsilon) / f.sqrt(square + epsilon)
        self.remember(name, "accumulated_grad", square)
        self.remember(name, "accumulated_delta_var", moves * rho + f.square(step) * (1.0 - rho))
        return weight - step * rate
