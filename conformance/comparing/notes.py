"""What whoever reads a comparison must know of it besides the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.comparing.facets import DEVIATES
from conformance.records.witnesses import Witnesses
from conformance.wording.text import lacking

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.comparing.columns import Pair
    from conformance.records import Run


def suspects(run: Run) -> list[str]:
    """List the cases that no implementation answers as expected, two independent ones failing.

    A case whose every failure is a known deviation is not among them: there the ledger has the
    reason.
    """
    witnesses = Witnesses(run)
    surprising = dict.fromkeys(
        case
        for case, column in run.planned()
        if (outcome := run.cells.outcome(case, column)) in DEVIATES and outcome != "xfail"
    )
    return [case for case in surprising if witnesses.suspect(case)]


def notes(old: Run, new: Run, pairs: Iterable[Pair], *, untold: bool) -> list[str]:
    """Say what limits the comparison.

    Args:
        old: what it was.
        new: what it is.
        pairs: the columns that were compared.
        untold: whether a side does not tell what its cases were held to.
    """
    found = []
    for side, run in (("OLD", old), ("NEW", new)) if old is not new else (("The run", old),):
        if missing := len(run.missing()):
            found.append(f"{side} is a partial run: {lacking(missing)}.")
        elif run.footer is None:
            found.append(f"{side} did not come to its end, though every cell has its verdict.")
        found += [f"{side}: {note}" for note in run.notes]
        found += [f"{side} was faulty itself: {problem}" for problem in run.problems]
    for pair in pairs:
        if pair.old is None:
            found.append(f"{pair.new} is only in NEW.")
        elif pair.new is None:
            found.append(f"{pair.old} is only in OLD.")
    if old is new:
        return found
    if old.header.suite != new.header.suite:
        found.append(f"keras-conformance itself: {old.header.suite} → {new.header.suite}.")
    machines = old.header.machine, new.header.machine
    found += [
        f"The machine's {what}: {machines[0].get(what, 'unknown')} → "
        f"{machines[1].get(what, 'unknown')}."
        for what in dict.fromkeys([*machines[0], *machines[1]])
        if machines[0].get(what) != machines[1].get(what)
    ]
    if untold:
        found.append(
            "A record is too old to tell what its cases were held to; it is taken to be the same "
            "on both sides."
        )
    return found
