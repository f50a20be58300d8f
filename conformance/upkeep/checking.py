"""What is wrong with a ledger, in itself and by what was recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.cases.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.upkeep.evidence import Judged
    from conformance.verdicts.ledger import Ledger, Objection

_LONGEST = 200
"""Characters of an observed message that are quoted."""


@dataclass(slots=True)
class _Found:
    """One thing that an entry says and that is not so, in all cells that show it."""

    objection: Objection
    first: str
    """The first such cell, and what it said."""
    cells: list[tuple[str, str]] = field(default_factory=list)


def faults(ledger: Ledger, recorded: Iterable[Judged]) -> list[Problem]:
    """Hold a ledger to its word.

    Args:
        ledger: as it was read; what is wrong with it in itself comes first.
        recorded: what was judged. Without any, only the ledger itself is looked at.

    Returns:
        Every problem, each once with the number of cells that show it, in the order of the files.
    """
    found: dict[tuple[str, str, str], _Found] = {}
    for one in recorded:
        cell = one.verdict
        held = ledger.hold(cell, one.versions)
        if held is None:
            continue
        for objection in (*held.objections, *held.passing):
            key = (objection.entry.id, objection.key, objection.text)
            message = f": {cell.message[:_LONGEST]!r}" if objection in held.objections else ""
            first = f"{cell.case} on {cell.adapter}{message}"
            found.setdefault(key, _Found(objection, first)).cells.append((cell.case, cell.adapter))
    told = [*ledger.problems, *map(_problem, found.values())]
    # What does not describe any cell rightly covers none; it is enough to say the former.
    named = {one.objection.entry.id for one in found.values()}
    told += [problem for entry, problem in ledger.idle().items() if entry not in named]
    return sorted(told, key=lambda p: (p.place.file, p.place.line, p.place.column))


def _problem(found: _Found) -> Problem:
    entry = found.objection.entry
    count = len(found.cells)
    where = found.first if count == 1 else f"{count} cells, the first: {found.first}"
    return Problem(
        place=entry.place,
        key=found.objection.key,
        message=found.objection.text,
        hint=where,
    )
