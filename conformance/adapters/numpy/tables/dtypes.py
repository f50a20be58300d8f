"""Casts that many rows share: NumPy answers integers with 64 bits, Keras with 32."""

from __future__ import annotations

from conformance.adapters.native.functions import TO_FLOAT, WHOLE_DTYPES, Dtypes

TO_INT = {"bool": "int32"}
"""NumPy has no such function of booleans, or answers with int64 or int8."""

X = ("x1", "x2")
MEET = Dtypes(meet=X)
FLOATS = Dtypes(meet=X, alike=True, met=TO_FLOAT)
"""Two arrays that meet in a float."""

PLACES = Dtypes(answer={"*": "int32"})
"""NumPy counts and numbers in int64."""

SUMMED = Dtypes(
    answer={
        **dict.fromkeys(("bool", "int8", "int16", "int32"), "int32"),
        **dict.fromkeys(("uint8", "uint16", "uint32"), "uint32"),
    }
)
"""NumPy adds up in 64 bits."""

ALIKE = Dtypes(answer={**dict(zip(WHOLE_DTYPES, WHOLE_DTYPES)), "bool": "int32"})
"""NumPy accumulates in 64 bits."""

SAME = Dtypes(answer={name: name for name in (*WHOLE_DTYPES, "float16", "float32")})
"""NumPy answers with 64 bits; Keras, with the dtype of the array."""


def floating(name: str = "x") -> Dtypes:
    """Those of a function of one array that computes with floats.

    Args:
        name: What Keras calls the array.
    """
    return Dtypes(given={name: TO_FLOAT})
