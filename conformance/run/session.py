"""One run from its plan to its end: what pytest and the command line share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from conformance.adapters.host import registry
from conformance.adapters.host.host import Limits
from conformance.cases import default_root, is_packaged, load_ids
from conformance.records.model import AdapterLine, CellLine
from conformance.reference.answer.store import Store
from conformance.run import machine
from conformance.run.engine import Engine
from conformance.run.oracle import Oracle
from conformance.run.recorder import Recorder
from conformance.run.touched import mismatch
from conformance.verdicts.capabilities import Claims
from conformance.verdicts.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from conformance.adapters.host.host import AdapterProcess
    from conformance.records.model import Line
    from conformance.run.folder import RunFolder
    from conformance.run.plan import Cell, Plan

LEDGER_FOLDER = "divergences"
"""The catalogue's own ledger, beside its suites."""

CAPABILITIES_FOLDER = "capabilities"
"""The catalogue's own capability files, beside its suites."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to run, whatever is run."""

    jobs: int = field(default_factory=machine.usable_cores)
    """Adapter processes at a time."""
    case_seconds: float = 60.0
    """Limit of one case."""
    ledgers: tuple[Path, ...] = ()
    """Further files or folders of known divergences."""
    capabilities: tuple[Path, ...] = ()
    """Capability files of one's own; each replaces what a catalogue states of the same adapter."""
    catalogues: tuple[Path, ...] | None = None
    """Roots of the catalogues that the cases come from; their ledgers and capability files apply.
    Default: our own."""

    beside: tuple[Path, ...] = ()
    """Further files and folders of cases that a ledger of one's own may speak of, run or not."""

    @property
    def roots(self) -> tuple[Path, ...]:
        """The catalogues' roots."""
        return (default_root(),) if self.catalogues is None else self.catalogues

    @property
    def limits(self) -> Limits:
        """How much an adapter's process may take."""
        return Limits(case=self.case_seconds)


def open_ledger(settings: Settings, plan: Plan) -> Ledger:
    """The ledgers of the catalogues and those that were named, held against all that they speak of.

    An entry is checked against the *whole* catalogue, so that running a part of it does not make
    the entries of the rest look stale.
    """
    known = set(plan.cases)
    known |= load_ids(settings.roots)
    if settings.ledgers:
        known |= load_ids(settings.beside)
    own = [folder for root in settings.roots if (folder := root / LEDGER_FOLDER).is_dir()]
    return Ledger.load(
        [*own, *settings.ledgers],
        known,
        list(dict.fromkeys([*registry.names(), *plan.adapters])),
        dt.datetime.now(tz=dt.UTC).date(),
        known_as={name: spec.known_as for name, spec in plan.adapters.items()},
        # The ledger of an installed catalogue is not for whoever runs it to keep.
        of_others=[folder for folder in own if is_packaged(folder.parent)],
    )


def open_claims(settings: Settings) -> Claims:
    """What the catalogues state that adapters can do, and whoever runs them."""
    found = {
        file: is_packaged(root)
        for root in settings.roots
        for file in sorted((root / CAPABILITIES_FOLDER).glob("*.yaml"))
    }
    packaged = frozenset(file for file, of_others in found.items() if of_others)
    return Claims(found, settings.capabilities, of_others=packaged)


class Session:
    """A run in progress: the engine at work, and its record. Use it as a context manager."""

    def __init__(  # noqa: PLR0913 - what a run consists of
        self,
        plan: Plan,
        settings: Settings,
        *,
        folder: RunFolder | None = None,
        resume: bool = False,
        begin: bool = True,
        on_cell: Callable[[CellLine], None] = lambda _: None,
        launched: Mapping[str, AdapterProcess] | None = None,
        ledger: Ledger | None = None,
        done: Mapping[Cell, CellLine] | None = None,
    ) -> None:
        """Open the ledger and the record, and set the adapters to work.

        Args:
            plan: What to run.
            settings: How.
            folder: Where to record; None records nothing (a pytest-xdist worker, whose controller
                does).
            resume: Go on with the record in the folder.
            begin: Begin with every adapter now; else each when it is first asked for.
            on_cell: Called, from an engine thread, with every new verdict.
            launched: Processes of adapters that run already, by name.
            ledger: The ledger, where it has been opened already.
            done: Verdicts of an earlier stretch of the run, where nothing is recorded here.

        Raises:
            RecordsError: The record cannot be opened.
        """
        self.plan = plan
        self.recorder = Recorder(folder, plan, resume=resume) if folder else None
        self._on_cell = on_cell
        self._mismatches: list[str] = []
        self._ledger = ledger or open_ledger(settings, plan)
        self._claims = open_claims(settings)
        self._oracle = Oracle(Store())
        self.engine = Engine(
            plan,
            self._oracle,
            self._ledger,
            self._claims,
            jobs=settings.jobs,
            limits=settings.limits,
            done=self.recorder.done if self.recorder else done,
            on_line=self._line,
            keep=folder is None,
            launched=launched,
        )
        if begin:
            self.engine.begin()

    def result(self, cell: Cell) -> CellLine:
        """Wait for a cell's verdict, beginning with its adapter if need be."""
        self.engine.begin([cell.adapter])
        return self.engine.results.result(cell)

    def problems(self) -> list[str]:
        """What is wrong with the run itself so far: the ledger, the harness.

        Whether an entry of the ledger is stale is not known from a shard.
        """
        return [
            *map(str, self._ledger.problems),
            *map(str, self._claims.problems),
            *self._claims.over(),
            *(map(str, self._ledger.stale()) if self.plan.part is None else ()),
            *self._mismatches,
            *self.engine.results.faults,
        ]

    def remarks(self) -> list[str]:
        """What those who keep the catalogue should look at, and is no fault of this run."""
        return [
            *([self._oracle.remark] if self._oracle.remark else []),
            *map(str, self._ledger.remarks),
            *map(str, self._claims.remarks),
            *self._claims.over_of_others(),
            *self._claims.finished(),
            *(map(str, self._ledger.stale_of_others()) if self.plan.part is None else ()),
        ]

    def finish(self) -> list[str]:
        """Close the engine and the record; the run's problems."""
        self.engine.close()
        problems = self.problems()
        if self.recorder is None:
            return problems
        ledger = None if self.plan.part is None else self._ledger
        return self.recorder.finish(problems, self.remarks(), ledger=ledger, claims=self._claims)

    def close(self) -> None:
        """Stop everything that still runs, and let go of the record as it is. Twice is fine."""
        self.engine.close()
        if self.recorder is not None:
            self.recorder.close()

    def _line(self, line: Line) -> None:
        if isinstance(line, AdapterLine) and (wrong := mismatch(self.plan.touched, line)):
            self._mismatches.append(wrong)
        if self.recorder:
            self.recorder.line(line)
        if isinstance(line, CellLine):
            self._on_cell(line)

    def __enter__(self) -> Self:
        """The session itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop everything that still runs, and let go of the record."""
        self.close()
