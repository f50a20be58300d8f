"""Functions of keras.ops of segments and logarithms: keras/src/ops/math.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array, floats, real
from conformance.reference.engine.laws import DataSized
from conformance.reference.engine.structure import concatenate, scatter, take
from conformance.reference.errors import Unsupported
from conformance.reference.spec.ops.base import integers_of, some_axes
from conformance.reference.spec.ops.numpy.reductions import max as largest
from conformance.reference.spec.ops.numpy.reductions import min as least
from conformance.reference.spec.ops.numpy.reductions import prod
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor
    from conformance.reference.spec.ops.base import Axes


@defines("ops.logsumexp")
def logsumexp(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """``log(sum(exp(x)))`` over axes, shifted so that nothing overflows."""
    a = floats(x)
    axes = some_axes(axis, a.ndim, "logsumexp")
    shift = a.value.real.max(axis=axes, keepdims=True)
    largest = a.arithmetic.exact(np.where(np.isfinite(shift), shift, 0.0))
    made = f.log(f.exp(a - largest).sum(axes, keepdims=True)) + largest
    return made if keepdims else reshape(made, [n for i, n in enumerate(a.shape) if i not in axes])


def _segments(
    data: Tensor | Scalar, segment_ids: Any, num_segments: int | None, sorted: bool, function: str
) -> tuple[Array, NDArray[np.int64], int]:
    """The array, the number of each entry of its first axis, and how many segments there are.

    Raises:
        Unsupported: A number is no segment's, there are several axes of numbers, or they are called
            sorted and aren't.
    """
    a = real(as_array(data, arithmetic_of(data)))
    numbers = integers_of(segment_ids, function)
    count = int(numbers.max(initial=-1)) + 1 if num_segments is None else num_segments
    outside = numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) >= count)
    if numbers.shape != a.shape[:1] or outside or (sorted and (np.diff(numbers) < 0).any()):
        message = (
            f"{function}: segment_ids={numbers.tolist()} for {a.shape[:1]} entries, {count} "
            "segments: Keras documents no answer"
        )
        raise Unsupported(message)
    return a, numbers, count


@defines("ops.segment_sum")
def segment_sum(
    data: Tensor | Scalar,
    segment_ids: Any,
    num_segments: int | None = None,
    sorted: bool = False,
) -> Tensor | DataSized:
    """Sums of the entries of the first axis that have one number; 0 where there are none.

    Without ``num_segments`` there are as many as the largest number asks for, which a symbolic
    call can't know.
    """
    a, numbers, count = _segments(data, segment_ids, num_segments, sorted, "segment_sum")
    made: Tensor
    if a.integers is None:
        made = scatter(a, numbers, count)
    else:
        total = np.zeros((count, *a.shape[1:]), a.integers.dtype)
        np.add.at(total, numbers, a.integers)
        made = a.arithmetic.whole(total)
    return made if num_segments is not None else DataSized(made, (0,))


@defines("ops.segment_max")
def segment_max(
    data: Tensor | Scalar,
    segment_ids: Any,
    num_segments: int | None = None,
    sorted: bool = False,
) -> Tensor | DataSized:
    """The largest of the entries of the first axis that have one number.

    Raises:
        Unsupported: A segment has no entry: Keras documents no answer, and frameworks differ.
    """
    return _folded(data, segment_ids, num_segments, sorted, "segment_max")


@defines("ops.segment_min")
def segment_min(
    data: Tensor | Scalar,
    segment_ids: Any,
    num_segments: int | None = None,
    sorted: bool = False,
) -> Tensor | DataSized:
    """The least of the entries of the first axis that have one number.

    Raises:
        Unsupported: A segment has no entry: Keras documents no answer, and frameworks differ.
    """
    return _folded(data, segment_ids, num_segments, sorted, "segment_min")


@defines("ops.segment_prod")
def segment_prod(
    data: Tensor | Scalar,
    segment_ids: Any,
    num_segments: int | None = None,
    sorted: bool = False,
) -> Tensor | DataSized:
    """Products of the entries of the first axis that have one number.

    Raises:
        Unsupported: A segment has no entry: Keras documents no answer.
    """
    return _folded(data, segment_ids, num_segments, sorted, "segment_prod")


def _folded(
    data: Tensor | Scalar, segment_ids: Any, num_segments: int | None, sorted: bool, function: str
) -> Tensor | DataSized:
    a, numbers, count = _segments(data, segment_ids, num_segments, sorted, function)
    if len(np.unique(numbers)) != count:
        message = f"{function}: a segment without an entry: Keras documents no answer"
        raise Unsupported(message)
    entries = [take(a, 0, i, i + 1) for i in range(a.shape[0])]
    rows = [
        _joined([entries[i] for i in np.flatnonzero(numbers == segment)], function)
        for segment in range(count)
    ]
    made = concatenate(rows, 0)
    return made if num_segments is not None else DataSized(made, (0,))


def _joined(entries: Sequence[Array], function: str) -> Array:
    together = concatenate(entries, 0)
    if function == "segment_prod":
        return real(prod(together, axis=0, keepdims=True))
    return real((largest if function == "segment_max" else least)(together, axis=0, keepdims=True))
