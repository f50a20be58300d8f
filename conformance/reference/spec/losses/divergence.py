"""Losses of distributions, element by element: Kullback and Leibler's, and Poisson's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine import functions as f
from conformance.reference.spec.losses.base import EPSILON, Plain, pair
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("losses.kl_divergence", "metrics.kl_divergence")
def kl_divergence(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``sum(y_true * log(y_true / y_pred), axis=-1)``, both held within epsilon..1."""
    target, prediction = (f.clip(x, EPSILON, 1.0) for x in pair(y_true, y_pred))
    return (target * f.log(target / prediction)).sum(-1)


@defines("losses.poisson", "metrics.poisson")
def poisson(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``mean(y_pred - y_true * log(y_pred), axis=-1)``, epsilon added in the log."""
    target, prediction = pair(y_true, y_pred)
    return (prediction - target * f.log(prediction + EPSILON)).mean(-1)


@defines("losses.KLDivergence")
class KLDivergence(Plain, called="kl_divergence"):
    """keras.losses.KLDivergence."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the divergence of the prediction from the target."""
        return kl_divergence(y_true, y_pred)


@defines("losses.Poisson")
class Poisson(Plain, called="poisson"):
    """keras.losses.Poisson."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Per sample the mean negative logarithm of a count's probability, without its constant."""
        return poisson(y_true, y_pred)
