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
    "initializers.TruncatedNormal": _init("truncated_normal", "trunc_normal_"),
    "initializers.Orthogonal": _init("orthogonal", "orthogonal_"),
}
"""By Keras's symbol."""
