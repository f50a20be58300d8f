"""Arrays taken apart along an axis, and put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.conversion import arithmetic_of, as_array, together
from conformance.reference.errors import Refused
from conformance.reference.spec.ops.base import one_axis
from conformance.reference.spec.ops.numpy.moves import moved, rank_of, ravel, replaced
from conformance.reference.spec.ops.numpy.shapes import concatenate, reshape
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.conversion import Scalar, Tensor


def _parts(x: Tensor | Scalar, cut: Any) -> list[Tensor]:
    a = as_array(x, arithmetic_of(x))
    grid = np.arange(int(np.prod(a.shape))).reshape(a.shape)
    return [replaced(a, np.asarray(part, np.int64)) for part in cut(grid)]


@defines("ops.split")
def split(
    x: Tensor | Scalar, indices_or_sections: int | Sequence[int], axis: int = 0
) -> list[Tensor]:
    """So many equal parts of an axis, or one part before, between and after these indices.

    Raises:
        Refused: The axis has no such number of equal parts.
    """
    return _split(x, indices_or_sections, one_axis(axis, rank_of(x), "split"), "split")


def _split(
    x: Tensor | Scalar, cuts: int | Sequence[int], place: int, function: str
) -> list[Tensor]:
    size = as_array(x, arithmetic_of(x)).shape[place]
    if isinstance(cuts, int) and (cuts < 1 or size % cuts):
        message = f"{function}: an axis of {size} in {cuts} equal parts"
        raise Refused(message, at="call")
    return _parts(x, lambda grid: np.split(grid, cuts, place))


@defines("ops.array_split")
def array_split(x: Tensor | Scalar, indices_or_sections: int, axis: int = 0) -> list[Tensor]:
    """So many parts of an axis, the first ones longer by one where they can't be equal.

    Raises:
        Refused: Less than one part.
    """
    place = one_axis(axis, rank_of(x), "array_split")
    if indices_or_sections < 1:
        message = f"array_split: {indices_or_sections} parts"
        raise Refused(message, at="call")
    return _parts(x, lambda grid: np.array_split(grid, indices_or_sections, place))


@defines("ops.vsplit")
def vsplit(x: Tensor | Scalar, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """Parts of axis 0."""
    return _split(x, indices_or_sections, one_axis(0, rank_of(x), "vsplit"), "vsplit")


@defines("ops.hsplit")
def hsplit(x: Tensor | Scalar, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """Parts of axis 1; of axis 0 where there is no other."""
    rank = rank_of(x)
    return _split(x, indices_or_sections, one_axis(min(rank - 1, 1), rank, "hsplit"), "hsplit")


@defines("ops.dsplit")
def dsplit(x: Tensor | Scalar, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """Parts of axis 2."""
    return _split(x, indices_or_sections, one_axis(2, rank_of(x), "dsplit"), "dsplit")


@defines("ops.unstack")
def unstack(x: Tensor | Scalar, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """Every entry of an axis by itself.

    Raises:
        Refused: There are not ``num``.
    """
    place = one_axis(axis, rank_of(x), "unstack")
    size = as_array(x, arithmetic_of(x)).shape[place]
    if num not in {None, size}:
        message = f"unstack: {num} entries of an axis of {size}"
        raise Refused(message, at="call")
    return _parts(x, lambda grid: list(np.moveaxis(grid, place, 0)))


@defines("ops.append")
def append(x1: Tensor | Scalar, x2: Tensor | Scalar, axis: int | None = None) -> Tensor:
    """``x2`` behind ``x1`` along an axis; both in C order without one."""
    if axis is None:
        return concatenate([ravel(x) for x in together(x1, x2)], 0)
    return concatenate([x1, x2], axis)


@defines("ops.vstack")
def vstack(xs: Sequence[Tensor | Scalar]) -> Tensor:
    """One below the other along axis 0; a vector is a row."""
    return concatenate([_at_least(x, 2) for x in together(*xs)], 0)


@defines("ops.hstack")
def hstack(xs: Sequence[Tensor | Scalar]) -> Tensor:
    """Side by side along axis 1; vectors along their only one."""
    parts = [_at_least(x, 1) for x in together(*xs)]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1)


@defines("ops.dstack")
def dstack(xs: Sequence[Tensor | Scalar]) -> Tensor:
    """One behind the other along axis 2; ``(m, n)`` is ``(m, n, 1)`` and ``(n,)`` ``(1, n, 1)``."""
    parts = together(*xs)
    return concatenate([reshape(x, np.atleast_3d(np.empty(x.shape)).shape) for x in parts], 2)


def _at_least(x: Tensor, rank: int) -> Tensor:
    return reshape(x, (1,) * (rank - x.ndim) + x.shape)


@defines("ops.meshgrid")
def meshgrid(*x: Tensor | Scalar, indexing: str = "xy") -> list[Tensor]:
    """Coordinates of a grid, one array for each axis.

    Raises:
        Refused: Another ``indexing`` than ``xy`` and ``ij``.
    """
    if indexing not in {"xy", "ij"}:
        message = f"meshgrid: indexing={indexing!r}"
        raise Refused(message, at="call")
    arrays = [as_array(one, arithmetic_of(*x)) for one in x]
    grids = np.meshgrid(*(np.arange(int(np.prod(a.shape))) for a in arrays), indexing=indexing)  # type: ignore[call-overload] # one of both
    return [
        moved(ravel(a), lambda _, places=places: places)  # type: ignore[misc]
        for a, places in zip(arrays, grids, strict=True)
    ]
