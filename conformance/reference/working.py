"""Float32 with another order of summation: how an honest framework might work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference import windows
from conformance.reference.arithmetic import Arithmetic, Result, Rounding

if TYPE_CHECKING:
    from conformance.reference.array import Array, Values
    from conformance.reference.windows import Windows


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

    def sum(self, a: Array, axes: tuple[int, ...], *, keepdims: bool) -> Result:
        """Sum term after term, the terms shuffled."""
        kept = [i for i in range(a.ndim) if i not in axes]
        terms = int(np.prod([a.shape[i] for i in axes], dtype=np.int64))
        rows = a.value.transpose(*axes, *kept).reshape(terms, *(a.shape[i] for i in kept))
        total = rows[self._random.permutation(terms)].sum(axis=0, dtype=np.float32)
        if keepdims:
            total = total.reshape([1 if i in axes else n for i, n in enumerate(a.shape)])
        return Result(np.asarray(total, np.float32))

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
