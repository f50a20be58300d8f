"""keras.optimizers.SGD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.errors import Refused
from conformance.reference.spec.optimizers.base import Optimizer
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


def moved(
    weight: Array, step: Array, velocity: Array | None, momentum: float, *, nesterov: bool
) -> tuple[Array, Array | None]:
    """``v = momentum * v - step``, then ``w + v``; with nesterov ``w + momentum * v - step``.

    Args:
        weight: Before.
        step: The gradient times the learning rate.
        velocity: Before; none without momentum.
        momentum: Share of the velocity that stays.
        nesterov: Whether the weight goes where the new velocity takes it next.

    Returns:
        Weight and velocity afterwards.
    """
    if velocity is None:
        return weight - step, None
    velocity = velocity * momentum - step
    return weight + (velocity * momentum - step if nesterov else velocity), velocity


@defines("optimizers.SGD")
class SGD(Optimizer):
    """keras.optimizers.SGD."""

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
            Refused: The momentum lies outside of 0..1.
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
        if not 0 <= momentum <= 1:
            message = f"SGD: momentum must lie between 0 and 1, not {momentum}"
            raise Refused(message)
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = [["momentum"]] if momentum else []

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """The documented rule, with the velocity in the slot ``momentum``."""
        before = self.recalled(name, "momentum") if self.momentum else None
        weight, velocity = moved(
            weight, gradient * rate, before, self.momentum, nesterov=self.nesterov
        )
        if velocity is not None:
            self.remember(name, "momentum", velocity)
        return weight
