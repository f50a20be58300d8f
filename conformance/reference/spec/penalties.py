"""keras.regularizers and keras.constraints by themselves, called on an array.

Their formulas are those that layers are trained by: conformance/reference/spec/rules.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine import functions as f
from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.structure import take, transpose
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import rules
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Array


def _factor(owner: str, name: str, value: float) -> float:
    """A factor of a penalty.

    Raises:
        Unsupported: It is negative, of which Keras's documentation says nothing.
    """
    if value < 0:
        message = f"{owner}: {name}={value}: Keras documents no answer"
        raise Unsupported(message)
    return float(value)


@defines("regularizers.L1")
class L1:
    """keras.regularizers.L1."""

    def __init__(self, l1: float = 0.01) -> None:
        """See Keras."""
        self.formula = rules.l1(_factor("L1", "l1", l1))

    def __call__(self, x: Array) -> Array:
        """``l1 * sum(abs(x))``."""
        return self.formula(x)


@defines("regularizers.L2")
class L2:
    """keras.regularizers.L2."""

    def __init__(self, l2: float = 0.01) -> None:
        """See Keras."""
        self.formula = rules.l2(_factor("L2", "l2", l2))

    def __call__(self, x: Array) -> Array:
        """``l2 * sum(square(x))``."""
        return self.formula(x)


@defines("regularizers.L1L2")
class L1L2:
    """keras.regularizers.L1L2."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        """See Keras."""
        self.formula = rules.l1_l2(_factor("L1L2", "l1", l1), _factor("L1L2", "l2", l2))

    def __call__(self, x: Array) -> Array:
        """The sum of both penalties."""
        return self.formula(x)


@defines("regularizers.OrthogonalRegularizer")
class OrthogonalRegularizer:
    """keras.regularizers.OrthogonalRegularizer."""

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        """See Keras.

        Raises:
            Refused: Another mode than ``rows`` and ``columns``.
        """
        self.factor = _factor("OrthogonalRegularizer", "factor", factor)
        if mode not in {"rows", "columns"}:
            message = f"OrthogonalRegularizer: mode={mode!r} is neither rows nor columns"
            raise Refused(message, at="call")
        self.mode = mode

    def __call__(self, inputs: Array) -> Array:
        """``factor`` times the mean size of the products of two normalized rows, or columns.

        Raises:
            Refused: No matrix.
        """
        if inputs.ndim != 2:  # noqa: PLR2004 (a matrix)
            message = f"OrthogonalRegularizer: an array of shape {inputs.shape} is no matrix"
            raise Refused(message, at="call")
        rows = inputs if self.mode == "rows" else transpose(inputs, (1, 0))
        rows = rows / f.sqrt(f.square(rows).sum((1,), keepdims=True))
        count = rows.shape[0]
        sizes = [
            f.absolute(
                matmul(take(rows, 0, i + 1, count), transpose(take(rows, 0, i, i + 1), (1, 0)))
            )
            for i in range(count - 1)
        ]
        total = sizes[0].sum((0, 1))
        for size in sizes[1:]:
            total = total + size.sum((0, 1))
        return total * (2 * self.factor / (count * (count - 1)))


@defines("constraints.NonNeg")
class NonNeg:
    """keras.constraints.NonNeg."""

    def __call__(self, w: Array) -> Array:
        """Negative numbers become 0."""
        return rules.non_neg()(w)


@defines("constraints.UnitNorm")
class UnitNorm:
    """keras.constraints.UnitNorm."""

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        """See Keras."""
        self.formula = rules.unit_norm(axis)

    def __call__(self, w: Array) -> Array:
        """Norm 1 along the axis."""
        return self.formula(w)


@defines("constraints.MaxNorm")
class MaxNorm:
    """keras.constraints.MaxNorm."""

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        """See Keras."""
        self.formula = rules.max_norm(max_value, axis)

    def __call__(self, w: Array) -> Array:
        """A norm of at most so much along the axis."""
        return self.formula(w)


@defines("constraints.MinMaxNorm")
class MinMaxNorm:
    """keras.constraints.MinMaxNorm."""

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ) -> None:
        """See Keras."""
        self.formula = rules.min_max_norm(min_value, max_value, rate, axis)

    def __call__(self, w: Array) -> Array:
        """A norm between two bounds, or on its way there."""
        return self.formula(w)
