"""How far honest rounding may move a number: the one rule, for every layer and framework.

For each number the reference gives, beside the truth ``ref``, the spread ``sqrt(s² + ref²/3)`` that
honest rounding has, in units of the rounding unit ``u``. With it,

    τ = u · spread + 4η        z = (observed - ref) / τ

and an array passes when ``max|z| <= 16`` and ``rms z <= 3`` (docs/numerics.md). There is no
tolerance in any case: what differs between adapters is ``u`` alone, by the precision that they
declare.

The verdicts hold frameworks to it, and the reference what cases state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


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

EXACT: Final = 1e-4
"""Share of τ by which two of the reference's own numbers may differ where exact arithmetic would
make them equal: noise of float64, whose ``u`` is 2e-9 of float32's."""

NOTE: Final = 0.5
"""Share of the tolerance above which a passing array gets an accuracy note."""

UNITS: Final = {
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "tensorfloat32": 2.0**-11,
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
}
"""Rounding unit ``u = 2**-p`` by effective precision with ``p`` significand bits."""

FLOORS: Final = {
    "float64": 2.0**-1022,
    "float32": 2.0**-126,
    "bfloat16": 2.0**-126,
    "float16": 2.0**-24,
}
"""``η`` by dtype: the smallest normal number, as flushing subnormals to zero is allowed. For
float16 it is the smallest subnormal: there, flushing would cost digits that its range has not to
spare."""

LARGEST: Final = {
    "float64": 1.7976931348623157e308,
    "float32": 3.4028234663852886e38,
    "bfloat16": 3.3895313892515355e38,
    "float16": 65504.0,
}

COMPLEX: Final = {"complex64": "float32", "complex128": "float64"}
"""Of what dtype the two parts of a complex number are, each of which is judged by itself."""

PRECISIONS: Final = tuple(UNITS)
"""Effective precisions that an adapter may declare."""

OPERATIONS: Final = ("conv", "matmul")
"""Operations that a framework may be told to work in a coarser precision than float32: what the
probe at an adapter's start measures, and what alone is given more room."""


def lowered_name(lowered: Mapping[str, str]) -> str:
    """Operations and their precisions as text: ``conv=tensorfloat32,matmul=bfloat16``."""
    return ",".join(f"{name}={lowered[name]}" for name in OPERATIONS if name in lowered)


def lowered_units(text: str) -> dict[str, float]:
    """The rounding units of :func:`lowered_name`'s operations.

    Raises:
        ValueError: It names another operation or precision.
    """
    found = {}
    for part in filter(None, text.split(",")):
        name, _, precision = part.partition("=")
        if name not in OPERATIONS or precision not in UNITS:
            raise ValueError(f"{part!r} is no operation with its precision")
        found[name] = UNITS[precision]
    return found
