"""What the history tells."""

from __future__ import annotations

from msgspec import Struct

from conformance.verdicts.model import Outcome


class HistoryError(Exception):
    """A history that can't be read or written. The text says what to do."""


class Point(Struct, frozen=True, kw_only=True):
    """One case on one adapter in one run."""

    run: str
    started: str
    """When the run began; UTC, ISO 8601."""
    case: str
    adapter: str
    """The column's whole name: ``keras-torch``, ``keras-torch@keras==3.14.1``."""
    versions: dict[str, str]
    """Of the adapter's environment, as it reported them."""
    outcome: Outcome
    margin: float | None
    """Largest share of the tolerance that a facet used; up to 1 passes. None where no facet has
    numbers, or where their distance has no size."""
    facet: str
    """The facet that used it; empty where there is no margin."""
    digest: str
    """What the case was, by content: points of different digests are not one curve."""


class Total(Struct, frozen=True, kw_only=True):
    """One adapter in one run, counted."""

    run: str
    started: str
    adapter: str
    versions: dict[str, str]
    counts: dict[Outcome, int]
    """How many cells ended how; planned cells without a verdict are ``not-run``."""
    partial: bool
    """Whether the run did not come to its end."""
