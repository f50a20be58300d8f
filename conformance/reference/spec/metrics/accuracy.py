"""How often predictions are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import Array
from conformance.reference.engine.conversion import arithmetic_of, as_array, real, whole
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.losses.base import labels_of, same_rank
from conformance.reference.spec.metrics.base import Averaged
from conformance.reference.spec.metrics.errors import OfPairs
from conformance.reference.spec.ops.numpy.sorting import argmax
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor


def classes(scores: Tensor | Scalar, axis: int, owner: str) -> Values:
    """The class with the largest score.

    Raises:
        Unsupported: Two are equal: which one counts is not documented.
    """
    chosen = argmax(scores, axis)
    if not isinstance(chosen, Array):
        message = f"{owner}: two scores are equal and the largest"
        raise Unsupported(message)
    return whole(chosen)


@defines("metrics.SparseCategoricalAccuracy")
class SparseCategoricalAccuracy(Averaged):
    """keras.metrics.SparseCategoricalAccuracy."""

    def __init__(
        self,
        name: str | None = "sparse_categorical_accuracy",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic)

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Add up how many labels name the class with the largest score.

        Raises:
            Refused: Labels don't fit the predictions.
        """
        found = classes(y_pred, -1, self.owner)
        labels = real(as_array(y_true, arithmetic_of(y_pred))).value.real
        if labels.shape == (*found.shape, 1):
            labels = labels.reshape(found.shape)
        if labels.shape != found.shape:
            message = f"{self.owner}: labels of {labels.shape} for predictions of {found.shape}"
            raise Refused(message, at="call")
        matches = self.arithmetic.exact((labels == found).astype(np.float64))
        self.take(matches, sample_weight)


@defines("metrics.Accuracy")
class Accuracy(OfPairs, called="accuracy"):
    """keras.metrics.Accuracy."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """1 where prediction and label are equal."""
        target, prediction = same_rank(y_true, y_pred)
        equal = target.value.real == prediction.value.real
        return self.arithmetic.exact(equal.astype(np.float64))


@defines("metrics.BinaryAccuracy")
class BinaryAccuracy(OfPairs):
    """keras.metrics.BinaryAccuracy."""

    def __init__(
        self,
        name: str | None = "binary_accuracy",
        dtype: str | None = None,
        threshold: float = 0.5,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic=arithmetic)
        self.threshold = threshold

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """The share of a row's numbers that are on the label's side of the threshold."""
        target, prediction = same_rank(y_true, y_pred)
        found = prediction.value.real
        prediction.arithmetic.jump(prediction, found - self.threshold)
        equal = target.value.real == (found > self.threshold)
        return self.arithmetic.exact(equal.astype(np.float64)).mean(-1)


@defines("metrics.CategoricalAccuracy")
class CategoricalAccuracy(OfPairs, called="categorical_accuracy"):
    """keras.metrics.CategoricalAccuracy."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """1 where the largest prediction is that of the largest label."""
        equal = classes(y_true, -1, self.owner) == classes(y_pred, -1, self.owner)
        return self.arithmetic.exact(equal.astype(np.float64))


class _TopK(OfPairs):
    """Whether a class is among the ``k`` with the largest predictions."""

    def __init__(
        self,
        k: int = 5,
        name: str | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic=arithmetic)
        self.k = k

    def found(self, labels: Values, y_pred: Array) -> Array:
        """1 where fewer than ``k`` predictions are larger than that of the label's class.

        Raises:
            Refused: Labels don't fit the predictions.
            Unsupported: Two predictions are equal.
        """
        y_pred.arithmetic.rivals(y_pred, (y_pred.ndim - 1,), jumps=True)
        numbers = y_pred.value.real
        if labels.shape == (*numbers.shape[:-1], 1):
            labels = labels[..., 0]
        if labels.shape != numbers.shape[:-1]:
            message = f"{self.owner}: labels of {labels.shape} for predictions of {y_pred.shape}"
            raise Refused(message, at="call")
        if (np.diff(np.sort(numbers, -1), axis=-1) == 0).any():
            message = f"{self.owner}: two predictions are equal"
            raise Unsupported(message)
        own = np.take_along_axis(numbers, labels[..., None], -1)
        within = (numbers > own).sum(-1) < self.k
        return self.arithmetic.exact(np.asarray(within).astype(np.float64))


@defines("metrics.TopKCategoricalAccuracy")
class TopKCategoricalAccuracy(_TopK, called="top_k_categorical_accuracy"):
    """keras.metrics.TopKCategoricalAccuracy."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """Of labels that are 1 in the place of their class."""
        return self.found(classes(y_true, -1, self.owner), y_pred)


@defines("metrics.SparseTopKCategoricalAccuracy")
class SparseTopKCategoricalAccuracy(_TopK):
    """keras.metrics.SparseTopKCategoricalAccuracy."""

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: str | None = None,
        from_sorted_ids: bool = False,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Unsupported: Predictions are numbers of classes in order.
        """
        super().__init__(k, name, dtype, arithmetic=arithmetic)
        if from_sorted_ids:
            message = f"{self.owner}: from_sorted_ids is not in the reference"
            raise Unsupported(message)

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """Of numbers of classes."""
        return self.found(labels_of(y_true), y_pred)
