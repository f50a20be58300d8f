"""Functions of integers: their bits, and what divides them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.conversion import arithmetic_of, as_array, real, whole
from conformance.reference.engine.dtypes import DIGITS, WHOLE, held
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import broadcasting, dtype_named, exactly
from conformance.reference.spec.ops.numpy.curves import not_booleans
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor


def _of_two(
    function: Callable[[Values, Values], Values],
    x: Tensor | Scalar,
    y: Tensor | Scalar,
    name: str,
) -> Array:
    """A function of two integers in the dtype in which they meet."""
    a, b = (real(one) for one in broadcasting(x, y))
    not_booleans(a, name)
    return a.arithmetic.whole(np.asarray(function(whole(a), whole(b)), a.dtype))


@defines("ops.bitwise_or", differentiable=False)
def bitwise_or(x: Tensor | Scalar, y: Tensor | Scalar) -> Tensor:
    """The bits that one of two integers has."""
    return _of_two(np.bitwise_or, x, y, "bitwise_or")


@defines("ops.bitwise_xor", differentiable=False)
def bitwise_xor(x: Tensor | Scalar, y: Tensor | Scalar) -> Tensor:
    """The bits that exactly one of two integers has."""
    return _of_two(np.bitwise_xor, x, y, "bitwise_xor")


@defines("ops.bitwise_not", "ops.bitwise_invert", differentiable=False)
def bitwise_not(x: Tensor | Scalar) -> Tensor:
    """The bits that an integer lacks.

    Raises:
        Unsupported: Of booleans or floats.
    """
    a = real(as_array(x, arithmetic_of(x)))
    not_booleans(a, "bitwise_not")
    return a.arithmetic.whole(np.asarray(np.invert(whole(a))))


def _shifted(
    function: Callable[[Values, Values], Values],
    x: Tensor | Scalar,
    y: Tensor | Scalar,
    name: str,
) -> Array:
    a, b = (real(one) for one in broadcasting(x, y))
    not_booleans(a, name)
    width = whole(a).dtype.itemsize * 8
    if ((whole(b) < 0) | (whole(b) >= width)).any():
        message = f"{name} of {a.dtype} by less than 0 or by {width} bits or more: undocumented"
        raise Unsupported(message)
    return a.arithmetic.whole(np.asarray(function(whole(a), whole(b)), a.dtype))


@defines("ops.left_shift", "ops.bitwise_left_shift", differentiable=False)
def left_shift(x: Tensor | Scalar, y: Tensor | Scalar) -> Tensor:
    """``x * 2**y``; bits beyond the width are lost."""
    return _shifted(np.left_shift, x, y, "left_shift")


@defines("ops.right_shift", "ops.bitwise_right_shift", differentiable=False)
def right_shift(x: Tensor | Scalar, y: Tensor | Scalar) -> Tensor:
    """``floor(x / 2**y)``, of negative integers too."""
    return _shifted(np.right_shift, x, y, "right_shift")


@defines("ops.gcd", differentiable=False)
def gcd(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """The greatest integer that divides both; of 0 and a number, that number without its sign."""
    return _of_two(np.gcd, x1, x2, "gcd")


@defines("ops.lcm", differentiable=False)
def lcm(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """The least positive integer that both divide; 0 where one is 0."""
    return _of_two(np.lcm, x1, x2, "lcm")


_WORDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}
_SIZES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}


def _bits(a: Array) -> Values:
    """The bits of numbers, as unsigned integers of the width of their dtype."""
    if a.integers is not None:
        numbers = a.integers
    elif a.dtype == "bfloat16":
        wide = held(a.value.real, "bfloat16").astype(np.float32).view(np.uint32)
        return np.asarray((wide >> np.uint32(16)).astype(np.uint16))
    else:
        numbers = a.value.real.astype(a.dtype)
    numbers = np.ascontiguousarray(numbers)
    return np.asarray(numbers.view(_WORDS[numbers.dtype.itemsize]).reshape(a.shape))


@defines("ops.view", differentiable=False)
def view(x: Tensor | Scalar, dtype: str | None = None) -> Tensor:
    """The same bits as another dtype; the last axis is as much longer as the dtype is narrower.

    Raises:
        Refused: The last axis doesn't hold whole numbers of the dtype.
        Unsupported: Of booleans, or of numbers that are not known exactly.
    """
    a = real(as_array(x, arithmetic_of(x)))
    into = dtype_named(dtype, a.dtype, "view")
    if into == a.dtype:
        return a
    if "bool" in {a.dtype, into} or not {a.dtype, into} <= {*WHOLE, *DIGITS}:
        message = f"view of {a.dtype} as {into} is not in the reference"
        raise Unsupported(message)
    exactly(a, function="view")
    words = _bits(a)
    size = _SIZES.get(into) or np.dtype(into).itemsize
    if size != words.dtype.itemsize and (
        not a.ndim or words.shape[-1] * words.dtype.itemsize % size
    ):
        message = f"view: an axis of {a.shape[-1:]} {a.dtype} is no whole number of {into}"
        raise Refused(message, at="call")
    # Bytes from the least on, as every machine has them that frameworks run on.
    words = np.ascontiguousarray(words.astype(words.dtype.newbyteorder("<")))
    words = words.view(np.dtype(_WORDS[size]).newbyteorder("<")).astype(_WORDS[size])
    if into in WHOLE:
        return a.arithmetic.whole(words.view(into))
    if into == "bfloat16":
        numbers = (words.astype(np.uint32) << np.uint32(16)).view(np.float32)
    else:
        numbers = words.view(into)
    return a.arithmetic.at(into).exact(numbers.astype(np.float64))
