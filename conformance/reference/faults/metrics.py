"""Faults of what metrics count: what is just reached, what counts for nothing, what is weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.spec.metrics.confusion import Counting
from conformance.reference.spec.metrics.curves import AUC, Best
from conformance.reference.spec.metrics.determination import R2Score
from conformance.reference.spec.metrics.errors import OfPairs, SparseCategoricalCrossentropy
from conformance.reference.spec.metrics.fscores import FBetaScore
from conformance.reference.spec.metrics.iou import Matrix

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array, Values


class _Reached:
    """A threshold that is reached counts as exceeded."""

    def says(self, distance: Values) -> Values:
        return np.asarray(distance >= 0)


class _Exceeded:
    """A share that is just reached is not enough."""

    def enough(self, distance: Values, equal: Values) -> Values:
        return np.asarray((distance > 0) & ~equal)


class _AsGiven:
    """Thresholds in the order in which they are given."""

    def ordered(self, thresholds: list[float]) -> list[float]:
        return thresholds


class _Straight:
    """Precision that goes straight from one threshold to the next."""

    of_counts = False


class _CutOff:
    """Weights without what follows the point."""

    def weights(self, sample_weight: Any, count: int) -> Array:
        made: Array = super().weights(sample_weight, count)  # type: ignore[misc] # a matrix's
        return made.arithmetic.exact(np.trunc(made.value.real))


class _Numbers:
    """Every number of a sample's targets counts as a sample."""

    def samples(self, true: Array) -> int:
        return int(true.value.size)


class _Counted:
    """What is to be ignored counts as a sample without an error."""

    def update_state(self, *given: Any, **named: Any) -> None:
        OfPairs.update_state(self, *given, **named)  # type: ignore[arg-type] # a crossentropy


COUNTS: dict[str, tuple[type | tuple[type, ...], type, str]] = {
    "threshold-reached": (
        (Counting, FBetaScore),
        _Reached,
        "took a prediction for yes that has just reached the threshold",
    ),
    "share-exceeded": (Best, _Exceeded, "took a share for too small that is just reached"),
    "thresholds-as-given": (AUC, _AsGiven, "left its thresholds in the order of the argument"),
    "precision-straight": (
        AUC,
        _Straight,
        "went straight from one precision to the next in place of from count to count",
    ),
    "weights-cut-off": (Matrix, _CutOff, "cut what follows the point off its weights"),
    "numbers-for-samples": (R2Score, _Numbers, "counted the numbers of its targets for samples"),
    "ignored-counted": (
        SparseCategoricalCrossentropy,
        _Counted,
        "counted samples of the class to ignore, as ones without an error",
    ),
}
"""By name: the classes that it fits, what is mixed in, the words."""
