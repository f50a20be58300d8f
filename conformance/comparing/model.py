"""What a comparison of two runs says. Its JSON is what ``diff --json`` writes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from conformance.verdicts.model import FAILING, FacetOutcome, Outcome

Change = Literal[
    "regression",
    "fixed",
    "still-failing",
    "new",
    "removed",
    "appeared",
    "disappeared",
    "case-changed",
    "tolerance-changed",
    "drift",
    "answer-changed",
    "environment-changed",
    "inconclusive",
    "unchanged",
]
"""What became of one case on one adapter; docs/records.md says when it is which."""

SCHEMA = 1
"""Version of the JSON; raised when a key goes away or changes its meaning."""

CLEAN, REGRESSED, UNUSABLE, UNDECIDED = 0, 1, 2, 3
"""Exit codes of ``diff``: none worse · something is worse · wrong usage or unreadable records ·
none worse among what could be compared, but not all of it could."""


class FacetChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One facet of a cell that is not what it was."""

    facet: str
    old: FacetOutcome | None = None
    """None: it was not judged (not asked for, or the cell ended before)."""
    new: FacetOutcome | None = None
    old_margin: float | None = None
    """Share of the tolerance that was used; None where it has no size."""
    new_margin: float | None = None
    message: str = ""
    """Why it fails: today, or, where it was mended, why it failed."""
    behaves_like: str = ""
    """The named fault that explains the failure, where one does."""


class CellChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one case on one adapter."""

    change: Change
    case: str
    """Its id in NEW (in OLD, where it was removed)."""
    adapter: str
    """The adapter's name without its version."""
    old: Outcome | None = None
    """None: it is not in OLD."""
    new: Outcome | None = None
    message: str = ""
    """Why, in one line: of the side that does not conform, today's before yesterday's."""
    facets: list[FacetChange] = field(default_factory=list)
    known: str = ""
    """The ledger's entry that covers it: in NEW where it deviates there, else in OLD."""
    because: list[str] = field(default_factory=list)
    """What changed between the two environments and may have caused it: ``keras 3.14.1 → 3.15.1``.
    Empty where nothing did, or where the change needs no cause."""
    was: str = ""
    """The case's id in OLD, where that is another: the same content under another name."""
    title: str = ""


class Version(Struct, frozen=True, kw_only=True):
    """One thing of an environment that is not the same on both sides."""

    what: str
    """A distribution, or ``python``, ``platform``, ``precision``, ``setting NAME``, ``status``."""
    old: str
    """Empty: it was not there."""
    new: str

    def __str__(self) -> str:
        """In one phrase: ``keras 3.14.1 → 3.15.1``."""
        return f"{self.what} {self.old or 'absent'} → {self.new or 'absent'}"


class Column(Struct, frozen=True, kw_only=True):
    """One adapter on both sides."""

    adapter: str
    """The adapter's name without its version: what the two sides have in common."""
    old: str | None
    """Its name in OLD; None where OLD does not have it."""
    new: str | None
    versions: list[Version]
    """What changed between the two environments."""
    counts: dict[Change, int]


class Side(Struct, frozen=True, kw_only=True):
    """Where one side comes from."""

    run: str
    started: str
    suite: str
    """Version of keras-conformance."""
    partial: bool


class Diff(Struct, frozen=True, kw_only=True):
    """Two runs, compared."""

    schema: int
    old: Side
    new: Side
    columns: list[Column]
    counts: dict[Change, int]
    compared: int
    """Cells that both sides have judged, of one case by one tolerance."""
    changes: list[CellChange]
    """Everything but what is unchanged; the gravest first, then in the order of NEW."""
    suspects: list[str]
    """Cases that fail on every adapter that judged them in NEW, two at least: rather the case or
    the reference is wrong than all of them."""
    notes: list[str]
    """What whoever reads this must know of the comparison itself."""
    left_out: int = 0
    """Cells that a side has not judged yet: the comparison of a run that was interrupted is one of
    what it has so far."""

    def unexpected(self) -> list[CellChange]:
        """Lists the regressions that no entry of the ledger accepts."""
        return [line for line in self.changes if line.change == "regression" and not line.known]

    def undecided(self) -> list[CellChange]:
        """Lists what may have become worse and can't be told: the comparison is open there.

        A changed case or tolerance counts where it fails now and did not before.
        """
        return [
            line
            for line in self.changes
            if line.change in {"inconclusive", "environment-changed", "disappeared"}
            or (
                line.change in {"case-changed", "tolerance-changed"}
                and line.new in FAILING
                and line.old not in FAILING
            )
        ]

    @property
    def exit_code(self) -> int:
        """See :data:`CLEAN`."""
        if self.unexpected():
            return REGRESSED
        told = self.compared and not self.left_out and not self.undecided()
        return CLEAN if told else UNDECIDED
