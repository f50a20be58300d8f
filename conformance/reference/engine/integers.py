"""Exact functions of integers and booleans, which wrap as NumPy's do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Array, Values


def integers(a: Array) -> Values:
    """The numbers of an array that holds integers or booleans."""
    if a.integers is None:
        message = f"an array of {a.dtype} holds no integers"
        raise TypeError(message)
    return a.integers


def reduced(
    a: Array, operation: np.ufunc, axes: Sequence[int], *, dtype: str, keepdims: bool
) -> Array:
    """A NumPy function of two numbers over axes, such as ``np.add``.

    Args:
        a: Integers or booleans.
        operation: Applied to one number after the other.
        axes: Not negative.
        dtype: In which it is computed and answered.
        keepdims: Whether the axes stay, of size 1.
    """
    wide = integers(a).astype(dtype)
    made = operation.reduce(wide, axis=tuple(axes), dtype=np.dtype(dtype), keepdims=keepdims)
    return a.arithmetic.whole(np.asarray(made, dtype))
