"""Functions of keras.ops of each number by itself, as torch's. Data only: no torch is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import (
    NUMBER,
    REQUIRED,
    TO_FLOAT,
    Direct,
    Dtypes,
    Own,
    Row,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TO_INT = {"bool": "int32"}
_X = ("x1", "x2")
_INTEGERS_STAY = "integers are answered as integers"


def _one(symbol: str, given: Mapping[str, str] | None = None, note: str = "") -> list[Row]:
    return [Direct(symbol, dtypes=Dtypes(given={"x": given or {}}), note=note)]


def _two(
    symbol: str,
    numbers: Sequence[str] = ("x2",),
    arrays: Sequence[str] = _X,
    given: Mapping[str, str] | None = None,
    **more: Any,
) -> list[Row]:
    """A function of two arrays that are promoted."""
    dtypes = Dtypes(meet=arrays, given=dict.fromkeys(arrays, given or {}), **more)
    return [Direct(symbol, arrays, numbers=numbers, dtypes=dtypes)]


def _bits(symbol: str) -> list[Row]:
    return _two(symbol, (), ("x", "y"))


_CLOSE = {"rtol": 1e-05, "atol": 1e-08, "equal_nan": False}

ELEMENTWISE: dict[str, list[Row]] = {
    "ops.abs": _one("torch.abs"),
    "ops.angle": _one("torch.angle"),
    "ops.arccos": _one("torch.arccos"),
    "ops.arccosh": _one("torch.arccosh"),
    "ops.arcsinh": _one("torch.arcsinh"),
    "ops.arctan": _one("torch.arctan"),
    "ops.arctan2": _two("torch.arctan2", ()),
    "ops.arctanh": _one("torch.arctanh"),
    "ops.bitwise_invert": _one("torch.bitwise_not"),
    "ops.bitwise_not": _one("torch.bitwise_not"),
    "ops.bitwise_or": _bits("torch.bitwise_or"),
    "ops.bitwise_xor": _bits("torch.bitwise_xor"),
    "ops.bitwise_left_shift": _bits("torch.bitwise_left_shift"),
    "ops.bitwise_right_shift": _bits("torch.bitwise_right_shift"),
    "ops.left_shift": _bits("torch.bitwise_left_shift"),
    "ops.right_shift": _bits("torch.bitwise_right_shift"),
    "ops.cbrt": [
        Own(
            "ops.elementwise",
            "cbrt",
            "torch.pow, torch.copysign",
            composed=True,
            dtypes=Dtypes(given={"x": TO_FLOAT}),
        )
    ],
    "ops.ceil": _one("torch.ceil", TO_FLOAT, _INTEGERS_STAY),
    "ops.clip": [
        Direct(
            "torch.clamp",
            keywords={"x_min": REQUIRED, "x_max": REQUIRED},
            rename={"x_min": "min", "x_max": "max"},
            only={"x_min": (NUMBER,), "x_max": (NUMBER,)},
            dtypes=Dtypes(given={"x": _TO_INT}),
        ),
        Direct(
            "torch.clamp",
            ("x", "x_min", "x_max"),
            dtypes=Dtypes(meet=("x", "x_min", "x_max")),
            note="both bounds are numbers, or both are arrays",
        ),
    ],
    "ops.conj": _one("torch.conj"),
    "ops.conjugate": _one("torch.conj"),
    "ops.cos": _one("torch.cos"),
    "ops.cosh": _one("torch.cosh"),
    "ops.deg2rad": _one("torch.deg2rad"),
    "ops.rad2deg": _one("torch.rad2deg"),
    "ops.divide_no_nan": [
        Own(
            "ops.elementwise",
            "divide_no_nan",
            "torch.where, torch.divide",
            composed=True,
            dtypes=Dtypes(meet=_X),
        )
    ],
    "ops.true_divide": _two("torch.true_divide"),
    "ops.exp2": _one("torch.exp2"),
    "ops.fabs": _one("torch.abs", TO_FLOAT, _INTEGERS_STAY),
    "ops.floor_divide": [
        Direct(
            "torch.div",
            _X,
            numbers=("x2",),
            fixed={"rounding_mode": "floor"},
            dtypes=Dtypes(meet=_X),
            note="torch.floor_divide has no gradient, not even zeros",
        )
    ],
    "ops.fmax": _two("torch.fmax", ()),
    "ops.fmin": _two("torch.fmin", ()),
    "ops.fmod": _two("torch.fmod", given=_TO_INT),
    "ops.mod": _two("torch.remainder", given=_TO_INT),
    "ops.gcd": _two("torch.gcd", ()),
    "ops.lcm": _two("torch.lcm", ()),
    "ops.greater_equal": _two("torch.ge"),
    "ops.less": _two("torch.lt"),
    "ops.less_equal": _two("torch.le"),
    "ops.not_equal": _two("torch.ne"),
    "ops.heaviside": _two("torch.heaviside", (), alike=True, met=TO_FLOAT),
    "ops.hypot": _two("torch.hypot", (), alike=True, met=TO_FLOAT),
    "ops.i0": _one("torch.special.i0"),
    "ops.imag": _one("torch.imag"),
    "ops.real": _one("torch.real"),
    "ops.isclose": [
        Direct("torch.isclose", _X, keywords=_CLOSE, dtypes=Dtypes(meet=_X, alike=True))
    ],
    "ops.allclose": [
        Own("ops.elementwise", "allclose", "torch.isclose", dtypes=Dtypes(meet=_X, alike=True))
    ],
    "ops.isfinite": _one("torch.isfinite"),
    "ops.isin": [
        Direct(
            "torch.isin",
            _X,
            keywords={"assume_unique": False, "invert": False},
            numbers=("x2",),
            dtypes=Dtypes(meet=_X, alike=True),
        )
    ],
    "ops.isinf": _one("torch.isinf"),
    "ops.isnan": _one("torch.isnan"),
    "ops.isneginf": _one("torch.isneginf"),
    "ops.isposinf": _one("torch.isposinf"),
    "ops.isreal": _one("torch.isreal"),
    "ops.kron": _two("torch.kron", ()),
    "ops.ldexp": [
        Direct(
            "torch.ldexp",
            _X,
            dtypes=Dtypes(given={"x1": TO_FLOAT}),
            note="narrow floats are widened to float32",
        )
    ],
    "ops.log": _one("torch.log"),
    "ops.log10": _one("torch.log10"),
    "ops.log2": _one("torch.log2"),
    "ops.logaddexp": _two("torch.logaddexp", (), alike=True, met=TO_FLOAT),
    "ops.logaddexp2": _two("torch.logaddexp2", (), alike=True, met=TO_FLOAT),
    "ops.logical_not": _one("torch.logical_not"),
    "ops.logical_or": [Direct("torch.logical_or", _X)],
    "ops.logical_xor": [Direct("torch.logical_xor", _X)],
    "ops.nan_to_num": [
        Direct("torch.nan_to_num", keywords={"nan": 0.0, "posinf": None, "neginf": None})
    ],
    "ops.nextafter": _two("torch.nextafter", (), alike=True, met=TO_FLOAT),
    "ops.polar": [Direct("torch.polar", ("abs_", "angle"), dtypes=Dtypes(meet=("abs_", "angle")))],
    "ops.reciprocal": _one("torch.reciprocal"),
    "ops.round": [Direct("torch.round", keywords={"decimals": 0})],
    "ops.rsqrt": _one("torch.rsqrt"),
    "ops.erf": _one("torch.erf"),
    "ops.erfc": _one("torch.erfc"),
    "ops.erfinv": _one("torch.erfinv"),
    "ops.signbit": _one("torch.signbit"),
    "ops.sinc": _one("torch.sinc"),
    "ops.sinh": _one("torch.sinh"),
    "ops.tan": _one("torch.tan"),
    "ops.tanh": _one("torch.tanh"),
    "ops.trunc": _one("torch.trunc"),
    "ops.view_as_complex": _one("torch.view_as_complex"),
    "ops.view_as_real": _one("torch.view_as_real"),
    "ops.view": [Own("ops.elementwise", "view", "torch.Tensor.view")],
    "ops.saturate_cast": [
        Own("ops.elementwise", "saturate_cast", "torch.clamp, torch.Tensor.to", composed=True)
    ],
}
