"""Losses of numbers: keras.losses, by the means of their errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.functions import absolute, choose, square
from conformance.reference.spec.activations import softplus
from conformance.reference.spec.losses.base import EPSILON, Loss, Plain, pair
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("losses.mean_squared_error", "metrics.mean_squared_error")
def mean_squared_error(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``mean(square(y_true - y_pred), axis=-1)``."""
    target, prediction = pair(y_true, y_pred)
    return square(target - prediction).mean(-1)


@defines("losses.mean_absolute_error", "metrics.mean_absolute_error")
def mean_absolute_error(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``mean(abs(y_true - y_pred), axis=-1)``."""
    target, prediction = pair(y_true, y_pred)
    return absolute(target - prediction).mean(-1)


@defines("losses.mean_absolute_percentage_error", "metrics.mean_absolute_percentage_error")
def mean_absolute_percentage_error(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``100 * mean(abs((y_true - y_pred) / y_true), axis=-1)``.

    What is divided by is not let below epsilon. The documentation's ``maximum(y_true, epsilon)``
    is read as one of sizes, without which the formula itself would not hold for a negative target.
    """
    target, prediction = pair(y_true, y_pred)
    # At 0 the size has a corner, but what is divided by is epsilon there.
    size = choose(~np.signbit(target.value.real), target, -target)
    divisor = choose(f.split_at(size, EPSILON), size, EPSILON)
    return absolute((target - prediction) / divisor).mean(-1) * 100.0


@defines("losses.mean_squared_logarithmic_error", "metrics.mean_squared_logarithmic_error")
def mean_squared_logarithmic_error(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``mean(square(log(y_true + 1) - log(y_pred + 1)), axis=-1)``.

    Zero and what lies below it is replaced with epsilon.
    """
    target, prediction = (choose(f.split_at(x, EPSILON), x, EPSILON) for x in pair(y_true, y_pred))
    return square(f.log(target + 1.0) - f.log(prediction + 1.0)).mean(-1)


@defines("losses.log_cosh", "metrics.log_cosh")
def log_cosh(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``mean(log(cosh(y_pred - y_true)), axis=-1)``, so that nothing overflows."""
    target, prediction = pair(y_true, y_pred)
    error = prediction - target
    return (error + softplus(error * -2.0) - math.log(2.0)).mean(-1)


@defines("losses.huber", "metrics.huber")
def huber(y_true: Tensor | Scalar, y_pred: Tensor | Scalar, delta: float = 1.0) -> Array:
    """Per sample the mean of what is quadratic up to ``delta`` and linear beyond.

    Both have one value and one slope at ``delta``: it is no kink.
    """
    target, prediction = pair(y_true, y_pred)
    error = prediction - target
    size = choose(~np.signbit(error.value.real), error, -error)
    near = np.asarray(size.value.real <= delta)
    inner = square(choose(near, size, 0.0)) * 0.5
    outer = size * delta - error.arithmetic.constant(delta) * delta * 0.5
    return choose(near, inner, outer).mean(-1)


@defines("losses.cosine_similarity")
def cosine_similarity(y_true: Tensor | Scalar, y_pred: Tensor | Scalar, axis: int = -1) -> Array:
    """``-sum(l2_norm(y_true) * l2_norm(y_pred))``; 0 where one of the two is all zeros."""
    return -cosine(*pair(y_true, y_pred), axis)


def cosine(target: Array, prediction: Array, axis: int) -> Array:
    """The cosine of the angle between two vectors, for all along an axis."""
    return (_directed(target, axis) * _directed(prediction, axis)).sum(axis)


def _directed(a: Array, axis: int) -> Array:
    """Vectors of length one along an axis; of zeros, zeros."""
    total = square(a).sum(axis, keepdims=True)
    length = f.sqrt(choose(total.value.real > 0, total, 1.0))
    return a / length


@defines("losses.MeanSquaredError")
class MeanSquaredError(Plain, called="mean_squared_error"):
    """keras.losses.MeanSquaredError."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean square of the errors."""
        return mean_squared_error(y_true, y_pred)


@defines("losses.MeanAbsoluteError")
class MeanAbsoluteError(Plain, called="mean_absolute_error"):
    """keras.losses.MeanAbsoluteError."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean size of the errors."""
        return mean_absolute_error(y_true, y_pred)


@defines("losses.MeanAbsolutePercentageError")
class MeanAbsolutePercentageError(Plain, called="mean_absolute_percentage_error"):
    """keras.losses.MeanAbsolutePercentageError."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean size of the errors in percent of the targets."""
        return mean_absolute_percentage_error(y_true, y_pred)


@defines("losses.MeanSquaredLogarithmicError")
class MeanSquaredLogarithmicError(Plain, called="mean_squared_logarithmic_error"):
    """keras.losses.MeanSquaredLogarithmicError."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean square of what logarithms differ by."""
        return mean_squared_logarithmic_error(y_true, y_pred)


@defines("losses.LogCosh")
class LogCosh(Plain, called="log_cosh"):
    """keras.losses.LogCosh."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean logarithm of the errors' hyperbolic cosine."""
        return log_cosh(y_true, y_pred)


@defines("losses.Huber")
class Huber(Loss):
    """keras.losses.Huber."""

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.delta = float(delta)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean of Huber's function of the errors."""
        return huber(y_true, y_pred, self.delta)


@defines("losses.CosineSimilarity")
class CosineSimilarity(Loss):
    """keras.losses.CosineSimilarity."""

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.axis = axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per vector the cosine, negative."""
        return cosine_similarity(y_true, y_pred, self.axis)
