"""What a verdict is: one a facet, and one a cell (a case on an adapter)."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

FacetOutcome = Literal["pass", "fail", "error", "unsupported", "blocked"]

Outcome = Literal[
    "pass",
    "fail",
    "error",
    "crash",
    "timeout",
    "unsupported",
    "not-installed",
    "xfail",
    "xpass",
    "not-run",
    "unspecified",
]

FAILING: frozenset[str] = frozenset({"fail", "error", "crash", "timeout", "xpass", "not-run"})
"""Outcomes that make a run fail. ``unsupported`` and ``not-installed`` are neither a failure nor a
pass, and neither is ``unspecified``: nobody documents what the answer should be."""


class Worst(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One element that is furthest from its expectation."""

    index: list[int]
    expected: float | str
    observed: float | str
    times: float | str
    """Distance in τ (``z``), of which the limit admits many: readers are told its share of the
    tolerance, which is the limit times τ. ``nan`` or ``inf`` where it has no size, ``exact`` where
    the numbers must be equal."""
    within: float | None = None
    """The number's tolerance: how far rounding may move it, the limit times τ; 0 where it must be
    equal. None in records that are older than this field."""


class Comparison(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One array against its expectation."""

    what: str
    """``output 0``, ``gradient of dense/kernel``, ``loss`` ..."""
    margin: float | None = None
    """Largest |z| over its limit, how far a number is out as a multiple of its tolerance: up to 1
    passes. None where distance has no size: the shape
    differs, a NaN or infinity is on one side only, or equality is demanded and not met."""
    rms: float | None = None
    """Root mean square of z over its limit."""
    worst: list[Worst] = field(default_factory=list)
    message: str = ""
    """What is wrong; empty exactly when the array passes."""
    expected: Any = None
    """``{shape, dtype, numbers}`` with the first numbers in C order, for the report."""
    observed: Any = None
    within: list[float] | None = None
    """How far rounding may move each of the numbers under ``expected``: empty where they must be
    equal, None where it isn't kept (an array with elements in ``worst`` that are out, or an older
    record)."""
    error: float | None = None
    """Largest difference over the largest number expected, of outputs and losses; None where it
    has no size."""
    picture: str = ""
    """The first differences in eighths of τ (:mod:`conformance.verdicts.closeness`)."""

    def share(self, one: Worst) -> float | str:
        """How far one of its numbers is out, as a multiple of its tolerance: its own margin.

        Returns:
            1 at the edge of what passes; where the distance has no size, what ``times`` says.
        """
        first = self.worst[0].times if self.worst else 0.0
        if isinstance(one.times, str) or isinstance(first, str) or self.margin is None:
            return one.times
        return self.margin * one.times / first if first else 0.0


Broken = Literal["", "adapter", "reference"]
"""Who of the suite is at fault where the framework isn't."""


class FacetVerdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict on one facet."""

    facet: str
    outcome: FacetOutcome
    message: str = ""
    expected: Any = None
    observed: Any = None
    margin: float | None = None
    """The largest margin of its comparisons."""
    note: str = ""
    """An accuracy note: passed, but with more than half of the tolerance used."""
    behaves_like: str = ""
    """The named fault that explains a failure."""
    comparisons: list[Comparison] = field(default_factory=list)
    broken: Broken = ""
    """An error that is not the framework's: who of the suite is at fault."""
    alone: bool = False
    """It is unsupported because no other adapter of the run gave what it is judged by: that says
    nothing of the adapter itself."""
    raised_in: list[str] = field(default_factory=list)
    """Of an exception, the functions that it came through, innermost first, each as ``conv
    (keras_mine/src/nn.py:31)``; without those of Python's own library and of the suite."""


class Known(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ledger entry that covered a cell."""

    entry: str
    kind: Literal["bug", "by-design", "removed", "precision", "pending"]
    reason: str
    facets: list[str]
    link: str = ""


class CellVerdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict on one case by one adapter."""

    case: str
    adapter: str
    outcome: Outcome
    message: str = ""
    facets: list[FacetVerdict] = field(default_factory=list)
    known: Known | None = None
    also_known: list[Known] = field(default_factory=list)
    """Further ledger entries, where one cell needs several: each covers its own facets."""
    mended: list[Known] = field(default_factory=list)
    """Ledger entries that say that it deviates, where it doesn't and that is no fault of this run:
    a development release has mended it, or the ledger is not this run's to keep."""
    judged: Outcome | None = None
    """How it ended before the ledger made it ``xfail`` or ``xpass``; None where it did not."""
    absent: bool = False
    """It is unsupported because the adapter's release lacks what the case is about."""
    broken: Broken = ""
    """The cell says nothing of the framework, because this part of the suite is at fault: its
    ``adapter`` did not start or broke the protocol, or the case or ``reference`` is wrong."""
