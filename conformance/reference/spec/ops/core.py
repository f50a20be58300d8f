"""Functions of keras.ops that NumPy does not have: keras/src/ops/core.py."""

from __future__ import annotations

from conformance.reference.engine.conversion import Scalar, Tensor, arithmetic_of, as_array
from conformance.reference.spec.ops.base import dtype_named
from conformance.reference.spec.table import defines


@defines("ops.cast")
def cast(x: Tensor | Scalar, dtype: str) -> Tensor:
    """The same numbers in another dtype."""
    return as_array(x, arithmetic_of(x), dtype_named(dtype, "", "cast"))
