"""How the page shows a cell: its outcome, and apart from it what is no verdict on the framework.

*Fails* is a word about the framework. A suite that broke, a record that is about another case than
today's, and a cell that nobody ever answered are not failures, and are not shown as such.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from conformance.wording.outcomes import LOOKS, Look

if TYPE_CHECKING:
    from conformance.records import Run

BROKEN: Final = "broken"
STALE: Final = "stale"
NO_DATA: Final = "not-run"

VIEWS: Final[dict[str, Look]] = {
    **{name: LOOKS[name] for name in ("fail", "error", "crash", "timeout", "xpass")},
    BROKEN: Look(
        "h",
        "⚒",
        "not judged",
        "the case, the reference, the adapter or the suite is at fault: nothing is known of the "
        "framework",
        "magenta",
    ),
    STALE: Look(
        "s", "↺", "stale", "judged once, as a case that has changed since: run it again", "yellow"
    ),
    NO_DATA: Look("n", "?", "not run", "planned, and never answered", "bold yellow"),
    **{
        name: LOOKS[name]
        for name in ("xfail", "pass", "unsupported", "unspecified", "not-installed")
    },
}
"""Worst first, as in :data:`conformance.wording.outcomes.LOOKS`."""

FAILS: Final = frozenset({"fail", "error", "crash", "timeout", "xpass", BROKEN, STALE, NO_DATA})
"""What makes a run not clean."""


def seen(run: Run) -> dict[str, Counter[str]]:
    """Return how many planned cells of each adapter are shown in each way.

    Only errors are decoded for it: which of them are no verdict on the framework.
    """
    found: dict[str, Counter[str]] = {name: Counter() for name in run.header.plan}
    for case, adapter in run.planned():
        outcome = run.cells.outcome(case, adapter) or NO_DATA
        found[adapter][view(run, case, adapter) if outcome == "error" else outcome] += 1
    return found


def view(run: Run, case: str, adapter: str) -> str:
    """Return how a planned cell is shown, without decoding it where its outcome tells."""
    outcome = run.cells.outcome(case, adapter)
    if outcome is None or outcome == "not-run":
        return STALE if (case, adapter) in run.superseded else NO_DATA
    if outcome == "error" and run.cells[case, adapter].verdict.broken:
        return BROKEN
    return outcome
