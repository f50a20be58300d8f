"""Functions that put numbers in order or say where they stand.

Keras documents no order of equal numbers. An answer that depends on one is a law: indices are
judged by what they point at.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from conformance.invariants import Invariants, Property
from conformance.reference.engine.array import reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array, real
from conformance.reference.engine.structure import picked, take
from conformance.reference.errors import Refused
from conformance.reference.spec.ops.base import one_axis
from conformance.reference.spec.ops.numpy.indexing import grid_of
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor


def flattened(x: Tensor | Scalar, axis: int | None, function: str) -> tuple[Array, int]:
    """A real array and one of its axes; without an axis all numbers in a row."""
    a = real(as_array(x, arithmetic_of(x)))
    if axis is None:
        return reshape(a, (math.prod(a.shape),)), 0
    return a, one_axis(axis, a.ndim, function)


def numbers(a: Array) -> Values:
    """What is compared: integers exactly, floats by their real part."""
    return np.asarray(a.value.real) if a.integers is None else a.integers


def ordered(a: Array, axis: int) -> tuple[Array, NDArray[np.int64]]:
    """Numbers in rising order along an axis, and where each was."""
    order = np.argsort(numbers(a), axis=axis, kind="stable")
    return picked(a, np.take_along_axis(grid_of(a.shape), order, axis)), order


def note_ties(a: Array, rising: Array, axis: int, *, jumps: bool) -> None:
    """Neighbours that rounding may exchange; where it changes indices, even without gradients."""
    n = rising.shape[axis]
    if a.integers is not None or n < 2:  # noqa: PLR2004 (two make a pair)
        return
    gaps = take(rising, axis, 1, n) - take(rising, axis, 0, n - 1)
    if jumps and a.quantum is None:
        gaps.arithmetic.jump(gaps, gaps.value.real)
    else:
        gaps.arithmetic.kink(gaps, gaps.value.real)


def _tied(rising: Array, axis: int) -> bool:
    """Whether two numbers along an axis are equal, or are no numbers."""
    values = np.moveaxis(numbers(rising), axis, -1)
    same = values[..., 1:] == values[..., :-1]
    return bool(same.any() or (values != values).any())  # noqa: PLR0124 (NaN)


@defines("ops.sort")
def sort(x: Tensor | Scalar, axis: int | None = -1) -> Tensor:
    """Numbers in rising order along an axis; all of them in a row without an axis."""
    a, place = flattened(x, axis, "sort")
    rising, _ = ordered(a, place)
    note_ties(a, rising, place, jumps=False)
    return rising


@defines("ops.argsort", differentiable=False)
def argsort(x: Tensor | Scalar, axis: int | None = -1) -> Tensor | Invariants:
    """Where the numbers of the rising order stand, as 32-bit integers."""
    a, place = flattened(x, axis, "argsort")
    rising, order = ordered(a, place)
    note_ties(a, rising, place, jumps=True)
    if not _tied(rising, place):
        return a.arithmetic.whole(order.astype(np.int32))
    points = Property("points", (0,), how="rising", axis=place, truth=numbers(a))
    return Invariants([order.shape], ["int32"], [points])


@defines("ops.argmax", differentiable=False)
def argmax(
    x: Tensor | Scalar, axis: int | None = None, keepdims: bool = False
) -> Tensor | Invariants:
    """Where the largest number stands, as 32-bit integers; without an axis in C order."""
    return where_best(x, axis, keepdims, "argmax")


@defines("ops.argmin", differentiable=False)
def argmin(
    x: Tensor | Scalar, axis: int | None = None, keepdims: bool = False
) -> Tensor | Invariants:
    """Where the smallest number stands, as 32-bit integers; without an axis in C order."""
    return where_best(x, axis, keepdims, "argmin")


def where_best(
    x: Tensor | Scalar, axis: int | None, keepdims: bool, function: str
) -> Tensor | Invariants:
    """What ``argmax`` and ``argmin`` answer, by the name of the one that is asked for."""
    sign = 1 if function == "argmax" else -1
    ndim = real(as_array(x, arithmetic_of(x))).ndim
    a, place = flattened(x, axis, function)
    values = numbers(a)
    if values.shape[place] == 0:
        message = f"{function} of no numbers"
        raise Refused(message, at="call")
    if a.integers is None:
        a.arithmetic.rivals(a if sign > 0 else -a, (place,), jumps=True)
    best = (np.max if sign > 0 else np.min)(values, axis=place, keepdims=True)
    found = (np.argmax if sign > 0 else np.argmin)(values, axis=place, keepdims=True)
    shape = [n for i, n in enumerate(a.shape) if i != place]
    if keepdims:
        shape = [1] * ndim if axis is None else list(found.shape)
    several = ((values == best).sum(axis=place) > 1).any() or (best != best).any()  # noqa: PLR0124 (NaN)
    if not several:
        return a.arithmetic.whole(found.astype(np.int32).reshape(shape))
    how = "largest" if sign > 0 else "smallest"
    if axis is None and keepdims:
        values, place = values.reshape([1] * (ndim - 1) + [-1]), ndim - 1
    points = Property("points", (0,), how=how, axis=place, truth=values)
    return Invariants([tuple(shape)], ["int32"], [points])


@defines("ops.top_k", differentiable=False)
def top_k(x: Tensor | Scalar, k: int, sorted: bool = True) -> list[Tensor] | Invariants:
    """The ``k`` largest numbers of the last axis and where they stand, the largest first.

    Returns:
        Values and 32-bit indices; a law where numbers are equal, or where no order is asked for.

    Raises:
        Refused: The axis has fewer numbers.
    """
    a, place = flattened(x, -1, "top_k")
    n = a.shape[place]
    if not 0 <= k <= n:
        message = f"top_k: the {k} largest of {n} numbers"
        raise Refused(message, at="call")
    rising, order = ordered(a, place)
    note_ties(a, rising, place, jumps=True)
    falling = np.flip(order, place)[..., :k]
    places = np.take_along_axis(grid_of(a.shape), falling, place)
    values = picked(a, places)
    if sorted and not _tied(rising, place):
        return [values, a.arithmetic.whole(falling.astype(np.int32))]
    spread = None if a.integers is not None or a.quantum is not None else _spread(values)
    kind: Literal["equals", "permutation"] = "equals" if sorted else "permutation"
    first = Property(kind, (0,), truth=numbers(values), spread=spread)
    points = Property("points", (1, 0), truth=numbers(a), spread=spread)
    return Invariants([values.shape] * 2, [a.dtype, "int32"], [first, points])


def _spread(a: Array) -> Values:
    squares = a.variance + np.square(a.value) / 3
    return np.asarray(np.sqrt(squares).max(axis=-1, keepdims=True, initial=0.0))
