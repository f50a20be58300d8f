"""Functions that make arrays like another one, and ranges of constant ratio."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.invariants import Invariants
from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import arithmetic_of, as_array, convert, real
from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import dtype_named
from conformance.reference.spec.ops.numpy.creation import eye, filled, full, linspace
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor
    from conformance.reference.spec.ops.numpy.creation import Sizes


@defines("ops.identity", differentiable=False)
def identity(n: int, dtype: str | None = None, *, arithmetic: Arithmetic) -> Tensor:
    """Ones on the main diagonal, else zeros; in floatx unless told otherwise."""
    return eye(n, dtype=dtype, arithmetic=arithmetic)


@defines("ops.tri", differentiable=False)
def tri(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: str | None = None,
    *,
    arithmetic: Arithmetic,
) -> Tensor:
    """Ones at and below the ``k``-th diagonal, else zeros; in floatx unless told otherwise."""
    flags = arithmetic.whole(np.tri(N, M, k, dtype=bool))
    return convert(flags, dtype_named(dtype, FLOATX, "tri"))


@defines("ops.array")
def array(x: Tensor | Scalar, dtype: str | None = None) -> Tensor:
    """The same numbers, in another dtype if told."""
    a = as_array(x, arithmetic_of(x))
    return convert(a, dtype_named(dtype, a.dtype, "array"))


@defines("ops.zeros_like", differentiable=False)
def zeros_like(x: Tensor | Scalar, dtype: str | None = None) -> Tensor:
    """Zeros of the shape of an array, in its dtype unless told otherwise."""
    return _alike(x, 0, dtype, "zeros_like")


@defines("ops.ones_like", differentiable=False)
def ones_like(x: Tensor | Scalar, dtype: str | None = None) -> Tensor:
    """Ones of the shape of an array, in its dtype unless told otherwise."""
    return _alike(x, 1, dtype, "ones_like")


@defines("ops.full_like", differentiable=False)
def full_like(x: Tensor | Scalar, fill_value: Tensor | Scalar, dtype: str | None = None) -> Tensor:
    """One number everywhere, of the shape of an array, in its dtype unless told otherwise."""
    a = as_array(x, arithmetic_of(x))
    name = dtype_named(dtype, a.dtype, "full_like")
    return full(a.shape, fill_value, name, arithmetic=arithmetic_of(x))


def _alike(x: Tensor | Scalar, value: int, dtype: str | None, function: str) -> Tensor:
    a = as_array(x, arithmetic_of(x))
    return filled(arithmetic_of(x), value, a.shape, dtype_named(dtype, a.dtype, function))


@defines("ops.empty", differentiable=False)
def empty(shape: Sizes, dtype: str | None = None) -> Invariants:
    """A shape and a dtype, floatx unless told otherwise; of the numbers nothing is promised."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    return Invariants([sizes], [dtype_named(dtype, FLOATX, "empty")], [])


@defines("ops.empty_like", differentiable=False)
def empty_like(x: Tensor | Scalar, dtype: str | None = None) -> Invariants:
    """The shape of an array and its dtype, unless told otherwise; nothing is promised besides."""
    a = as_array(x, arithmetic_of(x))
    return Invariants([a.shape], [dtype_named(dtype, a.dtype, "empty_like")], [])


@defines("ops.logspace", differentiable=False)
def logspace(
    start: Tensor | Scalar,
    stop: Tensor | Scalar,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: str | None = None,
    axis: int = 0,
    *,
    arithmetic: Arithmetic,
) -> Tensor:
    """``base`` to the power of evenly spaced numbers.

    Raises:
        Unsupported: In a dtype of integers.
    """
    steps = _floats(
        linspace(start, stop, num, endpoint, dtype=dtype, axis=axis, arithmetic=arithmetic)
    )
    return f.exp(steps * math.log(base))


@defines("ops.geomspace", differentiable=False)
def geomspace(
    start: Tensor | Scalar,
    stop: Tensor | Scalar,
    num: int = 50,
    endpoint: bool = True,
    dtype: str | None = None,
    axis: int = 0,
    *,
    arithmetic: Arithmetic,
) -> Tensor:
    """Numbers of one ratio from ``start`` to ``stop``, the last one included or not.

    Raises:
        Refused: A number is zero.
        Unsupported: One is negative.
    """
    ends = [real(as_array(x, arithmetic, FLOATX)) for x in (start, stop)]
    if any((end.value.real == 0).any() for end in ends):
        message = "geomspace: from or to 0"
        raise Refused(message, at="call")
    if any((end.value.real < 0).any() for end in ends):
        message = "geomspace of negative numbers is not in the reference"
        raise Unsupported(message)
    low, high = (f.log(end) for end in ends)
    return f.exp(
        _floats(linspace(low, high, num, endpoint, dtype=dtype, axis=axis, arithmetic=arithmetic))
    )


def _floats(made: Any) -> Array:
    return real(made)
