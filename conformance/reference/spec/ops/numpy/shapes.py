"""Functions that move numbers and compute none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import structure
from conformance.reference.engine.array import reshape as reshaped
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import arithmetic_of, as_array, constant, together
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import Axes, moving, one_axis, some_axes
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor

MODES = ("constant", "reflect", "symmetric", "edge")


@defines("ops.expand_dims")
def expand_dims(x: Tensor | Scalar, axis: int | Sequence[int]) -> Tensor:
    """New axes of size 1, at these places of the answer's shape."""
    a = as_array(x, arithmetic_of(x))
    given: list[Any] = list(axis) if isinstance(axis, list | tuple) else [axis]
    places = some_axes(given, a.ndim + len(given), "expand_dims")
    sizes = iter(a.shape)
    shape = [1 if i in places else next(sizes) for i in range(a.ndim + len(places))]
    return moving(a, lambda part: reshaped(part, shape))


@defines("ops.squeeze")
def squeeze(x: Tensor | Scalar, axis: Axes = None) -> Tensor:
    """Without these axes of size 1; without all of them if none is named.

    Raises:
        Refused: An axis that is named has another size.
    """
    a = as_array(x, arithmetic_of(x))
    ones = tuple(i for i, n in enumerate(a.shape) if n == 1)
    places = ones if axis is None else some_axes(axis, a.ndim, "squeeze")
    if not set(places) <= set(ones):
        message = f"squeeze: axis={axis!r} of the shape {a.shape} is not of size 1"
        raise Refused(message, at="call")
    return moving(
        a, lambda part: reshaped(part, [n for i, n in enumerate(part.shape) if i not in places])
    )


@defines("ops.reshape")
def reshape(x: Tensor | Scalar, newshape: int | Sequence[int]) -> Tensor:
    """The same numbers, in C order, by another shape; one size may be -1.

    Raises:
        Refused: The shape holds another number of numbers.
    """
    a = as_array(x, arithmetic_of(x))
    shape = [newshape] if isinstance(newshape, int) else list(newshape)
    count = math.prod(a.shape)
    known = math.prod(n for n in shape if n != -1)
    if shape.count(-1) == 1 and known and count % known == 0:
        shape[shape.index(-1)] = count // known
    if -1 in shape or math.prod(shape) != count:
        message = f"reshape: {a.shape} does not fit into {newshape}"
        raise Refused(message, at="call")
    return moving(a, lambda part: reshaped(part, shape))


@defines("ops.transpose")
def transpose(x: Tensor | Scalar, axes: Sequence[int] | None = None) -> Tensor:
    """Axes in another order; backwards if none is named.

    Raises:
        Refused: The axes are no order of the array's.
    """
    a = as_array(x, arithmetic_of(x))
    if axes is None:
        axes = range(a.ndim)[::-1]
    order = [one_axis(i, a.ndim, "transpose") for i in axes]
    if sorted(order) != list(range(a.ndim)):
        message = f"transpose: axes={list(axes)} of an array of {a.ndim} axes"
        raise Refused(message, at="call")
    return moving(a, lambda part: structure.transpose(part, order))


@defines("ops.flip")
def flip(x: Tensor | Scalar, axis: Axes = None) -> Tensor:
    """Backwards along axes."""
    a = as_array(x, arithmetic_of(x))
    places = some_axes(axis, a.ndim, "flip")

    def flipped(part: Array) -> Array:
        for place in places:
            part = structure.flip(part, place)
        return part

    return moving(a, flipped)


def _joined(parts: Sequence[Tensor], axis: int) -> Tensor:
    real: list[Array] = [part.real if isinstance(part, Complex) else part for part in parts]
    made = structure.concatenate(real, axis)
    imag = [part.imag for part in parts if isinstance(part, Complex)]
    return Complex(made, structure.concatenate(imag, axis)) if imag else made


@defines("ops.concatenate")
def concatenate(xs: Sequence[Tensor | Scalar], axis: int = 0) -> Tensor:
    """One after the other along an axis, in the dtype in which all meet.

    Raises:
        Refused: The shapes differ elsewhere.
    """
    parts = together(*xs)
    place = one_axis(axis, parts[0].ndim, "concatenate")
    rest = {tuple(n for i, n in enumerate(part.shape) if i != place) for part in parts}
    if len(rest) != 1 or len({part.ndim for part in parts}) != 1:
        message = f"concatenate: {[list(part.shape) for part in parts]} along axis {axis}"
        raise Refused(message, at="call")
    return _joined(parts, place)


@defines("ops.stack")
def stack(x: Sequence[Tensor | Scalar], axis: int = 0) -> Tensor:
    """Side by side along a new axis, in the dtype in which all meet.

    Raises:
        Refused: The shapes differ.
    """
    parts = together(*x)
    if len({part.shape for part in parts}) != 1:
        message = f"stack: {[list(part.shape) for part in parts]} are not of one shape"
        raise Refused(message, at="call")
    place = one_axis(axis, parts[0].ndim + 1, "stack")
    return _joined([moving(part, lambda a: structure.expand(a, place)) for part in parts], place)


@defines("ops.pad")
def pad(
    x: Tensor | Scalar,
    pad_width: Any,
    mode: str = "constant",
    constant_values: Scalar | None = None,
) -> Tensor:
    """More numbers before and after each axis: a constant, or the array's own from its edges on.

    Raises:
        Refused: ``constant_values`` with another mode than ``constant``.
        Unsupported: Another mode, or constants by axis.
    """
    a = as_array(x, arithmetic_of(x))
    amounts = _amounts(pad_width, a.ndim)
    if mode != "constant" and constant_values is not None:
        message = f"pad: constant_values with mode={mode!r}"
        raise Refused(message, at="call")
    if mode not in MODES or isinstance(constant_values, list | tuple):
        message = f"pad: mode={mode!r}, constant_values={constant_values!r} is not in the reference"
        raise Unsupported(message)
    grid = np.arange(math.prod(a.shape)).reshape(a.shape)
    if mode != "constant":
        places = np.pad(grid, amounts, mode=mode)  # type: ignore[call-overload] # one of MODES
        return moving(a, lambda part: structure.picked(part, places))
    fill = constant(arithmetic_of(a), constant_values or 0, a.dtype)
    parts = _joined(
        [moving(part, lambda p: reshaped(p, [math.prod(p.shape)])) for part in (a, fill)], 0
    )
    places = np.pad(grid, amounts, constant_values=grid.size)
    return moving(parts, lambda part: structure.picked(part, places))


def _amounts(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """One number for all, a pair for all axes, or a pair for each.

    Raises:
        Refused: Another number of axes.
    """
    if isinstance(pad_width, int):
        return [(pad_width, pad_width)] * ndim
    listed = list(pad_width)
    if len(listed) == 2 and all(isinstance(n, int) for n in listed):  # noqa: PLR2004 (before and after)
        return [(listed[0], listed[1])] * ndim
    pairs = [(n, n) if isinstance(n, int) else tuple(n) for n in listed]
    pairs = [pair * 2 if len(pair) == 1 else pair for pair in pairs]
    if len(pairs) == 1:
        pairs *= ndim
    if len(pairs) != ndim:
        message = f"pad: pad_width={pad_width} for an array of {ndim} axes"
        raise Refused(message, at="call")
    return [(before, after) for before, after in pairs]
