"""Functions of keras.ops of segments and logarithms: keras/src/ops/math.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array, floats, real
from conformance.reference.engine.laws import DataSized
from conformance.reference.engine.structure import scatter
from conformance.reference.errors import Unsupported
from conformance.reference.spec.ops.base import integers_of, some_axes
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
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

    Raises:
        Unsupported: A number is no segment's, there are several axes of numbers, or they are called
            sorted and aren't.
    """
    a = real(as_array(data, arithmetic_of(data)))
    numbers = integers_of(segment_ids, "segment_sum")
    count = int(numbers.max(initial=-1)) + 1 if num_segments is None else num_segments
    outside = numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) >= count)
    if numbers.shape != a.shape[:1] or outside or (sorted and (np.diff(numbers) < 0).any()):
        message = (
            f"segment_sum: segment_ids={numbers.tolist()} for {a.shape[:1]} entries, {count} "
            "segments: Keras documents no answer"
        )
        raise Unsupported(message)
    made: Tensor
    if a.integers is None:
        made = scatter(a, numbers, count)
    else:
        total = np.zeros((count, *a.shape[1:]), a.integers.dtype)
        np.add.at(total, numbers, a.integers)
        made = a.arithmetic.whole(total)
    return made if num_segments is not None else DataSized(made, (0,))
