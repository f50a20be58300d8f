"""keras.losses in JAX, which has none of its own. Data only: no JAX is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import Own, Row
from conformance.adapters.native.losses import REDUCTIONS


def _loss(function: str, optax: str, formula: str) -> list[Row]:
    """By optax where it is installed, else by the formula."""
    only = {"reduction": REDUCTIONS}
    return [
        Own("losses", function, f"optax.{optax}", only=only, needs="optax"),
        Own("losses", function, formula, composed=True, only=only),
    ]


LOSSES: dict[str, list[Row]] = {
    "losses.Huber": _loss("huber", "huber_loss", "jax.numpy.where, jax.numpy.abs"),
    "losses.MeanSquaredError": _loss("mean_squared_error", "squared_error", "jax.numpy.square"),
    "losses.BinaryCrossentropy": [
        Own(
            "losses",
            "binary_crossentropy",
            "optax.sigmoid_binary_cross_entropy",
            only={"reduction": REDUCTIONS, "from_logits": (True,)},
            needs="optax",
        ),
        Own(
            "losses",
            "binary_crossentropy",
            "jax.numpy.log, jax.nn.log_sigmoid",
            composed=True,
            only={"reduction": REDUCTIONS},
        ),
    ],
    "losses.SparseCategoricalCrossentropy": [
        Own(
            "losses",
            "sparse_categorical_crossentropy",
            "optax.softmax_cross_entropy_with_integer_labels",
            only={"reduction": REDUCTIONS, "from_logits": (True,)},
            needs="optax",
        ),
        Own(
            "losses",
            "sparse_categorical_crossentropy",
            "jax.nn.log_softmax, jax.numpy.log, jax.numpy.take_along_axis",
            composed=True,
            only={"reduction": REDUCTIONS},
        ),
    ],
}
"""By Keras's symbol."""
