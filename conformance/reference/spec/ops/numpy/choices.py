"""Functions that choose among numbers, hold them within bounds or step from one to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    convert,
    floats,
    real,
    together,
    whole,
)
from conformance.reference.engine.dtypes import DIGITS, WHOLE
from conformance.reference.errors import Unsupported
from conformance.reference.spec.ops.base import broadcasting, dtype_named, exactly
from conformance.reference.spec.ops.numpy.curves import not_booleans, two_floats
from conformance.reference.spec.ops.numpy.elementwise import absolute, maximum, minimum
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor

LARGEST = {
    "float16": 65504.0,
    "bfloat16": float(np.uint32(0x7F7F0000).view(np.float32)),
    "float32": float(np.finfo(np.float32).max),
    "float64": float(np.finfo(np.float64).max),
}
"""The largest finite number of each float dtype."""


@defines("ops.clip")
def clip(x: Tensor | Scalar, x_min: Tensor | Scalar, x_max: Tensor | Scalar) -> Tensor:
    """Numbers held between two bounds, in the dtype in which all three meet; NaN comes through.

    Booleans are 32-bit integers.

    Raises:
        Unsupported: Integers beside bounds that are floats, or a lower bound above the upper one:
            Keras documents no answer.
    """
    a, low, high = (real(one) for one in broadcasting(x, x_min, x_max))
    given = as_array(x, a.arithmetic)
    if given.dtype in WHOLE and a.dtype not in WHOLE:
        message = f"clip of {given.dtype} between floats: Keras documents no answer"
        raise Unsupported(message)
    if a.dtype == "bool":
        a, low, high = (real(convert(one, "int32")) for one in (a, low, high))
    if (low.value.real > high.value.real).any():
        message = "clip with a lower bound above the upper one: Keras documents no answer"
        raise Unsupported(message)
    return minimum(maximum(a, low), high)


@defines("ops.fabs")
def fabs(x: Tensor | Scalar) -> Tensor:
    """Every number without its sign, as a float: integers and booleans in floatx."""
    return absolute(floats(x))


def _without_nan(x1: Tensor | Scalar, x2: Tensor | Scalar, *, sign: int) -> Tensor:
    a, b = (real(x) for x in broadcasting(x1, x2))
    name, pick = ("fmax", maximum) if sign > 0 else ("fmin", minimum)
    not_booleans(a, name)
    made = real(pick(a, b))
    if made.integers is not None:
        return made
    made = f.choose(np.asarray(np.isnan(a.value)), b, made)
    return f.choose(np.asarray(np.isnan(b.value)), a, made)


@defines("ops.fmax")
def fmax(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """The larger of two numbers; of a number and NaN, the number. A tie is a kink."""
    return _without_nan(x1, x2, sign=1)


@defines("ops.fmin")
def fmin(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """The smaller of two numbers; of a number and NaN, the number. A tie is a kink."""
    return _without_nan(x1, x2, sign=-1)


@defines("ops.heaviside")
def heaviside(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """0 below zero, 1 above, ``x2`` at zero; integers in floatx.

    Raises:
        Unsupported: Of booleans alone.
    """
    not_booleans(broadcasting(x1, x2)[0], "heaviside")
    a, b = two_floats(x1, x2)
    values = a.value.real
    a.arithmetic.jump(a, values)
    step = a.arithmetic.exact(np.heaviside(values, 0.0))
    return f.choose(np.asarray(values == 0), b, step)


@defines("ops.ldexp")
def ldexp(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``x1 * 2**x2``, which changes no digit.

    Raises:
        Unsupported: Exponents that are no integers, or are booleans.
    """
    arithmetic = arithmetic_of(x1, x2)
    exponents = real(as_array(x2, arithmetic))
    if exponents.integers is None or exponents.dtype == "bool":
        message = f"ldexp with exponents of {exponents.dtype}: Keras documents integers"
        raise Unsupported(message)
    a, other = two_floats(x1, x2)
    powers = other.arithmetic.exact(np.ldexp(1.0, whole(exponents).astype(np.int32)))
    shape = np.broadcast_shapes(a.shape, powers.shape)
    made = a * powers
    if a.quantum is None:
        return made
    # Exact, whatever its digits.
    return Array(
        made.arithmetic,
        made.value,
        variance=np.broadcast_to(a.variance * np.square(powers.value), shape)
        if a.arithmetic.carries_variance
        else None,
        quantum=0.0,
        parents=made.parents,
    )


@defines("ops.nan_to_num")
def nan_to_num(
    x: Tensor | Scalar,
    nan: float = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """Numbers with NaN and infinities replaced, by default by 0 and the largest finite ones."""
    a = real(as_array(x, arithmetic_of(x)))
    if a.integers is not None:
        return a
    largest = LARGEST[a.dtype]
    values = a.value.real
    for where, given, default in (
        (np.isnan(values), nan, 0.0),
        (values == np.inf, posinf, largest),
        (values == -np.inf, neginf, -largest),
    ):
        by = a.arithmetic.constant(default if given is None else float(given))
        a = f.choose(np.asarray(where), broadcast(by, a.shape), a)
    return a


@defines("ops.nextafter", differentiable=False)
def nextafter(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """The number next to ``x1`` on the way to ``x2``; integers in floatx.

    Raises:
        Unsupported: Of narrow floats: Keras names no dtype, and frameworks step in float32.
    """
    a, b = two_floats(x1, x2)
    if a.dtype not in {"float32", "float64"}:
        message = f"nextafter of {a.dtype} is not in the reference: Keras documents no answer"
        raise Unsupported(message)
    exactly(a, b, function="nextafter")
    numbers = (one.value.real.astype(a.dtype) for one in (a, b))
    return a.arithmetic.exact(np.nextafter(*numbers))


@defines("ops.saturate_cast")
def saturate_cast(x: Tensor | Scalar, dtype: str) -> Tensor:
    """The same numbers in another dtype, those beyond its range at its ends.

    Raises:
        Unsupported: NaN as an integer.
    """
    a = real(as_array(x, arithmetic_of(x)))
    into = dtype_named(dtype, "", "saturate_cast")
    if into in {a.dtype, "bool"}:
        return convert(a, into)
    if a.integers is not None:
        return convert(a, into) if into in DIGITS else _held(a.integers, a, into)
    if into in DIGITS:
        return convert(f.clip(a, -LARGEST[into], LARGEST[into]), into)
    info = np.iinfo(into)
    values = a.value.real
    if np.isnan(values).any():
        message = "NaN as an integer is not in the reference: Keras documents no answer"
        raise Unsupported(message)
    inside = (values > info.min) & (values < info.max)
    within = convert(f.choose(np.asarray(inside), a, 0.0), into)
    ends = np.where(values > 0, info.max, info.min).astype(into)
    return a.arithmetic.whole(np.where(inside, whole(within), ends))


def _held(integers: Values, a: Array, dtype: str) -> Array:
    """Integers at the ends of another dtype's range where they lie beyond."""
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    numbers = integers.astype(object)
    return a.arithmetic.whole(np.clip(numbers, low, high).astype(dtype))


@defines("ops.kron")
def kron(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Every number of ``x1`` times all of ``x2``, laid out in blocks.

    Raises:
        Unsupported: Of booleans, or of unequal ranks.
    """
    a, b = (real(x) for x in together(x1, x2))
    not_booleans(a, "kron")
    if a.ndim != b.ndim:
        message = f"kron of {a.ndim} and {b.ndim} axes: Keras documents equal ranks"
        raise Unsupported(message)
    wide = [n for size in a.shape for n in (size, 1)]
    high = [n for size in b.shape for n in (1, size)]
    made = reshape(a, wide) * reshape(b, high)
    return reshape(made, [m * n for m, n in zip(a.shape, b.shape, strict=True)])
