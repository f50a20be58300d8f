"""How each change is called and shown: one table for terminal and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.wording.text import plural

if TYPE_CHECKING:
    from conformance.comparing.model import CellChange, Change, Diff, FacetChange


class Look(NamedTuple):
    """What stands for a change."""

    symbol: str
    word: str
    meaning: str
    style: str
    """For the terminal, in rich's words."""


LOOKS: dict[Change, Look] = {
    "regression": Look("✗", "regression", "conformed, and does not any more", "bold red"),
    "fixed": Look("✓", "fixed", "deviated, and conforms now", "bold green"),
    "still-failing": Look("=", "still failing", "deviates on both sides", "yellow"),
    "new": Look("+", "new", "only in NEW", "cyan"),
    "removed": Look("-", "removed", "only in OLD", "magenta"),
    "appeared": Look("+", "appeared", "OLD's release does not have what the case is about", "cyan"),
    "disappeared": Look(
        "-", "disappeared", "NEW's release does not have what the case is about", "magenta"
    ),
    "case-changed": Look("~", "case changed", "the case is not the one that OLD judged", "cyan"),
    "tolerance-changed": Look(
        "~", "tolerance changed", "the reference or its tolerance is another", "cyan"
    ),
    "drift": Look(
        "≈", "drift within budget", "conforms, by much more of its tolerance than before", "yellow"
    ),
    "answer-changed": Look(
        "≠", "answer changed", "nobody documents an answer, and it is another now", "yellow"
    ),
    "environment-changed": Look(
        "○", "environment changed", "the framework is missing on one side", "magenta"
    ),
    "inconclusive": Look("?", "inconclusive", "one side has no verdict", "bold yellow"),
    "unchanged": Look(" ", "unchanged", "as it was", "dim"),
}


NOT_YET = "nothing judged on both sides yet"
"""Of an adapter that a comparison has come to nothing of."""
_NOT_THERE = "not there"


def headline(diff: Diff) -> str:
    """Return the whole comparison in one sentence, without its full stop."""
    unexpected = len(diff.unexpected())
    known = diff.counts.get("regression", 0) - unexpected
    so_far = ""
    if diff.left_out:
        judged = sum(diff.counts.values())
        so_far = f"Partial: {judged:,} of {judged + diff.left_out:,} cells judged on both sides. "
    told = []
    if unexpected:
        told.append(plural(unexpected, "regression"))
    if known:
        told.append(
            f"{known:,} that the ledger knows" if told else plural(known, "known regression")
        )
    if diff.counts.get("fixed"):
        told.append(f"{diff.counts['fixed']:,} fixed")
    if not diff.compared:
        return f"{so_far}Nothing could be compared"
    among = f"among {plural(diff.compared, 'compared cell')}"
    if not unexpected:
        told.insert(0, "No regression")
    undecided = len(diff.undecided())
    rest = f"; {undecided:,} can't be told" if undecided else ""
    return f"{so_far}{', '.join(told)} {among}{rest}"


def facet_text(facet: FacetChange) -> str:
    """Return a facet's change in short: ``values: pass → fail``, ``values: 4% → 61%``."""
    if facet.old == facet.new == "pass":
        return f"{facet.facet}: {_share(facet.old_margin)} → {_share(facet.new_margin)}"
    if facet.old == facet.new:
        return f"{facet.facet}: {facet.new}"
    return f"{facet.facet}: {facet.old or 'not judged'} → {facet.new or 'not judged'}"


def outcomes(line: CellChange) -> str:
    """Return how it ended on either side: ``pass → fail``, ``not there → fail``."""
    if line.old is None or line.new is None:
        return line.new or line.old or ""
    old = _NOT_THERE if line.change == "appeared" else line.old
    new = _NOT_THERE if line.change == "disappeared" else line.new
    return new if old == new else f"{old} → {new}"


def _share(margin: float | None) -> str:
    return "0%" if margin is None else f"{margin:.0%}"
