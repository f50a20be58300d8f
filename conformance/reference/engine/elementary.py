"""Elementary functions: their values, their slopes, and how well a library computes them.

Each is written in NumPy once for float32, float64, longdouble and complex numbers.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.array import Values


@dataclass(frozen=True)
class Function:
    """One elementary function of one number.

    Attributes:
        name: As NumPy or mathematics calls it.
        value: The function, on raw numbers.
        slope: Its derivative, from the argument and the value.
        rounding: Error of a good library's implementation, in units of u (docs/numerics.md).
        floor: What its values need not be told below, in units of u²; for values of which only
            their share of a sum counts, whose largest is 1.
    """

    name: str
    value: Callable[[Values], Values]
    slope: Callable[[Values, Values], Values]
    rounding: float
    floor: float = 0.0


@dataclass(frozen=True)
class Binary:
    """One elementary function of two numbers.

    Attributes:
        name: As NumPy or mathematics calls it.
        value: The function, on raw numbers.
        slopes: Its derivatives after the first and the second number, from both and the value.
        rounding: See :class:`Function`.
    """

    name: str
    value: Callable[[Values, Values], Values]
    slopes: Callable[[Values, Values, Values], tuple[Values, Values]]
    rounding: float


_erf_of_one = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Values) -> Values:
    if x.dtype in {np.dtype(np.float64), np.dtype(np.float32)}:
        return np.asarray(_erf_of_one(x.astype(np.float64)), np.float64).astype(x.dtype)
    # A series of positive terms: no cancellation, hence good in longdouble and for complex steps.
    bounded = np.where(np.abs(x.real) < 7, x, 0)  # noqa: PLR2004 (erf(7) is 1 in longdouble too)
    term = bounded.copy()
    total = bounded.copy()
    for k in range(1, 300):
        term = term * (2 * bounded * bounded) / (2 * k + 1)
        total = total + term
    two_over_root_pi = 2 / np.sqrt(np.arctan(np.ones((), x.real.dtype)) * 4)
    series = two_over_root_pi * np.exp(-bounded * bounded) * total
    return np.asarray(np.where(np.abs(x.real) < 7, series, np.sign(x.real)))  # noqa: PLR2004


def _erf_slope(x: Values, _: Values) -> Values:
    return np.asarray(2 / math.sqrt(math.pi) * np.exp(-x * x))


def _sigmoid(x: Values) -> Values:
    # exp of a number that is never positive, so that nothing overflows.
    small = np.exp(np.where(x.real < 0, x, -x))
    return np.asarray(np.where(x.real < 0, small / (1 + small), 1 / (1 + small)))


EXP = Function("exp", np.exp, lambda _, y: y, 2)
WEIGHT = dataclasses.replace(EXP, name="weight", floor=1.0)
LOG = Function("log", np.log, lambda x, _: 1 / x, 4)
SQRT = Function("sqrt", np.sqrt, lambda _, y: 0.5 / y, 1)
TANH = Function("tanh", np.tanh, lambda _, y: 1 - y * y, 4)
SIGMOID = Function("sigmoid", _sigmoid, lambda _, y: y * (1 - y), 4)
SINE = Function("sin", np.sin, lambda x, _: np.cos(x), 4)
COSINE = Function("cos", np.cos, lambda x, _: -np.sin(x), 4)
ARCSINE = Function("arcsin", np.arcsin, lambda x, _: 1 / np.sqrt((1 - x) * (1 + x)), 4)
LOG1P = Function("log1p", np.log1p, lambda x, _: 1 / (1 + x), 4)
EXPM1 = Function("expm1", np.expm1, lambda _, y: y + 1, 4)
ERF = Function("erf", _erf, _erf_slope, 4)


def _power_slopes(x: Values, exponent: Values, y: Values) -> tuple[Values, Values]:
    logarithm = np.log(np.where(x.real < 0, -x, np.where(x == 0, 1.0, x)))
    return np.asarray(exponent * x ** (exponent - 1)), np.asarray(y * logarithm)


POWER = Binary("power", lambda x, e: np.asarray(x**e), _power_slopes, 8)


def power_of(exponent: float) -> Function:
    """A number to a constant power."""
    return Function(
        f"power {exponent:g}",
        lambda x: np.asarray(x**exponent),
        lambda x, _: np.asarray(exponent * x ** (exponent - 1)),
        8,
    )
