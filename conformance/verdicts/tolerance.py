"""How far honest rounding may move a number: the one rule, for every layer and framework.

For each number the reference gives, beside the truth ``ref``, the spread ``sqrt(s² + ref²/3)`` that
honest rounding has, in units of the rounding unit ``u``. With it,

    τ = u · spread + 4η        z = (observed - ref) / τ

and an array passes when ``max|z| <= 16`` and ``rms z <= 3`` (docs/numerics.md). There is no
tolerance in any case: what differs between adapters is ``u`` alone, by the precision that they
declare.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final


class PrecisionError(ValueError):
    """A precision that the rule has no rounding unit for."""


class ReferenceFaultError(Exception):
    """The reference's own answer can't be judged by: the suite is at fault, not a framework."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where an array stops passing."""

    peak: float
    """Largest admissible ``|z|`` of a single number."""
    rms: float
    """Largest admissible root mean square of ``z`` over the array."""


VALUES: Final = Limits(peak=16.0, rms=3.0)
"""Forward answers. Honest results were measured up to 7.4, seeded defects from 51 on."""

TRAINING: Final = Limits(peak=32.0, rms=4.0)
"""Gradients and what training changes: twice the room, as these are not calibrated yet."""

NOTE: Final = 0.5
"""Share of the tolerance above which a passing array gets an accuracy note."""

_UNITS: Final = {
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "tensorfloat32": 2.0**-11,
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
}
"""Rounding unit ``u = 2**-p`` by effective precision with ``p`` significand bits."""

_FLOORS: Final = {
    "float64": 2.0**-1022,
    "float32": 2.0**-126,
    "bfloat16": 2.0**-126,
    "float16": 2.0**-24,
}
"""``η`` by dtype: the smallest normal number, as flushing subnormals to zero is allowed. For
float16 it is the smallest subnormal: there, flushing would cost digits that its range has not to
spare."""

_LARGEST: Final = {
    "float64": 1.7976931348623157e308,
    "float32": 3.4028234663852886e38,
    "bfloat16": 3.3895313892515355e38,
    "float16": 65504.0,
}

PRECISIONS: Final = tuple(_UNITS)
"""Effective precisions that an adapter may declare."""


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
    if precision not in _UNITS:
        raise PrecisionError(
            f"The adapter declares the precision {precision!r}; known are {', '.join(PRECISIONS)}."
        )
    if dtype not in _FLOORS:
        return None
    # A framework may work more precisely than the dtype of its answer, but the answer itself has
    # been rounded to that dtype: the coarser of the two units holds.
    working = precision if dtype == "float32" else dtype
    return Scale(max(_UNITS[dtype], _UNITS[working]), 4 * _FLOORS[dtype], _LARGEST[dtype])
