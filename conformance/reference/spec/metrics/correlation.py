"""How far predictions go with their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.functions import square
from conformance.reference.errors import Unsupported
from conformance.reference.spec.losses.base import pair
from conformance.reference.spec.metrics.errors import OfPairs
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor

Axes = int | list[int]


@defines("metrics.pearson_correlation")
def pearson_correlation(y_true: Tensor | Scalar, y_pred: Tensor | Scalar, axis: Axes = -1) -> Array:
    """The covariance of both in units of their deviations.

    Raises:
        Unsupported: One of the two is constant: it deviates by nothing.
    """
    target, prediction = (_centred(x, axis) for x in pair(y_true, y_pred))
    spreads = [square(x).sum(axis) for x in (target, prediction)]
    if any((spread.value.real == 0).any() for spread in spreads):
        message = "pearson_correlation: what is constant goes with nothing"
        raise Unsupported(message)
    return (target * prediction).sum(axis) / f.sqrt(spreads[0] * spreads[1])


@defines("metrics.concordance_correlation")
def concordance_correlation(
    y_true: Tensor | Scalar, y_pred: Tensor | Scalar, axis: Axes = -1
) -> Array:
    """Twice the covariance by both variances and the square of what the means differ by.

    The documented formula has the labels' deviations times the predictions', as Lin's has.

    Raises:
        Unsupported: Both are constant and the same: nothing is left to divide by.
    """
    target, prediction = pair(y_true, y_pred)
    far = square(target.mean(axis) - prediction.mean(axis))
    centred = _centred(target, axis), _centred(prediction, axis)
    divisor = square(centred[0]).mean(axis) + square(centred[1]).mean(axis) + far
    if np.any(divisor.value.real == 0):
        message = "concordance_correlation: two constants that are the same"
        raise Unsupported(message)
    return (centred[0] * centred[1]).mean(axis) * 2.0 / divisor


def _centred(a: Array, axis: Axes) -> Array:
    return a - a.mean(axis, keepdims=True)


class _Correlation(OfPairs):
    """Its mean over samples: over all but the axes along which numbers go together."""

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        axis: Axes = -1,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic=arithmetic)
        self.axis = axis


@defines("metrics.PearsonCorrelation")
class PearsonCorrelation(_Correlation, called="pearson_correlation"):
    """keras.metrics.PearsonCorrelation."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the function."""
        return pearson_correlation(y_true, y_pred, self.axis)


@defines("metrics.ConcordanceCorrelation")
class ConcordanceCorrelation(_Correlation, called="concordance_correlation"):
    """keras.metrics.ConcordanceCorrelation."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the function."""
        return concordance_correlation(y_true, y_pred, self.axis)
