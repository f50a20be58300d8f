"""keras.optimizers, and the optimizers that training takes by their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.config import Config
from conformance.reference.spec.optimizers import adam, sgd

if TYPE_CHECKING:
    from conformance.cases.model import Named
    from conformance.reference.engine.array import Array

_ONLY_NONE = (
    "weight_decay",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)


class Optimizer(ABC):
    """Updates weights one by one; what it remembers of a weight is kept under the weight's name."""

    def __init__(self, config: Config) -> None:
        """Args that every optimizer has."""
        for name in _ONLY_NONE:
            config.only(name, None)
        config.only("use_ema", value=False)
        config.get("ema_momentum")  # without effect while use_ema is false
        self.slots: dict[tuple[str, str], Array] = {}
        self.steps = 0

    def remembered(self, name: str, slot: str, like: Array) -> Array:
        """A slot's array; zeros before the first step."""
        zeros = like.arithmetic.constant(0.0, like.shape)
        return self.slots.get((name, slot), zeros)

    @abstractmethod
    def update(self, name: str, weight: Array, gradient: Array) -> Array:
        """The weight after one step. ``steps`` has been raised already."""


class SGD(Optimizer):
    """keras.optimizers.SGD."""

    def __init__(self, config: Config) -> None:
        """Args: learning_rate, momentum, nesterov."""
        super().__init__(config)
        self.learning_rate = config.number("learning_rate", 0.01)
        self.momentum = config.number("momentum", 0.0)
        self.nesterov = config.flag("nesterov", default=False)
        if not 0 <= self.momentum <= 1:
            message = f"SGD: momentum must lie between 0 and 1, not {self.momentum}"
            raise Refused(message)

    def update(self, name: str, weight: Array, gradient: Array) -> Array:
        """``v = momentum * v - learning_rate * g``, then ``w + v``.

        With nesterov ``w + momentum * v - learning_rate * g``, without momentum
        ``w - learning_rate * g``.
        """
        before = self.remembered(name, "velocity", weight) if self.momentum else None
        step = gradient * self.learning_rate
        weight, velocity = sgd.moved(weight, step, before, self.momentum, nesterov=self.nesterov)
        if velocity is not None:
            self.slots[name, "velocity"] = velocity
        return weight


class Adam(Optimizer):
    """keras.optimizers.Adam."""

    def __init__(self, config: Config) -> None:
        """Args: learning_rate, beta_1, beta_2, epsilon, amsgrad."""
        super().__init__(config)
        self.learning_rate = config.number("learning_rate", 0.001)
        self.beta_1 = config.number("beta_1", 0.9)
        self.beta_2 = config.number("beta_2", 0.999)
        self.epsilon = config.number("epsilon", 1e-7)
        self.amsgrad = config.flag("amsgrad", default=False)

    def update(self, name: str, weight: Array, gradient: Array) -> Array:
        """Kingma and Ba's rule with the bias correction in the step size, as Keras has it."""
        before = adam.Moments(
            self.remembered(name, "m", weight),
            self.remembered(name, "v", weight),
            self.remembered(name, "vhat", weight) if self.amsgrad else None,
        )
        weight, after = adam.moved(
            weight,
            gradient,
            before,
            self.learning_rate,
            (self.beta_1, self.beta_2),
            epsilon=self.epsilon,
            step=self.steps,
        )
        self.slots[name, "m"], self.slots[name, "v"] = after.first, after.second
        if after.largest is not None:
            self.slots[name, "vhat"] = after.largest
        return weight


OPTIMIZERS: dict[str, type[Optimizer]] = {"SGD": SGD, "sgd": SGD, "Adam": Adam, "adam": Adam}


def make_optimizer(named: Named) -> Optimizer:
    """A fresh optimizer.

    Raises:
        Unsupported: The reference does not have it or an argument.
    """
    if named.name not in OPTIMIZERS:
        message = (
            f"the optimizer {named.name} is not in the reference (it has {', '.join(OPTIMIZERS)})"
        )
        raise Unsupported(message)
    config = Config(named.name, named.config)
    optimizer = OPTIMIZERS[named.name](config)
    config.finish()
    return optimizer
