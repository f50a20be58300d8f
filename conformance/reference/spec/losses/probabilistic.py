"""Losses of probabilities of two classes, and of one class among several by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine import structure
from conformance.reference.engine.array import Array, normalized_axes, reshape
from conformance.reference.engine.conversion import floats
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.activations import log_softmax, softplus
from conformance.reference.spec.losses.base import EPSILON, Loss, labels_of, pair
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("losses.binary_crossentropy", "metrics.binary_crossentropy")
def binary_crossentropy(
    y_true: Tensor | Scalar,
    y_pred: Tensor | Scalar,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """``-y log(p) - (1 - y) log(1 - p)``, the mean along the axis.

    Smoothing takes targets towards 1/2: half of it to the class that is not meant.
    """
    y, x = smoothed(y_true, y_pred, label_smoothing)
    return both_classes(y, x, from_logits=from_logits).mean(axis)


@defines("losses.binary_focal_crossentropy", "metrics.binary_focal_crossentropy")
def binary_focal_crossentropy(
    y_true: Tensor | Scalar,
    y_pred: Tensor | Scalar,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Binary crossentropy times ``(1 - p) ** gamma`` for class 1, ``p ** gamma`` for class 0.

    Of labels between the two, which smoothing makes, it is ``(1 - p_t) ** gamma`` with a ``p_t``
    between ``p`` and ``1 - p``, as the paper's notation has it; the balance, ``alpha`` for class 1
    and ``1 - alpha`` for class 0, is between the two likewise.
    """
    y, x = smoothed(y_true, y_pred, label_smoothing)
    p = f.sigmoid(x) if from_logits else x
    meant = y * p + (1.0 - y) * (1.0 - p)
    values = f.power(1.0 - meant, gamma) * both_classes(y, x, from_logits=from_logits)
    if apply_class_balancing:
        values = values * (y * alpha + (1.0 - y) * (1.0 - alpha))
    return values.mean(axis)


def smoothed(
    y_true: Tensor | Scalar, y_pred: Tensor | Scalar, smoothing: float
) -> tuple[Array, Array]:
    """Targets, squeezed towards 1/2, and predictions."""
    y, x = pair(y_true, y_pred)
    return (y * (1.0 - smoothing) + 0.5 * smoothing if smoothing else y), x


def both_classes(y: Array, x: Array, *, from_logits: bool) -> Array:
    """The binary crossentropy of every number."""
    if from_logits:
        # -log(sigmoid(x)) is softplus(-x), and -log(1 - sigmoid(x)) softplus(x).
        return y * softplus(-x) + (1.0 - y) * softplus(x)
    p = f.clip(x, EPSILON, 1.0 - EPSILON)
    return -(y * f.log(p) + (1.0 - y) * f.log(1.0 - p))


@defines("losses.sparse_categorical_crossentropy", "metrics.sparse_categorical_crossentropy")
def sparse_categorical_crossentropy(
    y_true: Tensor | Scalar,
    y_pred: Tensor | Scalar,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array:
    """``-log`` of the probability of the class that a label names; 0 for one that is ignored.

    Probabilities are divided by their sum.

    Raises:
        Unsupported: A label is no class, or a probability lies outside of 0..1: Keras documents
            no answer, and frameworks differ.
    """
    scores, labels = looked_up(y_true, y_pred, axis)
    counts = labels != ignore_class
    if from_logits:
        logarithms = log_softmax(scores)
    elif (scores.value.real < 0).any() or (scores.value.real > 1).any():
        message = "sparse_categorical_crossentropy: a probability outside of 0..1"
        raise Unsupported(message)
    else:
        shares = scores / scores.sum(-1, keepdims=True)
        logarithms = f.log(f.clip(shares, EPSILON, 1.0 - EPSILON))
    chosen = of_labels(logarithms, np.where(counts, labels, 0))
    return f.choose(counts, -chosen, 0.0)


@defines("losses.categorical_generalized_cross_entropy")
def categorical_generalized_cross_entropy(
    y_true: Tensor | Scalar, y_pred: Tensor | Scalar, q: float
) -> Array:
    """``(1 - p**q) / q``, ``p`` being the probability of the class that a label names."""
    scores, labels = looked_up(y_true, y_pred, -1)
    return (1.0 - f.power(of_labels(scores, labels), q)) / q


def looked_up(y_true: Tensor | Scalar, y_pred: Tensor | Scalar, axis: int) -> tuple[Array, Values]:
    """Scores with the classes on the last axis, and one label for each row of them.

    Raises:
        Refused: Labels don't fit the predictions.
    """
    prediction = floats(y_pred)
    place = normalized_axes(axis, prediction.ndim)[0]
    order = [*(i for i in range(prediction.ndim) if i != place), place]
    scores = structure.transpose(prediction, order)
    labels, rest = labels_of(y_true), scores.shape[:-1]
    if labels.shape == (*rest, 1):
        labels = labels.reshape(rest)
    if labels.shape != rest:
        message = f"labels of {labels.shape} for predictions of {prediction.shape}"
        raise Refused(message, at="call")
    return scores, labels


def of_labels(scores: Array, labels: Values) -> Array:
    """From each row of scores that of its label.

    Raises:
        Unsupported: A label is no class.
    """
    classes = scores.shape[-1]
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        message = f"a label outside of 0..{classes - 1}"
        raise Unsupported(message)
    places = np.arange(labels.size) * classes + labels.reshape(-1)
    return reshape(structure.picked(scores, places), scores.shape[:-1])


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
        """The mean along the axis."""
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.smoothing, self.axis)


@defines("losses.BinaryFocalCrossentropy")
class BinaryFocalCrossentropy(Loss):
    """keras.losses.BinaryFocalCrossentropy."""

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.balance = (apply_class_balancing, alpha, gamma)
        self.from_logits, self.smoothing, self.axis = from_logits, label_smoothing, axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The mean along the axis."""
        return binary_focal_crossentropy(
            y_true, y_pred, *self.balance, self.from_logits, self.smoothing, self.axis
        )


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
        """One number for each label."""
        return sparse_categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.ignored, self.axis
        )

    def counted(self, y_true: Array) -> Array | None:
        """The samples of another class than the one that is ignored."""
        if self.ignored is None:
            return None
        labels = labels_of(y_true)
        if labels.ndim > 1 and labels.shape[-1] == 1:
            labels = labels[..., 0]
        return y_true.arithmetic.exact((labels != self.ignored).astype(np.float64))


@defines("losses.CategoricalGeneralizedCrossEntropy")
class CategoricalGeneralizedCrossEntropy(Loss):
    """keras.losses.CategoricalGeneralizedCrossEntropy."""

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: ``q`` is not between 0 and 1.
        """
        super().__init__(reduction, name, dtype, arithmetic)
        if not 0 < q < 1:
            message = f"{self.owner}: q={q}"
            raise Refused(message)
        self.q = q

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """One number for each label."""
        return categorical_generalized_cross_entropy(y_true, y_pred, self.q)
