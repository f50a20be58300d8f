"""The same cell in two runs: found by what its case is, not by what it is called."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.comparing.columns import Pair
    from conformance.records import Run
    from conformance.records.model import CaseLine
    from conformance.verdicts.model import CellVerdict, Outcome


class Cell(NamedTuple):
    """One case on one adapter in one of the runs."""

    run: Run
    case: str
    column: str

    @property
    def outcome(self) -> Outcome:
        """How it ended; ``not-run`` where it was planned and never reported."""
        return self.run.cells.outcome(self.case, self.column) or "not-run"

    @property
    def absent(self) -> bool:
        """Whether the release lacks what the case is about."""
        return self.run.cells.absent(self.case, self.column)

    @property
    def line(self) -> CaseLine | None:
        """Its case, where the run came as far as telling it."""
        return self.run.cases.get(self.case)

    @property
    def digest(self) -> str | None:
        """What its case is, by content; None where the run did not come as far."""
        line = self.run.cases.get(self.case)
        return line.digest if line else self.run.cells.digest(self.case, self.column)

    @property
    def margin(self) -> float | None:
        """The largest share of its tolerance that a facet used, where the run is a brief one."""
        return self.run.cells.margin(self.case, self.column)

    def judged(self) -> CellVerdict:
        """Decode the verdict of a cell that has one.

        Raises:
            KeyError: it has none.
        """
        return self.run.cells[self.case, self.column].verdict

    def verdict(self) -> CellVerdict | None:
        """Decode its verdict; None where it has none."""
        found = self.run.cells.get((self.case, self.column))
        return found.verdict if found else None


class Both(NamedTuple):
    """One cell on both sides; None where a side does not have it."""

    old: Cell | None
    new: Cell | None


def planned_by_column(run: Run) -> dict[str, list[str]]:
    """Return the cases that are planned for each column, in the order of the plan."""
    found: dict[str, list[str]] = {column: [] for column in run.header.plan}
    for case, column in run.planned():
        found[column].append(case)
    return found


def pair_cells(
    pair: Pair, old: Run, new: Run, olds: Iterable[str], news: Iterable[str]
) -> Iterator[Both]:
    """Go through the cells of one adapter: NEW's in its order, then what only OLD has.

    Args:
        pair: the adapter's column on either side.
        old: the run that OLD's column is of.
        new: likewise.
        olds: ids of the cases that OLD planned for its column.
        news: likewise.
    """
    before = {case: Cell(old, case, pair.old or "") for case in olds}
    after = {case: Cell(new, case, pair.new or "") for case in news}
    gone = [cell for case, cell in before.items() if case not in after]
    renamed = _renamed(gone, [cell for case, cell in after.items() if case not in before])
    for case, cell in after.items():
        yield Both(before.get(case) or renamed.get(case), cell)
    found_again = {cell.case for cell in renamed.values()}
    yield from (Both(cell, None) for cell in gone if cell.case not in found_again)


def _renamed(gone: Iterable[Cell], come: Iterable[Cell]) -> dict[str, Cell]:
    """Find cases that have another id and the same content, where there is but one of it."""
    old, new = _by_digest(gone), _by_digest(come)
    return {
        new[digest][0].case: cells[0]
        for digest, cells in old.items()
        if len(cells) == 1 and len(new.get(digest, ())) == 1
    }


def _by_digest(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.digest:
            found[cell.digest].append(cell)
    return found
