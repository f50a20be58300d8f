"""keras.losses, and the losses that training takes by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from conformance.reference.engine.array import Array
from conformance.reference.errors import Unsupported
from conformance.reference.spec.config import Config
from conformance.reference.spec.losses.regression import mean_absolute_error, mean_squared_error

if TYPE_CHECKING:
    from conformance.cases.model import Named

Loss = Callable[[Array, Array], Array]
"""Takes target and prediction to one number."""


LOSSES: dict[str, Loss] = {
    "mean_squared_error": mean_squared_error,
    "mse": mean_squared_error,
    "MeanSquaredError": mean_squared_error,
    "mean_absolute_error": mean_absolute_error,
    "mae": mean_absolute_error,
    "MeanAbsoluteError": mean_absolute_error,
}
"""Losses that yield one number for each sample, before they are reduced."""


def make_loss(named: Named) -> Loss:
    """The loss with its reduction: by default the sum over the batch, divided by its size.

    Raises:
        Unsupported: The reference does not have the loss or an argument.
    """
    if named.name not in LOSSES:
        message = f"the loss {named.name} is not in the reference (it has {', '.join(LOSSES)})"
        raise Unsupported(message)
    config = Config(named.name, named.config)
    reduction = config.choice(
        "reduction", ("sum_over_batch_size", "mean", "sum"), "sum_over_batch_size"
    )
    config.finish()
    function = LOSSES[named.name]

    def loss(target: Array, prediction: Array) -> Array:
        samples = function(target, prediction)
        return samples.sum() if reduction == "sum" else samples.mean()

    return loss
