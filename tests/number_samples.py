"""Elementwise functions and statistics of keras.ops: what NumPy says, what gradients are tried on,
and calls for the native adapters' rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

RANDOM = np.random.default_rng(11)
WIDE = RANDOM.standard_normal((3, 4, 5))
X = RANDOM.standard_normal((3, 4))
Y = RANDOM.standard_normal((3, 4))
ABOVE = RANDOM.uniform(0.2, 3, (3, 4))
INSIDE = RANDOM.uniform(-0.9, 0.9, (3, 4))
ROW, SHORT = RANDOM.standard_normal(7), RANDOM.standard_normal(3)
COUNTS = RANDOM.integers(-9, 9, (3, 4)).astype(np.int32)
DIVISORS = RANDOM.integers(1, 7, (3, 4)).astype(np.int32)
BITS = RANDOM.integers(0, 255, (3, 4)).astype(np.uint8)
FLAGS = RANDOM.integers(0, 2, (3, 4)).astype(bool)
HOLED = np.where(RANDOM.uniform(0, 1, (3, 4, 5)) < 0.3, np.nan, WIDE)
HOLED[:, 0, 0] = [1.0, 2.0, 3.0]
HOLED[0, :, 1], HOLED[:, :, 3] = 0.125 + np.arange(4), 0.25 * np.arange(12).reshape(3, 4)
SPECIAL = np.asarray([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5])
INTEGERS = np.asarray([1, 5, 2, 2], np.int32)
EDGES = np.asarray([-1.0, 0.5, 0.5, 2.0])
PREDICTIONS = np.asarray([[0.1, 0.4, 0.6, 0.9], [0.15, 0.7, 0.9, 0.8]])

_erf = np.vectorize(math.erf)
_erfc = np.vectorize(math.erfc)
_i0 = np.vectorize(lambda x: sum((x * x / 4) ** k / math.factorial(k) ** 2 for k in range(40)))


def _same(name: str, *given: Any, **named: Any) -> tuple[str, tuple[Any, ...], dict[str, Any], Any]:
    """NumPy has the function by the same name, with the same arguments."""
    return f"ops.{name}", given, named, getattr(np, name)(*given, **named)


def _int32(row: tuple[str, tuple[Any, ...], dict[str, Any], Any]) -> Any:
    return (*row[:3], np.asarray(row[3], np.int32))


Row = tuple[str, tuple[Any, ...], dict[str, Any], Any]

# fmt: off
AGREE: list[Row] = [
    *(_same(name, X) for name in (
        "tan", "arctan", "sinh", "cosh", "arcsinh", "cbrt", "exp2", "deg2rad", "rad2deg", "sinc",
        "ceil", "trunc", "fabs", "reciprocal")),
    *(_same(name, INSIDE) for name in ("arccos", "arctanh")),
    *(_same(name, ABOVE) for name in ("log2", "log10")),
    _same("arccosh", ABOVE + 1),
    ("ops.rsqrt", (ABOVE,), {}, 1 / np.sqrt(ABOVE)),
    ("ops.erf", (X,), {}, _erf(X)),
    ("ops.erfc", (3 * X,), {}, _erfc(3 * X)),
    ("ops.erfinv", (_erf(X),), {}, X),
    ("ops.i0", (X,), {}, _i0(X)),
    *(_same(name, X, Y) for name in (
        "arctan2", "hypot", "logaddexp", "logaddexp2", "mod", "fmod", "floor_divide", "fmax",
        "fmin", "true_divide")),
    *(_same(name, COUNTS, DIVISORS) for name in (
        "mod", "fmod", "floor_divide", "gcd", "lcm", "bitwise_or", "bitwise_xor", "left_shift",
        "right_shift", "fmax", "fmin")),
    _same("bitwise_not", BITS),
    _same("bitwise_invert", COUNTS),
    _same("bitwise_left_shift", COUNTS, DIVISORS),
    _same("bitwise_right_shift", COUNTS, DIVISORS),
    ("ops.divide_no_nan", (X, np.where(FLAGS, Y, 0.0)), {},
     np.where(FLAGS, X / np.where(FLAGS, Y, 1.0), 0.0)),
    _same("round", 9 * X),
    ("ops.round", (9 * X, 1), {}, np.round(9 * X, 1)),
    ("ops.round", (90 * X, -1), {}, np.round(90 * X, -1)),
    ("ops.clip", (X, -0.5, 0.75), {}, np.clip(X, -0.5, 0.75)),
    ("ops.clip", (COUNTS, -2, 3), {}, np.clip(COUNTS, -2, 3)),
    _same("heaviside", np.asarray([-1.0, 0.0, 2.0, np.nan]), 0.25),
    ("ops.ldexp", (X, COUNTS), {}, np.ldexp(X, COUNTS)),
    ("ops.nan_to_num", (SPECIAL,), {"nan": 7.0, "posinf": 8.0, "neginf": 9.0},
     np.nan_to_num(SPECIAL, nan=7.0, posinf=8.0, neginf=9.0)),
    ("ops.nextafter", (np.float32([1, -2]), np.float32([2, 5])), {},
     np.nextafter(np.float32([1, -2]), np.float32([2, 5])).astype(np.float64)),
    ("ops.saturate_cast", (np.asarray([-1.5, 300.0, 3.75]), "uint8"), {}, np.uint8([0, 255, 3])),
    ("ops.saturate_cast", (np.int32([-300, 300, 5]), "int8"), {}, np.int8([-128, 127, 5])),
    _same("kron", X, Y[:2]),
    _same("kron", COUNTS, DIVISORS),
    *(_same(name, COUNTS, DIVISORS) for name in ("not_equal", "greater_equal", "less_equal")),
    *(_same(name, FLAGS, COUNTS) for name in ("logical_or", "logical_xor")),
    _same("logical_not", COUNTS),
    *(_same(name, SPECIAL) for name in (
        "isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit", "isreal")),
    _same("isreal", np.asarray([1 + 1j, 2.0])),
    _same("isclose", X, X + 1e-5 * Y, rtol=1e-5),
    _same("isclose", SPECIAL, SPECIAL, equal_nan=True),
    ("ops.allclose", (X, X + 1e-9), {}, np.asarray(True)),  # noqa: FBT003
    ("ops.allclose", (X, X + 1.0), {}, np.asarray(False)),  # noqa: FBT003
    _same("isin", COUNTS, np.asarray([1, 2, 3], np.int32), invert=True),
    ("ops.imag", (X + 1j * Y,), {}, Y),
    ("ops.angle", (X + 1j * Y,), {}, np.angle(X + 1j * Y)),
    ("ops.angle", (X,), {}, np.angle(X)),
    ("ops.polar", (ABOVE, X), {}, ABOVE * np.exp(1j * X)),
    ("ops.view_as_complex", (X[:, :2],), {}, X[:, 0] + 1j * X[:, 1]),
    ("ops.view_as_real", (X + 1j * Y,), {}, np.stack([X, Y], -1)),
    ("ops.view", (np.float32([1.0, -2.5]), "int32"), {}, np.float32([1.0, -2.5]).view(np.int32)),
    ("ops.view", (np.int16([1, 2, 3, 4]), "int32"), {}, np.int16([1, 2, 3, 4]).view(np.int32)),
    *(_same(name, WIDE, axis=(0, 2), keepdims=True) for name in ("std", "ptp", "median")),
    *(_same(name, HOLED, axis=axis, keepdims=keepdims) for name in (
        "nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian")
      for axis, keepdims in ((None, False), ((0, -1), True))),
    *(_int32(_same(name, HOLED, axis=1)) for name in ("nanargmax", "nanargmin")),
    *(_same(name, HOLED, axis=-1) for name in ("nancumsum", "nancumprod")),
    *(_same("quantile", WIDE, [0.2, 0.7], axis=1, method=method) for method in (
        "linear", "lower", "higher", "midpoint", "nearest")),
    _same("percentile", WIDE, 35, axis=(0, 2), keepdims=True),
    _same("nanquantile", HOLED, [0.2, 0.7], axis=(0, 2), method="linear"),
    _same("nanpercentile", HOLED, 35, axis=1, method="midpoint"),
    ("ops.moments", (WIDE, (0, 2)), {}, [WIDE.mean((0, 2)), WIDE.var((0, 2))]),
    ("ops.average", (WIDE,), {"axis": 1}, WIDE.mean(1)),
    ("ops.average", (WIDE, 1, ABOVE[0]), {}, np.average(WIDE, 1, ABOVE[0])),
    ("ops.average", (X, None, ABOVE), {}, np.average(X, None, ABOVE)),
    _same("corrcoef", X),
    *(_same("correlate", ROW, SHORT, mode=mode) for mode in ("valid", "same", "full")),
    *(_same("correlate", SHORT[:2], ROW, mode=mode) for mode in ("valid", "same", "full")),
    *(_same("correlate", ROW, ROW[:4], mode=mode) for mode in ("same",)),
    _same("diff", WIDE, n=2, axis=1),
    ("ops.cumprod", (WIDE,), {"axis": 1}, WIDE.cumprod(1)),
    ("ops.cumprod", (COUNTS,), {}, COUNTS.cumprod(dtype=np.int32)),
    ("ops.trapezoid", (WIDE,), {"dx": 0.5, "axis": 1}, np.trapezoid(WIDE, dx=0.5, axis=1)),
    ("ops.trapezoid", (X, ABOVE[0]), {}, np.trapezoid(X, ABOVE[0])),
    _int32(_same("count_nonzero", COUNTS, axis=0)),
    _int32(_same("bincount", INTEGERS, minlength=8)),
    ("ops.bincount", (INTEGERS, ABOVE[0]), {}, np.bincount(INTEGERS, ABOVE[0])),
    _int32(_same("searchsorted", EDGES, np.float32(X), side="right")),
    _int32(_same("digitize", np.float32(X), EDGES)),
    ("ops.histogram", (ROW, 3), {},
     [np.histogram(ROW, 3)[0].astype(np.int32), np.histogram(ROW, 3)[1]]),
    ("ops.in_top_k", (np.asarray([2, 0]), PREDICTIONS, 2), {}, np.asarray([True, False])),
]
"""Symbol, arguments by position and by name, and the answer."""

SAMPLES: dict[str, list[tuple[list[Any], dict[str, Any]]]] = {
    **{f"ops.{name}": [([X], {})] for name in (
        "tan", "arctan", "sinh", "cosh", "arcsinh", "cbrt", "exp2", "deg2rad", "rad2deg", "sinc",
        "fabs", "reciprocal", "erf", "erfc", "i0", "nan_to_num")},
    **{f"ops.{name}": [([INSIDE], {})] for name in ("arccos", "arctanh", "erfinv")},
    **{f"ops.{name}": [([ABOVE], {})] for name in ("log2", "log10", "rsqrt")},
    "ops.arccosh": [([ABOVE + 1.1], {})],
    **{f"ops.{name}": [([X, Y[:1]], {})] for name in (
        "arctan2", "hypot", "logaddexp", "logaddexp2", "mod", "fmod", "fmax", "fmin",
        "true_divide", "divide_no_nan", "heaviside")},
    "ops.clip": [([X, -0.5, 0.75], {}), ([X, Y[:1] - 3.0, ABOVE], {})],
    "ops.ldexp": [([X, COUNTS], {})],
    "ops.saturate_cast": [([X, "float64"], {})],
    "ops.kron": [([X, Y[:2]], {})],
    **{f"ops.{name}": [([WIDE, (0, 2), True], {}), ([X], {})] for name in (
        "std", "ptp", "median", "nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax",
        "nanmin", "nanmedian")},
    **{f"ops.{name}": [([WIDE, 1], {}), ([X], {})] for name in (
        "cumprod", "nancumsum", "nancumprod")},
    **{f"ops.{name}": [([WIDE, [0.2, 0.7], 1], {"method": "linear"}),
                       ([X, 0.3], {"method": "midpoint"}), ([X, 0.3, 0], {"method": "lower"})]
       for name in ("quantile", "nanquantile", "percentile", "nanpercentile")},
    "ops.moments": [([WIDE, (0, 2)], {"keepdims": True})],
    "ops.average": [([WIDE, 1, ABOVE[0]], {}), ([X], {}), ([X, None, ABOVE], {})],
    "ops.corrcoef": [([X], {})],
    "ops.correlate": [([ROW, SHORT], {"mode": mode}) for mode in ("valid", "same", "full")],
    "ops.diff": [([WIDE, 2, 1], {})],
    "ops.trapezoid": [([WIDE], {"dx": 0.5, "axis": 1}), ([X, ABOVE[0]], {})],
}
# fmt: on
CONSTANT = {"ops.ceil", "ops.trunc", "ops.round", "ops.floor_divide"}
"""Functions whose gradients are zeros: cases/ops/numpy/remainders/steps."""
