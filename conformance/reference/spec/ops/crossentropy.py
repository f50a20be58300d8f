"""Cross-entropies sample by sample: keras/src/ops/nn.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine import functions as f
from conformance.reference.engine.conversion import real, together
from conformance.reference.errors import Refused
from conformance.reference.spec.activations import softplus
from conformance.reference.spec.losses.base import EPSILON
from conformance.reference.spec.losses.probabilistic import SparseCategoricalCrossentropy
from conformance.reference.spec.ops.activations import log_softmax
from conformance.reference.spec.ops.base import floating_array, one_axis
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


def _met(function: str, target: Tensor | Scalar, output: Tensor | Scalar) -> tuple[Array, Array]:
    """Target and output in one dtype.

    Raises:
        Refused: Their shapes differ.
    """
    dtype = floating_array(output, function)
    y, x = (real(a) for a in together(target, dtype))
    if y.shape != x.shape:
        message = f"{function}: a target of {list(y.shape)}, an output of {list(x.shape)}"
        raise Refused(message, at="call")
    return y, x


@defines("ops.binary_crossentropy")
def binary_crossentropy(
    target: Tensor | Scalar, output: Tensor | Scalar, from_logits: bool = False
) -> Tensor:
    """``-y log(p) - (1 - y) log(1 - p)`` of every number; p is kept away from 0 and 1."""
    y, x = _met("binary_crossentropy", target, output)
    if from_logits:
        # -log(sigmoid(x)) is softplus(-x), and -log(1 - sigmoid(x)) softplus(x).
        return y * softplus(-x) + (1.0 - y) * softplus(x)
    p = f.clip(x, EPSILON, 1.0 - EPSILON)
    return -(y * f.log(p) + (1.0 - y) * f.log(1.0 - p))


@defines("ops.categorical_crossentropy")
def categorical_crossentropy(
    target: Tensor | Scalar, output: Tensor | Scalar, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """``-sum(y log(p))`` along an axis; probabilities are divided by their sum."""
    y, x = _met("categorical_crossentropy", target, output)
    place = one_axis(axis, x.ndim, "categorical_crossentropy")
    if from_logits:
        logarithms = real(log_softmax(x, place))
    else:
        shares = x / x.sum(place, keepdims=True)
        logarithms = f.log(f.clip(shares, EPSILON, 1.0 - EPSILON))
    return -(y * logarithms).sum(place)


@defines("ops.sparse_categorical_crossentropy")
def sparse_categorical_crossentropy(
    target: Tensor | Scalar, output: Tensor | Scalar, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """``-log`` of the probability of the class that a label names, along an axis."""
    x = floating_array(output, "sparse_categorical_crossentropy")
    one_axis(axis, x.ndim, "sparse_categorical_crossentropy")
    (labels,) = together(target, arithmetic=x.arithmetic)
    loss = SparseCategoricalCrossentropy(
        from_logits=from_logits, axis=axis, reduction=None, arithmetic=x.arithmetic
    )
    return loss.call(real(labels), x)
