"""keras.optimizers.Adamax and Nadam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.engine import functions as f
from conformance.reference.spec.optimizers.base import Optimizer, turning
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array

BASE = 0.96
"""What Nadam's schedule of momentum takes to a power."""
SPAN = 250
"""Steps in which that power rises by one."""


@defines("optimizers.Adamax")
class Adamax(Optimizer):
    """keras.optimizers.Adamax."""

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
        self.betas, self.epsilon = (beta_1, beta_2), epsilon
        self.slots = [["momentum", "norm"]]

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """The documented rule: Adam with the largest gradient in the place of the root."""
        turning(gradient, self.epsilon)
        mean = self.recalled(name, "momentum")
        mean = mean + (gradient - mean) * (1.0 - self.betas[0])
        norm = f.maximum(self.recalled(name, "norm") * self.betas[1], f.absolute(gradient))
        self.remember(name, "momentum", mean)
        self.remember(name, "norm", norm)
        decay = f.power(weight.arithmetic.constant(self.betas[0]), self.step + 1)
        return weight - mean * (rate / (1.0 - decay)) / (norm + self.epsilon)


@defines("optimizers.Nadam")
class Nadam(Optimizer):
    """keras.optimizers.Nadam.

    Attributes:
        span: Steps in which the power of the schedule of momentum rises by one.
    """

    span = SPAN

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
        self.betas, self.epsilon = (beta_1, beta_2), epsilon
        self.slots = [["momentum", "velocity"]]

    def build(self, variables: Mapping[str, Array]) -> None:
        """Beside the slots, the product of all momenta so far."""
        super().build(variables)
        first = next(iter(variables.values()))
        self._kept["u_product"] = first.arithmetic.constant(1.0)

    def _move(self, gradients: dict[str, Array]) -> None:
        product = self._kept["u_product"]
        moment = self._moment(product, self.step + 1)
        self._kept["u_product"] = (product * moment).detached()
        super()._move(gradients)

    def _moment(self, like: Array, step: int) -> Array:
        """The warming schedule: ``beta_1 * (1 - 0.96**(t / 250) / 2)`` at step t.

        Keras's docstring leaves it to the paper; Keras 2 and torch have this one.
        """
        base = f.power(like.arithmetic.constant(BASE), step / self.span)
        return (1.0 - base * 0.5) * self.betas[0]

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """Adam, in whose place of the mean stands the one that Nesterov's next step would have.

        Epsilon is the "epsilon hat" of Kingma and Ba's formula, which is added to the root before
        its bias is corrected.
        """
        turning(gradient, self.epsilon)
        step = self.step + 1
        now, then = self._moment(weight, step), self._moment(weight, step + 1)
        product = self._kept["u_product"]
        mean, square = self.recalled(name, "momentum"), self.recalled(name, "velocity")
        # Computed in the arithmetic: a float32 0.999 is off by u/2, and one minus it by much more.
        left = [1.0 - weight.arithmetic.constant(beta) for beta in self.betas]
        mean = mean + (gradient - mean) * left[0]
        square = square + (f.square(gradient) - square) * left[1]
        self.remember(name, "momentum", mean)
        self.remember(name, "velocity", square)
        ahead = mean * then / (1.0 - product * then) + gradient * (1.0 - now) / (1.0 - product)
        decay = f.power(weight.arithmetic.constant(self.betas[1]), step)
        return weight - ahead * rate * f.sqrt(1.0 - decay) / (f.sqrt(square) + self.epsilon)
