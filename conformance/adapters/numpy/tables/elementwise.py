"""Functions of keras.ops of each number by itself, as NumPy's. Data only: no NumPy is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import REQUIRED, TO_FLOAT, Direct, Dtypes, Own, Row
from conformance.adapters.numpy.tables.dtypes import FLOATS, MEET, TO_INT, X, floating

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_INTEGERS_STAY = "integers are answered as integers"
_CLOSE = {"rtol": 1e-05, "atol": 1e-08, "equal_nan": False}
_BITS = ("x", "y")


def _one(name: str, given: Mapping[str, str] | None = None, note: str = "") -> list[Row]:
    """A function of one array that keeps its dtype."""
    dtypes = Dtypes(given={"x": given}) if given else Dtypes()
    return [Direct(f"numpy.{name}", dtypes=dtypes, note=note)]


def _float(name: str, note: str = "") -> list[Row]:
    return [Direct(f"numpy.{name}", dtypes=floating(), note=note)]


def _two(
    name: str,
    dtypes: Dtypes = MEET,
    arrays: Sequence[str] = X,
    keywords: Mapping[str, Any] | None = None,
    note: str = "",
) -> list[Row]:
    """A function of two arrays that are promoted, or of one and a number of Python's."""
    symbol = f"numpy.{name}"
    return [Direct(symbol, arrays, keywords or {}, numbers=arrays, dtypes=dtypes, note=note)]


def _bits(name: str) -> list[Row]:
    return _two(name, Dtypes(meet=_BITS), _BITS)


_NO_BOOLEANS = Dtypes(meet=X, met=TO_INT, alike=True)

_ONE: dict[str, list[Row]] = {
    "ops.abs": _one("abs"),
    "ops.absolute": _one("absolute"),
    "ops.sign": _one("sign"),
    "ops.negative": _one("negative"),
    "ops.square": _one("square", TO_INT),
    "ops.round": [Direct("numpy.round", keywords={"decimals": 0})],
    "ops.floor": _float("floor", _INTEGERS_STAY),
    "ops.ceil": _float("ceil", _INTEGERS_STAY),
    "ops.trunc": _one("trunc", note=_INTEGERS_STAY),
    "ops.nan_to_num": [
        Direct("numpy.nan_to_num", keywords={"nan": 0.0, "posinf": None, "neginf": None})
    ],
    "ops.conj": _one("conj"),
    "ops.conjugate": _one("conjugate"),
    "ops.real": _one("real"),
    "ops.imag": _one("imag"),
    "ops.bitwise_invert": _one("bitwise_invert"),
    "ops.bitwise_not": _one("bitwise_not"),
    "ops.logical_not": _one("logical_not"),
    **{
        f"ops.{name}": _one(name)
        for name in ("isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "signbit")
    },
    **{
        f"ops.{name}": _float(name)
        for name in (
            "angle",
            "arccos",
            "arccosh",
            "arcsin",
            "arcsinh",
            "arctan",
            "arctanh",
            "cbrt",
            "cos",
            "cosh",
            "deg2rad",
            "exp",
            "exp2",
            "expm1",
            "fabs",
            "i0",
            "log",
            "log10",
            "log1p",
            "log2",
            "rad2deg",
            "sin",
            "sinc",
            "sinh",
            "sqrt",
            "tan",
            "tanh",
        )
    },
    "ops.reciprocal": _float("reciprocal", "of integers it is a quotient of integers"),
}

_TWO: dict[str, list[Row]] = {
    **{
        f"ops.{name}": _two(name)
        for name in (
            "add",
            "subtract",
            "multiply",
            "power",
            "maximum",
            "minimum",
            "fmax",
            "fmin",
            "gcd",
            "lcm",
            "equal",
            "not_equal",
            "greater",
            "greater_equal",
            "less",
            "less_equal",
            "logical_and",
            "logical_or",
            "logical_xor",
            "kron",
        )
    },
    **{
        f"ops.{name}": _two(name, FLOATS)
        for name in (
            "arctan2",
            "divide",
            "true_divide",
            "heaviside",
            "hypot",
            "logaddexp",
            "logaddexp2",
            "nextafter",
        )
    },
    **{f"ops.{name}": _two(name, _NO_BOOLEANS) for name in ("floor_divide", "fmod", "mod")},
    **{
        f"ops.{name}": _bits(name)
        for name in (
            "bitwise_and",
            "bitwise_or",
            "bitwise_xor",
            "bitwise_left_shift",
            "bitwise_right_shift",
            "left_shift",
            "right_shift",
        )
    },
    "ops.isclose": _two("isclose", keywords=_CLOSE),
    "ops.allclose": _two("allclose", keywords=_CLOSE),
    "ops.isin": _two("isin", keywords={"assume_unique": False, "invert": False}),
    "ops.ldexp": [Direct("numpy.ldexp", X, dtypes=Dtypes(given={"x1": TO_FLOAT}))],
    "ops.where": [
        Direct("numpy.where", ("condition", *X), numbers=X, dtypes=MEET),
    ],
    "ops.clip": [
        Direct(
            "numpy.clip",
            ("x", "x_min", "x_max"),
            numbers=("x_min", "x_max"),
            dtypes=Dtypes(meet=("x", "x_min", "x_max"), given={"x": TO_INT}),
        )
    ],
}

ELEMENTWISE: dict[str, list[Row]] = {
    **_ONE,
    **_TWO,
    "ops.cast": [Direct("numpy.astype", keywords={"dtype": REQUIRED}, place=("dtype",))],
    "ops.saturate_cast": [
        Own("ops.elementwise", "saturate_cast", "numpy.clip, numpy.astype", composed=True)
    ],
    "ops.rsqrt": [
        Own(
            "ops.elementwise",
            "rsqrt",
            "numpy.sqrt, numpy.reciprocal",
            composed=True,
            dtypes=floating(),
        )
    ],
    "ops.divide_no_nan": [
        Own("ops.elementwise", "divide_no_nan", "numpy.divide", composed=True, dtypes=FLOATS)
    ],
    "ops.polar": [
        Own(
            "ops.elementwise",
            "polar",
            "numpy.cos, numpy.sin",
            composed=True,
            dtypes=Dtypes(meet=("abs_", "angle")),
        )
    ],
    "ops.view": [Own("ops.elementwise", "view", "numpy.ndarray.view")],
    "ops.view_as_complex": [
        Own("ops.elementwise", "view_as_complex", "numpy.ndarray.view", composed=True)
    ],
    "ops.view_as_real": [
        Own("ops.elementwise", "view_as_real", "numpy.stack, numpy.real, numpy.imag", composed=True)
    ],
}
"""By Keras's symbol."""
