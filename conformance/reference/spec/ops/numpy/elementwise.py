"""Functions of one or two arrays, number by number."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from conformance.reference.engine.conversion import together
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.engine.conversion import Scalar, Tensor


def _met(
    function: Callable[[Any, Any], Tensor], x1: Tensor | Scalar, x2: Tensor | Scalar
) -> Tensor:
    """A function of two arrays in the dtype in which they meet."""
    return function(*together(x1, x2))


@defines("ops.add")
def add(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """``x1 + x2``, in the dtype in which both meet."""
    return _met(operator.add, x1, x2)
