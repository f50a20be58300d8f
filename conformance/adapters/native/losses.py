"""What becomes of a loss's values: weights, masks and Keras's reductions, in any framework.

Only operators and methods are used that arrays of torch and of JAX both have.
"""

from __future__ import annotations

import math
from typing import Any

from conformance.adapters.worker.failure import Unsupported

Array = Any

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)
"""Those of Keras; the first is the default."""


def aligned(a: Array, b: Array) -> tuple[Array, Array]:
    """Two arrays with as many axes: one of length one at the end is added or dropped, as in Keras.

    Raises:
        Unsupported: Their numbers of axes differ otherwise, and neither has none.
    """
    if a.ndim == b.ndim or not a.ndim or not b.ndim:
        return a, b
    if abs(a.ndim - b.ndim) != 1:
        raise Unsupported(f"arrays of {a.ndim} and {b.ndim} axes are not handled here")
    if a.ndim > b.ndim:
        second, first = aligned(b, a)
        return first, second
    if b.shape[-1] != 1:
        return a, b
    return (a.reshape((*a.shape, 1)), b) if a.ndim == 1 else (a, b.reshape(b.shape[:-1]))


def reduced(
    values: Array, weight: Array | None, reduction: str | None, mask: Array | None = None
) -> Array:
    """The loss of its values.

    Args:
        values: One a sample, or more.
        weight: The sample weights, if there are any.
        reduction: Keras's word.
        mask: 1 where a value counts and 0 where it does not, if some do not. A mean is then over
            those that count.
    """
    if mask is not None:
        if reduction in {"mean", "sum_over_batch_size"}:
            mask = mask * (math.prod(mask.shape) / mask.sum())
        weight = mask if weight is None else weight * mask
    if weight is not None:
        values, weight = aligned(values, weight)
        values = values * weight
    if reduction in {None, "none"} or not values.ndim:
        return values
    total = values.sum()
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        # Each weight counts as often as it is broadcast to a value.
        return total / (weight.sum() * (math.prod(values.shape) / math.prod(weight.shape)))
    return total / math.prod(values.shape)
