"""keras.initializers as functions of torch.nn.init. Data only: no torch is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import Own, Row


def _init(function: str, symbol: str, **only: tuple[None]) -> list[Row]:
    return [Own("initializers", function, f"torch.nn.init.{symbol}", only=only)]


INITIALIZERS: dict[str, list[Row]] = {
    "initializers.Zeros": _init("zeros", "zeros_"),
    "initializers.Constant": _init("constant", "constant_"),
    "initializers.Identity": _init("identity", "eye_"),
    "initializers.GlorotUniform": _init(
        "glorot_uniform", "xavier_uniform_", input_axes=(None,), output_axes=(None,)
    ),
    "initializers.HeUniform": _init(
        "he_uniform", "kaiming_uniform_", input_axes=(None,), output_axes=(None,)
    ),
    "initializers.LecunUniform": _init(
        "lecun_uniform", "kaiming_uniform_", input_axes=(None,), output_axes=(None,)
    ),
    "initializers.Ones": _init("ones", "ones_"),
    "initializers.RandomNormal": _init("random_normal", "normal_"),
    "initializers.RandomUniform": _init("random_uniform", "uniform_"),
    "initializers.TruncatedNormal": _init("truncated_normal", "trunc_normal_"),
    "initializers.Orthogonal": _init("orthogonal", "orthogonal_"),
}
"""By Keras's symbol."""

_WHOLE = "torch.nn.init's normal numbers that scale with the fans are not cut off"

ABSENT = {
    "initializers.GlorotNormal": _WHOLE,
    "initializers.HeNormal": _WHOLE,
    "initializers.LecunNormal": _WHOLE,
    "initializers.VarianceScaling": "torch.nn.init has one function for each mode and law",
    "initializers.STFT": "torch has windows, and no initializer of them",
}
"""Why something of Keras's has no row."""
