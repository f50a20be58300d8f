"""What losses share: the dtype that they compute in, sample weights, and the reduction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array, floats, real
from conformance.reference.engine.dtypes import DIGITS, FLOATX
from conformance.reference.engine.functions import choose
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.naming import Called

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor

EPSILON = 1e-7
"""Keras's ``epsilon()``: so far probabilities are kept away from 0 and 1."""

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)


def float_dtype(dtype: str | None, owner: str) -> str:
    """The dtype of a loss or metric: floatx unless another one is named.

    Raises:
        Unsupported: It is no float dtype.
    """
    if dtype is None:
        return FLOATX
    if dtype not in DIGITS:
        message = f"{owner}: dtype={dtype!r} is not in the reference"
        raise Unsupported(message)
    return dtype


def same_rank(a: Array, b: Array) -> tuple[Array, Array]:
    """Without a last axis of size 1 that only one of the two has."""
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        a = reshape(a, a.shape[:-1])
    elif b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        b = reshape(b, b.shape[:-1])
    return a, b


def pair(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> tuple[Array, Array]:
    """Target and prediction of a loss's function: in the prediction's dtype, of one rank."""
    prediction = floats(y_pred)
    target = real(as_array(y_true, prediction.arithmetic, prediction.dtype))
    return same_rank(target, prediction)


def labels_of(y_true: Tensor | Scalar) -> Values:
    """Whole labels.

    They are looked up: no gradient flows to them, so it doesn't matter where they jump.
    """
    given = real(as_array(y_true, arithmetic_of(y_true)))
    return np.asarray(given.value.real if given.integers is None else given.integers).astype(
        np.int64
    )


def fitted(weights: Array, values: Array, owner: str) -> Array:
    """Weights of the shape of the values: numbers of one weight each, or of a whole axis.

    Raises:
        Unsupported: The shapes differ otherwise. Nothing documents what is weighed then.
    """
    if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
        weights = reshape(weights, weights.shape[:-1])
    alike = weights.ndim == values.ndim and all(
        n in {1, m} for n, m in zip(weights.shape, values.shape, strict=True)
    )
    if weights.ndim and not alike:
        message = (
            f"{owner}: sample_weight of {list(weights.shape)} for losses of {list(values.shape)} "
            "is not in the reference"
        )
        raise Unsupported(message)
    return broadcast(weights, values.shape)


def without_zero(total: Array, divisor: Array) -> Array:
    """A quotient; 0 where the divisor is 0."""
    empty = divisor.value.real == 0
    safe = choose(~empty, divisor, 1.0)
    return choose(~empty, total / safe, 0.0)


class Loss(ABC):
    """Takes target and prediction to one number for each sample, and reduces these."""

    def __init__(
        self, reduction: str | None, name: str | None, dtype: str | None, arithmetic: Arithmetic
    ) -> None:
        """Arguments that every loss has; the name changes nothing.

        Raises:
            Refused: An unknown reduction.
        """
        self.owner = type(self).__name__
        if reduction not in REDUCTIONS:
            message = f"{self.owner}: reduction={reduction!r}"
            raise Refused(message)
        self.reduction = reduction
        self.dtype = float_dtype(dtype, self.owner)
        self.arithmetic = arithmetic
        self.name = name

    @abstractmethod
    def call(self, y_true: Array, y_pred: Array) -> Array:
        """One number for each sample, before weights and reduction."""

    def counted(self, y_true: Array) -> Array | None:  # noqa: ARG002 (most losses count all)
        """1 for each sample that counts and 0 for the others, where not all do."""
        return None

    def __call__(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> Array:
        """The loss, reduced; without a reduction, that of each sample."""
        target, prediction = (
            real(as_array(x, self.arithmetic, self.dtype)) for x in (y_true, y_pred)
        )
        losses = self.call(target, prediction)
        counts = self.counted(target)
        total = losses.value.size
        if counts is not None:
            total = int(counts.value.real.sum())
            losses = losses * counts
        weights = None
        if sample_weight is not None:
            given = real(as_array(sample_weight, self.arithmetic, self.dtype))
            weights = fitted(given, losses, self.owner)
            losses = losses * weights
        if self.reduction in {None, "none"}:
            return losses
        if self.reduction == "sum":
            return losses.sum()
        if self.reduction == "mean_with_sample_weight" and weights is not None:
            return without_zero(losses.sum(), weights.sum())
        return losses.sum() / float(total) if total else losses.sum() * 0.0


class Plain(Loss, Called):
    """A loss without arguments of its own."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See the base."""
        super().__init__(reduction, name, dtype, arithmetic)
