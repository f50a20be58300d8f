"""Functions that choose numbers by a condition or by their places."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    booleans,
    real,
)
from conformance.reference.engine.laws import DataSized
from conformance.reference.engine.structure import picked
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import (
    broadcasting,
    fitting,
    integers_of,
    moving,
    one_axis,
    places_of,
)
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("ops.where")
def where(
    condition: Tensor | Scalar,
    x1: Tensor | Scalar | None = None,
    x2: Tensor | Scalar | None = None,
) -> Tensor:
    """``x1`` where the condition is other than zero, else ``x2``, in the dtype of both."""
    if x1 is None or x2 is None:
        message = "where of a condition alone is not in the reference"
        raise Unsupported(message)
    arithmetic = arithmetic_of(condition, x1, x2)
    chosen = booleans(condition, arithmetic)
    a, b = broadcasting(x1, x2, arithmetic=arithmetic)
    fitting(chosen, a, b)
    if isinstance(a, Complex) and isinstance(b, Complex):
        return Complex(f.choose(chosen, a.real, b.real), f.choose(chosen, a.imag, b.imag))
    return f.choose(chosen, real(a), real(b))


def grid_of(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """The place in C order of every number of an array."""
    return np.arange(math.prod(shape)).reshape(shape)


@defines("ops.take")
def take(x: Tensor | Scalar, indices: Any, axis: int | None = None) -> Tensor:
    """Entries of an axis by their numbers; of all numbers in C order without an axis."""
    a = as_array(x, arithmetic_of(x))
    grid = grid_of(a.shape)
    if axis is None:
        grid, axis = grid.reshape(-1), 0
    place = one_axis(axis, grid.ndim, "take")
    places = np.take(grid, places_of(indices, grid.shape[place], "take"), place)
    return moving(a, lambda part: picked(part, places))


@defines("ops.take_along_axis")
def take_along_axis(x: Tensor | Scalar, indices: Any, axis: int | None = None) -> Tensor:
    """For every place of ``indices`` an entry of an axis by its number; other axes broadcast.

    Raises:
        Refused: The shapes don't fit.
    """
    a = as_array(x, arithmetic_of(x))
    grid, numbers = grid_of(a.shape), integers_of(indices, "take_along_axis")
    if axis is None:
        grid, numbers, axis = grid.reshape(-1), numbers.reshape(-1), 0
    place = one_axis(axis, grid.ndim, "take_along_axis")
    chosen = places_of(indices, grid.shape[place], "take_along_axis").reshape(numbers.shape)
    try:
        rest = np.broadcast_shapes(
            *((*shape[:place], 1, *shape[place + 1 :]) for shape in (grid.shape, chosen.shape))
        )
    except ValueError:
        rest = ()
    if chosen.ndim != grid.ndim or len(rest) != grid.ndim:
        message = f"take_along_axis: indices of {chosen.shape} for an array of {grid.shape}"
        raise Refused(message, at="call")
    sizes = [
        (*rest[:place], n, *rest[place + 1 :]) for n in (grid.shape[place], chosen.shape[place])
    ]
    places = np.take_along_axis(
        np.broadcast_to(grid, sizes[0]), np.broadcast_to(chosen, sizes[1]), place
    )
    return moving(a, lambda part: picked(part, places))


@defines("ops.select")
def select(
    condlist: Sequence[Tensor | Scalar],
    choicelist: Sequence[Tensor | Scalar],
    default: Tensor | Scalar = 0,
) -> Tensor:
    """From the first condition that holds its choice, else ``default``, in the dtype of all.

    Raises:
        Refused: There are more conditions than choices, or fewer.
    """
    if len(condlist) != len(choicelist):
        message = f"select: {len(condlist)} conditions for {len(choicelist)} choices"
        raise Refused(message, at="call")
    arithmetic = arithmetic_of(*condlist, *choicelist)
    made, *choices = broadcasting(default, *choicelist, arithmetic=arithmetic)
    for condition, choice in reversed(list(zip(condlist, choices, strict=True))):
        made = where(condition, choice, made)
    return made


@defines("ops.unravel_index", differentiable=False)
def unravel_index(indices: Any, shape: Sequence[int], *, arithmetic: Arithmetic) -> list[Tensor]:
    """The number along each axis of places in C order.

    Raises:
        Unsupported: One is no place: Keras documents no answer.
    """
    numbers = integers_of(indices, "unravel_index")
    if numbers.size and not 0 <= int(numbers.min()) <= int(numbers.max()) < math.prod(shape):
        message = f"unravel_index: a place outside of {list(shape)}: Keras documents no answer"
        raise Unsupported(message)
    name = indices.dtype if isinstance(indices, Array) else "int32"
    return [
        arithmetic.whole(np.asarray(axis, name)) for axis in np.unravel_index(numbers, tuple(shape))
    ]


@defines("ops.nonzero", differentiable=False)
def nonzero(x: Tensor | Scalar) -> list[DataSized]:
    """The number along each axis of all numbers that aren't 0, in C order, as 32-bit integers."""
    arithmetic = arithmetic_of(x)
    found = np.nonzero(booleans(x, arithmetic))
    return [DataSized(arithmetic.whole(axis.astype(np.int32)), (0,)) for axis in found]
