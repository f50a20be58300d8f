"""What whoever reads a comparison must know of it besides the cells."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from conformance.adapters.naming import base_of
from conformance.comparing.facets import CONFORMS, DEVIATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.comparing.columns import Pair
    from conformance.records import Run

_WITNESSES = 2
"""Adapters that must fail before the case is suspected rather than they."""


def suspects(run: Run) -> list[str]:
    """List the cases that no adapter answers as expected, two at least failing.

    A case whose every failure is a known deviation is not among them: there the ledger has the
    reason. Two versions of one adapter are one witness.
    """
    failing: dict[str, set[str]] = defaultdict(set)
    surprising: set[str] = set()
    conforming: set[str] = set()
    for case, column in run.planned():
        outcome = run.cells.outcome(case, column)
        if outcome in CONFORMS:
            conforming.add(case)
        elif outcome in DEVIATES:
            failing[case].add(base_of(column))
            if outcome != "xfail":
                surprising.add(case)
    return [
        case
        for case, adapters in failing.items()
        if len(adapters) >= _WITNESSES and case in surprising and case not in conforming
    ]


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
            found.append(f"{side} is a partial run: {missing:,} planned cells have no verdict.")
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
