"""The run behind one pytest session: alone, as a pytest-xdist worker, or as the controller."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from conformance.cases import CasesError, load
from conformance.cases.choosing import beside
from conformance.cases.levels import LevelError, at_level
from conformance.ending import terminable
from conformance.environments import PreparationError
from conformance.environments.preparing import prepare
from conformance.pytest_plugin.items import CaseItem, adapter_of, item_name, wanted
from conformance.pytest_plugin.touched import choose, chosen_items
from conformance.records import RecordsError
from conformance.records.model import CellLine, Line
from conformance.report.level import level_line
from conformance.report.touched import touched_lines
from conformance.run.folder import FolderError, RunFolder
from conformance.run.level import of_level
from conformance.run.level import told as told_of_level
from conformance.run.plan import Cell, Plan
from conformance.run.session import Session, Settings
from conformance.run.shard import Shard, ShardError
from conformance.run.touched import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.records.model import LevelOf, ShardOf, Touched
    from conformance.run.recorder import Recorder
    from conformance.run.touched import Narrowing

RESUMED = "conformance_resumed"
"""What a worker is told by: the record that its controller goes on with."""

_lines = msgspec.json.Decoder(list[Line])


class PytestRun:
    """Adapters, cases and session of one pytest process."""

    def __init__(
        self,
        config: pytest.Config,
        adapters: list[AdapterSpec],
        roots: tuple[Path, ...],
        narrowing: Narrowing | None = None,
    ) -> None:
        """Prepare; nothing is started before the collection has ended."""
        self._config = config
        option = config.option
        self.adapters = adapters
        self._settings = Settings(
            case_seconds=option.case_timeout,
            ledgers=(*config.getini("conformance_ledger"), *option.ledger),
            capabilities=(*config.getini("conformance_capabilities"), *option.capabilities),
            **({"jobs": option.adapter_jobs} if option.adapter_jobs else {}),
        )
        self._roots = roots
        self._folders: dict[Path, None] = {}
        """Folders that were named on the command line: catalogues as well."""
        self._catalogues: dict[Path, None] = {}
        """Roots of the catalogues that collected files belong to."""
        self._session: Session | None = None
        self._recorder: Recorder | None = None
        self._folder: RunFolder | None = None
        self._problems: list[str] = []
        self._finished = False
        self._part: ShardOf | None = None
        """Of what this run is a part; None where it is whole."""
        self._shard = shard_of(config)
        self._narrowing = narrowing
        self._touched: Touched | None = None
        """The change for whose sake items were left out; None where it is whole."""
        self._level: LevelOf | None = None
        """The level that was asked for; None where all are meant."""
        self._nothing = False
        """Whether there were items, and the change touches none of them."""
        self._ending = ExitStack()
        self._done: dict[Cell, CellLine] = {}
        """Of a pytest-xdist worker, what an earlier stretch of the run has judged."""
        self.is_worker = hasattr(config, "workerinput")

    # -- collection ----------------------------------------------------------------------------

    def add_file(self, path: Path) -> None:
        """Note a collected file: the ledger of its catalogue applies, and of no other."""
        self._catalogues.update((root, None) for root in self._roots if path.is_relative_to(root))
        self._catalogues.update((one, None) for one in self._folders if path.is_relative_to(one))

    def sort(self, items: list[pytest.Item]) -> None:
        """Order the case items as they are worked through; items of others keep their places."""
        rank = {spec.name: index for index, spec in enumerate(self.adapters)}
        places = [index for index, item in enumerate(items) if isinstance(item, CaseItem)]
        ours = sorted(
            (item for item in items if isinstance(item, CaseItem)),
            key=lambda item: (
                self._waits(item),
                rank[item.spec.name],
                self._comes_last(item),
            ),
        )
        for place, item in zip(places, ours, strict=True):
            items[place] = item

    def _comes_last(self, item: CaseItem) -> bool:
        """Whether its verdict is the last of its adapter's; unknown before the run has begun."""
        return self._session is not None and self._session.engine.comes_last(item.cell)

    def _waits(self, item: CaseItem) -> bool:
        """Whether its verdict has to wait for other adapters; unknown before the run has begun."""
        return self._session is not None and self._session.engine.waits_for_others(item.cell)

    def add_folders(self, folders: Iterable[Path]) -> None:
        """Note folders that were named on the command line and hold cases."""
        self._folders.update(dict.fromkeys(folders))

    def take_named(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Leave in ``items`` the cases that ``--case`` names; returns the others.

        Raises:
            pytest.UsageError: one of its words means none of the cases.
        """
        words = self._config.option.case
        ours = [item for item in items if isinstance(item, CaseItem)]
        if not words or not ours:
            return []
        for word in words:
            if not any(wanted(item.case, item.spec.name, [word]) for item in ours):
                raise pytest.UsageError(f"--case {word}: no case of that name is collected here")
        kept = [item for item in ours if wanted(item.case, item.spec.name, words)]
        return _leave(items, ours, kept)

    def take_level(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Leave in ``items`` the cases of the level that was asked for; returns the others.

        Raises:
            pytest.UsageError: a catalogue has mistakes, so that no level can be told.
        """
        level = level_of(self._config)
        ours = [item for item in items if isinstance(item, CaseItem)]
        if level is None or not ours:
            return []
        cases = {item.case.id: item.case for item in ours}
        try:
            catalogues = [load([root]).checked() for root in self._catalogues]
        except CasesError as error:
            raise pytest.UsageError(str(error)) from None
        kept, self._level = of_level(cases.values(), level, catalogues)
        wanted = {case.id for case in kept}
        return _leave(items, ours, [item for item in ours if item.case.id in wanted])

    def take_touched(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Leave in ``items`` the cases that a change touches; returns the others."""
        ours = [item for item in items if isinstance(item, CaseItem)]
        if self._narrowing is None or not ours:
            return []
        kept, self._touched = chosen_items(self._narrowing, ours)
        self._nothing = not kept
        return _leave(items, ours, kept)

    @property
    def choice(self) -> list[str]:
        """By what cases were chosen, in words; nothing where neither level nor change was named."""
        told = [level_line(self._level)] if self._level else []
        return [*told, *(touched_lines(self._touched) if self._touched else [])]

    def take_shard(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Leave in ``items`` the cases of this shard alone; returns the others.

        What is divided is what ``-k``, ``-m`` and paths have left, the same on every machine.
        """
        if self._shard is None:
            return []
        ours = [item for item in items if isinstance(item, CaseItem)]
        self._part = self._shard.of(Plan.of_cells((item.case, item.spec) for item in ours)).part
        kept = [item for item in ours if self._shard.holds(item.case.id)]
        return _leave(items, ours, kept)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do: other shards have it all, or no case runs a change."""
        alone = self._part is not None and not self._part.positions and self._recorder is not None
        return alone or self._nothing

    # -- running -------------------------------------------------------------------------------

    def start(self, session: pytest.Session) -> None:
        """Set the adapters to work; under pytest-xdist, a worker begins each when it is needed."""
        ours = [item for item in session.items if isinstance(item, CaseItem)]
        if not ours and not (self._part and self._part.cases):
            return
        try:
            chosen = {item.spec.name: item.spec for item in ours}
            specs = {spec.name: spec for spec in prepare(chosen.values())}
        except PreparationError as error:
            raise pytest.UsageError(str(error)) from None
        self._ending.enter_context(terminable())
        plan = Plan.of_cells((item.case, specs[item.spec.name]) for item in ours)
        plan = replace(plan, part=self._part, touched=self._touched, level=self._level)
        settings = replace(
            self._settings, catalogues=tuple(self._catalogues), beside=self._beside(session)
        )
        if self.is_worker:
            # One process at a time: the other workers have theirs.
            self._done = self._recorded(plan)
            self._session = Session(plan, replace(settings, jobs=1), begin=False, done=self._done)
            return
        try:
            self._session = Session(
                plan, settings, folder=self._open_folder(), resume=self._resumes
            )
        except RecordsError as error:
            raise pytest.UsageError(str(error)) from None
        self._recorder = self._session.recorder
        self.sort(session.items)

    def _beside(self, session: pytest.Session) -> tuple[Path, ...]:
        """What a ledger of one's own may speak of, collected or not."""
        named = [str(path) for path in getattr(session, "_initialpaths", ())]
        return (*self._roots, *beside(named))

    def result(self, cell: Cell) -> CellLine:
        """A cell's verdict, waited for."""
        if self._session is None:
            raise RuntimeError("no run was started: pytest_collection_finish did not happen")
        return self._session.result(cell)

    def attach(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Give a worker's report the lines that the controller is to record."""
        if not self.is_worker or not isinstance(item, CaseItem) or item.cell in self._done:
            return  # the controller records; what an earlier stretch has told is on record
        if self._session is not None:
            lines = self._session.engine.results.lines(item.cell)
            report.conformance = msgspec.json.encode(lines).decode()  # type: ignore[attr-defined]

    def _recorded(self, plan: Plan) -> dict[Cell, CellLine]:
        """What the record that a worker's controller goes on with says of a plan."""
        named = self._config.workerinput.get(RESUMED)  # type: ignore[attr-defined]
        if not named:
            return {}
        from conformance.records import read
        from conformance.run.recorder import still_counting

        try:
            return still_counting(read(Path(named)).tried(), plan)
        except RecordsError:
            return {}  # the controller says why

    # -- the controller of pytest-xdist --------------------------------------------------------

    def start_controller(self, nodeids: list[str]) -> None:
        """Open the record, from the node ids that a worker has collected."""
        if self._recorder is not None:
            return
        from conformance.cases import load_file
        from conformance.run.recorder import Recorder

        specs = {spec.name: spec for spec in self.adapters}
        by_file: dict[str, dict[str, Case]] = {}
        cells = []
        for nodeid in nodeids:
            adapter = adapter_of(nodeid)
            if adapter not in specs:
                continue
            file = nodeid.partition("::")[0]
            if file not in by_file:
                found = load_file(self._config.rootpath / file).cases
                by_file[file] = {
                    f"{file}::{item_name(case.id, name)}": case for case in found for name in specs
                }
            cells.append((by_file[file][nodeid], specs[adapter]))
        plan = Plan.of_cells(cells)
        if self._narrowing is not None:
            choose(self._narrowing, self.adapters)
            self._nothing = not cells and self._narrowing.is_empty()
            self._touched = self._narrowing.told(plan)
        if not cells:
            return
        if level := level_of(self._config):
            self._level = told_of_level(level, len(plan.cases))
        plan = replace(plan, touched=self._touched, level=self._level)
        self._ending.enter_context(terminable())
        try:
            self._recorder = Recorder(self._open_folder(), plan, resume=self._resumes)
        except RecordsError as error:
            raise pytest.UsageError(str(error)) from None

    def record(self, text: str) -> None:
        """Record the lines that a worker attached to a report."""
        if self._recorder is None:
            return
        try:
            for line in _lines.decode(text):
                self._recorder.line(line)
        except RecordsError as error:
            pytest.exit(f"the run was stopped: {error}", returncode=pytest.ExitCode.TESTS_FAILED)

    def resumed(self) -> str:
        """The record that is gone on with, for the workers; empty where none is."""
        return str(self._open_folder().records.absolute()) if self._resumes else ""

    # -- the end -------------------------------------------------------------------------------

    def finish(self) -> list[str]:
        """End the run; its problems."""
        if self._finished:
            return self._problems
        self._finished = True
        if self.is_worker:
            if self._session is not None:
                self._problems = self._session.finish()
                self._config.workeroutput["conformance"] = self._problems  # type: ignore[attr-defined]
        else:
            self._problems = self._closed()
        return self._problems

    def _closed(self) -> list[str]:
        """Close the record; a disk that refuses the last of it is a problem of the run."""
        try:
            if self._session is not None:
                return self._session.finish()
            if self._recorder is not None:
                return self._recorder.finish(self._problems)
        except RecordsError as error:
            return [*self._problems, str(error)]
        return self._problems

    def add_problems(self, problems: Iterable[str]) -> None:
        """Note the problems of a pytest-xdist worker."""
        self._problems = list(dict.fromkeys([*self._problems, *problems]))

    def print_summary(self, terminal: Any) -> None:
        """Write the report, and say on the terminal what is in it."""
        if self._nothing:
            terminal.write_sep("=", "keras-conformance")
            terminal.write_line("\n".join([*self.choice, NOTHING]))
            return
        if self._folder is None or not self._folder.records.exists():
            return
        from conformance.run.closing import close_run, keep

        terminal.write_sep("=", "keras-conformance")
        try:
            closed = close_run(
                self._folder,
                colour=terminal.hasmarkup,
                width=terminal._tw.fullwidth,  # noqa: SLF001 - pytest's terminal has no other
            )
        except RecordsError as error:
            terminal.write_line(str(error), red=True)
            return
        terminal.write_line(closed.summary)
        history = self._history()
        problems = [closed.problem, keep(self._folder, history) if history else ""]
        for problem in filter(None, problems):
            terminal.write_line(problem, red=True)

    def close(self) -> None:
        """Leave no process behind."""
        if self._session is not None:
            self._session.close()
        elif self._recorder is not None:
            self._recorder.close()
        self._ending.close()

    @property
    def _resumes(self) -> bool:
        return self._config.option.resume is not None

    def _history(self) -> Path | None:
        """The history that this run is added to, by option or configuration."""
        config = self._config
        named: str = config.getini("conformance_history")
        own: Path | None = config.option.history
        return own or (config.rootpath / named if named else None)

    def _open_folder(self) -> RunFolder:
        option = self._config.option
        reports = option.reports or self._config.invocation_params.dir / "reports"
        try:
            self._folder = (
                RunFolder.to_resume(reports, option.resume)
                if self._resumes
                else RunFolder.new(reports)
            )
        except FolderError as error:
            raise pytest.UsageError(str(error)) from None
        return self._folder


def _leave(
    items: list[pytest.Item], ours: Sequence[CaseItem], kept: Sequence[CaseItem]
) -> list[pytest.Item]:
    """Take out of ``items`` those of ours that are not kept; returns them."""
    staying = set(map(id, kept))
    left_out: list[pytest.Item] = [item for item in ours if id(item) not in staying]
    gone = set(map(id, left_out))
    items[:] = [item for item in items if id(item) not in gone]
    return left_out


def level_of(config: pytest.Config) -> int | str | None:
    """The level that was asked for.

    Raises:
        pytest.UsageError: there is none of that number.
    """
    level: int | str | None = config.option.level
    if level is not None:
        try:
            at_level([], level)
        except LevelError as error:
            raise pytest.UsageError(f"--level: {error}") from None
    return level


def shard_of(config: pytest.Config) -> Shard | None:
    """The shard that was asked for.

    Raises:
        pytest.UsageError: it is none, or pytest-xdist divides the cases already.
    """
    written = config.option.shard
    if written is None:
        return None
    if hasattr(config, "workerinput") or getattr(config.option, "numprocesses", None):
        raise pytest.UsageError(
            "--shard and -n both divide the cases: leave out -n, adapters run side by side anyway"
        )
    try:
        return Shard.parse(written)
    except ShardError as error:
        raise pytest.UsageError(f"--shard: {error}") from None
