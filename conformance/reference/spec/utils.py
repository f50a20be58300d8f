"""Functions of keras.utils that answer arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.conversion import arithmetic_of, convert, whole
from conformance.reference.engine.dtypes import DIGITS
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops import nn, normalization
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor

_SIDES = ("pre", "post")


@defines("utils.normalize")
def normalize(x: Tensor | Scalar, axis: int = -1, order: float = 2) -> Tensor:
    """Divided by the norm along an axis."""
    return normalization.normalize(x, axis, order)


@defines("utils.to_categorical", differentiable=False)
def to_categorical(x: Any, num_classes: int | None = None) -> Tensor:
    """A one at the place along a new last axis that the number says, else zeros.

    Without ``num_classes`` there are as many classes as the largest number says.
    """
    classes = int(whole(x).max()) + 1 if num_classes is None else num_classes
    return nn.one_hot(x, classes)


@defines("utils.pad_sequences", differentiable=False)
def pad_sequences(
    sequences: Sequence[Array],
    maxlen: int | None = None,
    dtype: str = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float = 0.0,
) -> Tensor:
    """Sequences of whole numbers below each other, cut to one length or filled up to it.

    Raises:
        Refused: A side is neither ``pre`` nor ``post``.
        Unsupported: The sequences are of floats, or nothing is kept of them.
    """
    if padding not in _SIDES or truncating not in _SIDES:
        message = f"pad_sequences: padding={padding!r}, truncating={truncating!r}"
        raise Refused(message, at="call")
    rows = [whole(one) for one in sequences]
    length = max(len(row) for row in rows) if maxlen is None else maxlen
    if length < 1:
        message = f"pad_sequences: a length of {length}"
        raise Unsupported(message)
    filled = np.full((len(rows), length, *rows[0].shape[1:]), value)
    for place, row in zip(filled, rows, strict=True):
        kept = row[-length:] if truncating == "pre" else row[:length]
        if len(kept):
            part = slice(-len(kept), None) if padding == "pre" else slice(len(kept))
            place[part] = kept
    arithmetic = arithmetic_of(*sequences)
    if dtype in DIGITS:
        return convert(arithmetic.exact(filled), dtype)
    return convert(arithmetic.whole(filled.astype(np.int64)), dtype)
