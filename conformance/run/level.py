"""A plan narrowed to the cases of a level: ``--level N``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cases.levels import LAST, LEVELS, at_level
from conformance.records.model import LevelOf

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from conformance.cases.model import Case


def of_level(
    cases: Collection[Case], level: int, catalogues: Iterable[Sequence[Case]]
) -> tuple[list[Case], LevelOf]:
    """Leave of some cases those of a level.

    A case's level is told by its whole catalogue, so it is the same whatever else was asked for.
    Cases that are in none of the catalogues are taken for one of their own.

    Args:
        cases: those that were asked for, each once.
        level: which.
        catalogues: each whole and in its order.

    Returns:
        Those that are left, in the same order, and what a record says of it.

    Raises:
        LevelError: there is no such level.
    """
    known: set[str] = set()
    chosen: set[str] = set()
    for catalogue in catalogues:
        known.update(case.id for case in catalogue)
        chosen.update(case.id for case in at_level(catalogue, level))
    others = [case for case in cases if case.id not in known]
    chosen.update(case.id for case in at_level(others, level))
    kept = [case for case in cases if case.id in chosen]
    return kept, told(level, len(kept), len(cases))


def told(level: int, chosen: int, cases: int | None = None) -> LevelOf:
    """What a record says of a level.

    Args:
        level: which, of those that there are.
        chosen: how many cases of it there are.
        cases: how many there were to choose from; None where that is not known.
    """
    return LevelOf(level=level, of=LAST, holds=LEVELS[level], chosen=chosen, cases=cases)
