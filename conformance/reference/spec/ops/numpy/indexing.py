"""Functions that choose and place numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine import functions as f
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import arithmetic_of, booleans, real, together
from conformance.reference.errors import Unsupported
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("ops.where")
def where(
    condition: Tensor | Scalar,
    x1: Tensor | Scalar | None = None,
    x2: Tensor | Scalar | None = None,
) -> Tensor:
    """``x1`` where the condition is other than zero, else ``x2``, in the dtype of both."""
    if x1 is None or x2 is None:
        message = "where of a condition alone is not in the reference"
        raise Unsupported(message)
    arithmetic = arithmetic_of(condition, x1, x2)
    chosen = booleans(condition, arithmetic)
    a, b = together(x1, x2, arithmetic=arithmetic)
    if isinstance(a, Complex) and isinstance(b, Complex):
        return Complex(f.choose(chosen, a.real, b.real), f.choose(chosen, a.imag, b.imag))
    return f.choose(chosen, real(a), real(b))
