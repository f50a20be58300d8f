"""Writes a run's lines, each once, and closes the record with what became of the run."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from conformance import __version__
from conformance.records import RecordsError, Writer
from conformance.records.model import (
    SCHEMA,
    AdapterLine,
    CaseLine,
    CellLine,
    Footer,
    Header,
)
from conformance.run import machine
from conformance.run.folder import utc_now
from conformance.run.plan import Cell
from conformance.run.rule import rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.records.model import Line
    from conformance.run.folder import RunFolder
    from conformance.run.plan import Plan
    from conformance.verdicts.capabilities import Claims
    from conformance.verdicts.ledger import Ledger

REDO = frozenset({"not-installed", "not-run"})
"""Outcomes that a resumed run tries again: what was missing may be there now."""


def still_counting(
    recorded: Mapping[tuple[str, str], CellLine], plan: Plan
) -> dict[Cell, CellLine]:
    """The recorded cells of a plan that need not be run again: same case, by content."""
    found = {}
    for cell in plan:
        if cell in recorded:
            line = recorded[cell]
            if line.digest == plan.cases[cell.case].digest and line.verdict.outcome not in REDO:
                found[cell] = line
    return found


class Recorder:
    """The record of one run. Not thread-safe: one writer at a time."""

    def __init__(self, folder: RunFolder, plan: Plan, *, resume: bool = False) -> None:
        """Open the record and write its header.

        Args:
            folder: The run's folder.
            plan: What is planned now.
            resume: Go on with the record that is there.

        Raises:
            RecordsError: The record cannot be written, or the one to resume cannot be read.
        """
        self.folder = folder
        self.done: dict[Cell, CellLine] = {}
        """Cells of an earlier stretch that still count: same case, by content."""
        if resume:
            self._writer, recorded = Writer.resume(folder.records)
            self.done = still_counting(recorded, plan)
        else:
            self._writer = Writer(folder.records)
        self._planned = set(plan)
        self._part = plan.part
        self._reported: dict[Cell, str] = {
            cell: line.verdict.outcome for cell, line in self.done.items()
        }
        self._told: set[tuple[str, str, str]] = set()
        self._writer.write(
            Header(
                schema=SCHEMA,
                run=folder.name,
                started=utc_now(),
                suite=__version__,
                machine=machine.describe(),
                command=sys.argv,
                cases=list(plan.cases),
                plan=plan.indices(),
                rule=rule(),
                shard=plan.part,
                touched=plan.touched,
                level=plan.level,
            )
        )

    def line(self, line: Line) -> None:
        """Write a line, unless an adapter or case has introduced itself already."""
        match line:
            case AdapterLine():
                key = ("adapter", line.name, "")
            case CaseLine():
                # One that is told again has learnt what it is held to.
                key = ("case", line.id, line.held_to)
            case CellLine():
                self._reported[Cell(line.verdict.case, line.verdict.adapter)] = line.verdict.outcome
                self._writer.write(line)
                return
            case _:
                raise TypeError(f"{type(line).__name__} lines are the recorder's own")
        if key not in self._told:
            self._told.add(key)
            self._writer.write(line)

    def close(self) -> None:
        """Let go of the record as it is, so that another run may go on with it."""
        with suppress(RecordsError):  # it was told already what the disk refuses
            self._writer.close()

    @property
    def missing(self) -> int:
        """How many planned cells have no verdict yet."""
        return len(self._planned - self._reported.keys())

    def finish(
        self,
        problems: list[str],
        remarks: Sequence[str] = (),
        *,
        ledger: Ledger | None = None,
        claims: Claims | None = None,
    ) -> list[str]:
        """Close the record; with a footer only if every planned cell was reported.

        Args:
            problems: What is wrong with the run itself.
            remarks: What those who keep the catalogue should look at.
            ledger: Of a shard, the ledger that was applied: whether an entry of it is of no use
                only :func:`conformance.records.merging.merge` can tell.
            claims: The capability files that were applied.

        Returns:
            The problems, and those that the record itself shows.
        """
        judged = Counter(self._reported.values())
        if not self._planned and self._part is None:
            problems = [*problems, "nothing was planned: no case on any adapter"]
        elif judged and judged["not-installed"] == judged.total():
            problems = [*problems, "nothing was judged: none of the adapters is installed"]
        if not self.missing:
            self._writer.write(
                Footer(
                    finished=utc_now(),
                    planned=len(self._planned),
                    reported=len(self._planned & self._reported.keys()),
                    counts=dict(judged),
                    problems=problems,
                    remarks=list(remarks),
                    excused=dict(claims.excused) if claims else {},
                    caps=claims.caps if claims else {},
                    covered=ledger.covered() if ledger else [],
                    idle={name: str(told) for name, told in ledger.idle().items()}
                    if ledger
                    else {},
                )
            )
        self._writer.close()
        return problems
