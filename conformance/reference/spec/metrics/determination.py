"""The coefficient of determination: how much of what targets vary by the predictions explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import broadcast, reshape
from conformance.reference.engine.functions import square
from conformance.reference.engine.structure import concatenate
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.losses.base import same_rank
from conformance.reference.spec.metrics.base import Metric
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


@defines("metrics.R2Score")
class R2Score(Metric):
    """keras.metrics.R2Score.

    The variables are Keras's sums. The answer is made of all targets, by the documented formula:
    of sums of squares the small difference of two large numbers would be left.
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: There is no such aggregation, or fewer regressors than none.
        """
        super().__init__(name, dtype, arithmetic)
        if class_aggregation not in _AGGREGATIONS or num_regressors < 0:
            message = f"R2Score: class_aggregation={class_aggregation!r}, {num_regressors}"
            raise Refused(message)
        self.aggregation, self.regressors = class_aggregation, num_regressors
        self.add_variable("num_samples")
        self._seen: list[tuple[Array, Array, Array]] = []

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Take targets, predictions and weights.

        Raises:
            Refused: Targets or predictions are no matrix, or the weights don't fit.
        """
        true, pred = same_rank(self.given(y_true), self.given(y_pred))
        if true.shape != pred.shape or true.ndim != len(("samples", "outputs")):
            message = f"R2Score: targets of {true.shape} for predictions of {pred.shape}"
            raise Refused(message, at="call")
        weights = self.arithmetic.constant(1.0)
        if sample_weight is not None:
            weights = self.given(sample_weight)
            if weights.ndim == 1:
                weights = reshape(weights, (*weights.shape, 1))
            fits = weights.ndim in {0, true.ndim} and all(
                n in {1, m} for n, m in zip(weights.shape, true.shape, strict=False)
            )
            if not fits:
                message = f"R2Score: weights of {weights.shape} for targets of {true.shape}"
                raise Refused(message, at="call")
        weights = broadcast(weights, true.shape)
        self._seen.append((true, pred, weights))
        for name, more in (
            ("squared_sum", true * true * weights),
            ("sum", true * weights),
            ("residual", square(true - pred) * weights),
            ("count", weights),
        ):
            if name not in self.variables:
                self.add_variable(name, true.shape[1:])
            self.add(name, more.sum(0))
        self.add("num_samples", self.arithmetic.constant(float(self.samples(true))))

    def samples(self, true: Array) -> int:
        """How many samples targets are of, however many outputs each has."""
        return true.shape[0]

    def reset_state(self) -> None:
        """Forget all."""
        super().reset_state()
        self._seen.clear()

    def result(self) -> Array:
        """1 less what the predictions leave by what there was; adjusted for the regressors.

        Raises:
            Unsupported: Nothing was seen, an output's targets are constant, or there are not more
                samples than regressors and one. Nothing documents an answer.
        """
        if not self._seen:
            message = "R2Score: of no targets"
            raise Unsupported(message)
        true, pred, weights = (concatenate(parts, 0) for parts in zip(*self._seen, strict=True))
        mean = (true * weights).sum(0, keepdims=True) / weights.sum(0, keepdims=True)
        total = (square(true - mean) * weights).sum(0)
        left = (square(true - pred) * weights).sum(0)
        if np.any(total.value.real == 0):
            message = "R2Score: targets that are all the same"
            raise Unsupported(message)
        score = self.arithmetic.constant(1.0) - left / total
        if self.aggregation == "uniform_average":
            score = score.mean()
        elif self.aggregation == "variance_weighted_average":
            score = (score * total).sum() / total.sum()
        return self._adjusted(score, self.samples(true)) if self.regressors else score

    def _adjusted(self, score: Array, samples: int) -> Array:
        freedom = samples - self.regressors - 1
        if freedom <= 0:
            message = f"R2Score: {samples} samples for {self.regressors} regressors"
            raise Unsupported(message)
        return 1.0 - (1.0 - score) * (float(samples - 1) / freedom)
