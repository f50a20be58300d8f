"""The tolerance of one array: the acceptance rule for its dtype."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from conformance.acceptance import COMPLEX, FLOORS, LARGEST, UNITS


class ReferenceFaultError(Exception):
    """The reference's own answer can't be judged by: the suite is at fault, not a framework."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What turns a spread into a tolerance, for one dtype."""

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
def scale(dtype: str) -> Scale | None:
    """Find the scale of an output.

    What an adapter is declared to do in a coarser precision is in the spread, operation by
    operation; nothing else of a float32 output gets more room for it.

    Args:
        dtype: Keras's name of the dtype that the case demands of the array.

    Returns:
        The scale, or None for integers, booleans and anything else that must be equal exactly.
    """
    dtype = COMPLEX.get(dtype, dtype)
    if dtype not in FLOORS:
        return None
    return Scale(UNITS[dtype], 4 * FLOORS[dtype], LARGEST[dtype])
