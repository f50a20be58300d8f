"""Quotients that are whole numbers, what they leave over, and rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    convert,
    floats,
    real,
    whole,
)
from conformance.reference.engine.dtypes import held
from conformance.reference.errors import Unsupported
from conformance.reference.spec.ops.base import broadcasting
from conformance.reference.spec.ops.numpy.curves import not_booleans
from conformance.reference.spec.ops.numpy.elementwise import divide
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("ops.ceil")
def ceil(x: Tensor | Scalar) -> Tensor:
    """The smallest integer that is not below a number, as a float; integers in floatx.

    Its gradient is zero.
    """
    a = floats(x)
    values = a.value.real
    a.arithmetic.jump(a, values - np.rint(values))
    return a.arithmetic.exact(np.ceil(values))


@defines("ops.trunc")
def trunc(x: Tensor | Scalar) -> Tensor:
    """What stands before the point; integers and booleans are what they are.

    Its gradient is zero.
    """
    a = real(as_array(x, arithmetic_of(x)))
    if a.integers is not None:
        return a
    values = a.value.real
    near = np.rint(values)
    # From -1 to 1 everything becomes 0: there is no step at 0.
    a.arithmetic.jump(a, np.where(near == 0, 1.0 - np.abs(values), values - near))
    return a.arithmetic.exact(np.trunc(values))


@defines("ops.round")
def round(x: Tensor | Scalar, decimals: int = 0) -> Tensor:
    """The nearest number of so many decimals, of two that are as near the even one.

    Its gradient is zero.

    Raises:
        Unsupported: Of booleans, and of integers to anything else than ones.
    """
    a = real(as_array(x, arithmetic_of(x)))
    not_booleans(a, "round")
    if a.integers is not None:
        if decimals < 0:
            message = f"round of {a.dtype} to {decimals} decimals: Keras documents no answer"
            raise Unsupported(message)
        return a
    scale = float(10 ** abs(decimals))
    scaled = a if decimals == 0 else a * scale if decimals > 0 else a / scale
    values = scaled.value.real
    halves = values - np.floor(values) - 0.5
    a.arithmetic.jump(scaled, halves)
    nearest = a.arithmetic.exact(np.rint(values))
    if decimals == 0:
        return nearest
    return nearest / scale if decimals > 0 else nearest * scale


def _quotient(x1: Tensor | Scalar, x2: Tensor | Scalar, function: str) -> tuple[Array, Array, bool]:
    """Two operands where they meet, and whether they are integers.

    Raises:
        Unsupported: Integers, one of them divided by zero.
    """
    a, b = (real(x) for x in broadcasting(x1, x2))
    if b.integers is None:
        return a, b, False
    if (b.integers == 0).any():
        message = f"{function} of integers by zero is not in the reference: Keras documents none"
        raise Unsupported(message)
    return a, b, True


@defines("ops.floor_divide")
def floor_divide(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """The largest integer that is not above the quotient, in the dtype in which both meet.

    Its gradient is zero.
    """
    a, b, integers = _quotient(x1, x2, "floor_divide")
    not_booleans(a, "floor_divide")
    if integers:
        return a.arithmetic.whole(np.asarray(np.floor_divide(whole(a), whole(b)), a.dtype))
    _note_steps(a, b, cut=False)
    return a.arithmetic.exact(np.asarray(np.floor_divide(a.value.real, b.value.real)))


def _note_steps(a: Array, b: Array, *, cut: bool) -> Values:
    """The quotient; notes how near it is to a whole number, where what is left over jumps.

    Args:
        a: What is divided.
        b: By what.
        cut: Whether the quotient is cut off, so that there is no step at 0.
    """
    quotient = a / b
    values = np.asarray(quotient.value.real)
    near = np.rint(values)
    distance = np.where(np.isfinite(values), values - near, np.inf)
    if cut:
        distance = np.where(near == 0, 1.0 - np.abs(values), distance)
    a.arithmetic.kink(quotient, distance)
    if a.quantum is not None and b.quantum is not None:
        # A quotient that the dtype holds is the same in every arithmetic.
        distance = np.where(held(values, a.dtype) == values, np.inf, distance)
    a.arithmetic.jump(quotient, distance)
    return values


def _remainder(
    x1: Tensor | Scalar,
    x2: Tensor | Scalar,
    function: Callable[..., Values],
    cut: Callable[[Values], Values],
) -> Tensor:
    name = "mod" if function is np.mod else "fmod"
    a, b, integers = _quotient(x1, x2, name)
    if integers:
        dtype = "int32" if a.dtype == "bool" else a.dtype
        a, b = (real(convert(one, dtype)) for one in (a, b))
        return a.arithmetic.whole(np.asarray(function(whole(a), whole(b)), dtype))
    quotient = _note_steps(a, b, cut=name == "fmod")
    made = a - b * a.arithmetic.exact(np.asarray(cut(quotient)))
    answer = np.asarray(function(a.value.real, b.value.real))
    smooth = np.isfinite(made.value) & (made.value != 0)
    return f.choose(np.asarray(smooth), made, a.arithmetic.exact(answer))


@defines("ops.mod")
def mod(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """What a quotient that is rounded down leaves over: it has the sign of ``x2``."""
    return _remainder(x1, x2, np.mod, np.floor)


@defines("ops.fmod")
def fmod(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """What a quotient that is cut off leaves over: it has the sign of ``x1``."""
    return _remainder(x1, x2, np.fmod, np.trunc)


@defines("ops.true_divide")
def true_divide(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``x1 / x2``: another name of divide."""
    return divide(x1, x2)


@defines("ops.divide_no_nan")
def divide_no_nan(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``x1 / x2``, and 0 where ``x2`` is 0; integers in floatx.

    Raises:
        Unsupported: Of complex numbers.
    """
    a, b = (real(x) for x in broadcasting(x1, x2, least="float"))
    zero = np.asarray(b.value == 0)
    safe = f.choose(zero, b.arithmetic.constant(1.0, b.shape), b)
    return f.choose(zero, b.arithmetic.constant(0.0), a / safe)
