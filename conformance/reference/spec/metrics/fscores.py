"""Harmonic means of precision and recall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import broadcast, reshape
from conformance.reference.engine.functions import choose
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.losses.base import without_zero
from conformance.reference.spec.metrics.accuracy import classes
from conformance.reference.spec.metrics.base import Metric
from conformance.reference.spec.metrics.confusion import compared
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor

_AVERAGES = (None, "micro", "macro", "weighted")
_CELLS = {
    "true_positives": (True, True),
    "false_positives": (False, True),
    "false_negatives": (True, False),
    "intermediate_weights": (True, None),
}
"""Whether the label and the prediction say yes; of the last, which is the support, the label."""


@defines("metrics.FBetaScore")
class FBetaScore(Metric):
    """keras.metrics.FBetaScore."""

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: There is no such average, or beta or the threshold is out of bounds.
        """
        super().__init__(name, dtype, arithmetic)
        if average not in _AVERAGES or beta <= 0:
            message = f"{self.owner}: average={average!r}, beta={beta}"
            raise Refused(message)
        if threshold is not None and not 0 < threshold <= 1:
            message = f"{self.owner}: threshold={threshold}"
            raise Refused(message)
        self.average, self.beta, self.threshold = average, beta, threshold

    def _said(self, pred: Array) -> Values:
        """Which predictions say yes: those above the threshold, or the largest of each row."""
        if self.threshold is None:
            return np.asarray(classes(pred, -1, self.owner)[:, None] == np.arange(pred.shape[-1]))
        return self.says(compared(pred, self.threshold))

    def says(self, distance: Values) -> Values:
        """Whether predictions so far above the threshold say yes: those that exceed it."""
        return np.asarray(distance > 0)

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Add weights up.

        Raises:
            Refused: Labels or predictions are no matrix, or of another shape.
            Unsupported: A label other than 0 and 1, or weights other than one a row.
        """
        true, pred = self.given(y_true), self.given(y_pred)
        labels = true.value.real
        if true.shape != pred.shape or pred.ndim != len(("samples", "classes")):
            message = f"{self.owner}: labels of {true.shape} for predictions of {pred.shape}"
            raise Refused(message, at="call")
        if not np.isin(labels, (0.0, 1.0)).all():
            message = f"{self.owner}: labels other than 0 and 1 are not in the reference"
            raise Unsupported(message)
        weights = self.arithmetic.constant(1.0, pred.shape)
        if sample_weight is not None:
            given = self.given(sample_weight)
            if given.shape != pred.shape[:1]:
                message = f"{self.owner}: weights of {given.shape} are not in the reference"
                raise Unsupported(message)
            weights = broadcast(reshape(given, (*given.shape, 1)), pred.shape)
        yes = self._said(pred)
        for name, (meant, said) in _CELLS.items():
            counted = ((labels > 0) == meant) & (True if said is None else yes == said)
            total = choose(counted, weights, 0.0).sum(None if self.average == "micro" else 0)
            if name not in self.variables:
                self.add_variable(name, total.shape)
            self.add(name, total)

    def result(self) -> Array:
        """The score of each class, or their average; 0 where nothing is said or meant.

        Raises:
            Unsupported: Nothing was seen, and so it isn't known how many classes there are.
        """
        if not self.variables:
            message = f"{self.owner}: before the first update there is no class"
            raise Unsupported(message)
        true, false, missed, support = (self.variables[name] for name in _CELLS)
        precision = without_zero(true, true + false)
        recall = without_zero(true, true + missed)
        square = self.beta**2
        score = without_zero(precision * recall, precision * square + recall) * (1.0 + square)
        if self.average == "weighted":
            return (score * without_zero(support, support.sum())).sum()
        return score.mean() if self.average == "macro" else score


@defines("metrics.F1Score")
class F1Score(FBetaScore):
    """keras.metrics.F1Score."""

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(average, 1.0, threshold, name, dtype, arithmetic=arithmetic)
