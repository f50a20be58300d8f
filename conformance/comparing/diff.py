"""The comparison itself: a function of two loaded records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, get_args

from conformance.comparing.columns import pair_columns
from conformance.comparing.environments import attribute, changed
from conformance.comparing.facets import CONFORMS, DRIFT_FROM, differs, incomparable, weigh
from conformance.comparing.model import SCHEMA, CellChange, Change, Column, Diff, Side
from conformance.comparing.notes import notes, suspects
from conformance.comparing.pairing import pair_cells, planned_by_column
from conformance.comparing.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.comparing.columns import Pair
    from conformance.comparing.model import FacetChange
    from conformance.comparing.pairing import Both, Cell
    from conformance.records import Run
    from conformance.verdicts.model import CellVerdict, Outcome

_ORDER: dict[Change, int] = {change: rank for rank, change in enumerate(get_args(Change))}


def compare(  # noqa: PLR0913 - two sides, which columns of them, and how far
    old: Run,
    new: Run,
    *,
    old_columns: str | None = None,
    new_columns: str | None = None,
    pairs: Sequence[Pair] | None = None,
    so_far: bool = False,
) -> Diff:
    """Compare two runs, or two columns of one.

    A case is the same on both sides when its content is (its digest): under another id it is
    found again, and under its own id with another content it is not compared.

    Args:
        old: what it was; :func:`conformance.records.read` with ``brief=True`` is enough.
        new: what it is. The same run as ``old`` where two of its columns are compared.
        old_columns: a column of ``old`` or a pattern with ``*``; default: all.
        new_columns: the same of ``new``.
        pairs: which columns to compare, where that is known; else they are paired by name.
        so_far: the two are still at work, or were stopped: a cell that a side has not judged yet is
            left out, and counted, instead of being called inconclusive.

    Returns:
        What became of every cell, with what it may be due to.

    Raises:
        ColumnsError: it is not clear which columns to compare.
    """
    if pairs is None:
        pairs = pair_columns(
            old.header.plan, new.header.plan, old_pattern=old_columns, new_pattern=new_columns
        )
    planned = planned_by_column(old), planned_by_column(new)
    rules = Rules(old, new)
    columns: list[Column] = []
    changes: list[CellChange] = []
    totals: Counter[Change] = Counter()
    compared = left_out = 0
    for pair in pairs:
        counts: Counter[Change] = Counter()
        olds, news = planned[0].get(pair.old or "", []), planned[1].get(pair.new or "", [])
        for both in pair_cells(pair, old, new, olds, news):
            if so_far and not _judged(both):
                left_out += 1
                continue
            found = _weigh(both, rules)
            counts[found.change] += 1
            compared += found.compared
            if found.change != "unchanged":
                changes.append(_told(pair.adapter, both, found))
        totals += counts
        columns.append(
            Column(
                adapter=pair.adapter,
                old=pair.old,
                new=pair.new,
                versions=changed(
                    old.adapters.get(pair.old or ""), new.adapters.get(pair.new or "")
                ),
                counts=_ordered(counts),
            )
        )
    changes.sort(key=lambda line: _ORDER[line.change])
    return Diff(
        schema=SCHEMA,
        old=_side(old),
        new=_side(new),
        columns=columns,
        counts=_ordered(totals),
        compared=compared,
        left_out=left_out,
        changes=attribute(changes, columns),
        # Who has not judged a case yet may still show that it is in order.
        suspects=[] if left_out else suspects(new),
        notes=notes(old, new, pairs, untold=rules.untold),
    )


def _judged(both: Both) -> bool:
    """Whether no side that has the cell is yet to judge it."""
    return all(cell is None or cell.outcome != "not-run" for cell in both)


class _Found(NamedTuple):
    """What became of a cell."""

    change: Change
    facets: list[FacetChange]
    compared: bool = False
    """Whether both sides have judged it, of one case by one tolerance."""


_UNCHANGED = _Found("unchanged", [], compared=True)


def _weigh(both: Both, rules: Rules) -> _Found:
    old, new = both
    if old is None or new is None:
        return _Found("new" if old is None else "removed", [])
    outcomes = old.outcome, new.outcome
    apart = _incomparable(old, new, outcomes)
    if apart:
        return _Found(apart, [])
    if outcomes == ("unspecified", "unspecified"):
        alike = old.judged().message == new.judged().message
        return _UNCHANGED if alike else _Found("answer-changed", [], compared=True)
    if outcomes == ("pass", "pass") and (new.margin or DRIFT_FROM) < DRIFT_FROM:
        return _UNCHANGED  # most cells: nothing need be decoded
    before, after = old.judged(), new.judged()
    if rules.differ(old, new):
        return _by_another_rule(before, after)
    return _Found(*weigh(before, after), compared=True)


def _by_another_rule(before: CellVerdict, after: CellVerdict) -> _Found:
    """What became of a cell that is held to something else now than it was."""
    facets = differs(before, after)
    if facets or _conforms(before) != _conforms(after):
        return _Found("tolerance-changed", facets)
    return _UNCHANGED if _conforms(after) else _Found("still-failing", [], compared=True)


def _incomparable(old: Cell, new: Cell, outcomes: tuple[Outcome, Outcome]) -> Change | None:
    """Say why two cells can't be compared; None where they can."""
    digests = old.digest, new.digest
    if digests[0] != digests[1] and None not in digests:
        return "case-changed"
    return incomparable(outcomes, (old.absent, new.absent))


def _told(adapter: str, both: Both, found: _Found) -> CellChange:
    old, new = both
    before, after = old.verdict() if old else None, new.verdict() if new else None
    here = new or old
    if here is None:  # pragma: no cover - a cell is on one side at least
        raise ValueError("a cell of neither run")
    told = after if after and (before is None or not _conforms(after)) else before
    known = told.known if told else None
    return CellChange(
        change=found.change,
        case=here.case,
        adapter=adapter,
        old=old.outcome if old else None,
        new=new.outcome if new else None,
        message=told.message if told else "",
        facets=found.facets,
        known=known.entry if known else "",
        was=old.case if old and old.case != here.case else "",
        title=here.line.title if here.line else "",
    )


def _conforms(verdict: CellVerdict) -> bool:
    return verdict.outcome in CONFORMS


def _ordered(counts: Counter[Change]) -> dict[Change, int]:
    return {change: counts[change] for change in _ORDER if counts[change]}


def _side(run: Run) -> Side:
    return Side(
        run=run.header.run,
        started=run.started,
        suite=run.header.suite,
        partial=run.partial,
    )
