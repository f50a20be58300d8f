"""Losses of distributions over several classes, the true one given as such, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine import structure
from conformance.reference.engine.array import normalized_axes
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.activations import log_softmax
from conformance.reference.spec.losses.base import EPSILON, Loss, pair
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


def _distributions(
    y_true: Tensor | Scalar,
    y_pred: Tensor | Scalar,
    smoothing: float,
    axis: int,
    *,
    from_logits: bool,
) -> tuple[Array, Array]:
    """True shares and logarithms of predicted ones, the classes on the last axis.

    Smoothing gives every class its part of what is taken from the true one.

    Raises:
        Refused: The shapes differ.
        Unsupported: A probability lies outside of 0..1.
    """
    target, prediction = pair(y_true, y_pred)
    if target.shape != prediction.shape:
        message = f"targets of {target.shape} for predictions of {prediction.shape}"
        raise Refused(message, at="call")
    place = normalized_axes(axis, prediction.ndim)[0]
    order = [*(i for i in range(prediction.ndim) if i != place), place]
    y, x = (structure.transpose(a, order) for a in (target, prediction))
    if smoothing:
        y = y * (1.0 - smoothing) + smoothing / y.shape[-1]
    if from_logits:
        return y, log_softmax(x)
    if (x.value.real < 0).any() or (x.value.real > 1).any():
        message = "categorical crossentropy: a probability outside of 0..1"
        raise Unsupported(message)
    shares = x / x.sum(-1, keepdims=True)
    return y, f.log(f.clip(shares, EPSILON, 1.0 - EPSILON))


@defines("losses.categorical_crossentropy", "metrics.categorical_crossentropy")
def categorical_crossentropy(
    y_true: Tensor | Scalar,
    y_pred: Tensor | Scalar,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """``-sum(y log(p))`` along the axis; probabilities are divided by their sum."""
    y, logarithms = _distributions(y_true, y_pred, label_smoothing, axis, from_logits=from_logits)
    return -(y * logarithms).sum(-1)


@defines("losses.categorical_focal_crossentropy", "metrics.categorical_focal_crossentropy")
def categorical_focal_crossentropy(
    y_true: Tensor | Scalar,
    y_pred: Tensor | Scalar,
    alpha: float | list[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """``-sum(alpha (1 - p) ** gamma y log(p))`` along the axis, ``alpha`` by class if it is a list.

    Raises:
        Unsupported: As many weights as classes are not given.
    """
    y, logarithms = _distributions(y_true, y_pred, label_smoothing, axis, from_logits=from_logits)
    if isinstance(alpha, list | tuple) and len(alpha) != y.shape[-1]:
        message = f"categorical_focal_crossentropy: alpha={alpha} for {y.shape[-1]} classes"
        raise Unsupported(message)
    weights = y.arithmetic.leaf(np.asarray(alpha, np.float64))
    hard = f.power(1.0 - f.exp(logarithms), gamma)
    return -(weights * hard * y * logarithms).sum(-1)


@defines("losses.CategoricalCrossentropy")
class CategoricalCrossentropy(Loss):
    """keras.losses.CategoricalCrossentropy."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.from_logits, self.smoothing, self.axis = from_logits, label_smoothing, axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """One number for each distribution."""
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.smoothing, self.axis)


@defines("losses.CategoricalFocalCrossentropy")
class CategoricalFocalCrossentropy(Loss):
    """keras.losses.CategoricalFocalCrossentropy."""

    def __init__(
        self,
        alpha: float | list[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.focus = (alpha, gamma)
        self.from_logits, self.smoothing, self.axis = from_logits, label_smoothing, axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """One number for each distribution."""
        return categorical_focal_crossentropy(
            y_true, y_pred, *self.focus, self.from_logits, self.smoothing, self.axis
        )
