"""Functions of keras.ops of each number by itself, as JAX's. Data only: no JAX is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import TO_FLOAT, Direct, Dtypes, Own, Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TO_INT = {"bool": "int32"}
_X = ("x1", "x2")
_INTEGERS_STAY = "integers are answered as integers"


def _one(name: str, given: Mapping[str, str] | None = None, note: str = "") -> list[Row]:
    symbol = name if name.startswith("jax.") else f"jax.numpy.{name}"
    return [Direct(symbol, dtypes=Dtypes(given={"x": given or {}}), note=note)]


def _two(
    name: str,
    given: Mapping[str, str] | None = None,
    arrays: Sequence[str] = _X,
    keywords: Mapping[str, Any] | None = None,
) -> list[Row]:
    """A function of two arrays that are promoted, or of one and a number of Python's."""
    dtypes = Dtypes(meet=arrays, given=dict.fromkeys(arrays, given or {}))
    return [Direct(f"jax.numpy.{name}", arrays, keywords or {}, numbers=arrays, dtypes=dtypes)]


def _bits(name: str) -> list[Row]:
    return _two(name, arrays=("x", "y"))


_CLOSE = {"rtol": 1e-05, "atol": 1e-08, "equal_nan": False}

ELEMENTWISE: dict[str, list[Row]] = {
    "ops.abs": _one("abs"),
    "ops.angle": _one("angle"),
    "ops.arccos": _one("arccos"),
    "ops.arccosh": _one("arccosh"),
    "ops.arcsinh": _one("arcsinh"),
    "ops.arctan": _one("arctan"),
    "ops.arctan2": _two("arctan2"),
    "ops.arctanh": _one("arctanh"),
    "ops.bitwise_invert": _one("bitwise_invert"),
    "ops.bitwise_not": _one("bitwise_not"),
    "ops.bitwise_or": _bits("bitwise_or"),
    "ops.bitwise_xor": _bits("bitwise_xor"),
    "ops.bitwise_left_shift": _bits("bitwise_left_shift"),
    "ops.bitwise_right_shift": _bits("bitwise_right_shift"),
    "ops.left_shift": _bits("left_shift"),
    "ops.right_shift": _bits("right_shift"),
    "ops.cbrt": _one("cbrt"),
    "ops.ceil": _one("ceil", TO_FLOAT, _INTEGERS_STAY),
    "ops.clip": [
        Direct(
            "jax.numpy.clip",
            ("x", "x_min", "x_max"),
            numbers=("x_min", "x_max"),
            dtypes=Dtypes(meet=("x", "x_min", "x_max"), given={"x": _TO_INT}),
        )
    ],
    "ops.conj": _one("conj"),
    "ops.conjugate": _one("conjugate"),
    "ops.cos": _one("cos"),
    "ops.cosh": _one("cosh"),
    "ops.deg2rad": _one("deg2rad"),
    "ops.rad2deg": _one("rad2deg"),
    "ops.divide_no_nan": [
        Own(
            "ops.elementwise",
            "divide_no_nan",
            "jax.numpy.where, jax.numpy.divide",
            composed=True,
            dtypes=Dtypes(meet=_X),
        )
    ],
    "ops.true_divide": _two("true_divide"),
    "ops.exp2": _one("exp2"),
    "ops.fabs": _one("fabs"),
    "ops.floor_divide": _two("floor_divide"),
    "ops.fmax": _two("fmax"),
    "ops.fmin": _two("fmin"),
    "ops.fmod": _two("fmod", _TO_INT),
    "ops.mod": _two("mod", _TO_INT),
    "ops.gcd": _two("gcd"),
    "ops.lcm": _two("lcm"),
    "ops.greater_equal": _two("greater_equal"),
    "ops.less": _two("less"),
    "ops.less_equal": _two("less_equal"),
    "ops.not_equal": _two("not_equal"),
    "ops.heaviside": _two("heaviside"),
    "ops.hypot": _two("hypot"),
    "ops.i0": _one("i0"),
    "ops.imag": _one("imag"),
    "ops.real": _one("real"),
    "ops.isclose": _two("isclose", keywords=_CLOSE),
    "ops.allclose": _two("allclose", keywords=_CLOSE),
    "ops.isfinite": _one("isfinite"),
    "ops.isin": _two("isin", keywords={"assume_unique": False, "invert": False}),
    "ops.isinf": _one("isinf"),
    "ops.isnan": _one("isnan"),
    "ops.isneginf": _one("isneginf"),
    "ops.isposinf": _one("isposinf"),
    "ops.isreal": _one("isreal"),
    "ops.kron": _two("kron"),
    "ops.ldexp": [Direct("jax.numpy.ldexp", _X, dtypes=Dtypes(given={"x1": TO_FLOAT}))],
    "ops.log": _one("log"),
    "ops.log10": _one("log10"),
    "ops.log2": _one("log2"),
    "ops.logaddexp": _two("logaddexp"),
    "ops.logaddexp2": _two("logaddexp2"),
    "ops.logical_not": _one("logical_not"),
    "ops.logical_or": _two("logical_or"),
    "ops.logical_xor": _two("logical_xor"),
    "ops.nan_to_num": [
        Direct("jax.numpy.nan_to_num", keywords={"nan": 0.0, "posinf": None, "neginf": None})
    ],
    "ops.nextafter": _two("nextafter", TO_FLOAT),
    "ops.polar": [Own("ops.elementwise", "polar", "jax.lax.complex", composed=True)],
    "ops.reciprocal": _one("reciprocal"),
    "ops.round": [Direct("jax.numpy.round", keywords={"decimals": 0})],
    "ops.rsqrt": _one("jax.lax.rsqrt"),
    "ops.erf": _one("jax.lax.erf"),
    "ops.erfc": _one("jax.lax.erfc", TO_FLOAT),
    "ops.erfinv": _one("jax.lax.erf_inv"),
    "ops.signbit": _one("signbit"),
    "ops.sinc": _one("sinc"),
    "ops.sinh": _one("sinh"),
    "ops.tan": _one("tan"),
    "ops.tanh": _one("tanh"),
    "ops.trunc": _one("trunc", note=_INTEGERS_STAY),
    "ops.view_as_complex": [
        Own("ops.elementwise", "view_as_complex", "jax.lax.complex", composed=True)
    ],
    "ops.view_as_real": [Own("ops.elementwise", "view_as_real", "jax.numpy.stack", composed=True)],
    "ops.view": [Own("ops.elementwise", "view", "jax.lax.bitcast_convert_type")],
    "ops.saturate_cast": [
        Own("ops.elementwise", "saturate_cast", "jax.numpy.clip, jax.numpy.astype", composed=True)
    ],
}
