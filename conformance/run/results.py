"""The verdicts of a run, as they come: told on at once, waited for by whoever needs one.

One lock is behind it all, and the engine's threads share it: a verdict, the end of the run and a
fault of the suite are seen by everyone who waits, in one order.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.records.model import AdapterLine, CaseLine, CellLine
from conformance.records.wire import UnrecordableError
from conformance.run.lines import case_line
from conformance.run.plan import Cell, Plan
from conformance.verdicts.cell import adapter_failed
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.records.model import Line
    from conformance.reference.answer.store import StoredAnswer
    from conformance.verdicts.model import CellVerdict


class Stopped(Exception):  # noqa: N818 - not an error: the run was told to end
    """The engine was closed before this cell had its verdict."""


class Results:
    """What is known of a plan's cells. Thread-safe."""

    def __init__(
        self,
        plan: Plan,
        done: Mapping[Cell, CellLine],
        settled: Callable[[CellLine], None],
        on_line: Callable[[Line], None],
        *,
        keep: bool,
    ) -> None:
        """Begin with what an earlier stretch of the same run has judged.

        Args:
            plan: The cells that are to have a verdict.
            done: Verdicts of the earlier stretch, taken as they are.
            settled: Called with each further verdict, with the lock held.
            on_line: Called with every adapter, case and cell line as soon as it is known, from one
                thread at a time.
            keep: Keep every verdict whole, for :meth:`lines`; else only those that fail.
        """
        self.plan = plan
        lock = threading.RLock()
        self.changed = threading.Condition(lock)
        """Notified of every verdict, and at the end."""
        self.closed = False
        """Nothing more will come."""
        self.faults: list[str] = []
        """What went wrong with the harness itself, for the run's problems."""
        self._over = threading.Condition(lock)
        """Notified when there is nothing more to wait for."""
        self._settled = settled
        self._on_line = on_line
        self._keep = keep
        self._planned = sum(map(len, plan.cells.values()))
        self._cells: dict[Cell, CellLine] = {Cell(*key): line for key, line in done.items()}
        self._adapters: dict[str, AdapterLine] = {}
        self._cases: dict[str, CaseLine] = {}

    # -- asking --------------------------------------------------------------------------------

    def result(self, cell: Cell) -> CellLine:
        """Wait for a cell's verdict.

        Raises:
            Stopped: The engine was closed first.
        """
        with self.changed:
            while cell not in self._cells:
                if self.closed:
                    raise Stopped("; ".join(self.faults) or "the run was stopped")
                # A timeout only so that Ctrl-C is noticed on every platform.
                self.changed.wait(timeout=1.0)
            return self._cells[cell]

    def lines(self, cell: Cell) -> list[Line]:
        """The adapter, case and cell lines of a cell whose verdict is there."""
        with self.changed:
            found = (
                self._adapters.get(cell.adapter),
                self._cases.get(cell.case),
                self._cells.get(cell),
            )
            return [line for line in found if line is not None]

    def wait(self) -> None:
        """Wait until every planned cell has its verdict, or the engine is closed."""
        with self.changed:
            while not self.closed and not self._all_judged():
                # Woken once, at the end: not for each of ten thousand verdicts.
                self._over.wait(timeout=1.0)  # as above
        for cell in self.plan:
            self.result(cell)

    def undone(self, spec: AdapterSpec) -> list[Case]:
        """An adapter's cases that have no verdict yet."""
        with self.changed:
            return [
                self.plan.cases[case]
                for case in self.plan.cells[spec.name]
                if Cell(case, spec.name) not in self._cells
            ]

    def _all_judged(self) -> bool:
        return len(self._cells) >= self._planned

    # -- telling -------------------------------------------------------------------------------

    def tell_adapter(self, line: AdapterLine) -> None:
        """Tell of an adapter, before its first verdict."""
        with self.changed:
            self._adapters[line.name] = line
            self._tell(line)

    def tell_case(
        self, case: Case, *, reference: str = "", answer: StoredAnswer | None = None
    ) -> None:
        """Tell of a case, before its first verdict."""
        with self.changed:
            before = self._cases.get(case.id)
            # Told again where an adapter that is not installed came first, without an answer.
            if before is not None and (before.held_to or answer is None):
                return
            line = case_line(case, reference=reference, answer=answer)
            self._cases[case.id] = line
            self._tell(line)

    def settle_all(self, spec: AdapterSpec, verdict: Callable[[str], CellVerdict]) -> None:
        """Give all that an adapter has left one verdict."""
        for case in self.undone(spec):
            self.tell_case(case)
            self.settle(CellLine(digest=case.digest, verdict=verdict(case.id)))

    def settle(self, line: CellLine) -> None:
        """Tell of a verdict, unless its cell has one."""
        cell = Cell(line.verdict.case, line.verdict.adapter)
        with self.changed:
            # Told twice only if the suite itself failed over one of several processes.
            if self.closed or cell in self._cells:
                return
            line = self._told(line)
            self._settled(line)
            self._cells[cell] = (
                line if self._keep or line.verdict.outcome in FAILING else _slim(line)
            )
            self.changed.notify_all()
            if self._all_judged():
                self._over.notify_all()

    def fault(self, what: str) -> None:
        """Note what went wrong with the harness itself."""
        with self.changed:
            self.faults.append(what)

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
            self._over.notify_all()

    def _told(self, line: CellLine) -> CellLine:
        """Hand a verdict on, or, where it has no place in a record, an error in its place."""
        try:
            self._tell(line)
        except UnrecordableError as error:
            verdict = line.verdict
            why = f"a fault of the suite: {error}"
            self.fault(f"{verdict.case} on {verdict.adapter}: {error}")
            line = CellLine(
                digest=line.digest,
                verdict=adapter_failed(verdict.case, verdict.adapter, why),
            )
            self._tell(line)
        return line

    def _tell(self, line: Line) -> None:
        """Hand a line on; if it can't be recorded the run ends, as all else would be lost."""
        try:
            self._on_line(line)
        except Exception as error:
            if isinstance(error, UnrecordableError) and isinstance(line, CellLine):
                raise
            self.fault(f"the run was stopped: {error}")
            self.close()
            raise Stopped(str(error)) from error


def _slim(line: CellLine) -> CellLine:
    """What is kept of a cell that needs no explaining, once it is on record."""
    return replace(line, verdict=replace(line.verdict, facets=[]), native=[])
