"""How many numbers there are of a kind, and between which others a number lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    convert,
    floats,
    real,
    together,
    whole,
)
from conformance.reference.engine.dtypes import promoted
from conformance.reference.engine.integers import reduced
from conformance.reference.engine.laws import DataSized
from conformance.reference.engine.structure import scatter
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import exactly, integers_of, listed, some_axes
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor
    from conformance.reference.spec.ops.base import Axes


@defines("ops.count_nonzero", differentiable=False)
def count_nonzero(x: Tensor | Scalar, axis: Axes = None) -> Tensor:
    """How many numbers over axes are other than zero, as 32-bit integers."""
    a = real(convert(as_array(x, arithmetic_of(x)), "bool"))
    axes = some_axes(axis, a.ndim, "count_nonzero")
    return reduced(a, np.add, axes, dtype="int32", keepdims=False)


@defines("ops.bincount", differentiable=False)
def bincount(
    x: Any,
    weights: Tensor | Scalar | None = None,
    minlength: int = 0,
    sparse: bool = False,
) -> DataSized:
    """How often each integer from 0 on stands in a row, or the sum of its weights.

    Counts are 32-bit integers, sums of the dtype in which integers and weights meet. There are as
    many as the largest integer asks for, and at least ``minlength``.

    Raises:
        Refused: The integers are no row, or one is negative.
        Unsupported: A sparse answer.
    """
    numbers = integers_of(x, "bincount")
    if numbers.ndim != 1 or (numbers < 0).any():
        message = f"bincount of {numbers.tolist()}"
        raise Refused(message, at="call")
    if sparse:
        message = "a sparse answer is another kind of array, which is not in the reference"
        raise Unsupported(message)
    size = max(int(numbers.max(initial=-1)) + 1, minlength)
    if weights is None:
        counts = np.bincount(numbers, minlength=size).astype(np.int32)
        return DataSized(arithmetic_of(x).whole(counts), (0,))
    by = real(as_array(weights, arithmetic_of(x, weights)))
    if by.shape != numbers.shape:
        message = f"bincount: {by.shape} weights for {numbers.shape} integers"
        raise Refused(message, at="call")
    dtypes = [one.dtype for one in (x, by) if hasattr(one, "dtype")]
    by = real(convert(by, promoted(dtypes)))
    if by.integers is None:
        return DataSized(scatter(by, numbers, size), (0,))
    total = np.zeros(size, by.integers.dtype)
    np.add.at(total, numbers, by.integers)
    return DataSized(by.arithmetic.whole(total), (0,))


def _ordered_row(a: Array, function: str) -> Values:
    """The numbers of a row that rises.

    Raises:
        Refused: It is no row.
        Unsupported: It doesn't rise, or is not known exactly.
    """
    if a.ndim != 1:
        message = f"{function}: a row is wanted, not {a.ndim} axes"
        raise Refused(message, at="call")
    values = np.asarray(a.value.real) if a.integers is None else a.integers
    if not (values[1:] >= values[:-1]).all():
        message = f"{function}: {values.tolist()} does not rise: Keras documents no answer"
        raise Unsupported(message)
    return values


def _places(row: Array, values: Array, function: str, *, right: bool) -> Tensor:
    steps = _ordered_row(row, function)
    numbers = np.asarray(values.value.real) if values.integers is None else values.integers
    exactly(values, row, function=function)
    found = np.searchsorted(steps, numbers, "right" if right else "left")
    return values.arithmetic.whole(np.asarray(found, np.int32))


@defines("ops.searchsorted", differentiable=False)
def searchsorted(
    sorted_sequence: Tensor | Scalar, values: Tensor | Scalar, side: str = "left"
) -> Tensor:
    """Where numbers fit into a rising row, before or behind those that equal them.

    Raises:
        Refused: The sequence is no row, or the side is unknown.
    """
    if side not in {"left", "right"}:
        message = f"searchsorted: side={side!r} is neither left nor right"
        raise Refused(message, at="call")
    row, numbers = (real(one) for one in together(sorted_sequence, values))
    return _places(row, numbers, "searchsorted", right=side == "right")


@defines("ops.digitize", differentiable=False)
def digitize(x: Tensor | Scalar, bins: Any) -> Tensor:
    """How many bounds of a rising row a number has reached."""
    arithmetic = arithmetic_of(x, bins)
    numbers, row = (real(one) for one in together(x, listed(bins, arithmetic)))
    return _places(row, numbers, "digitize", right=True)


@defines("ops.histogram", differentiable=False)
def histogram(
    x: Tensor | Scalar, bins: int = 10, range: Sequence[float] | None = None
) -> list[Tensor]:
    """How many numbers of a row lie in each of equal parts of a range, and where the parts end.

    A part holds its lower end, the last one its upper end too.

    Returns:
        Counts as 32-bit integers, and one bound more than there are parts.

    Raises:
        Refused: There is no row.
        Unsupported: No part, or a range without an inside: Keras documents no answer.
    """
    a = floats(x)
    if a.ndim != 1:
        message = f"histogram of {a.ndim} axes"
        raise Refused(message, at="call")
    values = a.value.real
    if bins < 1 or (range is None and not values.size):
        message = f"histogram: {bins} parts of {values.size} numbers: Keras documents no answer"
        raise Unsupported(message)
    low, high = (values.min(), values.max()) if range is None else range
    if not low < high:
        message = f"histogram from {low} to {high}: Keras documents no answer"
        raise Unsupported(message)
    edges = np.linspace(low, high, bins + 1)
    counts = np.histogram(values, edges)[0].astype(np.int32)
    share = a.arithmetic.exact(np.linspace(0.0, 1.0, bins + 1))
    start, stop = (a.arithmetic.constant(float(end)) for end in (low, high))
    bounds = start * (1.0 - share) + stop * share
    if bounds.quantum is None:
        # A bound that rounding moves must not pass over a number.
        apart = np.abs(values[:, None] - edges[1:-1]).min(axis=1, initial=np.inf)
        a.arithmetic.jump(a / 3.0, apart / 3.0)
    return [a.arithmetic.whole(counts), bounds]


@defines("ops.in_top_k", differentiable=False)
def in_top_k(targets: Any, predictions: Tensor | Scalar, k: int) -> Tensor:
    """Whether the number at the target's place is among the ``k`` largest of its row.

    Raises:
        Refused: There isn't one target for each row.
        Unsupported: Equal numbers of which not all are among the largest.
    """
    a = real(as_array(predictions, arithmetic_of(targets, predictions)))
    places = integers_of(targets, "in_top_k")
    if a.ndim != 2 or places.shape != a.shape[:1]:  # noqa: PLR2004 (rows of classes)
        message = f"in_top_k: targets of {places.shape} for predictions of {a.shape}"
        raise Refused(message, at="call")
    numbers = np.asarray(a.value.real) if a.integers is None else whole(a)
    inside = (places >= 0) & (places < a.shape[1])
    own = np.take_along_axis(numbers, np.where(inside, places, 0)[:, None], 1)
    above, equal = (numbers > own).sum(1), (numbers == own).sum(1)
    if (inside & (above < k) & (above + equal > k)).any():
        message = "in_top_k of equal numbers of which not all are among the k largest: undocumented"
        raise Unsupported(message)
    return a.arithmetic.whole(np.asarray(inside & (above < k)))
