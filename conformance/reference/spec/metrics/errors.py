"""Metrics that are the mean of a loss: its function's numbers, weighed and added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.spec.losses import (
    categorical,
    divergence,
    hinge,
    probabilistic,
    regression,
)
from conformance.reference.spec.losses.base import fitted, labels_of, pair
from conformance.reference.spec.metrics.base import Averaged
from conformance.reference.spec.naming import Called
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


class OfPairs(Averaged, Called):
    """The mean of what a target and a prediction make together."""

    def __init__(
        self, name: str | None = None, dtype: str | None = None, *, arithmetic: Arithmetic
    ) -> None:
        """See the base."""
        super().__init__(name, dtype, arithmetic)

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """One number a sample, or more."""
        raise NotImplementedError

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Add the numbers up, each times its weight, and the weights."""
        self.take(self.numbers(self.given(y_true), self.given(y_pred)), sample_weight)


@defines("metrics.MeanSquaredError")
class MeanSquaredError(OfPairs, called="mean_squared_error"):
    """keras.metrics.MeanSquaredError."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return regression.mean_squared_error(y_true, y_pred)


@defines("metrics.RootMeanSquaredError")
class RootMeanSquaredError(OfPairs, called="root_mean_squared_error"):
    """keras.metrics.RootMeanSquaredError."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """The squares of all errors."""
        target, prediction = pair(y_true, y_pred)
        return f.square(prediction - target)

    def result(self) -> Array:
        """The root of the mean of all squares."""
        return f.sqrt(super().result())


@defines("metrics.MeanAbsoluteError")
class MeanAbsoluteError(OfPairs, called="mean_absolute_error"):
    """keras.metrics.MeanAbsoluteError."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return regression.mean_absolute_error(y_true, y_pred)


@defines("metrics.MeanAbsolutePercentageError")
class MeanAbsolutePercentageError(OfPairs, called="mean_absolute_percentage_error"):
    """keras.metrics.MeanAbsolutePercentageError."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return regression.mean_absolute_percentage_error(y_true, y_pred)


@defines("metrics.MeanSquaredLogarithmicError")
class MeanSquaredLogarithmicError(OfPairs, called="mean_squared_logarithmic_error"):
    """keras.metrics.MeanSquaredLogarithmicError."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return regression.mean_squared_logarithmic_error(y_true, y_pred)


@defines("metrics.LogCoshError")
class LogCoshError(OfPairs, called="logcosh"):
    """keras.metrics.LogCoshError."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return regression.log_cosh(y_true, y_pred)


@defines("metrics.KLDivergence")
class KLDivergence(OfPairs, called="kl_divergence"):
    """keras.metrics.KLDivergence."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return divergence.kl_divergence(y_true, y_pred)


@defines("metrics.Poisson")
class Poisson(OfPairs, called="poisson"):
    """keras.metrics.Poisson."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return divergence.poisson(y_true, y_pred)


@defines("metrics.Hinge")
class Hinge(OfPairs, called="hinge"):
    """keras.metrics.Hinge."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return hinge.hinge(y_true, y_pred)


@defines("metrics.SquaredHinge")
class SquaredHinge(OfPairs, called="squared_hinge"):
    """keras.metrics.SquaredHinge."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return hinge.squared_hinge(y_true, y_pred)


@defines("metrics.CategoricalHinge")
class CategoricalHinge(OfPairs, called="categorical_hinge"):
    """keras.metrics.CategoricalHinge."""

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return hinge.categorical_hinge(y_true, y_pred)


@defines("metrics.CosineSimilarity")
class CosineSimilarity(OfPairs):
    """keras.metrics.CosineSimilarity."""

    def __init__(
        self,
        name: str | None = "cosine_similarity",
        dtype: str | None = None,
        axis: int = -1,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic=arithmetic)
        self.axis = axis

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """The cosine itself, where the loss is its negative."""
        return regression.cosine(*pair(y_true, y_pred), self.axis)


@defines("metrics.BinaryCrossentropy")
class BinaryCrossentropy(OfPairs):
    """keras.metrics.BinaryCrossentropy."""

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic=arithmetic)
        self.told = (from_logits, label_smoothing)

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return probabilistic.binary_crossentropy(y_true, y_pred, *self.told)


@defines("metrics.CategoricalCrossentropy")
class CategoricalCrossentropy(OfPairs):
    """keras.metrics.CategoricalCrossentropy."""

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic=arithmetic)
        self.told = (from_logits, label_smoothing, axis)

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return categorical.categorical_crossentropy(y_true, y_pred, *self.told)


@defines("metrics.SparseCategoricalCrossentropy")
class SparseCategoricalCrossentropy(OfPairs):
    """keras.metrics.SparseCategoricalCrossentropy."""

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(name, dtype, arithmetic=arithmetic)
        self.from_logits, self.ignored, self.axis = from_logits, ignore_class, axis

    def numbers(self, y_true: Array, y_pred: Array) -> Array:
        """See the loss."""
        return probabilistic.sparse_categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.ignored, self.axis
        )

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Add the numbers up and count them, but for those of the class to ignore."""
        if self.ignored is None:
            super().update_state(y_true, y_pred, sample_weight)
            return
        counts = self.arithmetic.exact((labels_of(y_true) != self.ignored).astype(np.float64))
        if sample_weight is not None:
            counts = counts * fitted(self.given(sample_weight), counts, self.owner)
        super().update_state(y_true, y_pred, counts)
