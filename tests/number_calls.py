"""A call for each row of the native adapters that is of elementwise functions and statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Call = tuple[str, Mapping[str, tuple[Sequence[Any], str]], dict[str, Any]]

X = {"x": ([3, 4], "float32")}
NAN = float("nan")
HOLED = {"x": ([[1.5, NAN, -2.0, 0.5], [0.25, 3.0, NAN, 4.0]], "float32")}
COMPLEX = {"x": ([[1 + 2j, 0.5 - 1j], [-3j, -2.0]], "complex64")}
TWO = {"x1": ([3, 1], "float32"), "x2": ([4], "float32")}
WHOLE = {"x1": ([4], "int32"), "x2": ([[1, 2, 3, 4]], "int32")}
PAIR = {"x": ([4], "int32"), "y": ([4], "int32")}
BINS = {"x": ([3, 4], "float32"), "bins": ([1], "float32")}

_UNARY = """
abs angle arccos arcsinh arctan arctanh cbrt ceil conj conjugate cos cosh deg2rad rad2deg exp2 fabs
i0 isfinite isinf isnan isneginf isposinf isreal log log10 log2 logical_not nan_to_num rsqrt
reciprocal real erf erfc erfinv signbit sinc sinh tan tanh trunc round
"""
_BINARY = """
arctan2 divide_no_nan true_divide floor_divide fmax fmin fmod mod greater_equal less less_equal
not_equal heaviside hypot isclose allclose isin logaddexp logaddexp2 logical_or logical_xor
"""
_OF_MANY = "amax amin min std median nanmax nanmin nanmean nanmedian nanstd nansum nanvar nanprod"

CALLS: list[Call] = [
    *((f"ops.{name}", X, {}) for name in _UNARY.split()),
    *((f"ops.{name}", TWO, {}) for name in _BINARY.split()),
    *((f"ops.{name}", WHOLE, {}) for name in ("gcd", "lcm", "ldexp")),
    *(
        (f"ops.{name}", PAIR, {})
        for name in (
            "bitwise_or",
            "bitwise_xor",
            "bitwise_left_shift",
            "bitwise_right_shift",
            "left_shift",
            "right_shift",
        )
    ),
    *((f"ops.{name}", {"x": ([4], "int32")}, {}) for name in ("bitwise_not", "bitwise_invert")),
    ("ops.arccosh", {"x": ([[1.5, 3.0]], "float32")}, {}),
    ("ops.clip", X, {"x_min": 0.25, "x_max": 0.5}),
    (
        "ops.clip",
        {**X, "x_min": ([[0.2, 0.3, 0.1, 0.4]], "float32"), "x_max": ([[0.5]], "float32")},
        {},
    ),
    ("ops.kron", {"x1": ([2, 3], "float32"), "x2": ([3, 2], "float32")}, {}),
    ("ops.saturate_cast", X, {"dtype": "int8"}),
    ("ops.view", X, {"dtype": "int32"}),
    ("ops.polar", {"abs_": ([3], "float32"), "angle": ([3], "float32")}, {}),
    ("ops.view_as_complex", {"x": ([3, 2], "float32")}, {}),
    *((f"ops.{name}", HOLED, {"axis": 1}) for name in _OF_MANY.split() if name.startswith("nan")),
    *((f"ops.{name}", X, {"axis": 1}) for name in _OF_MANY.split()),
    ("ops.ptp", X, {"axis": 1}),
    ("ops.max", X, {"axis": 1, "initial": 0.5}),
    ("ops.min", X, {"axis": 1, "initial": 0.5}),
    ("ops.all", {"x": ([3, 4], "bool")}, {"axis": 0}),
    ("ops.argmin", X, {"axis": 1}),
    *((f"ops.{name}", HOLED, {"axis": 1}) for name in ("nanargmax", "nanargmin")),
    *((f"ops.{name}", X, {"axis": 1}) for name in ("cumprod", "nancumsum", "nancumprod")),
    ("ops.cumprod", X, {}),
    *((f"ops.{name}", X, {"q": 0.3, "axis": 1}) for name in ("quantile", "nanquantile")),
    *((f"ops.{name}", X, {"q": 30.0, "axis": 1}) for name in ("percentile", "nanpercentile")),
    ("ops.average", X, {"axis": 0}),
    ("ops.average", {"x": ([3, 4], "float32"), "weights": ([4], "float32")}, {"axis": -1}),
    ("ops.corrcoef", X, {}),
    (
        "ops.correlate",
        {"x1": ([7], "float32"), "x2": ([3], "float32")},
        {"mode": "same"},
    ),
    ("ops.count_nonzero", {"x": ([4], "int32")}, {}),
    ("ops.bincount", {"x": ([5], "int32")}, {"minlength": 6}),
    ("ops.bincount", {"x": ([5], "int32"), "weights": ([5], "float32")}, {"minlength": 6}),
    ("ops.diff", {"a": ([3, 4], "float32")}, {"axis": 0}),
    ("ops.digitize", BINS, {}),
    ("ops.histogram", {"x": ([9], "float32")}, {"bins": 3}),
    ("ops.in_top_k", {"targets": ([3], "int32"), "predictions": ([3, 4], "float32")}, {"k": 2}),
    (
        "ops.searchsorted",
        {"sorted_sequence": ([1], "float32"), "values": ([4], "float32")},
        {"side": "right"},
    ),
    ("ops.moments", X, {"axes": [0]}),
    ("ops.trapezoid", {"y": ([3, 4], "float32")}, {"dx": 0.5}),
    ("ops.trapezoid", {"y": ([3, 4], "float32"), "x": ([4], "float32")}, {}),
    ("ops.nextafter", {"x1": ([4], "float32"), "x2": ([4], "float32")}, {}),
    *((f"ops.{name}", COMPLEX, {}) for name in ("imag", "view_as_real", "conj", "abs", "angle")),
]

OTHER_DTYPE = {(adapter, "ops.histogram") for adapter in ("torch", "jax")} | {
    ("torch", "ops.nextafter")
}
"""Where Keras 3.15.1 answers another dtype than it documents: counts in float32."""
