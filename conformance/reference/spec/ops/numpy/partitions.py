"""Numbers put on the sides of another, and each number once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.invariants import Invariants, Property
from conformance.reference.engine.array import reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array, real
from conformance.reference.engine.laws import DataSized
from conformance.reference.engine.structure import concatenate, picked
from conformance.reference.errors import Unsupported
from conformance.reference.spec.ops.base import one_axis
from conformance.reference.spec.ops.numpy.indexing import grid_of
from conformance.reference.spec.ops.numpy.sorting import flattened, numbers
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("ops.unique", differentiable=False)
def unique(
    x: Tensor | Scalar,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Each number once in rising order, and where it is found first, where each went, how often.

    Args:
        x: An array; without an axis its numbers count, with one its entries along it.
        sorted: Whether the order is promised.
        return_index: Answer the first place of each as well.
        return_inverse: Answer for each number which it is.
        return_counts: Answer how often each stands there.
        axis: Of the entries.
        size: How many are answered: the last ones are left out, or ``fill_value`` follows.
        fill_value: What follows; 0 without it.

    Raises:
        Unsupported: No order is promised, or further answers of another size.
    """
    a = real(as_array(x, arithmetic_of(x)))
    if not sorted or (size is not None and (return_index or return_inverse or return_counts)):
        message = f"unique: sorted={sorted}, size={size} with more answers is not in the reference"
        raise Unsupported(message)
    if axis is None:
        flat, place = reshape(a, (math.prod(a.shape),)), 0
    else:
        flat, place = a, one_axis(axis, a.ndim, "unique")
    values, first, inverse, counts = np.unique(
        numbers(flat), return_index=True, return_inverse=True, return_counts=True, axis=place
    )
    del values
    made = picked(flat, np.take(grid_of(flat.shape), first, place))
    whole = a.arithmetic.whole
    if size is not None:
        kept = picked(made, np.take(grid_of(made.shape), np.arange(min(size, len(first))), place))
        missing = list(kept.shape)
        missing[place] = size - len(first)
        if missing[place] <= 0:
            return kept
        fill = real(as_array(fill_value or 0, a.arithmetic, a.dtype))
        more = picked(reshape(fill, (1,)), np.zeros(missing, np.int64))
        return concatenate([kept, more], place)
    answers: list[Any] = [DataSized(made, (place,))]
    if return_index:
        answers.append(DataSized(whole(first.astype(np.int32)), (0,)))
    if return_inverse:
        shape = a.shape if axis is None else (a.shape[place],)
        answers.append(whole(inverse.reshape(shape).astype(np.int32)))
    if return_counts:
        answers.append(DataSized(whole(counts.astype(np.int32)), (0,)))
    return answers if len(answers) > 1 else answers[0]


@defines("ops.argpartition", differentiable=False)
def argpartition(x: Tensor | Scalar, kth: int | Sequence[int], axis: int | None = -1) -> Invariants:
    """Where numbers stand that put the ``kth`` in its place, no larger ones before it.

    The order on both sides is nobody's promise, so the answer is judged by what it points at.

    Raises:
        Refused: There is no such number.
    """
    a, place = flattened(x, axis, "argpartition")
    places = [
        one_axis(k, a.shape[place], "argpartition: kth")
        for k in (kth if isinstance(kth, list | tuple) else [kth])
    ]
    how = " ".join(["parted", *map(str, places)])
    points = Property("points", (0,), how=how, axis=place, truth=numbers(a))
    return Invariants([a.shape], ["int32"], [points])
