"""keras.initializers as functions of jax.nn.initializers. Data only: no JAX is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import WHOLE, Own, Row

_SEED = {"seed": (WHOLE,)}
_WHY = {"seed": "JAX draws with a key, which is made of a seed"}


def _init(name: str, **only: tuple[None]) -> list[Row]:
    only_: dict[str, tuple[None] | tuple[object]] = {**only, **_SEED}
    symbol = f"jax.nn.initializers.{name}"
    return [Own("initializers", name, symbol, only=only_, why=_WHY)]


INITIALIZERS: dict[str, list[Row]] = {
    "initializers.Zeros": [Own("initializers", "zeros", "jax.nn.initializers.zeros")],
    "initializers.Constant": [Own("initializers", "constant", "jax.nn.initializers.constant")],
    "initializers.Identity": [Own("initializers", "identity", "jax.numpy.eye")],
    "initializers.GlorotUniform": _init("glorot_uniform", input_axes=(None,), output_axes=(None,)),
    "initializers.TruncatedNormal": _init("truncated_normal"),
    "initializers.Orthogonal": _init("orthogonal"),
}
"""By Keras's symbol."""
