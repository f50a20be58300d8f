"""Functions that make one number of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import arithmetic_of, as_array
from conformance.reference.engine.dtypes import summed
from conformance.reference.engine.integers import reduced
from conformance.reference.spec.ops.base import some_axes
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.conversion import Scalar, Tensor
    from conformance.reference.spec.ops.base import Axes


@defines("ops.sum")
def sum(x: Tensor | Scalar, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Sum over axes; small integers are added up in 32 bits."""
    a = as_array(x, arithmetic_of(x))
    axes = some_axes(axis, a.ndim, "sum")
    if isinstance(a, Complex):
        return a.each(lambda part: part.sum(axes, keepdims=keepdims))
    if a.integers is not None:
        return reduced(a, np.add, axes, dtype=summed(a.dtype), keepdims=keepdims)
    return a.sum(axes, keepdims=keepdims)
