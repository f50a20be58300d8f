"""Losses of numbers: keras.losses, by the means of their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.functions import absolute, choose, square
from conformance.reference.spec.losses.base import Loss, same_rank
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


def mean_squared_error(target: Array, prediction: Array) -> Array:
    """Per sample ``mean(square(y_true - y_pred), axis=-1)``."""
    return square(target - prediction).mean(-1)


def mean_absolute_error(target: Array, prediction: Array) -> Array:
    """Per sample ``mean(abs(y_true - y_pred), axis=-1)``."""
    return absolute(target - prediction).mean(-1)


def huber(target: Array, prediction: Array, delta: float = 1.0) -> Array:
    """Per sample the mean of what is quadratic up to ``delta`` and linear beyond.

    Both have one value and one slope at ``delta``: it is no kink.
    """
    error = prediction - target
    size = choose(~np.signbit(error.value.real), error, -error)
    near = np.asarray(size.value.real <= delta)
    inner = square(choose(near, size, 0.0)) * 0.5
    outer = size * delta - error.arithmetic.constant(delta) * delta * 0.5
    return choose(near, inner, outer).mean(-1)


@defines("losses.MeanSquaredError")
class MeanSquaredError(Loss):
    """keras.losses.MeanSquaredError."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean square of the errors."""
        return mean_squared_error(*same_rank(y_true, y_pred))


@defines("losses.MeanAbsoluteError")
class MeanAbsoluteError(Loss):
    """keras.losses.MeanAbsoluteError."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean size of the errors."""
        return mean_absolute_error(*same_rank(y_true, y_pred))


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
        return huber(*same_rank(y_true, y_pred), self.delta)
