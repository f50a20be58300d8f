"""keras.initializers as functions of jax.nn.initializers. Data only: no JAX is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import WHOLE, Own, Row

_SEED = {"seed": (WHOLE,)}
_WHY = {"seed": "JAX draws with a key, which is made of a seed"}


def _init(name: str, **only: tuple[None]) -> list[Row]:
    only_: dict[str, tuple[None] | tuple[object]] = {**only, **_SEED}
    symbol = f"jax.nn.initializers.{name}"
    return [Own("initializers", name, symbol, only=only_, why=_WHY)]


_FANS: dict[str, tuple[None]] = {"input_axes": (None,), "output_axes": (None,)}


def _called(function: str, name: str) -> list[Row]:
    symbol = f"jax.nn.initializers.{name}"
    return [Own("initializers", function, symbol, only=_SEED, why=_WHY)]


INITIALIZERS: dict[str, list[Row]] = {
    "initializers.Zeros": [Own("initializers", "zeros", "jax.nn.initializers.zeros")],
    "initializers.Constant": [Own("initializers", "constant", "jax.nn.initializers.constant")],
    "initializers.Identity": [Own("initializers", "identity", "jax.numpy.eye")],
    "initializers.GlorotUniform": _init("glorot_uniform", input_axes=(None,), output_axes=(None,)),
    "initializers.GlorotNormal": _init("glorot_normal", **_FANS),
    "initializers.HeNormal": _init("he_normal", **_FANS),
    "initializers.HeUniform": _init("he_uniform", **_FANS),
    "initializers.LecunNormal": _init("lecun_normal", **_FANS),
    "initializers.LecunUniform": _init("lecun_uniform", **_FANS),
    "initializers.VarianceScaling": _init("variance_scaling", **_FANS),
    "initializers.Ones": [Own("initializers", "ones", "jax.nn.initializers.ones")],
    "initializers.RandomNormal": _called("random_normal", "normal"),
    "initializers.RandomUniform": _called("random_uniform", "uniform"),
    "initializers.TruncatedNormal": _init("truncated_normal"),
    "initializers.Orthogonal": _init("orthogonal"),
}
"""By Keras's symbol."""

ABSENT = {"initializers.STFT": "JAX has no windows, and no initializer of them"}
"""Why something of Keras's has no row."""
