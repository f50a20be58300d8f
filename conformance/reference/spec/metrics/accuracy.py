"""How often predictions are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import Array
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    floats,
    real,
    whole,
)
from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.losses.base import labels_of, same_rank
from conformance.reference.spec.metrics.base import Averaged
from conformance.reference.spec.metrics.confusion import compared
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


@defines("metrics.sparse_categorical_accuracy")
def sparse_categorical_accuracy(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """1 where a label names the class with the largest score, in floatx.

    Raises:
        Refused: Labels don't fit the predictions.
    """
    return _hits(y_true, y_pred, arithmetic_of(y_pred).at(FLOATX), "sparse_categorical_accuracy")


def _hits(
    y_true: Tensor | Scalar, y_pred: Tensor | Scalar, arithmetic: Arithmetic, owner: str
) -> Array:
    found = classes(y_pred, -1, owner)
    labels = real(as_array(y_true, arithmetic_of(y_pred))).value.real
    if labels.shape == (*found.shape, 1):
        labels = labels.reshape(found.shape)
    if labels.shape != found.shape:
        message = f"{owner}: labels of {labels.shape} for predictions of {found.shape}"
        raise Refused(message, at="call")
    return arithmetic.exact((labels == found).astype(np.float64))


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
        self.take(_hits(y_true, y_pred, self.arithmetic, self.owner), sample_weight)


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
        equal = target.value.real == (compared(prediction, self.threshold) > 0)
        return self.arithmetic.exact(equal.astype(np.float64)).mean(-1)


@defines("metrics.categorical_accuracy")
def categorical_accuracy(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """1 where the largest prediction is that of the largest label, in floatx."""
    owner = "categorical_accuracy"
    equal = classes(y_true, -1, owner) == classes(y_pred, -1, owner)
    return arithmetic_of(y_pred).at(FLOATX).exact(equal.astype(np.float64))


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


def within(labels: Values, y_pred: Array, k: int, owner: str) -> Values:
    """Whether fewer than ``k`` predictions are larger than that of the label's class.

    Raises:
        Refused: Labels don't fit the predictions.
        Unsupported: Two predictions are equal, or a label is no class.
    """
    y_pred.arithmetic.rivals(y_pred, (y_pred.ndim - 1,), jumps=True)
    numbers = y_pred.value.real
    if labels.shape == (*numbers.shape[:-1], 1):
        labels = labels[..., 0]
    if labels.shape != numbers.shape[:-1]:
        message = f"{owner}: labels of {labels.shape} for predictions of {y_pred.shape}"
        raise Refused(message, at="call")
    if (np.diff(np.sort(numbers, -1), axis=-1) == 0).any():
        message = f"{owner}: two predictions are equal"
        raise Unsupported(message)
    if labels.size and (labels.min() < 0 or labels.max() >= numbers.shape[-1]):
        message = f"{owner}: a label outside of 0..{numbers.shape[-1] - 1}"
        raise Unsupported(message)
    own = np.take_along_axis(numbers, labels[..., None], -1)
    return np.asarray((numbers > own).sum(-1) < k)


def listed(labels: Values, y_pred: Array, k: int, owner: str) -> Values:
    """Whether a label is one of the first ``k`` of the classes that are listed in order.

    Raises:
        Refused: Labels don't fit the lists.
    """
    if labels.shape == (*y_pred.shape[:-1], 1):
        labels = labels[..., 0]
    if labels.shape != y_pred.shape[:-1]:
        message = f"{owner}: labels of {labels.shape} for lists of {y_pred.shape}"
        raise Refused(message, at="call")
    return np.asarray((y_pred.value.real[..., :k] == labels[..., None]).any(-1))


@defines("metrics.top_k_categorical_accuracy")
def top_k_categorical_accuracy(
    y_true: Tensor | Scalar, y_pred: Tensor | Scalar, k: int = 5
) -> Array:
    """1 where the class of the largest label is among the ``k`` with the largest predictions."""
    owner = "top_k_categorical_accuracy"
    found = within(classes(y_true, -1, owner), floats(y_pred), k, owner)
    return arithmetic_of(y_pred).at(FLOATX).exact(found.astype(np.float64))


@defines("metrics.sparse_top_k_categorical_accuracy")
def sparse_top_k_categorical_accuracy(
    y_true: Tensor | Scalar,
    y_pred: Tensor | Scalar,
    k: int = 5,
    from_sorted_ids: bool = False,
) -> Array:
    """1 where a label is among the ``k`` with the largest predictions, or listed first."""
    look = listed if from_sorted_ids else within
    found = look(labels_of(y_true), floats(y_pred), k, "sparse_top_k_categorical_accuracy")
    return arithmetic_of(y_pred).at(FLOATX).exact(found.astype(np.float64))


@defines("metrics.TopKCategoricalAccuracy")
class TopKCategoricalAccuracy(_TopK, called="top_k_categorical_accuracy"):
    """keras.metrics.TopKCategoricalAccuracy."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """Of labels that are 1 in the place of their class."""
        found = within(classes(y_true, -1, self.owner), y_pred, self.k, self.owner)
        return self.arithmetic.exact(found.astype(np.float64))


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
        """See Keras."""
        super().__init__(k, name, dtype, arithmetic=arithmetic)
        self.look = listed if from_sorted_ids else within

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """Of numbers of classes."""
        found = self.look(labels_of(y_true), y_pred, self.k, self.owner)
        return self.arithmetic.exact(found.astype(np.float64))
