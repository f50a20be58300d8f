"""Training steps with torch's own optimizers and losses, in Keras's terms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.training import loss_of as bound
from conformance.adapters.native.training import weighs
from conformance.adapters.torch import losses
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor


LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean_squared_error": F.mse_loss,
    "mse": F.mse_loss,
    "MeanSquaredError": F.mse_loss,
    "mean_absolute_error": F.l1_loss,
    "mae": F.l1_loss,
    "MeanAbsoluteError": F.l1_loss,
}
"""Those whose mean over everything is Keras's mean over the last axis, then over the batch."""

REDUCED: Mapping[str, Callable[..., Tensor]] = {
    "Huber": losses.huber,
    "MeanSquaredError": losses.mean_squared_error,
    "BinaryCrossentropy": losses.binary_crossentropy,
    "SparseCategoricalCrossentropy": losses.sparse_categorical_crossentropy,
}
"""Those that take Keras's arguments, and weights of samples."""


class Optimizer:
    """A torch optimizer that is told Keras's arguments."""

    def __init__(self, name: str, config: Mapping[str, Any], weights: list[Tensor]) -> None:
        """Make it.

        Args:
            name: ``SGD`` or ``Adam``.
            config: Keras's arguments of it.
            weights: The leaves to train.

        Raises:
            Unsupported: Another optimizer, or an argument that is not handled.
        """
        given = dict(config)
        rate = given.pop("learning_rate", 0.01 if name == "SGD" else 0.001)
        self._epsilon: float | None = None
        self._steps = 0
        if name == "SGD":
            self._optimizer = torch.optim.SGD(
                weights,
                lr=rate,
                momentum=given.pop("momentum", 0.0),
                nesterov=given.pop("nesterov", False),
            )
        elif name == "Adam":
            self._epsilon = given.pop("epsilon", 1e-7)
            self._beta = given.pop("beta_2", 0.999)
            self._optimizer = torch.optim.Adam(
                weights, lr=rate, betas=(given.pop("beta_1", 0.9), self._beta)
            )
        else:
            raise Unsupported(f"this adapter has no native counterpart for the optimizer {name}")
        left = [key for key, value in given.items() if value is not None and value is not False]
        if left:
            raise Unsupported(f"{name}: the arguments {left} are not handled here")

    def step(self, loss: Tensor) -> None:
        """Differentiate the loss and move the weights once."""
        self._steps += 1
        if self._epsilon is not None:
            # Keras adds epsilon before it corrects the bias of the second moment, torch after.
            corrected = self._epsilon / math.sqrt(1 - self._beta**self._steps)
            self._optimizer.param_groups[0]["eps"] = corrected
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()


def loss_of(train: Mapping[str, Any]) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss of a training, as a function of (answer, target).

    Raises:
        Unsupported: Another loss, or an argument that is not handled.
    """
    name = train["loss"]["name"]
    if name in LOSSES and not train["loss"].get("config") and not weighs(train):
        return LOSSES[name]
    return bound(REDUCED, train, lambda numbers: torch.tensor(numbers, dtype=torch.float32))
