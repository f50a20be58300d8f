"""Functions of one or two arrays, number by number."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import complexes, elementary
from conformance.reference.engine import functions as f
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    convert,
    floats,
    real,
    together,
    whole,
)
from conformance.reference.errors import Unsupported
from conformance.reference.spec.ops.base import broadcasting
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor


def _met(
    function: Callable[[Any, Any], Tensor], x1: Tensor | Scalar, x2: Tensor | Scalar
) -> Tensor:
    """A function of two arrays in the dtype in which they meet."""
    return function(*broadcasting(x1, x2))


def _two_floats(x1: Tensor | Scalar, x2: Tensor | Scalar) -> tuple[Array, Array]:
    a, b = (real(x) for x in broadcasting(x1, x2, least="float"))
    return a, b


def _of_integers(function: Callable[..., Values], *arrays: Array) -> Array | None:
    """A NumPy function of integers that keeps their dtype; ``None`` where there are none."""
    if arrays[0].integers is None:
        return None
    made = function(*(whole(a) for a in arrays))
    return arrays[0].arithmetic.whole(np.asarray(made, arrays[0].dtype))


@defines("ops.add")
def add(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``x1 + x2``, in the dtype in which both meet."""
    return _met(operator.add, x1, x2)


@defines("ops.subtract")
def subtract(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``x1 - x2``, in the dtype in which both meet.

    Raises:
        Unsupported: Both are booleans.
    """
    a, b = broadcasting(x1, x2)
    if a.dtype == "bool":
        message = "a difference of booleans is not in the reference: Keras documents none"
        raise Unsupported(message)
    return _met(operator.sub, a, b)


@defines("ops.multiply")
def multiply(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``x1 * x2``, in the dtype in which both meet."""
    return _met(operator.mul, x1, x2)


@defines("ops.divide")
def divide(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``x1 / x2``, the true quotient: integers in floatx."""
    a, b = broadcasting(x1, x2, least="float")
    return _met(operator.truediv, a, b)


@defines("ops.power")
def power(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``x1`` to the power of ``x2``, in the dtype in which both meet.

    Raises:
        Unsupported: Of complex numbers, of booleans, or of an integer to a negative power.
    """
    a, b = (real(x) for x in broadcasting(x1, x2))
    if a.dtype == "bool" or (b.integers is not None and (b.integers < 0).any()):
        message = f"this power of {a.dtype} is not in the reference: Keras documents none"
        raise Unsupported(message)
    made = _of_integers(np.power, a, b)
    if made is not None:
        return made
    return f.combine(
        elementary.POWER,
        a,
        b,
        (
            lambda g, _: g * (b * f.combine(elementary.POWER, a, b - 1.0, _NO_SLOPES)),
            lambda g, y: g * (y * f.log(a)),
        ),
    )


def _no_slope(g: Array, _: Array) -> Array:
    return g


_NO_SLOPES = (_no_slope, _no_slope)
"""The backward pass is not recorded."""


def _extreme(x1: Tensor | Scalar, x2: Tensor | Scalar, *, sign: int) -> Array:
    """The larger of two numbers, or with sign -1 the smaller; NaN where one is NaN."""
    a, b = (real(x) for x in broadcasting(x1, x2))
    made = _of_integers(np.maximum if sign > 0 else np.minimum, a, b)
    if made is not None:
        return made
    lead = a - b
    a.arithmetic.kink(lead, lead.value)
    first, second = a.value.real, b.value.real
    taken = first > second if sign > 0 else first < second
    return f.choose(np.asarray(taken | np.isnan(first)), a, b)


@defines("ops.maximum")
def maximum(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """The larger of two numbers; a tie is a kink."""
    return _extreme(x1, x2, sign=1)


@defines("ops.minimum")
def minimum(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """The smaller of two numbers; a tie is a kink."""
    return _extreme(x1, x2, sign=-1)


@defines("ops.absolute", "ops.abs")
def absolute(x: Tensor | Scalar) -> Tensor:
    """Every number without its sign; of a complex one, its distance from 0."""
    a = as_array(x, arithmetic_of(x))
    if isinstance(a, Complex):
        return complexes.absolute(a)
    made = _of_integers(np.abs, a)
    if made is not None:
        return made
    a.arithmetic.kink(a, a.value.real)
    # A zero comes out without its sign too.
    return f.choose(~np.signbit(a.value.real), a, -a)


@defines("ops.sign")
def sign(x: Tensor | Scalar) -> Tensor:
    """-1, 0 or 1, as a number is negative, zero or positive; its gradient is zero."""
    a = real(as_array(x, arithmetic_of(x)))
    if a.dtype == "bool":
        message = "the sign of a boolean is not in the reference: Keras documents none"
        raise Unsupported(message)
    made = _of_integers(np.sign, a)
    if made is not None:
        return made
    a.arithmetic.jump(a, a.value.real)
    return a.arithmetic.exact(np.sign(a.value.real))


@defines("ops.floor")
def floor(x: Tensor | Scalar) -> Tensor:
    """The largest integer that is not above a number, as a float; integers in floatx.

    Its gradient is zero.
    """
    a = floats(x)
    values = a.value.real
    a.arithmetic.jump(a, values - np.rint(values))
    return a.arithmetic.exact(np.floor(values))


@defines("ops.exp")
def exp(x: Tensor | Scalar) -> Tensor:
    """E to the power of every number."""
    (a,) = together(x, least="float")
    return complexes.exp(a) if isinstance(a, Complex) else f.exp(a)


@defines("ops.log")
def log(x: Tensor | Scalar) -> Tensor:
    """Natural logarithm."""
    return f.log(floats(x))


@defines("ops.log1p")
def log1p(x: Tensor | Scalar) -> Tensor:
    """``log(1 + x)``, exact for small numbers too."""
    return f.log1p(floats(x))


@defines("ops.expm1")
def expm1(x: Tensor | Scalar) -> Tensor:
    """``exp(x) - 1``, exact for small numbers too."""
    return f.expm1(floats(x))


@defines("ops.sin")
def sin(x: Tensor | Scalar) -> Tensor:
    """Sine of angles in radians."""
    return f.sine(floats(x))


@defines("ops.cos")
def cos(x: Tensor | Scalar) -> Tensor:
    """Cosine of angles in radians."""
    return f.cosine(floats(x))


@defines("ops.arcsin")
def arcsin(x: Tensor | Scalar) -> Tensor:
    """Angle, from -π/2 to π/2, of which this is the sine; NaN beyond -1 and 1."""
    return f.arcsine(floats(x))


@defines("ops.sqrt")
def sqrt(x: Tensor | Scalar) -> Tensor:
    """Square root; NaN of a negative number."""
    return f.sqrt(floats(x))


@defines("ops.square")
def square(x: Tensor | Scalar) -> Tensor:
    """Every number times itself; booleans as 32-bit integers."""
    a = as_array(x, arithmetic_of(x))
    a = convert(a, "int32") if a.dtype == "bool" else a
    return _met(operator.mul, a, a)


@defines("ops.negative")
def negative(x: Tensor | Scalar) -> Tensor:
    """Every number with the other sign.

    Raises:
        Unsupported: Of booleans.
    """
    a = as_array(x, arithmetic_of(x))
    if a.dtype == "bool":
        message = "a negative boolean is not in the reference: Keras documents none"
        raise Unsupported(message)
    return -a


@defines("ops.real")
def real_part(x: Tensor | Scalar) -> Tensor:
    """Real part; of a real number, itself."""
    a = as_array(x, arithmetic_of(x))
    return a.real if isinstance(a, Complex) else a


@defines("ops.conjugate", "ops.conj")
def conjugate(x: Tensor | Scalar) -> Tensor:
    """Every number with its imaginary part turned around."""
    a = as_array(x, arithmetic_of(x))
    return a.conjugate() if isinstance(a, Complex) else a
