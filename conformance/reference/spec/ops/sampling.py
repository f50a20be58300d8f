"""Images sampled at other places: keras/src/ops/image.py.

An array is continued beyond its edges on the grid of whole numbers, and between these there are
straight lines; ``nearest`` takes the number of the nearest grid point. Where two are equally near,
the documentation names none.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine import solving
from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array, convert, real
from conformance.reference.engine.structure import (
    concatenate,
    expand,
    picked,
    squeeze,
    stack,
    take,
    transpose,
)
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import FORMATS, floating_array
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.conversion import Scalar, Tensor

    Places = NDArray[np.int64]

MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
_TIE = 1e-3
"""How near a place may come to the middle between two grid points where the nearest is taken."""
_BATCH = 4
"""Axes of a batch of images."""


def continued(places: Places, size: int, mode: str) -> tuple[Places, NDArray[np.bool_]]:
    """Grid points beyond the edges as points of the array, and where there are such.

    ``reflect`` runs back from beyond the last number and shows it twice, ``mirror`` from the
    number itself.
    """
    there = np.ones(places.shape, bool)
    if mode == "constant":
        there = (places >= 0) & (places < size)
        return np.clip(places, 0, size - 1), there
    if mode == "nearest":
        return np.clip(places, 0, size - 1), there
    if mode == "wrap":
        return places % size, there
    if mode == "mirror":
        period = max(2 * (size - 1), 1)
        found = places % period
        return np.where(found < size, found, period - found), there
    found = places % (2 * size)
    return np.where(found < size, found, 2 * size - 1 - found), there


def sampled(
    a: Array, coordinates: Sequence[Array], order: int, mode: str, fill: float, function: str
) -> Array:
    """The numbers of an array at places, in the places' shape.

    Args:
        a: The array.
        coordinates: Of every place, along each axis.
        order: 0 takes the nearest grid point, 1 draws lines between them.
        mode: How the array goes on beyond its edges.
        fill: The number beyond them where the mode is ``constant``.
        function: Who asks.

    Raises:
        Unsupported: A place lies in the middle between the two nearest.
    """
    if order == 0:
        return _nearest(a, coordinates, mode, fill, function)
    lows = []
    weights: list[tuple[Array, Array]] = []
    for one in coordinates:
        values = one.value.real
        low = np.floor(values)
        if one.tracked:
            # The lines meet at the grid points, and so do the answers: only slopes jump there.
            one.arithmetic.kink(one, values - np.rint(values))
        lows.append(low.astype(np.int64))
        above = one - one.arithmetic.exact(low)
        weights.append((1.0 - above, above))
    total: Array | None = None
    for corner in itertools.product((0, 1), repeat=len(coordinates)):
        places = [low + step for low, step in zip(lows, corner, strict=True)]
        part = _at(a, places, mode, fill)
        for pair, step in zip(weights, corner, strict=True):
            part = part * pair[step]
        total = part if total is None else total + part
    if total is None:
        message = f"{function}: an array without axes has no places"
        raise Refused(message, at="call")
    return total


def _nearest(
    a: Array, coordinates: Sequence[Array], mode: str, fill: float, function: str
) -> Array:
    places = []
    for one in coordinates:
        values = one.value.real
        near = np.rint(values)
        if values.size and (0.5 - np.abs(values - near)).min() < _TIE:
            message = f"{function}: a place in the middle between two: Keras documents no answer"
            raise Unsupported(message)
        places.append(near.astype(np.int64))
    return _at(a, places, mode, fill)


def _at(a: Array, places: Sequence[Places], mode: str, fill: float) -> Array:
    """The numbers at grid points."""
    inside = np.ones(places[0].shape, bool)
    flat = np.zeros(places[0].shape, np.int64)
    for one, size in zip(places, a.shape, strict=True):
        found, there = continued(one, size, mode)
        inside &= there
        flat = flat * size + found
    made = picked(a, flat)
    if inside.all():
        return made
    if made.integers is not None:
        outside = np.asarray(fill).astype(made.integers.dtype)
        return a.arithmetic.whole(np.where(inside, made.integers, outside))
    return f.choose(inside, made, float(fill))


@defines("ops.image.map_coordinates")
def map_coordinates(
    inputs: Tensor | Scalar,
    coordinates: Tensor | Scalar,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0,
) -> Tensor:
    """The numbers of an array at the places that the first axis of the coordinates tells.

    Raises:
        Refused: An argument is unknown, or the coordinates have another number of axes.
        Unsupported: Lines between integers, whose rounding is documented nowhere.
    """
    a = real(as_array(inputs, arithmetic_of(inputs)))
    at = real(as_array(coordinates, a.arithmetic))
    if at.ndim < 2 or at.shape[0] != a.ndim or order not in {0, 1} or fill_mode not in MODES:  # noqa: PLR2004
        message = f"map_coordinates: {list(a.shape)} at {list(at.shape)}, {order=}, {fill_mode=}"
        raise Refused(message, at="call")
    if order and a.integers is not None:
        message = f"map_coordinates of {a.dtype}: Keras documents no rounding"
        raise Unsupported(message)
    if at.integers is not None:
        at = real(convert(at, "float32"))
    places = [reshape(take(at, 0, i, i + 1), at.shape[1:]) for i in range(a.ndim)]
    return sampled(a, places, order, fill_mode, fill_value, "map_coordinates")


_ORDERS = {"nearest": 0, "bilinear": 1}


def _images(
    images: Tensor | Scalar, data_format: str | None, interpolation: str, function: str
) -> tuple[Array, bool]:
    """A batch of float images with their channels last, and whether there was none.

    Raises:
        Refused: There are other axes, or a word is unknown.
    """
    a = floating_array(images, function)
    known = data_format in {None, *FORMATS} and interpolation in _ORDERS
    if a.ndim not in {3, _BATCH} or not known:
        message = f"{function}: {a.ndim} axes, {data_format=}, {interpolation=}"
        raise Refused(message, at="call")
    batch = a if a.ndim == _BATCH else expand(a, 0)
    if data_format == "channels_first":
        batch = transpose(batch, (0, 2, 3, 1))
    return batch, a.ndim != _BATCH


def _restored(a: Array, data_format: str | None, *, alone: bool) -> Array:
    made = transpose(a, (0, 3, 1, 2)) if data_format == "channels_first" else a
    return squeeze(made, 0) if alone else made


def _table(given: Any, arithmetic: Arithmetic, dtype: str) -> Array:
    """Numbers given as an array or as lists of numbers, towards which no gradient flows."""
    if isinstance(given, list | tuple):
        return arithmetic.at(dtype).leaf(np.asarray(given, np.float64))
    return real(convert(as_array(given, arithmetic), dtype)).detached()


def _moved(
    batch: Array, rows: Array, columns: Array, order: int, mode: str, fill: float, function: str
) -> Array:
    """Every image at its own places: rows and columns ``(batch, height, width)``."""
    made = []
    for i in range(batch.shape[0]):
        channels = []
        where = [reshape(take(one, 0, i, i + 1), one.shape[1:]) for one in (rows, columns)]
        for c in range(batch.shape[3]):
            plane = take(take(batch, 0, i, i + 1), 3, c, c + 1)
            image = reshape(plane, batch.shape[1:3])
            channels.append(sampled(image, where, order, mode, fill, function))
        made.append(stack(channels, 2))
    return stack(made, 0)


def _grid(batch: Array) -> tuple[Array, Array]:
    """Rows and columns of every pixel, ``(1, height, width)``."""
    rows, columns = np.meshgrid(*(np.arange(n) for n in batch.shape[1:3]), indexing="ij")
    at = batch.arithmetic
    return at.exact(rows[None].astype(np.float64)), at.exact(columns[None].astype(np.float64))


def _each(table: Array, count: int, function: str) -> list[Array]:
    """Parameters ``(count, 8)``, one image after another, as columns ``(count, 1, 1)``.

    Raises:
        Refused: There are others.
    """
    rows = expand(table, 0) if table.ndim == 1 else table
    if rows.shape not in {(count, 8), (1, 8)}:
        message = f"{function}: parameters of {list(table.shape)} for {count} images"
        raise Refused(message, at="call")
    return [reshape(take(rows, 1, i, i + 1), (rows.shape[0], 1, 1)) for i in range(8)]


def _wide(a: Array, count: int) -> Array:
    return a if a.shape[0] == count else concatenate([a] * count, 0)


@defines("ops.image.affine_transform")
def affine_transform(
    images: Tensor | Scalar,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """What stands at ``(a0·x + a1·y + a2, b0·x + b1·y + b2)`` comes to ``(x, y)``.

    Raises:
        Refused: An argument is unknown.
        Unsupported: ``c0`` or ``c1`` is not 0: what they do hangs on the backend, as documented.
    """
    batch, alone = _images(images, data_format, interpolation, "affine_transform")
    if fill_mode not in MODES or fill_mode == "mirror":
        message = f"affine_transform: fill_mode={fill_mode!r}"
        raise Refused(message, at="call")
    table = _table(transform, batch.arithmetic, batch.dtype)
    a0, a1, a2, b0, b1, b2, c0, c1 = _each(table, batch.shape[0], "affine_transform")
    if c0.value.any() or c1.value.any():
        message = "affine_transform: c0 and c1 are documented to hang on the backend"
        raise Unsupported(message)
    y, x = _grid(batch)
    columns, rows = a0 * x + a1 * y + a2, b0 * x + b1 * y + b2
    made = _moved(
        batch,
        _wide(rows, batch.shape[0]),
        _wide(columns, batch.shape[0]),
        _ORDERS[interpolation],
        fill_mode,
        fill_value,
        "affine_transform",
    )
    return _restored(made, data_format, alone=alone)


@defines("ops.image.perspective_transform")
def perspective_transform(
    images: Tensor | Scalar,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Images moved so that four points ``(x, y)`` come to four others, and lines stay lines.

    Raises:
        Refused: An argument is unknown, or there aren't four points of each kind.
    """
    name = "perspective_transform"
    batch, alone = _images(images, data_format, interpolation, name)
    starts, ends = (_table(one, batch.arithmetic, "float32") for one in (start_points, end_points))
    if starts.shape != ends.shape or starts.shape[-2:] != (4, 2) or starts.ndim not in {2, 3}:
        message = f"{name}: points of {list(starts.shape)} and {list(ends.shape)}"
        raise Refused(message, at="call")
    sides = [reshape(one, (one.value.size // 8, 4, 2)) for one in (starts, ends)]
    table = _homography(*sides)
    a0, a1, a2, b0, b1, b2, c0, c1 = _each(table, batch.shape[0], name)
    y, x = _grid(batch)
    depth = c0 * x + c1 * y + 1.0
    columns, rows = (a0 * x + a1 * y + a2) / depth, (b0 * x + b1 * y + b2) / depth
    made = _moved(
        batch,
        _wide(rows, batch.shape[0]),
        _wide(columns, batch.shape[0]),
        _ORDERS[interpolation],
        "constant",
        fill_value,
        name,
    )
    return _restored(made, data_format, alone=alone)


def _homography(starts: Array, ends: Array) -> Array:
    """``(n, 8)``: the projective map of the plane that takes every end point to its start."""
    count = starts.shape[0]
    at = starts.arithmetic

    def column(points: Array, axis: int) -> Array:
        return take(points, 2, axis, axis + 1)

    one, zero = (at.exact(np.full((count, 4, 1), v)) for v in (1.0, 0.0))
    x, y = column(ends, 0), column(ends, 1)
    u, v = column(starts, 0), column(starts, 1)
    upper = concatenate([x, y, one, zero, zero, zero, -(u * x), -(u * y)], 2)
    lower = concatenate([zero, zero, zero, x, y, one, -(v * x), -(v * y)], 2)
    matrix = concatenate([upper, lower], 1)
    found = solving.solve(matrix, concatenate([u, v], 1))
    return reshape(found, (count, 8))


@defines("ops.image.elastic_transform")
def elastic_transform(
    images: Tensor | Scalar,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images bent at random, as far as ``alpha`` says: at 0 they stay what they are.

    Raises:
        Unsupported: They are bent: by what law is documented nowhere.
    """
    if alpha:
        message = f"elastic_transform: {alpha=}, {sigma=}, {fill_mode=}, {fill_value=}, {seed=}"
        raise Unsupported(f"{message}: how far pixels move is documented nowhere")
    batch, alone = _images(images, data_format, interpolation, "elastic_transform")
    return _restored(batch, data_format, alone=alone)
