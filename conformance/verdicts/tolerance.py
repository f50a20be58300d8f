"""The tolerance of one array: the acceptance rule for its dtype and an adapter's precision."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from conformance.acceptance import FLOORS, LARGEST, PRECISIONS, UNITS


class PrecisionError(ValueError):
    """A precision that the rule has no rounding unit for."""


class ReferenceFaultError(Exception):
    """The reference's own answer can't be judged by: the suite is at fault, not a framework."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What turns a spread into a tolerance, for one dtype under one declared precision."""

    unit: float
    """Rounding unit ``u``."""
    floor: float
    """``4η``: the absolute part of the tolerance."""
    largest: float
    """Largest finite number of the dtype; beyond it an infinity is a right answer."""

    def doubled(self) -> Scale:
        """For the difference of two observations: the floor counts once for each."""
        return Scale(self.unit, 2 * self.floor, self.largest)


@functools.cache
def scale(dtype: str, precision: str = "float32") -> Scale | None:
    """Find the scale of an output.

    Args:
        dtype: Keras's name of the dtype that the case demands of the array.
        precision: effective precision that the adapter declares for its float32 work. It widens
            float32 only: float16 and bfloat16 outputs are coarse by themselves, and an adapter
            that says float64 delivers float64.

    Returns:
        The scale, or None for integers, booleans and anything else that must be equal exactly.

    Raises:
        PrecisionError: for a precision that the rule doesn't know.
    """
    if precision not in UNITS:
        raise PrecisionError(
            f"The adapter declares the precision {precision!r}; known are {', '.join(PRECISIONS)}."
        )
    if dtype not in FLOORS:
        return None
    # A framework may work more precisely than the dtype of its answer, but the answer itself has
    # been rounded to that dtype: the coarser of the two units holds.
    working = precision if dtype == "float32" else dtype
    return Scale(max(UNITS[dtype], UNITS[working]), 4 * FLOORS[dtype], LARGEST[dtype])
