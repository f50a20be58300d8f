"""Products of vectors, and of any axes with any."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import contraction, structure
from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import real, together, whole
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import one_axis
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.conversion import Scalar, Tensor

PLANE, SPACE = 2, 3


def _factors(function: str, *operands: Tensor | Scalar) -> list[Array]:
    """Real arrays in the dtype in which they meet.

    Raises:
        Unsupported: They are complex.
    """
    met = together(*operands)
    if any(isinstance(x, Complex) for x in met):
        message = f"{function} of complex numbers is not in the reference"
        raise Unsupported(message)
    return [real(x) for x in met]


@defines("ops.outer")
def outer(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Each number of ``x1`` times each of ``x2``, both in C order."""
    a, b = _factors("outer", x1, x2)
    count, other = a.value.size, b.value.size
    left = broadcast(reshape(a, (count, 1)), (count, other))
    return left * broadcast(reshape(b, (1, other)), (count, other))


@defines("ops.inner")
def inner(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Sums over the last axes; a number multiplies everything.

    Raises:
        Refused: The last axes have different sizes.
    """
    a, b = _factors("inner", x1, x2)
    if not a.ndim or not b.ndim:
        return a * b
    return tensordot(a, b, [[-1], [-1]])


@defines("ops.vdot")
def vdot(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Sum of the products of all numbers in C order.

    Raises:
        Refused: One has more numbers than the other.
    """
    a, b = (reshape(x, (x.value.size,)) for x in _factors("vdot", x1, x2))
    if a.shape != b.shape:
        message = f"vdot: {a.value.size} numbers and {b.value.size}"
        raise Refused(message, at="call")
    return tensordot(a, b, 1)


@defines("ops.tensordot")
def tensordot(x1: Tensor | Scalar, x2: Tensor | Scalar, axes: int | Sequence[Any] = 2) -> Tensor:
    """Sums over the last axes of ``x1`` and the first of ``x2``, or over those that are named.

    Raises:
        Refused: They have different sizes or numbers.
    """
    a, b = _factors("tensordot", x1, x2)
    if isinstance(axes, int):
        sides: list[Any] = [list(range(a.ndim - axes, a.ndim)), list(range(axes))]
        if axes < 0 or axes > min(a.ndim, b.ndim):
            message = f"tensordot: {axes} axes of {list(a.shape)} and {list(b.shape)}"
            raise Refused(message, at="call")
    else:
        sides = [side if isinstance(side, list | tuple) else [side] for side in axes]
    left = [one_axis(i, a.ndim, "tensordot") for i in sides[0]]
    right = [one_axis(i, b.ndim, "tensordot") for i in sides[1]]
    if [a.shape[i] for i in left] != [b.shape[i] for i in right]:
        message = f"tensordot: axes={axes} of {list(a.shape)} and {list(b.shape)}"
        raise Refused(message, at="call")
    if a.integers is not None:
        made = np.tensordot(whole(a), whole(b), (left, right))
        return a.arithmetic.whole(np.asarray(made, a.dtype))
    rows = [i for i in range(a.ndim) if i not in left]
    columns = [i for i in range(b.ndim) if i not in right]
    count = math.prod(a.shape[i] for i in left)
    first = reshape(
        structure.transpose(a, [*rows, *left]), (math.prod(a.shape[i] for i in rows), count)
    )
    second = reshape(
        structure.transpose(b, [*right, *columns]), (count, math.prod(b.shape[i] for i in columns))
    )
    shape = [*(a.shape[i] for i in rows), *(b.shape[i] for i in columns)]
    return reshape(contraction.matmul(first, second), shape)


@defines("ops.cross")
def cross(
    x1: Tensor | Scalar,
    x2: Tensor | Scalar,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Tensor:
    """Cross products of vectors of 3 numbers, or of 2, whose third is 0.

    Returns:
        The third number alone where both have 2.

    Raises:
        Refused: The vectors have another size, or the other axes don't broadcast.
    """
    a, b = _factors("cross", x1, x2)
    if axis is not None:
        axisa = axisb = axisc = axis
    vectors = [
        structure.transpose(x, [*(i for i in range(x.ndim) if i != place), place])
        for x, place in (
            (a, one_axis(axisa, a.ndim, "cross")),
            (b, one_axis(axisb, b.ndim, "cross")),
        )
    ]
    sizes = [x.shape[-1] for x in vectors]
    try:
        lead = np.broadcast_shapes(*(x.shape[:-1] for x in vectors))
    except ValueError:
        lead = None
    if lead is None or not set(sizes) <= {PLANE, SPACE}:
        message = f"cross: {list(a.shape)} and {list(b.shape)}"
        raise Refused(message, at="call")
    (ax, ay, az), (bx, by, bz) = (_components(x, lead) for x in vectors)
    third = ax * by - ay * bx
    if sizes == [PLANE, PLANE]:
        return third
    if az is None and bz is not None:
        first, second = ay * bz, -(ax * bz)
    elif bz is None and az is not None:
        first, second = -(az * by), az * bx
    elif az is not None and bz is not None:
        first, second = ay * bz - az * by, az * bx - ax * bz
    return structure.stack([first, second, third], one_axis(axisc, len(lead) + 1, "cross"))


def _components(x: Array, lead: tuple[int, ...]) -> tuple[Array, Array, Array | None]:
    wide = broadcast(x, (*lead, x.shape[-1]))
    each = [reshape(structure.take(wide, -1, i, i + 1), lead) for i in range(x.shape[-1])]
    return each[0], each[1], each[2] if len(each) == SPACE else None


@defines("ops.vander")
def vander(x: Tensor | Scalar, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of each number along a new axis, from 0 up if ``increasing``, else down to 0.

    Raises:
        Refused: The array has not one axis.
    """
    (a,) = _factors("vander", x)
    if a.ndim != 1:
        message = f"vander: of an array of {a.ndim} axes"
        raise Refused(message, at="call")
    count = a.shape[0] if N is None else N
    if a.integers is not None:
        return a.arithmetic.whole(np.vander(whole(a), count, increasing=increasing).astype(a.dtype))
    powers = [a.arithmetic.constant(1.0, a.shape)] if count else []
    while len(powers) < count:
        powers.append(powers[-1] * a)
    if not powers:
        return a.arithmetic.constant(0.0, (a.shape[0], 0))
    return structure.stack(powers if increasing else powers[::-1], 1)
