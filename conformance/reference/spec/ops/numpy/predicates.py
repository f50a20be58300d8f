"""Questions about numbers, which are answered by true or false."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    booleans,
    real,
    together,
    whole,
)
from conformance.reference.engine.integers import reduced
from conformance.reference.spec.ops.base import broadcasting, listed
from conformance.reference.spec.ops.numpy.logic import compared, equal
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("ops.not_equal", differentiable=False)
def not_equal(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Whether two numbers differ, as NaN does from itself."""
    same = real(equal(x1, x2))
    return same.arithmetic.whole(~whole(same))


@defines("ops.greater_equal", differentiable=False)
def greater_equal(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Whether the first number is larger, or both are equal."""
    return compared(np.greater_equal, x1, x2)


@defines("ops.less_equal", differentiable=False)
def less_equal(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Whether the first number is smaller, or both are equal."""
    return compared(np.less_equal, x1, x2)


@defines("ops.logical_or", differentiable=False)
def logical_or(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Whether one of two numbers is other than zero."""
    arithmetic = arithmetic_of(x1, x2)
    return arithmetic.whole(booleans(x1, arithmetic) | booleans(x2, arithmetic))


@defines("ops.logical_xor", differentiable=False)
def logical_xor(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Whether exactly one of two numbers is other than zero."""
    arithmetic = arithmetic_of(x1, x2)
    return arithmetic.whole(booleans(x1, arithmetic) ^ booleans(x2, arithmetic))


@defines("ops.logical_not", differentiable=False)
def logical_not(x: Tensor | Scalar) -> Tensor:
    """Whether a number is zero."""
    return arithmetic_of(x).whole(~booleans(x))


def _asked(question: Callable[[Values], Values], x: Tensor | Scalar) -> Tensor:
    """A question about each number; of a complex one, about one of its parts."""
    a = as_array(x, arithmetic_of(x))
    if isinstance(a, Complex):
        answer = question(a.real.value.real) | question(a.imag.value.real)
        return a.real.arithmetic.whole(np.asarray(answer))
    return a.arithmetic.whole(np.asarray(question(a.value.real)))


@defines("ops.isnan", differentiable=False)
def isnan(x: Tensor | Scalar) -> Tensor:
    """Whether a number is NaN."""
    return _asked(np.isnan, x)


@defines("ops.isinf", differentiable=False)
def isinf(x: Tensor | Scalar) -> Tensor:
    """Whether a number is infinite."""
    return _asked(np.isinf, x)


@defines("ops.isfinite", differentiable=False)
def isfinite(x: Tensor | Scalar) -> Tensor:
    """Whether a number is neither infinite nor NaN."""
    unbounded = real(_asked(lambda v: ~np.isfinite(v), x))
    return unbounded.arithmetic.whole(~whole(unbounded))


@defines("ops.isposinf", differentiable=False)
def isposinf(x: Tensor | Scalar) -> Tensor:
    """Whether a real number is positive infinity."""
    return _asked(np.isposinf, real(as_array(x, arithmetic_of(x))))


@defines("ops.isneginf", differentiable=False)
def isneginf(x: Tensor | Scalar) -> Tensor:
    """Whether a real number is negative infinity."""
    return _asked(np.isneginf, real(as_array(x, arithmetic_of(x))))


@defines("ops.signbit", differentiable=False)
def signbit(x: Tensor | Scalar) -> Tensor:
    """Whether a real number is negative, or a negative zero."""
    return _asked(np.signbit, real(as_array(x, arithmetic_of(x))))


@defines("ops.isreal", differentiable=False)
def isreal(x: Tensor | Scalar) -> Tensor:
    """Whether a number has no imaginary part."""
    a = as_array(x, arithmetic_of(x))
    if isinstance(a, Complex):
        return a.real.arithmetic.whole(np.asarray(a.imag.value == 0))
    return a.arithmetic.whole(np.ones(a.shape, bool))


@defines("ops.isclose", differentiable=False)
def isclose(
    x1: Tensor | Scalar,
    x2: Tensor | Scalar,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> Tensor:
    """Whether ``abs(x1 - x2) <= atol + rtol * abs(x2)``; infinities are close to themselves."""
    a, b = (real(x) for x in broadcasting(x1, x2, least="float"))
    first, second = a.value.real, b.value.real
    finite = np.isfinite(first) & np.isfinite(second)
    apart = np.abs(first - second)
    margin = np.where(finite, atol + rtol * np.abs(second) - apart, np.inf)
    lead = a - b
    a.arithmetic.jump(lead, np.where(apart == 0, np.inf, margin))
    close = np.where(finite, apart <= atol + rtol * np.abs(second), first == second)
    if equal_nan:
        close |= np.isnan(first) & np.isnan(second)
    return a.arithmetic.whole(np.asarray(close, bool))


@defines("ops.allclose", differentiable=False)
def allclose(
    x1: Tensor | Scalar,
    x2: Tensor | Scalar,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> Tensor:
    """Whether all numbers are close (``isclose``)."""
    close = real(isclose(x1, x2, rtol, atol, equal_nan))
    axes = range(close.ndim)
    return reduced(close, np.logical_and, [*axes], dtype="bool", keepdims=False)


@defines("ops.isin", differentiable=False)
def isin(
    x1: Tensor | Scalar,
    x2: Tensor | Scalar,
    assume_unique: bool = False,  # noqa: ARG001 (it may only make the search faster)
    invert: bool = False,
) -> Tensor:
    """Whether each number of ``x1`` is one of ``x2``, or is none of them."""
    arithmetic = arithmetic_of(x1, x2)
    a, b = (real(x) for x in together(listed(x1, arithmetic), listed(x2, arithmetic)))
    found = np.isin(_compared(a), _compared(b), invert=invert)
    return a.arithmetic.whole(np.asarray(found))


def _compared(a: Array) -> Values:
    return np.asarray(a.value.real) if a.integers is None else a.integers
