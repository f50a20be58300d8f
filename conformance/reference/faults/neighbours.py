"""What an elementwise function, or one of many numbers, may be taken for."""

from __future__ import annotations

_PAIRS = """
tan tanh, tanh tan, arccos arcsin, arctan tan, sinh cosh, cosh sinh, arcsinh sinh, arccosh cosh,
arctanh tanh, cbrt sqrt, exp2 exp, log2 log, log10 log2, deg2rad rad2deg, rad2deg deg2rad,
reciprocal negative, rsqrt sqrt, erf erfc, erfc erf, erfinv erf, i0 cosh, sinc sin, fabs relu,
abs relu, hypot maximum, arctan2 hypot, logaddexp maximum, logaddexp2 logaddexp, ceil floor,
trunc floor, round floor, floor_divide true_divide, mod fmod, fmod floor_divide,
divide_no_nan multiply, true_divide multiply, fmax fmin, fmin fmax, heaviside maximum,
ldexp multiply, nan_to_num relu, nextafter maximum, saturate_cast cast, isnan isinf, isinf isnan,
isfinite isnan, isposinf isneginf, isneginf isposinf, signbit isneginf, isreal isnan,
not_equal equal, less_equal greater, greater_equal less, logical_or logical_and,
logical_xor logical_or, logical_not isfinite, bitwise_or bitwise_and, bitwise_xor bitwise_or,
bitwise_not square, bitwise_invert square, left_shift right_shift, right_shift left_shift,
bitwise_left_shift right_shift, bitwise_right_shift left_shift, gcd lcm, lcm gcd, view cast,
std var, ptp max, median mean, amax amin, amin amax, cumprod cumsum,
cumsum cumprod, nansum sum, nanprod nansum, nanmean nansum, nanmax nanmin, nanmin nanmax,
nanvar nanmean, nanstd nanvar, nanmedian nanmean, nanargmax nanargmin, nanargmin nanargmax,
nancumsum nancumprod, nancumprod nancumsum
"""

NUMBERS: dict[str, tuple[str, ...]] = {
    f"ops.{one}": (f"ops.{other}",)
    for one, other in (pair.split() for pair in _PAIRS.replace("\n", " ").split(","))
} | {"ops.mod": ("ops.fmod", "ops.multiply"), "ops.fmod": ("ops.mod", "ops.multiply")}
"""By Keras's symbol; both take the same arguments."""

EITHER_WAY = frozenset(
    f"ops.{name}"
    for name in (
        "bitwise_or",
        "bitwise_xor",
        "fmax",
        "fmin",
        "gcd",
        "hypot",
        "lcm",
        "logaddexp",
        "logaddexp2",
        "logical_or",
        "logical_xor",
        "not_equal",
    )
)
"""Functions that answer the same whichever operand comes first."""
