"""One cell of OLD against the same cell of NEW, facet by facet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.comparing.model import FacetChange

if TYPE_CHECKING:
    from conformance.comparing.model import Change
    from conformance.verdicts.model import CellVerdict, FacetVerdict, Outcome

CONFORMS: Final = frozenset({"pass", "xpass"})
"""An unexpected pass is one: it is the ledger that is wrong then."""
DEVIATES: Final = frozenset({"fail", "error", "crash", "timeout", "xfail"})
"""A known deviation is one: that it is accepted does not make it conform."""
_JUDGED: Final = CONFORMS | DEVIATES
_MISSING: Final = "not-installed"
"""What says something of the environment, and nothing of the framework."""

_WHOLE: Final = frozenset({"crash", "timeout"})
"""Ends of a cell that leave no facets."""
_FAILS: Final = frozenset({"fail", "error"})

DRIFT_FROM: Final = 0.125
"""Share of the tolerance (two standard deviations of honest rounding) below which a margin may
wander: there it tells nothing."""
DRIFT_TIMES: Final = 2.0
"""How many times its old margin a facet must use to be called drifting."""


def incomparable(
    outcomes: tuple[Outcome, Outcome], absent: tuple[bool, bool] = (False, False)
) -> Change | None:
    """Say what became of a cell that can't be weighed, as a side has not judged it.

    Args:
        outcomes: how it ended in OLD and in NEW.
        absent: whether that side's release lacks what the case is about.

    Returns:
        None where both sides have judged it, or both answered what nobody documents.
    """
    judged = [outcome in _JUDGED for outcome in outcomes]
    if all(judged) or set(outcomes) == {"unspecified"}:
        return None
    if _MISSING in outcomes:
        return "unchanged" if outcomes[0] == outcomes[1] else "environment-changed"
    if outcomes == ("unsupported", "unsupported"):
        return "unchanged"
    if absent[0] and judged[1]:
        return "appeared"
    return "disappeared" if absent[1] and judged[0] else "inconclusive"


def weigh(old: CellVerdict, new: CellVerdict) -> tuple[Change, list[FacetChange]]:
    """Say what became of a cell that both sides have judged, of one case by one tolerance.

    Args:
        old: the verdict in OLD; it conforms or deviates.
        new: the verdict in NEW; likewise.

    Returns:
        ``regression`` where it conformed, or where a facet that conformed fails now; ``fixed``
        where it deviated and conforms; ``still-failing`` where it deviates without a facet more;
        ``drift`` where both conform and a facet uses much more of its tolerance; ``unchanged``.
        With it, the facets that make it so.
    """
    facets = _facets(old, new)
    if old.outcome in CONFORMS:
        if new.outcome in DEVIATES:
            return "regression", [f for f in facets if f.new in _FAILS]
        drifting = [facet for facet in facets if _drifts(facet)]
        return ("drift", drifting) if drifting else ("unchanged", [])
    moved = [f for f in facets if f.old != f.new or (f.new in _FAILS)]
    if new.outcome in CONFORMS:
        return "fixed", [f for f in moved if f.old in _FAILS]
    lost = [f for f in moved if f.old == "pass" and f.new in _FAILS]
    if lost:
        return "regression", lost
    if new.outcome in _WHOLE and old.outcome not in _WHOLE and _passed(old):
        return "regression", []  # what it still answered before, it does not answer now
    return "still-failing", moved


def differs(old: CellVerdict, new: CellVerdict) -> list[FacetChange]:
    """List the facets whose outcome is not the same; margins aside."""
    return [facet for facet in _facets(old, new) if facet.old != facet.new]


def _facets(old: CellVerdict, new: CellVerdict) -> list[FacetChange]:
    before = {facet.facet: facet for facet in old.facets}
    after = {facet.facet: facet for facet in new.facets}
    return [
        _facet(name, before.get(name), after.get(name)) for name in dict.fromkeys([*after, *before])
    ]


def _facet(name: str, old: FacetVerdict | None, new: FacetVerdict | None) -> FacetChange:
    told = new if new and new.outcome in _FAILS else old
    return FacetChange(
        facet=name,
        old=old.outcome if old else None,
        new=new.outcome if new else None,
        old_margin=old.margin if old else None,
        new_margin=new.margin if new else None,
        message=told.message if told else "",
        behaves_like=told.behaves_like if told else "",
    )


def _drifts(facet: FacetChange) -> bool:
    if facet.old != "pass" or facet.new != "pass":
        return False
    before, after = facet.old_margin or 0.0, facet.new_margin or 0.0
    return after >= DRIFT_FROM and after >= DRIFT_TIMES * before


def _passed(verdict: CellVerdict) -> bool:
    return any(facet.outcome == "pass" for facet in verdict.facets)
