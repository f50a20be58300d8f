"""What functions share: reading axes and other literals, and dtypes by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from conformance.reference.engine.array import Array, broadcast
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import arithmetic_of, as_array, real, together, whole
from conformance.reference.engine.dtypes import DTYPES
from conformance.reference.errors import Refused, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.conversion import Scalar, Tensor

FORMATS = ("channels_last", "channels_first")
"""Where images have their channels; the first is Keras's default."""

Axes = int | Sequence[int] | None
"""The argument ``axis`` where several axes can be given."""


def one_axis(axis: Any, ndim: int, function: str) -> int:
    """An axis as a number that is not negative.

    Raises:
        Refused: The array has no such axis.
        Unsupported: It is no integer.
    """
    if isinstance(axis, bool) or not isinstance(axis, int):
        message = f"{function}: axis={axis!r} is not in the reference, only an integer"
        raise Unsupported(message)
    if not -ndim <= axis < ndim:
        message = f"{function}: axis {axis} of an array of {ndim} axes"
        raise Refused(message, at="call")
    return axis % ndim


def some_axes(axis: Axes, ndim: int, function: str) -> tuple[int, ...]:
    """Axes as sorted numbers that are not negative; ``None`` means all.

    Raises:
        Refused: The array doesn't have one, or one is named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    given = list(axis) if isinstance(axis, list | tuple) else [axis]
    found = sorted(one_axis(i, ndim, function) for i in given)
    if len(set(found)) != len(found):
        message = f"{function}: axis={axis!r} names an axis twice"
        raise Refused(message, at="call")
    return tuple(found)


def dtype_named(dtype: Any, default: str, function: str) -> str:
    """A dtype by its name, or the default where there is none.

    Raises:
        Refused: Keras has no such dtype.
    """
    if dtype is None:
        return default
    name = {"int": "int32", "float": "float32"}.get(dtype, dtype)
    if name not in DTYPES:
        message = f"{function}: dtype={dtype!r} is no dtype"
        raise Refused(message, at="call")
    return str(name)


def moving(a: Tensor, move: Callable[[Array], Array]) -> Tensor:
    """A function that only moves numbers, of both parts of complex ones."""
    return a.each(move) if isinstance(a, Complex) else move(a)


def broadcast_to(a: Tensor, shape: tuple[int, ...], function: str) -> Tensor:
    """An array repeated along missing axes and those of size 1.

    Raises:
        Refused: It doesn't fit.
    """
    if a.shape != shape and np.broadcast_shapes(a.shape, shape) != shape:
        message = f"{function}: {list(a.shape)} does not fit {list(shape)}"
        raise Refused(message, at="call")
    return moving(a, lambda part: broadcast(part, shape))


def broadcasting(
    *operands: Tensor | Scalar,
    least: Literal["", "float"] = "",
    arithmetic: Arithmetic | None = None,
) -> list[Tensor]:
    """Operands in the dtype in which they meet (``together``), of shapes that broadcast.

    Raises:
        Refused: They don't.
    """
    met = together(*operands, least=least, arithmetic=arithmetic)
    fitting(*met)
    return met


def fitting(*arrays: Tensor | NDArray[Any]) -> None:
    """See that the shapes of arrays broadcast.

    Raises:
        Refused: They don't.
    """
    try:
        np.broadcast_shapes(*(one.shape for one in arrays))
    except ValueError as error:
        shapes = " and ".join(str(list(one.shape)) for one in arrays)
        message = f"shapes {shapes} do not broadcast"
        raise Refused(message, at="call") from error


def integers_of(x: Any, function: str) -> NDArray[Any]:
    """Integers given as an array, a number or a list of numbers.

    Raises:
        Unsupported: They are floats.
    """
    values = whole(x) if isinstance(x, Array | Complex) else np.asarray(x)
    if values.dtype.kind not in "iu":
        message = f"{function}: indices of {values.dtype} are not in the reference"
        raise Unsupported(message)
    return values.astype(np.int64)


def floating_array(x: Tensor | Scalar, function: str) -> Array:
    """The one argument of a function that is said of floats alone.

    Raises:
        Unsupported: It holds integers: the documentation says nothing of them, frameworks differ.
    """
    a = real(as_array(x, arithmetic_of(x)))
    if a.integers is not None:
        message = f"{function} of {a.dtype} is not in the reference: Keras documents no answer"
        raise Unsupported(message)
    return a


def places_of(x: Any, size: int, function: str) -> NDArray[np.int64]:
    """Indices into an axis of this size; negative ones count from its end.

    Raises:
        Unsupported: One lies outside: Keras documents no answer, and frameworks differ.
    """
    places = integers_of(x, function)
    if places.size and not (-size <= int(places.min()) and int(places.max()) < size):
        message = f"{function}: an index outside of an axis of {size}: Keras documents no answer"
        raise Unsupported(message)
    return np.where(places < 0, places + size, places)


def listed(x: Any, arithmetic: Arithmetic) -> Tensor | Scalar:
    """A list of Python's numbers as an array: of integers an int32, else a float32."""
    if not isinstance(x, list | tuple):
        made: Tensor | Scalar = x
        return made
    values = np.asarray(x)
    if values.dtype.kind in "iu":
        return arithmetic.whole(values.astype(np.int32))
    return arithmetic.whole(values) if values.dtype == bool else arithmetic.exact(values)


def exactly(*arrays: Array, function: str) -> None:
    """See that numbers are known exactly, of which rounding would make another answer.

    Raises:
        Unsupported: One is not.
    """
    if any(
        a.integers is None and a.quantum is None and a.arithmetic.carries_variance for a in arrays
    ):
        message = f"{function} of numbers that are not known exactly"
        raise Unsupported(message)
