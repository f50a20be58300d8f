"""What the first page shows: a bar an adapter, and every cause of deviation once.

It is plain data for the template, so that it reads without JavaScript.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.report.terminal import unasked, versions_of
from conformance.report.views import BROKEN, NO_DATA, STALE, VIEWS, view
from conformance.wording.causes import first_fault
from conformance.wording.text import shown

if TYPE_CHECKING:
    from collections import Counter

    from conformance.records import Run
    from conformance.verdicts.model import FacetVerdict
    from conformance.wording.causes import Cause

CAUSES_SHOWN: Final = 40
"""Causes that a section lists, gravest first."""
CELLS_SHOWN: Final = 8
"""Cells that are linked under one cause."""
THINNEST: Final = 0.006
"""One failure among thousands must still be seen: no part of a bar is thinner than this."""


def adapters(run: Run, counts: dict[str, Counter[str]]) -> list[dict[str, Any]]:
    """Return name, versions, counts and bar of every adapter.

    Args:
        run: the run.
        counts: how many cells of each adapter are shown how.
    """
    return [_adapter(run, name, counts[name]) for name in run.header.plan]


def sections(
    run: Run, causes: tuple[list[Cause], list[Cause]]
) -> tuple[list[tuple[list[dict[str, Any]], str]], dict[str, int]]:
    """Return what is shown of the causes, unexpected and known, and how many are left out."""
    found = dict(zip(("unexpected", "known"), causes, strict=True))
    groups = [
        ([_group(run, cause) for cause in of[:CAUSES_SHOWN]], kind) for kind, of in found.items()
    ]
    return groups, {kind: max(0, len(of) - CAUSES_SHOWN) for kind, of in found.items()}


def _adapter(run: Run, name: str, counts: Counter[str]) -> dict[str, Any]:
    line = run.adapters.get(name)
    total = counts.total()
    weights = {one: max(counts[one] / total, THINNEST) for one in VIEWS if counts[one]}
    scale = 1000 / sum(weights.values()) if weights else 0
    bars, x = [], 0.0
    for one, weight in weights.items():
        bars.append({"view": one, "x": round(x, 2), "width": round(scale * weight, 2)})
        x += scale * weight
    return {
        "name": name,
        "line": line,
        "versions": versions_of(line) if line else "never introduced itself",
        "counts": counts,
        "bars": bars,
        "total": total,
        "unasked": unasked(run, name),
    }


def _group(run: Run, cause: Cause) -> dict[str, Any]:
    first = run.cells.get(cause.cells[0])
    fault = first_fault(first) if first else None
    by_case: dict[str, list[str]] = {}
    for case, adapter in cause.cells[:CELLS_SHOWN]:
        by_case.setdefault(case, []).append(adapter)
    counts = cause.adapters
    return {
        "cause": cause,
        "view": _view(run, cause),
        "pair": _pair(fault) if fault else None,
        "adapters": [
            (name, counts[name], "" if counts[name] else _elsewhere(run, cause, name))
            for name in run.header.plan
        ],
        "cases": [
            (case, run.cases[case].title if case in run.cases else "", names)
            for case, names in by_case.items()
        ],
        "more": max(0, len(cause.cells) - CELLS_SHOWN),
    }


def _view(run: Run, cause: Cause) -> str:
    if cause.broken:
        return BROKEN
    if cause.outcome == NO_DATA and all(cell in run.superseded for cell in cause.cells):
        return STALE
    return cause.outcome


def _pair(fault: FacetVerdict) -> tuple[str, str] | None:
    """Expected and observed, unless the message tells them already."""
    expected, observed = shown(fault.expected), shown(fault.observed)
    told = expected in fault.message and observed in fault.message
    return None if told else (expected, observed)


def _elsewhere(run: Run, cause: Cause, adapter: str) -> str:
    """What an adapter without this fault says to the same cases: a pass, or nothing."""
    found = {view(run, case, adapter) for case in cause.cases[:CELLS_SHOWN]}
    return found.pop() if len(found) == 1 else ""
