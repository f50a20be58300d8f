"""Products that grow along an axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import reshape
from conformance.reference.engine.conversion import arithmetic_of, as_array, convert, real
from conformance.reference.engine.structure import concatenate, take
from conformance.reference.spec.ops.base import dtype_named, one_axis
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("ops.cumprod")
def cumprod(x: Tensor | Scalar, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Products of an axis up to each of its entries; of all numbers in C order without an axis.

    Booleans are multiplied as 32-bit integers.
    """
    a = real(as_array(x, arithmetic_of(x)))
    a = real(convert(a, dtype_named(dtype, "int32" if a.dtype == "bool" else a.dtype, "cumprod")))
    if axis is None:
        a = reshape(a, (math.prod(a.shape),))
    place = one_axis(0 if axis is None else axis, a.ndim, "cumprod")
    if a.integers is not None:
        return a.arithmetic.whole(np.cumprod(a.integers, place, dtype=a.integers.dtype))
    if a.shape[place] == 0:
        return a
    made = [take(a, place, 0, 1)]
    for i in range(1, a.shape[place]):
        made.append(made[-1] * take(a, place, i, i + 1))
    return concatenate(made, place)
