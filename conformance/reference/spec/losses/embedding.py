"""Circle's loss of embeddings, by Sun et al."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import reshape
from conformance.reference.engine.conversion import floats
from conformance.reference.engine.structure import transpose
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.activations import softplus
from conformance.reference.spec.losses.base import Loss, labels_of
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("losses.circle")
def circle(
    y_true: Tensor | Scalar,
    y_pred: Tensor | Scalar,
    ref_labels: Tensor | Scalar | None = None,
    ref_embeddings: Tensor | Scalar | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Array:
    """Per sample ``log(1 + sum_n exp(gamma a_n (s_n - m)) sum_p exp(-gamma a_p (s_p - 1 + m)))``.

    ``s_p`` are the similarities with the references of the same label, ``s_n`` those with others;
    ``a_p = max(1 + m - s_p, 0)`` and ``a_n = max(s_n + m, 0)`` weigh them: the paper's equation 6
    with its choice of one margin.

    Raises:
        Refused: There is one of labels and embeddings to compare with, and not the other's number.
        Unsupported: A sample has no other of its label, or none of another label.
    """
    own = floats(y_pred)
    others = own if ref_embeddings is None else floats(ref_embeddings)
    labels = labels_of(y_true).reshape(-1)
    theirs = labels if ref_labels is None else labels_of(ref_labels).reshape(-1)
    if own.ndim != 2 or (*labels.shape, *theirs.shape) != (own.shape[0], others.shape[0]):  # noqa: PLR2004 (a matrix)
        message = f"labels of {labels.shape} for embeddings of {own.shape}"
        raise Refused(message, at="call")
    same = labels[:, None] == theirs[None, :]
    positive = same & (np.eye(*same.shape) == 0) if remove_diagonal else same
    if not (positive.any(1) & (~same).any(1)).all():
        message = "circle: a sample has no other of its label, or none of another one"
        raise Unsupported(message)
    similar = _products(own, others)
    near = f.relu(1.0 + margin - similar) * (similar - (1.0 - margin)) * -float(gamma)
    far = f.relu(similar + margin) * (similar - margin) * float(gamma)
    return softplus(_logsumexp(near, positive) + _logsumexp(far, ~same))


def _products(a: Array, b: Array) -> Array:
    """Inner products of all rows of two matrices."""
    turned = transpose(b, (1, 0))
    made = a.arithmetic.matmul(a, turned)
    return a.arithmetic.result(
        made,
        (a, lambda g: _products(g, transpose(b, (1, 0)))),
        (b, lambda g: _products(transpose(g, (1, 0)), transpose(a, (1, 0)))),
    )


def _logsumexp(a: Array, where: Values) -> Array:
    """Per row ``log(sum(exp(a)))`` of some of the numbers, shifted so that nothing overflows."""
    value = np.where(where, a.value.real, -np.inf)
    shift = a.arithmetic.exact(value.max(-1, keepdims=True))
    held = f.choose(where, a - shift, 0.0)
    total = f.choose(where, f.exp(held), 0.0).sum(-1, keepdims=True)
    return reshape(f.log(total) + shift, (a.shape[0],))


@defines("losses.Circle")
class Circle(Loss):
    """keras.losses.Circle."""

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(reduction, name, dtype, arithmetic)
        self.gamma, self.margin, self.without_self = gamma, margin, remove_diagonal

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """Of each sample with the others of the batch."""
        return circle(y_true, y_pred, None, None, self.without_self, self.gamma, self.margin)
