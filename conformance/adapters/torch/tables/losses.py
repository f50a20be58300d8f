"""keras.losses as functions of torch. Data only: no torch is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import Own, Row
from conformance.adapters.native.losses import REDUCTIONS

_ONLY = {"reduction": REDUCTIONS}


def _loss(function: str, symbol: str) -> list[Row]:
    return [Own("losses", function, symbol, only=_ONLY)]


LOSSES: dict[str, list[Row]] = {
    "losses.Huber": _loss("huber", "torch.nn.functional.huber_loss"),
    "losses.MeanSquaredError": _loss("mean_squared_error", "torch.nn.functional.mse_loss"),
    "losses.BinaryCrossentropy": _loss(
        "binary_crossentropy",
        "torch.nn.functional.binary_cross_entropy, "
        "torch.nn.functional.binary_cross_entropy_with_logits",
    ),
    "losses.SparseCategoricalCrossentropy": _loss(
        "sparse_categorical_crossentropy",
        "torch.nn.functional.cross_entropy, torch.nn.functional.nll_loss",
    ),
}
"""By Keras's symbol."""
