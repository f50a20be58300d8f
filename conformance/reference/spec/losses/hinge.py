"""Losses of margins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.spec.losses.base import Plain, pair
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


def _missing(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """``maximum(1 - y_true * y_pred, 0)``; labels of 0 and 1 become -1 and 1."""
    target, prediction = pair(y_true, y_pred)
    if np.isin(target.value.real, (0.0, 1.0)).all():
        target = target * 2.0 - 1.0
    return f.relu(1.0 - target * prediction)


@defines("losses.hinge", "metrics.hinge")
def hinge(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``mean(maximum(1 - y_true * y_pred, 0), axis=-1)``."""
    return _missing(y_true, y_pred).mean(-1)


@defines("losses.squared_hinge", "metrics.squared_hinge")
def squared_hinge(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``mean(square(maximum(1 - y_true * y_pred, 0)), axis=-1)``."""
    return f.square(_missing(y_true, y_pred)).mean(-1)


@defines("losses.categorical_hinge", "metrics.categorical_hinge")
def categorical_hinge(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample how far the best of the other classes comes within 1 of the true one."""
    target, prediction = pair(y_true, y_pred)
    other = f.largest((1.0 - target) * prediction, -1)
    return f.relu(other - (target * prediction).sum(-1) + 1.0)


@defines("losses.Hinge")
class Hinge(Plain, called="hinge"):
    """keras.losses.Hinge."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean of what is missing to the margin."""
        return hinge(y_true, y_pred)


@defines("losses.SquaredHinge")
class SquaredHinge(Plain, called="squared_hinge"):
    """keras.losses.SquaredHinge."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean square of what is missing to the margin."""
        return squared_hinge(y_true, y_pred)


@defines("losses.CategoricalHinge")
class CategoricalHinge(Plain, called="categorical_hinge"):
    """keras.losses.CategoricalHinge."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample what is missing to the margin between two classes."""
        return categorical_hinge(y_true, y_pred)
