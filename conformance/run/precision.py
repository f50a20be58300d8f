"""Whether an adapter delivers the precision that it declares, and what is given more room.

An adapter declares one precision for its float32 work, ``float32`` unless its column says otherwise
(``keras-torch@precision=tf32``), and its probe measures a matrix product and a convolution when it
starts. A coarser operation than declared is an error of the run, and nothing is given more room for
it. Of a lower precision that is declared, only those operations get the room that deliver no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.acceptance import OPERATIONS, PRECISIONS, UNITS, lowered_name
from conformance.adapters.worker.probe import PASS, precision_of

if TYPE_CHECKING:
    from conformance.adapters.host.observation import Hello


@dataclass(frozen=True)
class Delivered:
    """What an adapter's declaration and its probe come to."""

    lowered: dict[str, str] = field(default_factory=dict)
    """Operations that are given the room of a coarser precision, each with it."""
    problem: str = ""
    """What is not as declared, without the adapter's name; empty where all is."""

    @property
    def name(self) -> str:
        """What the reference's answers are asked for by."""
        return lowered_name(self.lowered)


def delivered(hello: Hello) -> Delivered:
    """Hold what an adapter declares against what it measured of itself.

    An operation that has no probe is taken to be as declared.
    """
    declared = hello.precision
    if declared not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        return Delivered(problem=f"declares the precision {declared[:40]!r}; known are {known}")
    lowered, wrong = {}, []
    for operation in OPERATIONS:
        times = hello.probe.get(operation)
        measured = declared if times is None else precision_of(times)
        if UNITS[measured] > UNITS[declared] and UNITS[measured] > UNITS["float32"]:
            wrong.append(
                f"{operation} in {measured} ({times:.3g} times what float32's rounding explains, "
                f"limit {PASS:g})"
            )
        elif UNITS[measured] > UNITS["float32"]:
            lowered[operation] = measured
    if wrong:
        said = f"declares {declared} and works {' and '.join(wrong)}; see its settings"
        return Delivered(problem=said)
    return Delivered(lowered)
