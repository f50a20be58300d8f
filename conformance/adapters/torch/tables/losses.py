"""keras.losses as functions of torch. Data only: no torch is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import Own, Row
from conformance.adapters.native.losses import REDUCTIONS

_ONLY = {"reduction": REDUCTIONS}


def _loss(function: str, *symbols: str, composed: bool = False) -> dict[str, list[Row]]:
    """The class of a loss, and its function."""
    symbol = ", ".join(f"torch.{one}" for one in symbols)
    made = "".join(_WORDS.get(word, word.title()) for word in function.split("_"))
    return {
        f"losses.{made}": [Own("losses", made, symbol, composed, _ONLY)],
        f"losses.{function}": [Own("samples", function, symbol, composed)],
    }


_WORDS = {"kl": "KL", "ctc": "CTC"}

LOSSES: dict[str, list[Row]] = {
    **_loss("mean_squared_error", "nn.functional.mse_loss"),
    **_loss("mean_absolute_error", "nn.functional.l1_loss"),
    **_loss("huber", "nn.functional.huber_loss"),
    **_loss("mean_absolute_percentage_error", "abs", composed=True),
    **_loss("mean_squared_logarithmic_error", "log1p", "square", composed=True),
    **_loss("log_cosh", "nn.functional.softplus", composed=True),
    **_loss("cosine_similarity", "nn.functional.cosine_similarity"),
    **_loss("kl_divergence", "nn.functional.kl_div"),
    **_loss("poisson", "nn.functional.poisson_nll_loss"),
    **_loss("hinge", "nn.functional.relu", composed=True),
    **_loss("squared_hinge", "nn.functional.relu", "square", composed=True),
    **_loss("categorical_hinge", "amax", "nn.functional.relu", composed=True),
    **_loss(
        "binary_crossentropy",
        "nn.functional.binary_cross_entropy",
        "nn.functional.binary_cross_entropy_with_logits",
    ),
    **_loss(
        "binary_focal_crossentropy",
        "nn.functional.binary_cross_entropy",
        "nn.functional.binary_cross_entropy_with_logits",
        "pow",
        composed=True,
    ),
    **_loss("categorical_crossentropy", "nn.functional.log_softmax", "log", composed=True),
    **_loss(
        "categorical_focal_crossentropy", "nn.functional.log_softmax", "log", "pow", composed=True
    ),
    **_loss(
        "sparse_categorical_crossentropy", "nn.functional.cross_entropy", "nn.functional.nll_loss"
    ),
    **_loss("categorical_generalized_cross_entropy", "gather", "pow", composed=True),
    **_loss("dice", "sum", composed=True),
    **_loss("tversky", "sum", composed=True),
    **_loss("circle", "logsumexp", "nn.functional.softplus", composed=True),
    **_loss("ctc", "nn.functional.ctc_loss"),
}
"""By Keras's symbol."""
