"""Recorded verdicts, as they were before a ledger was applied to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.verdicts.ledger import LEDGER_SAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.records import Run
    from conformance.verdicts.model import CellVerdict, Outcome


@dataclass(frozen=True, slots=True)
class Judged:
    """One recorded verdict, and the versions that it was judged with."""

    verdict: CellVerdict
    versions: dict[str, str]


def judged(runs: Iterable[Run]) -> Iterator[Judged]:
    """Go through the verdicts of recorded runs, without what a ledger made of them."""
    for run in runs:
        for (_, adapter), line in run.cells.items():
            told = run.adapters.get(adapter)
            yield Judged(without_ledger(line.verdict), told.versions if told else {})


def without_ledger(verdict: CellVerdict) -> CellVerdict:
    """Return a verdict as it was judged: no known deviation, no unexpected pass, no objections."""
    message = verdict.message.partition(LEDGER_SAYS)[0]
    if verdict.outcome not in {"xfail", "xpass"}:
        return replace(verdict, message=message)
    before = verdict.judged or _guessed(verdict)
    return replace(verdict, outcome=before, message=message, known=None, also_known=[], judged=None)


def _guessed(verdict: CellVerdict) -> Outcome:
    """How a cell had ended, in records that are too old to tell."""
    ends = {facet.outcome for facet in verdict.facets}
    for outcome in ("fail", "error"):
        if outcome in ends:
            return outcome
    return "pass" if verdict.outcome == "xpass" else "error"
