"""What functions share: reading axes and other literals, and dtypes by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.reference.engine.dtypes import DTYPES
from conformance.reference.errors import Refused, Unsupported

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
