"""Functions that make one number of many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine import structure
from conformance.reference.engine.array import broadcast, reshape
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    convert,
    floats,
    real,
)
from conformance.reference.engine.dtypes import summed
from conformance.reference.engine.integers import reduced
from conformance.reference.errors import Refused
from conformance.reference.spec.ops.base import dtype_named, one_axis, some_axes
from conformance.reference.spec.ops.numpy.elementwise import maximum, minimum
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor
    from conformance.reference.spec.ops.base import Axes


@defines("ops.sum")
def sum(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Sum over axes; small integers are added up in 32 bits."""
    a = as_array(x, arithmetic_of(x))
    axes = some_axes(axis, a.ndim, "sum")
    if isinstance(a, Complex):
        return a.each(lambda part: part.sum(axes, keepdims=keepdims))
    if a.integers is not None:
        return reduced(a, np.add, axes, dtype=summed(a.dtype), keepdims=keepdims)
    return a.sum(axes, keepdims=keepdims)


@defines("ops.mean")
def mean(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Sum over axes, divided by how many numbers were summed; integers in floatx."""
    a = floats(x)
    return a.mean(some_axes(axis, a.ndim, "mean"), keepdims=keepdims)


@defines("ops.var")
def var(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Mean square of what is left without the mean; integers in floatx."""
    a = floats(x)
    axes = some_axes(axis, a.ndim, "var")
    return f.square(a - a.mean(axes, keepdims=True)).mean(axes, keepdims=keepdims)


@defines("ops.prod")
def prod(
    x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False, dtype: str | None = None
) -> Tensor:
    """Product over axes; small integers are multiplied in 32 bits, or all in ``dtype``."""
    a = real(as_array(x, arithmetic_of(x)))
    axes = some_axes(axis, a.ndim, "prod")
    a = real(convert(a, dtype_named(dtype, summed(a.dtype), "prod")))
    if a.integers is not None:
        return reduced(a, np.multiply, axes, dtype=a.dtype, keepdims=keepdims)
    kept = [i for i in range(a.ndim) if i not in axes]
    rest = tuple(a.shape[i] for i in kept)
    count = math.prod(a.shape[i] for i in axes)
    rows = reshape(structure.transpose(a, [*axes, *kept]), (count, *rest))
    total = a.arithmetic.constant(1.0, rest)
    for i in range(count):
        row = reshape(structure.take(rows, 0, i, i + 1), rest)
        total = total * row if i else row
    return reshape(total, _kept(a, axes)) if keepdims else total


def _kept(a: Array, axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(1 if i in axes else n for i, n in enumerate(a.shape))


def _extreme(
    x: Tensor | Scalar,
    axis: Axes,
    keepdims: bool,
    initial: Scalar | None,
    *,
    sign: int,
) -> Tensor:
    name = "max" if sign > 0 else "min"
    a = real(as_array(x, arithmetic_of(x)))
    axes = some_axes(axis, a.ndim, name)
    if math.prod(a.shape[i] for i in axes) == 0:
        if initial is None:
            message = f"{name} of no numbers has no answer without initial"
            raise Refused(message, at="call")
        rest = [n for i, n in enumerate(a.shape) if i not in axes]
        first = real(as_array(initial, a.arithmetic, a.dtype))
        return broadcast(first, _kept(a, axes) if keepdims else tuple(rest))
    found: Tensor
    if a.integers is not None:
        pick = np.maximum if sign > 0 else np.minimum
        found = reduced(a, pick, axes, dtype=a.dtype, keepdims=keepdims)
    elif sign > 0:
        found = f.largest(a, axes, keepdims=keepdims)
    else:
        found = -f.largest(-a, axes, keepdims=keepdims)
    if initial is None:
        return found
    return (maximum if sign > 0 else minimum)(found, initial)


@defines("ops.max")
def max(
    x: Tensor | Scalar,
    axis: Axes = None,
    keepdims: bool = False,
    initial: Scalar | None = None,
) -> Tensor:
    """Largest number over axes, and at least ``initial``; a tie is a kink."""
    return _extreme(x, axis, keepdims, initial, sign=1)


@defines("ops.min")
def min(
    x: Tensor | Scalar,
    axis: Axes = None,
    keepdims: bool = False,
    initial: Scalar | None = None,
) -> Tensor:
    """Smallest number over axes, and at most ``initial``; a tie is a kink."""
    return _extreme(x, axis, keepdims, initial, sign=-1)


@defines("ops.amax")
def amax(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Largest number over axes."""
    return max(x, axis, keepdims)


@defines("ops.amin")
def amin(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Smallest number over axes."""
    return min(x, axis, keepdims)


@defines("ops.any", differentiable=False)
def any(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Whether one of the numbers is other than zero."""
    a = convert(as_array(x, arithmetic_of(x)), "bool")
    axes = some_axes(axis, a.ndim, "any")
    return reduced(real(a), np.logical_or, axes, dtype="bool", keepdims=keepdims)


@defines("ops.all", differentiable=False)
def all(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Whether all numbers are other than zero."""
    a = convert(as_array(x, arithmetic_of(x)), "bool")
    axes = some_axes(axis, a.ndim, "all")
    return reduced(real(a), np.logical_and, axes, dtype="bool", keepdims=keepdims)


@defines("ops.cumsum")
def cumsum(x: Tensor | Scalar, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Sums of an axis up to each of its entries; of all numbers in C order without an axis.

    Booleans are added up as 32-bit integers.
    """
    a = as_array(x, arithmetic_of(x))
    a = convert(a, dtype_named(dtype, "int32" if a.dtype == "bool" else a.dtype, "cumsum"))
    if isinstance(a, Complex):
        return a.each(lambda part: added_up(part, axis))
    return added_up(a, axis)


def added_up(a: Array, axis: int | None) -> Array:
    """Sums of an axis up to each of its entries, in the dtype of the numbers."""
    if axis is None:
        a = reshape(a, (a.value.size,))
    place = one_axis(0 if axis is None else axis, a.ndim, "cumsum")
    if a.integers is not None:
        made = np.cumsum(a.integers, place, dtype=a.integers.dtype)
        return a.arithmetic.whole(made)
    # Each sum has its own terms, so that the first is exact and the last rounds the most.
    order = [place, *(i for i in range(a.ndim) if i != place)]
    to, of = np.tril_indices(a.shape[place])
    terms = structure.gather(structure.transpose(a, order), of)
    sums = structure.scatter(terms, to, a.shape[place])
    return structure.transpose(sums, np.argsort(order).tolist())
