"""Functions of each number by itself that have a slope: roots, logarithms, angles, errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine import transcendental as t
from conformance.reference.engine.conversion import arithmetic_of, as_array, floats, real
from conformance.reference.errors import Unsupported
from conformance.reference.spec.ops.base import broadcasting
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


def only_floats(x: Tensor | Scalar, function: str) -> Array:
    """The one argument of a function of which Keras says nothing for integers.

    Raises:
        Unsupported: It holds integers: frameworks differ.
    """
    a = real(as_array(x, arithmetic_of(x)))
    if a.integers is not None:
        message = f"{function} of {a.dtype} is not in the reference: Keras documents no answer"
        raise Unsupported(message)
    return a


def two_floats(x1: Tensor | Scalar, x2: Tensor | Scalar) -> tuple[Array, Array]:
    """Two real operands in the float dtype in which they meet."""
    a, b = (real(x) for x in broadcasting(x1, x2, least="float"))
    return a, b


def not_booleans(a: Tensor, function: str) -> None:
    """See that operands have met in another dtype than bool.

    Raises:
        Unsupported: They haven't: Keras documents no answer, and frameworks differ.
    """
    if a.dtype == "bool":
        message = f"{function} of booleans is not in the reference: Keras documents no answer"
        raise Unsupported(message)


@defines("ops.tan")
def tan(x: Tensor | Scalar) -> Tensor:
    """Tangent of angles in radians."""
    return t.tan(floats(x))


@defines("ops.arccos")
def arccos(x: Tensor | Scalar) -> Tensor:
    """Angle, from 0 to π, of which this is the cosine; NaN beyond -1 and 1."""
    return t.arccos(floats(x))


@defines("ops.arctan")
def arctan(x: Tensor | Scalar) -> Tensor:
    """Angle, from -π/2 to π/2, of which this is the tangent."""
    return t.arctan(floats(x))


@defines("ops.arctan2")
def arctan2(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Angle, from -π to π, of the point whose y is ``x1`` and whose x is ``x2``."""
    return f.arctan2(*two_floats(x1, x2))


@defines("ops.sinh")
def sinh(x: Tensor | Scalar) -> Tensor:
    """Hyperbolic sine."""
    return t.sinh(floats(x))


@defines("ops.cosh")
def cosh(x: Tensor | Scalar) -> Tensor:
    """Hyperbolic cosine."""
    return t.cosh(floats(x))


@defines("ops.arcsinh")
def arcsinh(x: Tensor | Scalar) -> Tensor:
    """Number of which this is the hyperbolic sine."""
    return t.arcsinh(floats(x))


@defines("ops.arccosh")
def arccosh(x: Tensor | Scalar) -> Tensor:
    """Number, not negative, of which this is the hyperbolic cosine; NaN below 1."""
    return t.arccosh(floats(x))


@defines("ops.arctanh")
def arctanh(x: Tensor | Scalar) -> Tensor:
    """Number of which this is the hyperbolic tangent; NaN beyond -1 and 1."""
    return t.arctanh(floats(x))


@defines("ops.cbrt")
def cbrt(x: Tensor | Scalar) -> Tensor:
    """Cubic root, of negative numbers too."""
    return t.cbrt(floats(x))


@defines("ops.exp2")
def exp2(x: Tensor | Scalar) -> Tensor:
    """2 to the power of every number."""
    return t.exp2(floats(x))


@defines("ops.log2")
def log2(x: Tensor | Scalar) -> Tensor:
    """Logarithm to the base 2."""
    return t.log2(floats(x))


@defines("ops.log10")
def log10(x: Tensor | Scalar) -> Tensor:
    """Logarithm to the base 10."""
    return t.log10(floats(x))


@defines("ops.deg2rad")
def deg2rad(x: Tensor | Scalar) -> Tensor:
    """Degrees as radians."""
    return floats(x) * (math.pi / 180)


@defines("ops.rad2deg")
def rad2deg(x: Tensor | Scalar) -> Tensor:
    """Radians as degrees."""
    return floats(x) * (180 / math.pi)


@defines("ops.reciprocal")
def reciprocal(x: Tensor | Scalar) -> Tensor:
    """``1 / x``, of floats."""
    return 1.0 / only_floats(x, "reciprocal")


@defines("ops.rsqrt")
def rsqrt(x: Tensor | Scalar) -> Tensor:
    """``1 / sqrt(x)``, of floats."""
    return t.rsqrt(only_floats(x, "rsqrt"))


@defines("ops.erf")
def erf(x: Tensor | Scalar) -> Tensor:
    """Error function, of floats."""
    return f.erf(only_floats(x, "erf"))


@defines("ops.erfc")
def erfc(x: Tensor | Scalar) -> Tensor:
    """``1 - erf(x)``; integers in floatx."""
    return t.erfc(floats(x))


@defines("ops.erfinv")
def erfinv(x: Tensor | Scalar) -> Tensor:
    """Number of which this is the error function, of floats; NaN beyond -1 and 1."""
    return t.erfinv(only_floats(x, "erfinv"))


@defines("ops.i0")
def i0(x: Tensor | Scalar) -> Tensor:
    """Modified Bessel function of the first kind, order 0."""
    return t.i0(floats(x))


@defines("ops.sinc")
def sinc(x: Tensor | Scalar) -> Tensor:
    """``sin(πx) / (πx)``, and 1 at 0."""
    a = floats(x)
    zero = np.asarray(a.value == 0)
    angle = f.choose(zero, a.arithmetic.constant(1.0, a.shape), a) * math.pi
    return f.choose(zero, a.arithmetic.constant(1.0, a.shape), f.sine(angle) / angle)


@defines("ops.hypot")
def hypot(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``sqrt(x1**2 + x2**2)`` without an overflow on the way."""
    not_booleans(broadcasting(x1, x2)[0], "hypot")
    return t.hypot(*two_floats(x1, x2))


def _larger(a: Array, b: Array) -> tuple[Array, Array]:
    """The larger of two numbers, and minus their distance; a tie is no kink of what follows."""
    lead = a - b
    first = np.asarray(lead.value.real > 0)
    return f.choose(first, a, b), f.choose(first, -lead, lead)


@defines("ops.logaddexp")
def logaddexp(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``log(exp(x1) + exp(x2))``, shifted so that nothing overflows."""
    largest, rest = _larger(*two_floats(x1, x2))
    return largest + f.log1p(f.exp(rest))


@defines("ops.logaddexp2")
def logaddexp2(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``log2(2**x1 + 2**x2)``, shifted so that nothing overflows."""
    largest, rest = _larger(*two_floats(x1, x2))
    return largest + f.log1p(t.exp2(rest)) * (1 / t.LN2)
