"""Training steps with torch's own optimizers and losses, in Keras's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.functions import parameters
from conformance.adapters.native.optimizers import COMMON
from conformance.adapters.native.training import loss_of as bound
from conformance.adapters.native.training import weighs
from conformance.adapters.torch import losses, optimizers
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
    "Huber": losses.Huber,
    "huber": losses.Huber,
    "MeanSquaredError": losses.MeanSquaredError,
    "mean_squared_error": losses.MeanSquaredError,
    "BinaryCrossentropy": losses.BinaryCrossentropy,
    "binary_crossentropy": losses.BinaryCrossentropy,
    "SparseCategoricalCrossentropy": losses.SparseCategoricalCrossentropy,
    "sparse_categorical_crossentropy": losses.SparseCategoricalCrossentropy,
}
"""Those that take Keras's arguments, and weights of samples."""


OPTIMIZERS: Mapping[str, Any] = {"SGD": optimizers.SGD, "Adam": optimizers.Adam}


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
        if name not in OPTIMIZERS:
            raise Unsupported(f"this adapter has no native counterpart for the optimizer {name}")
        known = {*COMMON, *(one.name for one in parameters(OPTIMIZERS[name]))}
        given = {key: value for key, value in config.items() if key in known}
        left = [
            key
            for key in config
            if key not in given and config[key] is not None and config[key] is not False
        ]
        if left:
            raise Unsupported(f"{name}: the arguments {left} are not handled here")
        self._optimizer = OPTIMIZERS[name](weights, **given)

    def step(self, loss: Tensor) -> None:
        """Differentiate the loss and move the weights once."""
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
