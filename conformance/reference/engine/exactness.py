"""When a result is exact in float32 in whatever order it is computed.

If every number is a multiple of one power of two, the *quantum*, and no partial sum can exceed
2**24 quanta, then no addition rounds: a framework must return exactly that number. Integer data
are built for this (docs/numerics.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array, Values

LIMIT = 2.0**24
"""Multiples of the quantum that float32's 24 significand bits can tell apart."""

_INSPECTED = 2**16
"""Arrays beyond this size are only asked whether they hold integers: that is one cheap pass."""


def quantum_of(values: Values, limit: float = LIMIT) -> float | None:
    """The largest power of two that divides every value, as far as exactness is concerned.

    Returns:
        The quantum; 0.0 if the values are float32 numbers, but without a useful common quantum
        (they stay exact as long as they are only moved); ``None`` if float32 can't hold them.
    """
    numbers = values.astype(np.float64, copy=False)
    finite = np.isfinite(numbers)
    if not finite.all():
        return 0.0
    if numbers.size == 0:
        return 1.0
    largest = float(np.abs(numbers).max())
    if largest < limit and bool((numbers == np.rint(numbers)).all()):
        return 1.0
    if values.dtype != np.float32 and not (numbers.astype(np.float32) == numbers).all():
        return None
    if numbers.size > _INSPECTED:
        return 0.0
    mantissa, exponent = np.frexp(numbers[numbers != 0])
    digits = (mantissa * LIMIT).astype(np.int64)
    lowest = np.ldexp((digits & -digits).astype(np.float64), exponent - 24)
    quantum = float(lowest.min())
    return quantum if largest <= quantum * limit else 0.0


def exact_sum(a: Array, b: Array, y: Values) -> float | None:
    """Quantum of ``a ± b``, or ``None`` where the result may have been rounded."""
    if y.size == 0:
        return 1.0
    if not a.quantum or not b.quantum:
        return None
    quantum = min(a.quantum, b.quantum)
    return quantum if float(np.abs(y).max()) <= quantum * a.arithmetic.limit else None


def exact_product(a: Array, b: Array, terms: int, y: Values) -> float | None:
    """Quantum of a product or a sum of products, if no order of summation can round it."""
    if not a.quantum or not b.quantum or y.size == 0:
        return None if y.size else 1.0
    quantum = a.quantum * b.quantum
    largest = float(np.abs(a.value).max()) * float(np.abs(b.value).max()) * terms
    return quantum if largest <= quantum * a.arithmetic.limit else None


def exact_total(a: Array, terms: int) -> float | None:
    """Quantum of a sum, if no order of summation can round it."""
    if a.value.size == 0 or terms <= 1:
        return a.quantum
    if not a.quantum:
        return None
    largest = float(np.abs(a.value).max()) * terms
    return a.quantum if largest <= a.quantum * a.arithmetic.limit else None
