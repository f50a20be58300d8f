"""How often predictions are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import Array
from conformance.reference.engine.conversion import arithmetic_of, as_array, real, whole
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.metrics.base import Averaged
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
