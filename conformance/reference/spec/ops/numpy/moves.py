"""More functions that move numbers: which place of the answer holds which number of the array.

NumPy moves the numbers' places, and the places are looked up; so a function that has a namesake in
NumPy is that namesake, and its gradient is the way back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.array import reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array
from conformance.reference.engine.structure import concatenate, picked
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import broadcast_to as broadcasted
from conformance.reference.spec.ops.base import moving, one_axis, some_axes
from conformance.reference.spec.ops.numpy.indexing import grid_of
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor

    Places = NDArray[np.int64]

EMPTY = -1
"""Among places: no number of the array, and 0 in the answer."""


def replaced(a: Tensor, places: Places) -> Tensor:
    """An answer by the places in C order that its numbers come from; ``EMPTY`` is 0."""
    if not (places == EMPTY).any():
        return moving(a, lambda part: picked(part, places))

    def filled(part: Array) -> Array:
        flat = reshape(part, (part.value.size,))
        if part.integers is None:
            none = part.arithmetic.constant(0.0, (1,))
        else:
            none = part.arithmetic.whole(np.zeros(1, part.integers.dtype))
        return picked(concatenate([flat, none], 0), np.where(places < 0, flat.shape[0], places))

    return moving(a, filled)


def moved(x: Tensor | Scalar, move: Callable[[Places], Any]) -> Tensor:
    """An array whose numbers are where ``move`` puts their places."""
    a = as_array(x, arithmetic_of(x))
    return replaced(a, np.asarray(move(grid_of(a.shape)), np.int64))


def rank_of(x: Tensor | Scalar) -> int:
    """How many axes an operand has."""
    return as_array(x, arithmetic_of(x)).ndim


def _need(x: Tensor | Scalar, least: int, function: str) -> None:
    if rank_of(x) < least:
        message = f"{function}: of an array of {rank_of(x)} axes"
        raise Refused(message, at="call")


@defines("ops.copy")
def copy(x: Tensor | Scalar) -> Tensor:
    """The same numbers."""
    return as_array(x, arithmetic_of(x))


@defines("ops.ravel")
def ravel(x: Tensor | Scalar) -> Tensor:
    """All numbers in C order along one axis."""
    return moved(x, np.ravel)


@defines("ops.swapaxes")
def swapaxes(x: Tensor | Scalar, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    rank = rank_of(x)
    first, second = (one_axis(i, rank, "swapaxes") for i in (axis1, axis2))
    return moved(x, lambda grid: np.swapaxes(grid, first, second))


@defines("ops.moveaxis")
def moveaxis(
    x: Tensor | Scalar, source: int | Sequence[int], destination: int | Sequence[int]
) -> Tensor:
    """Axes put elsewhere; the others keep their order.

    Raises:
        Refused: An axis is named twice, or there are more sources than destinations.
    """
    rank = rank_of(x)
    given: list[list[Any]] = [
        list(i) if isinstance(i, list | tuple) else [i] for i in (source, destination)
    ]
    for axes in given:
        some_axes(axes, rank, "moveaxis")
    if len(given[0]) != len(given[1]):
        message = f"moveaxis: {len(given[0])} sources for {len(given[1])} destinations"
        raise Refused(message, at="call")
    return moved(x, lambda grid: np.moveaxis(grid, given[0], given[1]))


@defines("ops.fliplr")
def fliplr(x: Tensor | Scalar) -> Tensor:
    """Backwards along axis 1."""
    _need(x, 2, "fliplr")
    return moved(x, np.fliplr)


@defines("ops.flipud")
def flipud(x: Tensor | Scalar) -> Tensor:
    """Backwards along axis 0."""
    _need(x, 1, "flipud")
    return moved(x, np.flipud)


@defines("ops.rot90")
def rot90(array: Tensor | Scalar, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """Turned ``k`` times from the first of two axes towards the second.

    Raises:
        Refused: There are no two axes, or both are one.
    """
    rank = rank_of(array)
    _need(array, 2, "rot90")
    places = [one_axis(i, rank, "rot90") for i in axes]
    if len(set(places)) != 2:  # noqa: PLR2004 (a plane has two axes)
        message = f"rot90: axes={list(axes)} are no plane"
        raise Refused(message, at="call")
    return moved(array, lambda grid: np.rot90(grid, k, (places[0], places[1])))


@defines("ops.roll")
def roll(
    x: Tensor | Scalar, shift: int | Sequence[int], axis: int | Sequence[int] | None = None
) -> Tensor:
    """Numbers shifted along an axis, those at the end to its beginning; in C order without one."""
    rank = rank_of(x)
    if axis is not None:
        some_axes(axis, rank, "roll")
    return moved(x, lambda grid: np.roll(grid, shift, axis))


@defines("ops.repeat")
def repeat(x: Tensor | Scalar, repeats: Any, axis: int | None = None) -> Tensor:
    """Each entry of an axis so many times in a row; of all numbers in C order without one."""
    times = np.asarray(repeats)
    place = None if axis is None else one_axis(axis, rank_of(x), "repeat")
    return moved(x, lambda grid: np.repeat(grid, times, place))


@defines("ops.tile")
def tile(x: Tensor | Scalar, repeats: int | Sequence[int]) -> Tensor:
    """The whole array so many times along each axis; the shorter of both gets ones in front."""
    return moved(x, lambda grid: np.tile(grid, repeats))


@defines("ops.broadcast_to")
def broadcast_to(x: Tensor | Scalar, shape: int | Sequence[int]) -> Tensor:
    """Repeated along missing axes and those of size 1."""
    a = as_array(x, arithmetic_of(x))
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    try:
        fits = np.broadcast_shapes(a.shape, sizes) == sizes
    except ValueError:
        fits = False
    if not fits:
        message = f"broadcast_to: {list(a.shape)} does not fit {list(sizes)}"
        raise Refused(message, at="call")
    return broadcasted(a, sizes, "broadcast_to")


@defines("ops.tril")
def tril(x: Tensor | Scalar, k: int = 0) -> Tensor:
    """The last two axes' lower triangle, zeros above the ``k``-th diagonal."""
    return _triangle(x, k, lower=True)


@defines("ops.triu")
def triu(x: Tensor | Scalar, k: int = 0) -> Tensor:
    """The last two axes' upper triangle, zeros below the ``k``-th diagonal."""
    return _triangle(x, k, lower=False)


def _triangle(x: Tensor | Scalar, k: int, *, lower: bool) -> Tensor:
    _need(x, 2, "tril" if lower else "triu")

    def cut(grid: Places) -> Places:
        rows, columns = np.indices(grid.shape[-2:])
        kept = columns - rows <= k if lower else columns - rows >= k
        return np.where(kept, grid, EMPTY)

    return moved(x, cut)


@defines("ops.diag")
def diag(x: Tensor | Scalar, k: int = 0) -> Tensor:
    """Of a matrix its ``k``-th diagonal; of a vector the matrix that has it there, else zeros.

    Raises:
        Refused: The array has neither one axis nor two.
    """
    if rank_of(x) not in {1, 2}:
        message = f"diag: of an array of {rank_of(x)} axes"
        raise Refused(message, at="call")
    return moved(x, lambda grid: np.diag(grid + 1, k) - 1)


@defines("ops.diagflat")
def diagflat(x: Tensor | Scalar, k: int = 0) -> Tensor:
    """A matrix with all numbers in C order on its ``k``-th diagonal, else zeros."""
    return moved(x, lambda grid: np.diagflat(grid + 1, k) - 1)


@defines("ops.diagonal")
def diagonal(x: Tensor | Scalar, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Diagonals of two axes, along a new last axis.

    Raises:
        Refused: Both are one axis.
    """
    rank = rank_of(x)
    first, second = (one_axis(i, rank, "diagonal") for i in (axis1, axis2))
    if first == second:
        message = f"diagonal: axis1={axis1} and axis2={axis2} are one axis"
        raise Refused(message, at="call")
    return moved(x, lambda grid: np.diagonal(grid, offset, first, second))


@defines("ops.trace")
def trace(x: Tensor | Scalar, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sums of the diagonals of two axes, in the dtype of a sum."""
    from conformance.reference.spec.ops.numpy.reductions import sum as summed

    return summed(diagonal(x, offset, axis1, axis2), axis=-1)


@defines("ops.get_item")
def get_item(x: Tensor | Scalar, key: Any) -> Tensor:
    """The entry of the first axis by its number; with no key a new axis in front.

    Raises:
        Refused: There is no such entry.
        Unsupported: The key is none of these.
    """
    if key is not None and (isinstance(key, bool) or not isinstance(key, int)):
        message = f"get_item: key={key!r} is not in the reference"
        raise Unsupported(message)
    a = as_array(x, arithmetic_of(x))
    if key is not None and (not a.ndim or not -a.shape[0] <= key < a.shape[0]):
        message = f"get_item: there is no entry {key} in {list(a.shape)}"
        raise Refused(message, at="call")
    return moved(a, lambda grid: grid[key])


@defines("ops.stop_gradient")
def stop_gradient(variable: Tensor | Scalar) -> Tensor:
    """The same numbers, of which nothing flows back."""
    return moving(as_array(variable, arithmetic_of(variable)), lambda part: part.detached())


@defines("ops.rearrange")
def rearrange(tensor: Tensor | Scalar, pattern: str, **axes_lengths: int) -> Tensor:
    """Axes split, put in another order and joined, as ``"b (h p) w -> b h (w p)"`` says.

    Raises:
        Refused: The pattern doesn't fit the shape.
    """
    a = as_array(tensor, arithmetic_of(tensor))
    given, arrow, wanted = pattern.partition("->")
    left, right = _groups(given), _groups(wanted)
    names = [name for group in left for name in group]
    fits = (
        bool(arrow)
        and len(left) == a.ndim
        and len(set(names)) == len(names)
        and sorted(names) == sorted(name for group in right for name in group)
    )
    sizes: dict[str, int] = {}
    for group, size in zip(left, a.shape, strict=False):
        open_ones = [name for name in group if name not in axes_lengths]
        known = int(np.prod([axes_lengths[name] for name in group if name in axes_lengths]))
        fits = fits and len(open_ones) < 2 and known > 0 and size % known == 0  # noqa: PLR2004 (one at most is told by the others)
        fits = fits and (bool(open_ones) or size == known)
        if fits:
            sizes |= {name: axes_lengths[name] for name in group if name in axes_lengths}
            sizes |= dict.fromkeys(open_ones, size // known)
    if not fits:
        message = f"rearrange: {pattern!r} with {axes_lengths} does not fit {list(a.shape)}"
        raise Refused(message, at="call")
    order = [names.index(name) for group in right for name in group]
    answer = [int(np.prod([sizes[name] for name in group])) for group in right]
    apart = [sizes[name] for name in names]
    return moved(a, lambda grid: grid.reshape(apart).transpose(order).reshape(answer))


def _groups(pattern: str) -> list[list[str]]:
    """``b (h w) c`` as [[b], [h, w], [c]]."""
    groups: list[list[str]] = []
    inside = False
    for word in pattern.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            groups.append([])
            inside = True
        elif word == ")":
            inside = False
        elif inside:
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups
