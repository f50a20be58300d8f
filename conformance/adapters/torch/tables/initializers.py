"""keras.initializers as functions of torch.nn.init. Data only: no torch is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import WHOLE, Own, Row

_WHY = {"seed": "torch's generators are not made of a seed alone"}


def _init(function: str, symbol: str) -> list[Row]:
    return [Own("initializers", function, f"torch.nn.init.{symbol}")]


def _drawn(function: str, symbol: str, **only: tuple[None]) -> list[Row]:
    only_: dict[str, tuple[object, ...]] = {**only, "seed": (None, WHOLE)}
    return [Own("initializers", function, f"torch.nn.init.{symbol}", only=only_, why=_WHY)]


INITIALIZERS: dict[str, list[Row]] = {
    "initializers.Zeros": _init("zeros", "zeros_"),
    "initializers.Constant": _init("constant", "constant_"),
    "initializers.Identity": _init("identity", "eye_"),
    "initializers.GlorotUniform": _drawn(
        "glorot_uniform", "xavier_uniform_", input_axes=(None,), output_axes=(None,)
    ),
    "initializers.HeUniform": _drawn(
        "he_uniform", "kaiming_uniform_", input_axes=(None,), output_axes=(None,)
    ),
    "initializers.LecunUniform": _drawn(
        "lecun_uniform", "kaiming_uniform_", input_axes=(None,), output_axes=(None,)
    ),
    "initializers.Ones": _init("ones", "ones_"),
    "initializers.RandomNormal": _drawn("random_normal", "normal_"),
    "initializers.RandomUniform": _drawn("random_uniform", "uniform_"),
    "initializers.TruncatedNormal": _drawn("truncated_normal", "trunc_normal_"),
    "initializers.Orthogonal": _drawn("orthogonal", "orthogonal_"),
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
