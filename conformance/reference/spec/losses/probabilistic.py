"""Losses of probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine import structure
from conformance.reference.engine.array import Array, normalized_axes, reshape
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.activations import log_softmax, softplus
from conformance.reference.spec.losses.base import Loss, same_rank
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic

EPSILON = 1e-7
"""Keras's ``epsilon()``: so far probabilities are kept away from 0 and 1."""


@defines("losses.BinaryCrossentropy")
class BinaryCrossentropy(Loss):
    """keras.losses.BinaryCrossentropy."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.from_logits, self.smoothing, self.axis = from_logits, label_smoothing, axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """``-y log(p) - (1 - y) log(1 - p)``, the mean along the axis.

        Smoothing takes targets towards 1/2: half of it to the class that is not meant.
        """
        y, x = same_rank(y_true, y_pred)
        if self.smoothing:
            y = y * (1.0 - self.smoothing) + 0.5 * self.smoothing
        if self.from_logits:
            # -log(sigmoid(x)) is softplus(-x), and -log(1 - sigmoid(x)) softplus(x).
            return (y * softplus(-x) + (1.0 - y) * softplus(x)).mean(self.axis)
        p = f.clip(x, EPSILON, 1.0 - EPSILON)
        return -(y * f.log(p) + (1.0 - y) * f.log(1.0 - p)).mean(self.axis)


@defines("losses.SparseCategoricalCrossentropy")
class SparseCategoricalCrossentropy(Loss):
    """keras.losses.SparseCategoricalCrossentropy."""

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.from_logits, self.ignored, self.axis = from_logits, ignore_class, axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """``-log`` of the probability of the class that a label names.

        Probabilities are divided by their sum.

        Raises:
            Refused: Labels don't fit the predictions.
            Unsupported: A label is no class, or a probability lies outside of 0..1: Keras documents
                no answer, and frameworks differ.
        """
        axis = normalized_axes(self.axis, y_pred.ndim)[0]
        order = [*(i for i in range(y_pred.ndim) if i != axis), axis]
        scores = structure.transpose(y_pred, order)
        labels, rest = self._labels(y_true), scores.shape[:-1]
        if labels.shape == (*rest, 1):
            labels = labels.reshape(rest)
        if labels.shape != rest:
            message = f"{self.owner}: labels of {labels.shape} for predictions of {y_pred.shape}"
            raise Refused(message, at="call")
        counts = labels != self.ignored
        labels = np.where(counts, labels, 0)
        classes = scores.shape[-1]
        if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
            message = f"{self.owner}: a label outside of 0..{classes - 1}"
            raise Unsupported(message)
        if self.from_logits:
            logarithms = log_softmax(scores)
        elif (scores.value.real < 0).any() or (scores.value.real > 1).any():
            message = f"{self.owner}: a probability outside of 0..1"
            raise Unsupported(message)
        else:
            shares = scores / scores.sum(-1, keepdims=True)
            logarithms = f.log(f.clip(shares, EPSILON, 1.0 - EPSILON))
        places = np.arange(labels.size) * classes + labels.reshape(-1)
        chosen = reshape(structure.picked(logarithms, places), rest)
        return f.choose(counts, -chosen, 0.0)

    def _labels(self, y_true: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Labels are looked up: no gradient flows to them, so it doesn't matter where they jump."""
        given = y_true.value if y_true.integers is None else y_true.integers
        return np.asarray(given).astype(np.int64)

    def counted(self, y_true: Array) -> Array | None:
        """The samples of another class than the one that is ignored."""
        if self.ignored is None:
            return None
        labels = self._labels(y_true)
        if labels.ndim > 1 and labels.shape[-1] == 1:
            labels = labels[..., 0]
        return y_true.arithmetic.exact((labels != self.ignored).astype(np.float64))
