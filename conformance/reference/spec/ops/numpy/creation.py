"""Functions that make arrays out of nothing but their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import broadcast, reshape
from conformance.reference.engine.conversion import as_array, convert, dtype_of, real
from conformance.reference.engine.dtypes import FLOATX, floating, promoted
from conformance.reference.engine.structure import expand
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import broadcast_to, dtype_named, one_axis
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.conversion import Scalar, Tensor

Sizes = int | Sequence[int]


def _shape(shape: Sizes) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def filled(arithmetic: Arithmetic, value: Scalar, shape: Sizes, dtype: str) -> Tensor:
    """One number everywhere."""
    one = as_array(value, arithmetic, dtype)
    return broadcast_to(one, _shape(shape), "full")


@defines("ops.zeros", differentiable=False)
def zeros(shape: Sizes, dtype: str | None = None, *, arithmetic: Arithmetic) -> Tensor:
    """Zeros, in floatx unless told otherwise."""
    return filled(arithmetic, 0, shape, dtype_named(dtype, FLOATX, "zeros"))


@defines("ops.ones", differentiable=False)
def ones(shape: Sizes, dtype: str | None = None, *, arithmetic: Arithmetic) -> Tensor:
    """Ones, in floatx unless told otherwise."""
    return filled(arithmetic, 1, shape, dtype_named(dtype, FLOATX, "ones"))


@defines("ops.full", differentiable=False)
def full(
    shape: Sizes,
    fill_value: Tensor | Scalar,
    dtype: str | None = None,
    *,
    arithmetic: Arithmetic,
) -> Tensor:
    """One number everywhere, in floatx unless told otherwise."""
    one = as_array(fill_value, arithmetic, dtype_named(dtype, FLOATX, "full"))
    return broadcast_to(one, _shape(shape), "full")


@defines("ops.arange", differentiable=False)
def arange(
    start: float,
    stop: float | None = None,
    step: float | None = None,
    dtype: str | None = None,
    *,
    arithmetic: Arithmetic,
) -> Tensor:
    """``start``, ``start + step`` … below ``stop``; from 0 up to ``start`` if it is alone.

    Without a dtype that in which the arguments meet: int32 if all are integers, else floatx.

    Raises:
        Refused: A step of 0.
    """
    low, high = (0, start) if stop is None else (start, stop)
    by = 1 if step is None else step
    if by == 0:
        message = "arange: a step of 0"
        raise Refused(message, at="call")
    name = dtype_named(dtype, promoted([x for x in (start, stop, step) if x is not None]), "arange")
    count = max(int(np.ceil((high - low) / by)), 0)
    if all(isinstance(x, int) for x in (low, high, by)):
        return convert(arithmetic.whole(low + by * np.arange(count, dtype=np.int64)), name)
    if name != floating(name):
        message = f"arange: integers of {name} from floats are not in the reference"
        raise Unsupported(message)
    at = arithmetic.at(name)
    # Frameworks multiply or add up; at most one rounding of each number and of its step is told.
    steps = at.exact(np.arange(count, dtype=np.float64)) * float(by)
    return steps + float(low)


@defines("ops.eye", differentiable=False)
def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: str | None = None,
    *,
    arithmetic: Arithmetic,
) -> Tensor:
    """Ones on a diagonal, ``k`` places to the right of the main one, else zeros; in floatx."""
    flags = arithmetic.whole(np.eye(N, M, k, dtype=bool))
    return convert(flags, dtype_named(dtype, FLOATX, "eye"))


@defines("ops.linspace", differentiable=False)
def linspace(
    start: Tensor | Scalar,
    stop: Tensor | Scalar,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: str | None = None,
    axis: int = 0,
    *,
    arithmetic: Arithmetic,
) -> Tensor | list[Tensor]:
    """Evenly spaced numbers from ``start`` to ``stop``, the last one included or not.

    Returns:
        The numbers along a new axis; with ``retstep`` also the distance between two.
    """
    if num < 0:
        message = f"linspace: num={num} is negative"
        raise Refused(message, at="call")
    name = dtype_named(dtype, floating(dtype_of(start, stop)), "linspace")
    if name != floating(name):
        message = f"linspace in {name} is not in the reference"
        raise Unsupported(message)
    low, high = (real(as_array(x, arithmetic, name)) for x in (start, stop))
    reach = high - low
    gaps = max(num - 1 if endpoint else num, 1)
    place = one_axis(axis, reach.ndim + 1, "linspace")
    ratio = low.arithmetic.exact(np.arange(num, dtype=np.float64)) / float(gaps)
    along = reshape(ratio, [num if i == place else 1 for i in range(reach.ndim + 1)])
    made = expand(broadcast(low, reach.shape), place) + expand(reach, place) * along
    return [made, reach / float(gaps)] if retstep else made
