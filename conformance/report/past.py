"""What past runs said, out of a history: each adapter's trend, and since when a case deviates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.comparing.facets import DEVIATES
from conformance.history import points, trend
from conformance.history.since import changes_between, stretches
from conformance.wording.text import visible

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.history.since import Stretch
    from conformance.wording.causes import Cause

CASES: Final = 300
"""Cases whose past is told: those that deviate now, the gravest first."""


def past(history: Path, found: tuple[list[Cause], list[Cause]]) -> dict[str, Any]:
    """Return what the page shows of a history.

    Args:
        history: its file.
        found: the run's causes.

    Returns:
        ``trend``: a row for each adapter in each run; ``cases``: by case and adapter, the stretches
        of runs in which it ended alike, the oldest first.

    Raises:
        HistoryError: the history can't be read.
    """
    cases = dict.fromkeys(case for causes in found for cause in causes for case in cause.cases)
    return {
        "trend": [
            {
                "run": visible(total.run),
                "started": visible(total.started),
                "adapter": visible(total.adapter),
                "versions": _versions(total.versions),
                "deviate": sum(n for outcome, n in total.counts.items() if outcome in DEVIATES),
                "pass": total.counts.get("pass", 0),
                "partial": total.partial,
            }
            for total in trend(history)
        ],
        "cases": {
            visible(case): {
                visible(adapter): _told(mine)
                for adapter, mine in stretches(points(history, case)).items()
                if mine
            }
            for case in list(cases)[:CASES]
        },
    }


def _told(mine: list[Stretch]) -> list[dict[str, Any]]:
    rows = []
    for before, stretch in zip([None, *mine], mine, strict=False):
        rows.append(
            {
                "outcome": stretch.outcome,
                "first": visible(stretch.first.started),
                "last": visible(stretch.last.started),
                "runs": len(stretch.points),
                "versions": _versions(stretch.first.versions),
                "because": [visible(c) for c in changes_between(before.last, stretch.first)]
                if before
                else [],
                "margins": [point.margin for point in stretch.points[-20:]],
            }
        )
    return rows


def _versions(versions: dict[str, str]) -> str:
    return visible(", ".join(f"{name} {version}" for name, version in list(versions.items())[:2]))
