"""A plan narrowed to the cases of a level: ``--level N``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cases.covering import COVERING, HOLDS
from conformance.cases.levels import LAST, LEVELS, of_catalogues
from conformance.records.model import LevelOf

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from conformance.cases.model import Case


def of_level(
    cases: Collection[Case], level: int | str, catalogues: Iterable[Sequence[Case]]
) -> tuple[list[Case], LevelOf]:
    """Those of some cases that are of a level, and what a record says of it.

    Args:
        cases: those that were asked for, each once.
        level: which.
        catalogues: each whole and in its order.

    Raises:
        LevelError: there is no such level.
    """
    kept = of_catalogues(cases, level, catalogues)
    return kept, told(level, len(kept), len(cases))


def told(level: int | str, chosen: int, cases: int | None = None) -> LevelOf:
    """What a record says of a level.

    Args:
        level: which, of those that there are.
        chosen: how many cases of it there are.
        cases: how many there were to choose from; None where that is not known.
    """
    if level == COVERING:
        return LevelOf(level=0, of=LAST, holds=HOLDS, chosen=chosen, cases=cases)
    level = int(level)
    return LevelOf(level=level, of=LAST, holds=LEVELS[level], chosen=chosen, cases=cases)
