"""keras.optimizers.Adam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.reference.engine.functions import maximum, power, sqrt
from conformance.reference.errors import Refused
from conformance.reference.spec.optimizers.base import Optimizer, turning
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


class Moments(NamedTuple):
    """What Adam remembers of a weight: mean, mean square, and the largest mean square so far."""

    first: Array
    second: Array
    largest: Array | None = None


def moved(
    weight: Array,
    gradient: Array,
    moments: Moments,
    rate: Array | float,
    betas: tuple[float, float],
    *,
    epsilon: float,
    step: int,
) -> tuple[Array, Moments]:
    """Kingma and Ba's rule with the bias correction in the step size, as Keras has it.

    Args:
        weight: Before.
        gradient: Of this step.
        moments: Before; with ``largest`` the rule is AMSGrad's.
        rate: Learning rate.
        betas: Decay of both moments.
        epsilon: Added to the root.
        step: Counted from 1.

    Returns:
        Weight and moments afterwards.
    """
    turning(gradient, epsilon)
    first = moments.first + (gradient - moments.first) * (1.0 - betas[0])
    second = moments.second + (gradient * gradient - moments.second) * (1.0 - betas[1])
    root = second
    largest = None
    if moments.largest is not None:
        largest = root = maximum(moments.largest, second)
    # Computed in the arithmetic: 1 - beta**t cancels, and a float32 0.999 is off by u/2.
    decay_1 = power(weight.arithmetic.constant(betas[0]), step)
    decay_2 = power(weight.arithmetic.constant(betas[1]), step)
    size = rate * sqrt(1.0 - decay_2) / (1.0 - decay_1)
    return weight - first * size / (sqrt(root) + epsilon), Moments(first, second, largest)


@defines("optimizers.Adam")
class Adam(Optimizer):
    """keras.optimizers.Adam."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        self.betas, self.epsilon, self.amsgrad = (beta_1, beta_2), epsilon, amsgrad
        self.slots = [["momentum", "velocity"], *([["velocity_hat"]] if amsgrad else [])]

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """The documented rule; the slots are ``momentum``, ``velocity``, ``velocity_hat``."""
        before = Moments(
            self.recalled(name, "momentum"),
            self.recalled(name, "velocity"),
            self.recalled(name, "velocity_hat") if self.amsgrad else None,
        )
        weight, after = moved(
            weight, gradient, before, rate, self.betas, epsilon=self.epsilon, step=self.step + 1
        )
        self.remember(name, "momentum", after.first)
        self.remember(name, "velocity", after.second)
        if after.largest is not None:
            self.remember(name, "velocity_hat", after.largest)
        return weight


@defines("optimizers.AdamW")
class AdamW(Adam):
    """keras.optimizers.AdamW: Adam, whose weight decay can't be left out."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
            Refused: No weight decay.
        """
        if weight_decay is None:
            message = "AdamW: weight_decay must be a number"
            raise Refused(message)
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
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
            arithmetic=arithmetic,
        )
