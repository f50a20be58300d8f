"""Float32 with another order of summation: how an honest framework might work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import windows
from conformance.reference.engine.arithmetic import Arithmetic, Result, Rounding
from conformance.reference.engine.array import Array
from conformance.reference.engine.dtypes import held

if TYPE_CHECKING:
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.windows import Windows


class Working(Arithmetic):
    """Float32, every sum in a seeded random order and in random blocks.

    Stands in for an honest framework: its results differ from the truth by rounding alone.

    Args:
        seed: Of the orders of summation.
        operands: See :class:`Arithmetic`.
        results: Likewise.
    """

    def __init__(
        self, seed: int, *, operands: Rounding | None = None, results: Rounding | None = None
    ) -> None:
        """See the class."""
        super().__init__(np.float32, operands=operands, results=results)
        self._random = np.random.Generator(np.random.Philox(key=seed))

    def become(self, precision: str) -> None:
        """Numbers of a narrow dtype are kept in float32 and rounded after every operation."""
        super().become(precision)
        self.dtype = np.float64 if precision == "float64" else np.float32
        before = self._results

        def rounded(values: Values) -> Values:
            narrow = held(values, precision).astype(self.dtype)
            return narrow if before is None else before(narrow)

        self._results = rounded

    def converted(self, a: Array) -> tuple[Result, float | None]:
        """Rounded, as by an assignment."""
        return Result(held(a.value, self.precision).astype(self.dtype)), None

    def leaf(self, values: Values) -> Array:
        """An array that is fed."""
        return Array(self, held(np.asarray(values), self.precision).astype(self.dtype))

    def sum(self, a: Array, axes: tuple[int, ...], *, keepdims: bool) -> Result:
        """Sum term after term, the terms shuffled."""
        kept = [i for i in range(a.ndim) if i not in axes]
        terms = int(np.prod([a.shape[i] for i in axes], dtype=np.int64))
        rows = a.value.transpose(*axes, *kept).reshape(terms, *(a.shape[i] for i in kept))
        total = rows[self._random.permutation(terms)].sum(axis=0, dtype=self.dtype)
        if keepdims:
            total = total.reshape([1 if i in axes else n for i, n in enumerate(a.shape)])
        return Result(np.asarray(total, self.dtype))

    def matmul(self, a: Array, b: Array) -> Result:
        """Product of shuffled and differently cut operands."""
        return Result(self._product(self.operand(a), self.operand(b)))

    def correlate(self, x: Array, kernel: Array, geometry: Windows) -> Result:
        """Convolution whose inner products are shuffled and cut."""
        return Result(
            windows.correlate(self.operand(x), self.operand(kernel), geometry, self._product)
        )

    def _product(self, a: Values, b: Values) -> Values:
        n = a.shape[-1]
        order = self._random.permutation(n)
        cut = int(self._random.integers(0, n, endpoint=True))
        first, second = order[:cut], order[cut:]
        total: Values = np.matmul(a[..., first], b[..., first, :])
        total += np.matmul(a[..., second], b[..., second, :])
        return total
