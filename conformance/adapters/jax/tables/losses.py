"""keras.losses in JAX, which has none of its own. Data only: no JAX is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import Own, Row
from conformance.adapters.native.losses import REDUCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence


def _loss(function: str, optax: str, formula: str, **only: Sequence[Any]) -> list[Row]:
    """A class by optax where it is installed and covers the arguments, else by the formula."""
    covered = {**_ONLY, **only}
    return [
        Own("losses_optax", function, f"optax.{optax}", only=covered, needs="optax"),
        Own("losses", function, formula, composed=True, only=_ONLY),
    ]


def _both(function: str, *symbols: str) -> dict[str, list[Row]]:
    """The class of a loss, and its function, written out."""
    made = "".join(_WORDS.get(word, word.title()) for word in function.split("_"))
    row = Own("losses", made, ", ".join(symbols), composed=True, only=_ONLY)
    return {f"losses.{made}": [row], **_function(function, *symbols)}


def _function(function: str, *symbols: str) -> dict[str, list[Row]]:
    return {f"losses.{function}": [Own("samples", function, ", ".join(symbols), composed=True)]}


_WORDS = {"kl": "KL"}
_ONLY = {
    "reduction": REDUCTIONS,
    "dtype": (None, "float32", "float16", "bfloat16"),  # JAX has no float64 unless it is told
}

LOSSES: dict[str, list[Row]] = {
    "losses.Huber": _loss("Huber", "huber_loss", "jax.numpy.where, jax.numpy.abs"),
    "losses.MeanSquaredError": _loss("MeanSquaredError", "squared_error", "jax.numpy.square"),
    "losses.BinaryCrossentropy": _loss(
        "BinaryCrossentropy",
        "sigmoid_binary_cross_entropy",
        "jax.numpy.log, jax.nn.softplus",
        from_logits=(True,),
    ),
    "losses.SparseCategoricalCrossentropy": _loss(
        "SparseCategoricalCrossentropy",
        "softmax_cross_entropy_with_integer_labels",
        "jax.nn.log_softmax, jax.numpy.log, jax.numpy.take_along_axis",
        from_logits=(True,),
    ),
    **_function("mean_squared_error", "jax.numpy.square"),
    **_both("mean_absolute_error", "jax.numpy.abs"),
    **_function("huber", "jax.numpy.where", "jax.numpy.abs"),
    **_both("mean_absolute_percentage_error", "jax.numpy.abs", "jax.numpy.maximum"),
    **_both("mean_squared_logarithmic_error", "jax.numpy.log1p", "jax.numpy.square"),
    **_both("log_cosh", "jax.nn.softplus"),
    **_both("cosine_similarity", "jax.numpy.sqrt", "jax.numpy.square"),
    **_both("kl_divergence", "jax.numpy.log", "jax.numpy.clip"),
    **_both("poisson", "jax.numpy.log"),
    **_both("hinge", "jax.nn.relu"),
    **_both("squared_hinge", "jax.nn.relu", "jax.numpy.square"),
    **_both("categorical_hinge", "jax.numpy.max", "jax.nn.relu"),
    **_function("binary_crossentropy", "jax.numpy.log", "jax.nn.softplus"),
    **_both("binary_focal_crossentropy", "jax.numpy.log", "jax.nn.softplus", "jax.numpy.power"),
    **_both("categorical_crossentropy", "jax.nn.log_softmax", "jax.numpy.log"),
    **_both(
        "categorical_focal_crossentropy", "jax.nn.log_softmax", "jax.numpy.log", "jax.numpy.power"
    ),
    **_function(
        "sparse_categorical_crossentropy",
        "jax.nn.log_softmax",
        "jax.numpy.log",
        "jax.numpy.take_along_axis",
    ),
    **_both(
        "categorical_generalized_cross_entropy", "jax.numpy.take_along_axis", "jax.numpy.power"
    ),
    **_both("dice", "jax.numpy.sum"),
    **_both("tversky", "jax.numpy.sum"),
    **_both("circle", "jax.scipy.special.logsumexp", "jax.nn.softplus"),
    "losses.CTC": [Own("losses_optax", "CTC", "optax.ctc_loss", only=_ONLY, needs="optax")],
    "losses.ctc": [Own("samples_optax", "ctc", "optax.ctc_loss", needs="optax")],
}
"""By Keras's symbol."""
