"""As much of a cell's line as the page's table shows of it.

Decoding a whole cell costs five times as much, and a report of 45,000 of them must be made in
seconds. Every field is one of :class:`conformance.records.model.CellLine` and its parts, by the
same name; :func:`conformance.records.read` has checked the whole line before.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct, field

from conformance.adapters.host.observation import Native
from conformance.verdicts.model import FacetOutcome, Outcome

NOTHING: Final = msgspec.Raw(b"null")
OTHERS: Final = (b"float16", b"float64")
"""In the JSON of the dtypes of outputs: those whose errors are no errors of float32."""


class SlimComparison(Struct, gc=False):
    """How close one array came."""

    error: float | None = None


class SlimFacet(Struct):
    """The verdict on one facet."""

    facet: str
    outcome: FacetOutcome
    expected: msgspec.Raw = NOTHING
    message: str = ""
    margin: float | None = None
    note: str = ""
    comparisons: list[SlimComparison] = field(default_factory=list)


class SlimKnown(Struct, gc=False):
    """Which ledger entry covered the cell."""

    entry: str


class SlimVerdict(Struct):
    """The verdict on the cell."""

    outcome: Outcome
    message: str = ""
    facets: list[SlimFacet] = field(default_factory=list)
    known: SlimKnown | None = None
    also_known: list[SlimKnown] = field(default_factory=list)
    broken: str = ""

    @property
    def margin(self) -> float | None:
        """The largest of its facets' margins."""
        return max((f.margin for f in self.facets if f.margin is not None), default=None)

    @property
    def error(self) -> float | None:
        """The largest relative error of its outputs; None where one of them is no float32."""
        for facet in self.facets:
            if facet.facet == "dtype" and any(other in bytes(facet.expected) for other in OTHERS):
                return None
            if facet.facet == "values":
                errors = [found.error for found in facet.comparisons if found.error is not None]
                return max(errors, default=None)
        return None


class SlimCell(Struct):
    """One cell."""

    verdict: SlimVerdict
    native: list[Native] = field(default_factory=list)


# Not strict, as in `records.wire`: "inf" is read where the model says float.
DECODER: Final = msgspec.json.Decoder(SlimCell, strict=False)
