"""Moving numbers without computing any: axes, slices, padding, windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import windows
from conformance.reference.engine.array import (
    Array,
    Piece,
    Pullback,
    Values,
    broadcast,
    normalized_axes,
    reshape,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from conformance.reference.engine.windows import Windows


def transpose(a: Array, axes: Sequence[int]) -> Array:
    """Axes in another order."""
    axes = tuple(axes)
    if axes == tuple(range(a.ndim)):
        return a
    inverse = tuple(int(i) for i in np.argsort(axes))
    return a.moved(lambda v: v.transpose(axes), lambda g: transpose(g, inverse))


def take(a: Array, axis: int, start: int, stop: int) -> Array:
    """The slice ``start:stop`` along one axis."""
    where = (*([slice(None)] * (axis % a.ndim)), slice(start, stop))
    return a.moved(lambda v: v[where], lambda g: Piece(g, axis % a.ndim, start))


def flip(a: Array, axis: int) -> Array:
    """Backwards along one axis."""
    return a.moved(lambda v: np.flip(v, axis), lambda g: flip(g, axis))


def pad(a: Array, amounts: Sequence[tuple[int, int]], fill: float = 0.0) -> Array:
    """A constant before and after each axis; constants have no rounding error."""
    if not any(before or after for before, after in amounts):
        return a

    if a.integers is not None:
        return a.arithmetic.whole(np.pad(a.integers, amounts, constant_values=fill))

    def spread(v: Values, constant: float) -> Values:
        shape = [b + n + c for n, (b, c) in zip(v.shape, amounts, strict=True)]
        result = np.full(shape, constant, v.dtype)
        result[tuple(slice(b, b + n) for n, (b, _) in zip(v.shape, amounts, strict=True))] = v
        return result

    def pullback(g: Array) -> Array:
        for axis, ((before, after), n) in enumerate(zip(amounts, a.shape, strict=True)):
            if before or after:
                g = take(g, axis, before, before + n)
        return g

    carries = a.arithmetic.carries_variance
    return Array(
        a.arithmetic,
        spread(a.value, fill),
        variance=spread(a.variance, 0.0) if carries else None,
        quantum=a.quantum,
        parents=a.arithmetic.tape((a, pullback)),
    )


def concatenate(arrays: Sequence[Array], axis: int) -> Array:
    """One after the other along an axis."""
    first = arrays[0]
    axis = normalized_axes(axis, first.ndim)[0]
    integers = [a.integers for a in arrays if a.integers is not None]
    if len(integers) == len(arrays) and len({a.whole for a in arrays}) == 1:
        return first.arithmetic.whole(np.concatenate(integers, axis))
    ends = np.cumsum([a.shape[axis] for a in arrays]).tolist()
    carries = first.arithmetic.carries_variance
    quanta = [a.quantum for a in arrays if a.quantum is not None]

    def part(i: int) -> tuple[Array, Pullback]:
        return arrays[i], lambda g: take(g, axis, ends[i] - arrays[i].shape[axis], ends[i])

    return Array(
        first.arithmetic,
        np.concatenate([a.value for a in arrays], axis),
        variance=np.concatenate([a.variance for a in arrays], axis) if carries else None,
        quantum=min(quanta) if len(quanta) == len(arrays) else None,
        parents=first.arithmetic.tape(*(part(i) for i in range(len(arrays)))),
    )


def repeat(a: Array, axis: int, times: int) -> Array:
    """Every entry along an axis so many times in a row."""
    if times == 1:
        return a
    shape = a.shape
    apart = reshape(a, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
    wide = broadcast(apart, (*shape[: axis + 1], times, *shape[axis + 1 :]))
    return reshape(wide, (*shape[:axis], shape[axis] * times, *shape[axis + 1 :]))


def rows(table: Array, indices: NDArray[np.int64]) -> Array:
    """Rows of a matrix by their numbers: ``(n, d)`` and any shape to ``(*shape, d)``.

    The gradient of a row is the sum of what went to each of its uses, and rounds as that sum.
    """

    def pullback(g: Array) -> Array:
        places: list[list[int]] = [[] for _ in range(table.shape[0])]
        for place, row in enumerate(indices.reshape(-1).tolist()):
            places[row].append(place)
        most = max(map(len, places), default=0) or 1
        # Uses that a row lacks are taken from a row of zeros behind the last.
        filled = np.asarray([[*p, *[indices.size] * (most - len(p))] for p in places])
        flat = pad(reshape(g, (indices.size, table.shape[1])), [(0, 1), (0, 0)])
        return flat.moved(lambda v: v[filled], _no_second_derivative).sum(1)

    return table.moved(lambda v: v[indices], pullback)


def gather(a: Array, places: NDArray[np.int64]) -> Array:
    """Entries along the first axis by their numbers: ``(n, …)`` to ``(*places.shape, …)``."""
    flat = places.reshape(-1)

    def pullback(g: Array) -> Array:
        return scatter(reshape(g, (flat.size, *a.shape[1:])), flat, a.shape[0])

    return a.moved(lambda v: v[places], pullback)


def scatter(a: Array, places: NDArray[np.int64], size: int) -> Array:
    """Entries along the first axis added up at their places among so many: adjoint of ``gather``.

    Places that nothing comes to hold 0.
    """
    return a.arithmetic.result(
        a.arithmetic.scatter(a, places, size), (a, lambda g: gather(g, places))
    )


def picked(a: Array, places: NDArray[np.int64]) -> Array:
    """Numbers by their place in C order, in the shape of ``places``."""
    return gather(reshape(a, (a.value.size,)), places)


def _no_second_derivative(_: Array) -> Array:
    message = "the backward pass is not differentiated"
    raise NotImplementedError(message)


def stack(arrays: Sequence[Array], axis: int) -> Array:
    """Arrays of one shape side by side along a new axis."""
    return concatenate([expand(a, axis) for a in arrays], axis)


def expand(a: Array, axis: int) -> Array:
    """A new axis of size 1."""
    return a.moved(lambda v: np.expand_dims(v, axis), lambda g: squeeze(g, axis))


def squeeze(a: Array, axis: int) -> Array:
    """Drop an axis of size 1."""
    return a.moved(lambda v: np.squeeze(v, axis), lambda g: expand(g, axis))


def unfold(a: Array, geometry: Windows) -> Array:
    """All windows of ``(batch, *space, channels)`` as ``(batch, *windows, *size, channels)``."""
    space = a.shape[1:-1]
    return a.moved(lambda v: windows.unfold(v, geometry), lambda g: fold(g, space, geometry))


def fold(a: Array, space: Sequence[int], geometry: Windows) -> Array:
    """Adjoint of :func:`unfold`: windows are added up where they lie in ``space``."""
    return a.arithmetic.result(
        a.arithmetic.fold(a, space, geometry), (a, lambda g: unfold(g, geometry))
    )
