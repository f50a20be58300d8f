"""Elementary functions that only functions of Keras need: hyperbolic ones, their inverses, roots.

Each is written in NumPy once for float32, float64, longdouble and complex numbers, as those of
``elementary`` are; here each stands beside its gradient.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.elementary import ERF, Binary, Function

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array, Values

LN2, LN10 = math.log(2), math.log(10)
_TERMS = 300
"""Of a power series whose terms are all positive; enough for arguments up to 80."""
_erfc_of_one = np.frompyfunc(math.erfc, 1, 1)


def _cbrt(x: Values) -> Values:
    if not np.iscomplexobj(x):
        return np.asarray(np.cbrt(x))
    root = np.cbrt(x.real)
    return np.asarray(root + 1j * x.imag / (3 * root * root))


def _erfc(x: Values) -> Values:
    if x.dtype in {np.dtype(np.float64), np.dtype(np.float32)}:
        return np.asarray(_erfc_of_one(x.astype(np.float64)), np.float64).astype(x.dtype)
    return np.asarray(1 - ERF.value(x))


def _erf_slope(x: Values) -> Values:
    return np.asarray(2 / math.sqrt(math.pi) * np.exp(-x * x))


def _erfinv(y: Values) -> Values:
    """Winitzki's approximation, made exact by Newton's steps."""
    inner = np.where(np.abs(y.real) < 1, y, 0)
    spread = np.log1p(-inner.real * inner.real)
    middle = 2 / (math.pi * 0.147) + spread / 2
    x = np.sign(inner.real) * np.sqrt(np.sqrt(middle * middle - spread / 0.147) - middle)
    x = x.astype(y.dtype)
    for _ in range(8):
        x = x - (ERF.value(np.asarray(x)) - inner) / _erf_slope(x)
    ends = np.where(np.abs(y.real) == 1, np.sign(y.real) * np.inf, np.nan)
    made = np.where(np.abs(y.real) < 1, x, ends)
    return np.asarray(np.where(y == 0, y, made).astype(y.dtype))


def _bessel(order: int) -> Function:
    """The modified Bessel function of the first kind, of order 0 or 1."""

    def value(x: Values) -> Values:
        square = x * x / 4
        term = np.ones_like(x) if order == 0 else x / 2
        total = term.copy()
        for k in range(1, _TERMS):
            term = term * square / (k * (k + order))
            total = total + term
        return np.asarray(np.where(np.isinf(x), np.abs(x) if order == 0 else x, total))

    def slope(x: Values, y: Values) -> Values:
        if order == 0:
            return _bessel(1).value(x)
        return np.asarray(_bessel(0).value(x) - y / np.where(x == 0, 1.0, x))

    return Function(f"i{order}", value, slope, 8)


TAN = Function("tan", np.tan, lambda _, y: 1 + y * y, 4)
ARCCOS = Function("arccos", np.arccos, lambda x, _: -1 / np.sqrt((1 - x) * (1 + x)), 4)
ARCTAN = Function("arctan", np.arctan, lambda x, _: 1 / (1 + x * x), 4)
SINH = Function("sinh", np.sinh, lambda x, _: np.cosh(x), 4)
COSH = Function("cosh", np.cosh, lambda x, _: np.sinh(x), 4)
ARCSINH = Function("arcsinh", np.arcsinh, lambda x, _: 1 / np.sqrt(x * x + 1), 4)
ARCCOSH = Function("arccosh", np.arccosh, lambda x, _: 1 / np.sqrt((x - 1) * (x + 1)), 4)
ARCTANH = Function("arctanh", np.arctanh, lambda x, _: 1 / ((1 - x) * (1 + x)), 4)
CBRT = Function("cbrt", _cbrt, lambda _, y: 1 / (3 * y * y), 4)
EXP2 = Function("exp2", np.exp2, lambda _, y: y * LN2, 4)
LOG2 = Function("log2", np.log2, lambda x, _: 1 / (x * LN2), 4)
LOG10 = Function("log10", np.log10, lambda x, _: 1 / (x * LN10), 4)
RSQRT = Function("rsqrt", lambda x: 1 / np.sqrt(x), lambda x, y: -y / (2 * x), 4)
ERFC = Function("erfc", _erfc, lambda x, _: -_erf_slope(x), 4)
ERFINV = Function("erfinv", _erfinv, lambda _, y: 1 / _erf_slope(y), 8)
I0, I1 = _bessel(0), _bessel(1)


def _hypot(x: Values, y: Values) -> Values:
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        return np.asarray(np.sqrt(x * x + y * y))
    return np.asarray(np.hypot(x, y))


def _shares(x: Values, y: Values, h: Values) -> tuple[Values, Values]:
    safe = np.where((h == 0) | np.isinf(h.real), 1.0, h)
    return np.asarray(x / safe), np.asarray(y / safe)


HYPOT = Binary("hypot", _hypot, _shares, 4)


def tan(a: Array) -> Array:
    """Tangent of angles in radians."""
    return f.applied(TAN, a, lambda g, y: g * (y * y + 1.0))


def arccos(a: Array) -> Array:
    """Angle, from 0 to π, of which this is the cosine."""
    return f.applied(ARCCOS, a, lambda g, _: -(g / f.sqrt(1.0 - a * a)))


def arctan(a: Array) -> Array:
    """Angle, from -π/2 to π/2, of which this is the tangent."""
    return f.applied(ARCTAN, a, lambda g, _: g / (a * a + 1.0))


def sinh(a: Array) -> Array:
    """Hyperbolic sine."""
    return f.applied(SINH, a, lambda g, _: g * cosh(a))


def cosh(a: Array) -> Array:
    """Hyperbolic cosine."""
    return f.applied(COSH, a, lambda g, _: g * sinh(a))


def arcsinh(a: Array) -> Array:
    """Number of which this is the hyperbolic sine."""
    return f.applied(ARCSINH, a, lambda g, _: g / f.sqrt(a * a + 1.0))


def arccosh(a: Array) -> Array:
    """Number, not negative, of which this is the hyperbolic cosine."""
    return f.applied(ARCCOSH, a, lambda g, _: g / f.sqrt(a * a - 1.0))


def arctanh(a: Array) -> Array:
    """Number of which this is the hyperbolic tangent."""
    return f.applied(ARCTANH, a, lambda g, _: g / (1.0 - a * a))


def cbrt(a: Array) -> Array:
    """Cubic root, of negative numbers too."""
    return f.applied(CBRT, a, lambda g, y: g / (y * y * 3.0))


def exp2(a: Array) -> Array:
    """2 to the power of every number."""
    return f.applied(EXP2, a, lambda g, y: g * (y * LN2))


def log2(a: Array) -> Array:
    """Logarithm to the base 2."""
    return f.applied(LOG2, a, lambda g, _: g / (a * LN2))


def log10(a: Array) -> Array:
    """Logarithm to the base 10."""
    return f.applied(LOG10, a, lambda g, _: g / (a * LN10))


def rsqrt(a: Array) -> Array:
    """One over the square root."""
    return f.applied(RSQRT, a, lambda g, y: g * (y / a) * -0.5)


def erfc(a: Array) -> Array:
    """One minus the error function, exact where that is near one."""
    return f.applied(ERFC, a, lambda g, _: -(g * (f.exp(-(a * a)) * (2 / math.sqrt(math.pi)))))


def erfinv(a: Array) -> Array:
    """Number of which this is the error function."""
    return f.applied(ERFINV, a, lambda g, y: g * (f.exp(y * y) * (math.sqrt(math.pi) / 2)))


def i0(a: Array) -> Array:
    """Modified Bessel function of the first kind, order 0."""
    return f.applied(I0, a, lambda g, _: g * f.applied(I1, a, _unrecorded))


def hypot(a: Array, b: Array) -> Array:
    """Length of the longest side of a right triangle."""
    return f.combine(HYPOT, a, b, (lambda g, h: g * a / h, lambda g, h: g * b / h))


def _unrecorded(g: Array, _: Array) -> Array:
    """Stands where no gradient is taken: the backward pass is not differentiated."""
    return g
