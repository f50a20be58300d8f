"""Counts of right and wrong answers of yes and no, by threshold, and shares of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.functions import choose
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.losses.base import without_zero
from conformance.reference.spec.metrics.base import Metric
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor

Thresholds = float | list[float] | None
_HALF = 0.5
_CELLS = {
    "true_positives": (True, True),
    "false_positives": (False, True),
    "true_negatives": (False, False),
    "false_negatives": (True, False),
}
"""Whether the label and the prediction say yes."""


def compared(a: Array, threshold: float) -> Values:
    """How far numbers lie above a threshold, after a note of those that are too near to tell.

    A number that was fed is what it is: where it lies on the threshold, or at 0 or 1, beyond
    which no probability lies, nothing has to be rounded to tell.
    """
    values = a.value.real
    distance = np.asarray(values - threshold)
    certain = (distance == 0) | np.isin(values, (0.0, 1.0))
    if a.quantum is None:
        certain = np.zeros(a.shape, bool)
    a.arithmetic.jump(a, np.where(certain, np.inf, distance))
    return distance


class Counting(Metric):
    """Sums of weights where label and prediction say this and that, one for each threshold."""

    def __init__(
        self,
        thresholds: Thresholds,
        top_k: int | None,
        class_id: int | None,
        name: str | None,
        dtype: str | None,
        arithmetic: Arithmetic,
    ) -> None:
        """See the base.

        Raises:
            Refused: A threshold lies outside of 0..1.
        """
        super().__init__(name, dtype, arithmetic)
        given = [thresholds] if isinstance(thresholds, int | float) else thresholds
        # The largest count whatever they are, unless a threshold is asked for besides.
        self.thresholds = given or [_HALF if top_k is None else -np.inf]
        if given is not None and not all(0 <= one <= 1 for one in given):
            message = f"{self.owner}: thresholds={thresholds}"
            raise Refused(message)
        self.top_k, self.class_id = top_k, class_id

    def count(
        self,
        cells: dict[str, str],
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None,
    ) -> None:
        """Add to variables.

        Args:
            cells: By variable, what it counts.
            y_true: 0 and 1.
            y_pred: Probabilities.
            sample_weight: Of all numbers, or of rows.

        Raises:
            Refused: Shapes don't fit each other.
            Unsupported: A label other than 0 and 1, or two predictions are equal and one of them
                is among the largest.
        """
        true, pred = self.given(y_true), self.given(y_pred)
        labels = true.value.real
        if true.shape != pred.shape:
            message = f"{self.owner}: labels of {true.shape} for predictions of {pred.shape}"
            raise Refused(message, at="call")
        if not np.isin(labels, (0.0, 1.0)).all():
            message = f"{self.owner}: labels other than 0 and 1 are not in the reference"
            raise Unsupported(message)
        weights = self._weights(sample_weight, pred.shape)
        yes = np.stack([self._yes(pred, threshold) for threshold in self.thresholds])
        for variable, cell in cells.items():
            meant, said = _CELLS[cell]
            counted = ((labels > 0) == meant) & (yes == said)
            if self.class_id is not None:
                counted = counted & (np.arange(labels.shape[-1]) == self.class_id)
            # What is not counted is not weighed with 0: infinite weights would make NaN of it.
            self.add(variable, self._total(choose(counted, weights, 0.0)))

    def _total(self, counted: Array) -> Array:
        """The weights that count, by threshold, added up over samples and their numbers."""
        return counted.sum(range(1, counted.ndim))

    def _weights(self, sample_weight: Tensor | Scalar | None, shape: tuple[int, ...]) -> Array:
        if sample_weight is None:
            return self.arithmetic.constant(1.0, shape)
        weights = self.given(sample_weight)
        if weights.ndim == 1 < len(shape):
            weights = reshape(weights, (*weights.shape, *(1 for _ in shape[1:])))
        fits = weights.ndim in {0, len(shape)} and all(
            n in {1, m} for n, m in zip(weights.shape, shape, strict=False)
        )
        if not fits:
            message = f"{self.owner}: weights of {weights.shape} for predictions of {shape}"
            raise Refused(message, at="call")
        return broadcast(weights, shape)

    def says(self, distance: Values) -> Values:
        """Whether predictions so far above a threshold say yes: those that exceed it."""
        return np.asarray(distance > 0)

    def _yes(self, pred: Array, threshold: float) -> Values:
        """Whether predictions are above a threshold, and among the largest."""
        values = pred.value.real
        if np.isfinite(threshold):
            compared(pred, threshold)
        above = self.says(values - threshold)
        if self.top_k is None:
            return above
        order = np.sort(values, -1)
        if (np.diff(order, axis=-1) == 0).any():
            message = f"{self.owner}: two predictions are equal, and top_k has to choose"
            raise Unsupported(message)
        least = order[..., -self.top_k, None] if self.top_k <= values.shape[-1] else -np.inf
        return np.asarray(above & (values >= least))

    def shown(self, values: Array) -> Array:
        """One number where there is one threshold."""
        return reshape(values, ()) if len(self.thresholds) == 1 else values


class _Counter(Counting):
    """One of the four counts."""

    cell = ""

    def __init__(
        self,
        thresholds: Thresholds = None,
        name: str | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(thresholds, None, None, name, dtype, arithmetic)
        self.add_variable("accumulator", (len(self.thresholds),))

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Add weights up."""
        self.count({"accumulator": self.cell}, y_true, y_pred, sample_weight)

    def result(self) -> Array:
        """The sum of weights, for each threshold."""
        return self.shown(self.variables["accumulator"])


@defines("metrics.TruePositives")
class TruePositives(_Counter):
    """keras.metrics.TruePositives."""

    cell = "true_positives"


@defines("metrics.FalsePositives")
class FalsePositives(_Counter):
    """keras.metrics.FalsePositives."""

    cell = "false_positives"


@defines("metrics.TrueNegatives")
class TrueNegatives(_Counter):
    """keras.metrics.TrueNegatives."""

    cell = "true_negatives"


@defines("metrics.FalseNegatives")
class FalseNegatives(_Counter):
    """keras.metrics.FalseNegatives."""

    cell = "false_negatives"


class _Share(Counting):
    """True positives among these and those of another kind."""

    other = ""

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(thresholds, top_k, class_id, name, dtype, arithmetic)
        self.add_variable("true_positives", (len(self.thresholds),))
        self.add_variable(self.other, (len(self.thresholds),))

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Add weights up."""
        cells = {name: name for name in ("true_positives", self.other)}
        self.count(cells, y_true, y_pred, sample_weight)

    def result(self) -> Array:
        """The share, for each threshold; 0 of nothing."""
        true, other = self.variables["true_positives"], self.variables[self.other]
        return self.shown(without_zero(true, true + other))


@defines("metrics.Precision")
class Precision(_Share):
    """keras.metrics.Precision."""

    other = "false_positives"


@defines("metrics.Recall")
class Recall(_Share):
    """keras.metrics.Recall."""

    other = "false_negatives"
