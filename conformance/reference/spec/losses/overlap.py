"""Losses of sets that overlap: Dice's and Tversky's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine.array import normalized_axes
from conformance.reference.errors import Unsupported
from conformance.reference.spec.losses.base import Loss, pair
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("losses.dice")
def dice(
    y_true: Tensor | Scalar, y_pred: Tensor | Scalar, axis: int | Sequence[int] | None = None
) -> Array:
    """``1 - (2 * sum(y_true * y_pred)) / (sum(y_true) + sum(y_pred))`` over the axes.

    Raises:
        Unsupported: A sum to divide by is 0, of which Keras documents no answer.
    """
    target, prediction = pair(y_true, y_pred)
    axes = normalized_axes(axis, target.ndim)
    both = (target * prediction).sum(axes) * 2.0
    return _missing(both, target.sum(axes) + prediction.sum(axes))


@defines("losses.tversky")
def tversky(
    y_true: Tensor | Scalar,
    y_pred: Tensor | Scalar,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: int | Sequence[int] | None = None,
) -> Array:
    """One minus Tversky's index: what both hold, over that and a share of what only one holds.

    ``alpha`` weighs false positives and ``beta`` false negatives, as in the paper.

    Raises:
        Unsupported: A sum to divide by is 0, of which Keras documents no answer.
    """
    target, prediction = pair(y_true, y_pred)
    axes = normalized_axes(axis, target.ndim)
    both = (target * prediction).sum(axes)
    only_predicted = ((1.0 - target) * prediction).sum(axes)
    only_true = (target * (1.0 - prediction)).sum(axes)
    return _missing(both, both + only_predicted * alpha + only_true * beta)


def _missing(part: Array, whole: Array) -> Array:
    if (whole.value.real == 0).any():
        message = "an overlap of nothing with nothing: Keras documents no answer"
        raise Unsupported(message)
    return 1.0 - part / whole


@defines("losses.Dice")
class Dice(Loss):
    """keras.losses.Dice."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: int | Sequence[int] | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.axis = axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Over the axes, or over everything."""
        return dice(y_true, y_pred, self.axis)


@defines("losses.Tversky")
class Tversky(Loss):
    """keras.losses.Tversky."""

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: int | Sequence[int] | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.alpha, self.beta, self.axis = alpha, beta, axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Over the axes, or over everything."""
        return tversky(y_true, y_pred, self.alpha, self.beta, self.axis)
