"""Functions that answer true or false, and those of bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import arithmetic_of, booleans, real, whole
from conformance.reference.spec.ops.base import broadcasting
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor


def compared(
    function: Callable[[Values, Values], Values], x1: Tensor | Scalar, x2: Tensor | Scalar
) -> Array:
    """Two real numbers compared in the dtype in which they meet."""
    a, b = (real(x) for x in broadcasting(x1, x2))
    if a.integers is not None:
        return a.arithmetic.whole(np.asarray(function(whole(a), whole(b))))
    lead = a - b
    if a.quantum is None or b.quantum is None:
        a.arithmetic.jump(lead, lead.value.real)
    else:
        # Both are exactly what they are; only a gradient that goes on from here can jump.
        a.arithmetic.kink(lead, lead.value.real)
    return a.arithmetic.whole(np.asarray(function(a.value.real, b.value.real)))


@defines("ops.equal", differentiable=False)
def equal(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Whether two numbers are equal; NaN is not equal to itself, the two zeros are."""
    a, b = broadcasting(x1, x2)
    if isinstance(a, Complex) and isinstance(b, Complex):
        same = [whole(compared(np.equal, *parts)) for parts in ((a.real, b.real), (a.imag, b.imag))]
        return a.real.arithmetic.whole(same[0] & same[1])
    return compared(np.equal, a, b)


@defines("ops.greater", differentiable=False)
def greater(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Whether the first number is larger."""
    return compared(np.greater, x1, x2)


@defines("ops.less", differentiable=False)
def less(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Whether the first number is smaller."""
    return compared(np.less, x1, x2)


@defines("ops.logical_and", differentiable=False)
def logical_and(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Whether both numbers are other than zero."""
    arithmetic = arithmetic_of(x1, x2)
    return arithmetic.whole(booleans(x1, arithmetic) & booleans(x2, arithmetic))


@defines("ops.bitwise_and", differentiable=False)
def bitwise_and(x: Tensor | Scalar, y: Tensor | Scalar) -> Tensor:
    """The bits that two integers share."""
    a, b = broadcasting(x, y)
    return real(a).arithmetic.whole(np.asarray(whole(a) & whole(b)))
