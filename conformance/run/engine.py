"""Keeps the adapter processes busy and turns their answers into verdicts.

Adapters run beside each other, as many processes at a time as there are cores. Each adapter begins
with one; where no adapter waits to begin, a free core helps the one that has most left to do, if
that is worth the start of a further process (:mod:`.share`). Cases are begun in the planned order,
but for those that the ledger knows to cost an adapter its process: they come last and by
themselves, so that no process is started for what they would take down with them. Whoever needs a
verdict asks for it by cell and waits only if it isn't there yet, so the frameworks compute while
pytest collects, reports and prints.

Adapters that the plan wants *abreast* (two versions that are compared) begin together, as soon as
there is a core for each, and go through their cases in one order, none of them far ahead of the
others (:mod:`.pace`).

Where a case asks for files to be exchanged, the answers to it are kept until the last adapter that
has begun has given its own; then a free slot lets each adapter read what the others wrote
(:mod:`.exchange`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.adapters.host import host
from conformance.adapters.host.host import AdapterProcess, Limits
from conformance.cases.model import kind_of
from conformance.records.model import AdapterLine, CaseLine, CellLine
from conformance.run import exchange
from conformance.run.exchange import Exchange, Held, Reading
from conformance.run.judging import judge
from conformance.run.lines import adapter_line, case_line, cell_line
from conformance.run.oracle import NoAnswer, Oracle
from conformance.run.pace import Pace
from conformance.run.plan import Cell, Plan
from conformance.run.precision import delivered
from conformance.run.share import Group, Share
from conformance.verdicts import cell as cells
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from conformance.adapters.host.observation import Hello
    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.records.model import Line
    from conformance.reference.answer.store import StoredAnswer
    from conformance.verdicts.capabilities import Claims
    from conformance.verdicts.ledger import Ledger
    from conformance.verdicts.model import CellVerdict

AHEAD = 2
"""Cases in an adapter's hands at once: the one it computes, and the next, already in its pipe."""

SMALL_AHEAD = 12
"""The same of functions, which are computed sooner than a process is woken."""


class Stopped(Exception):  # noqa: N818 - not an error: the run was told to end
    """The engine was closed before this cell had its verdict."""


class _LeftToOthers(Exception):  # noqa: N818 - likewise
    """A process was given up; the cases that it had taken go to the adapter's other ones."""


class Engine:
    """Runs a plan. Thread-safe; ``close`` it in any case."""

    def __init__(  # noqa: PLR0913 - each is a part that a test replaces
        self,
        plan: Plan,
        oracle: Oracle,
        ledger: Ledger,
        claims: Claims,
        *,
        jobs: int,
        limits: Limits,
        done: Mapping[Cell, CellLine] | None = None,
        on_line: Callable[[Line], None] = lambda _: None,
        keep: bool = False,
        launched: Mapping[str, AdapterProcess] | None = None,
    ) -> None:
        """Prepare; nothing is started before ``begin``.

        Args:
            plan: What to run.
            oracle: Where the reference's answers come from.
            ledger: The known divergences, applied to every verdict.
            claims: What the adapters are stated to support, held against every verdict.
            jobs: Adapter processes at a time; no fewer than the plan wants abreast.
            limits: Time, memory and frame limits of each process.
            done: Verdicts of an earlier stretch of the same run, taken as they are.
            on_line: Called with every adapter, case and cell line as soon as it is known, from one
                thread at a time.
            keep: Keep every verdict whole, for :meth:`lines`; else only those that fail.
            launched: Processes of adapters that run already, by name.
        """
        self.plan = plan
        self._oracle = oracle
        self._ledger = ledger
        self._claims = claims
        self._weighing = threading.Lock()  # both count what they are shown
        self._limits = limits
        self._on_line = on_line
        self._keep = keep
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        self._over = threading.Condition(lock)
        """Notified when there is nothing more to wait for."""
        self._planned = sum(map(len, plan.cells.values()))
        self._cells: dict[Cell, CellLine] = {Cell(*key): line for key, line in (done or {}).items()}
        self._adapters: dict[str, AdapterLine] = {}
        self._cases: dict[str, CaseLine] = {}
        self._begun: set[str] = set()
        self._todo: deque[Group] = deque()
        self._underway: list[Share] = []
        self._exchange = Exchange(plan)
        self._readings: deque[Reading] = deque()
        self._idle = 0
        self._processes: set[AdapterProcess] = set()
        self._launched = dict(launched or {})
        self._closed = False
        self._faults: list[str] = []
        self._threads = [
            threading.Thread(target=self._slot, name=f"slot-{number}", daemon=True)
            for number in range(max([jobs, *map(len, plan.abreast)]))
        ]

    def begin(self, adapters: Iterable[str] | None = None) -> None:
        """Begin with these adapters, or all of the plan; returns at once.

        An adapter that was begun before, or has nothing left to do, is passed over.
        """
        with self._changed:
            names = [
                name
                for name in (self.plan.cells if adapters is None else adapters)
                if name not in self._begun
            ]
            self._begun.update(names)
            needed: dict[str, Case] = {}
            for group in self._groups(names):
                left = {name: self._undone(self.plan.adapters[name]) for name in group}
                for name, cases in left.items():
                    done = set(self.plan.cells[name]).difference(case.id for case in cases)
                    self._exchange.begin(name, cases, done)
                left = {name: cases for name, cases in left.items() if cases}
                if left:
                    ordered = self._in_order(left)
                    needed.update(ordered)
                    self._todo.append(Group(self._shares(left, ordered)))
            self._changed.notify_all()
        self._oracle.expect(needed.values())
        for thread in self._threads:
            if thread.ident is None:
                thread.start()

    def comes_last(self, cell: Cell) -> bool:
        """Whether a cell waits for all others of its adapter: it is known to end the process."""
        return self._ledger.fatal(*cell)

    def waits_for_others(self, cell: Cell) -> bool:
        """Whether a cell's verdict waits for what the other adapters answer to its case."""
        return exchange.asks(self.plan.cases[cell.case])

    def result(self, cell: Cell) -> CellLine:
        """Wait for a cell's verdict.

        Raises:
            Stopped: The engine was closed first.
        """
        with self._changed:
            while cell not in self._cells:
                if self._closed:
                    raise Stopped("; ".join(self._faults) or "the run was stopped")
                # A timeout only so that Ctrl-C is noticed on every platform.
                self._changed.wait(timeout=1.0)
            return self._cells[cell]

    def lines(self, cell: Cell) -> list[Line]:
        """The adapter, case and cell lines of a cell whose verdict is there."""
        with self._changed:
            found = (
                self._adapters.get(cell.adapter),
                self._cases.get(cell.case),
                self._cells.get(cell),
            )
            return [line for line in found if line is not None]

    def wait(self) -> None:
        """Wait until every planned cell has its verdict, or the engine is closed."""
        with self._changed:
            while not self._closed and not self._all_judged():
                # Woken once, at the end: not for each of ten thousand verdicts.
                self._over.wait(timeout=1.0)  # as above
        for cell in self.plan:
            self.result(cell)

    def _all_judged(self) -> bool:
        return len(self._cells) >= self._planned

    def faults(self) -> list[str]:
        """What went wrong with the harness itself, for the run's problems."""
        with self._changed:
            return list(self._faults)

    def close(self) -> None:
        """Stop everything that still runs."""
        with self._changed:
            self._closed = True
            self._todo.clear()
            self._readings.clear()
            running = list(self._processes)
            self._changed.notify_all()
            self._over.notify_all()
        self._oracle.close()
        for process in running:
            process.kill()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)

    # -- inside the slots ----------------------------------------------------------------------

    def _slot(self) -> None:
        while (work := self._wait_for_work()) is not None:
            do, give_up = work
            try:
                do()
            except Stopped:
                return
            except Exception as error:  # noqa: BLE001 - ours; it must not lose the others' cells
                give_up(f"{type(error).__name__}: {error}")

    def _wait_for_work(self) -> tuple[Callable[[], None], Callable[[str], None]] | None:
        """What a free slot is to do, and what if that goes wrong; None where it is to end."""
        with self._changed:
            self._idle += 1
            share: Share | None = None
            while not self._closed and not self._readings and (share := self._next()) is None:
                self._changed.wait()
            self._idle -= 1
            if self._closed:
                return None
            if self._readings:
                reading = self._readings.popleft()
                return partial(self._read, reading), partial(self._broken_reading, reading)
            if share is None:
                raise AssertionError("there is work, or the engine is closed")
            work: Callable[[Share], None] = self._help
            if self._todo:
                work = self._drive
                self._underway.append(share)
                if self._todo[0].begin(share):
                    self._todo.popleft()
                self._changed.notify_all()  # the others of its group may begin, too
            share.join()
            return partial(work, share), partial(self._broken, share)

    def _next(self) -> Share | None:
        """What a free slot is to do: begin with an adapter; where none waits, help another.

        A group begins when there is a slot for each of its adapters.
        """
        if not self._todo:
            return self._neediest()
        group = self._todo[0]
        return group.left[0] if group.begun or self._idle >= len(group.left) else None

    def _neediest(self) -> Share | None:
        """The adapter that a further process would help most, if any."""
        most = max(self._underway, key=Share.seconds_worth_helping, default=None)
        return most if most is not None and most.seconds_worth_helping() else None

    def _broken(self, share: Share, reason: str) -> None:
        spec = share.spec
        if self._closed:
            return
        with self._changed:
            self._faults.append(f"the suite itself failed while driving {spec.name}: {reason}")
        share.clear()
        self._settle_all(
            spec,
            lambda case: cells.adapter_failed(case, spec.name, f"a fault of the suite: {reason}"),
        )

    def _broken_reading(self, reading: Reading, reason: str) -> None:
        name = reading.spec.name
        if self._closed:
            return
        with self._changed:
            self._faults.append(f"the suite itself failed while {name} read files: {reason}")
        for held in reading.held:
            said = cells.adapter_failed(held.case.id, name, f"a fault of the suite: {reason}")
            self._settle(CellLine(digest=held.case.digest, verdict=said))

    def _drive(self, share: Share) -> None:
        """Begin with an adapter, and work through its cases."""
        spec = share.spec
        missing = spec.missing()
        if missing:
            reason = f"{' and '.join(missing)}: not installed here"
            share.clear()
            self._introduce(AdapterLine(name=spec.name, status="not-installed", reason=reason))
            self._settle_all(spec, lambda case: cells.not_installed(case, spec.name, reason))
            return
        with self._process(spec) as process:
            hello = process.start()
            took = time.monotonic() - process.launched
            self._introduce(adapter_line(spec, hello))
            if hello.status == "ready":
                share.started(took)
                self._work_through(share, process, hello)
                return
            share.clear()
            missing_here = hello.status == "not-installed"
            verdict = cells.not_installed if missing_here else cells.adapter_failed
            self._settle_all(spec, lambda case: verdict(case, spec.name, hello.reason))

    def _help(self, share: Share) -> None:
        """Join an adapter that another slot has begun, with a process more."""
        with self._process(share.spec) as process:
            process.launch()  # beside the first, which may not be ready yet
            while not share.settled(timeout=1.0):
                if self._closed:
                    return
            if not share.left():
                return
            hello = process.start()
            if hello.status != "ready" and share.leave():
                with self._changed:
                    self._faults.append(
                        f"a second process of {share.spec.name} could not be started beside the "
                        f"first, which did all the work: {hello.reason}"
                    )
                return
            self._work_through(share, process, hello)

    @contextmanager
    def _process(self, spec: AdapterSpec) -> Iterator[AdapterProcess]:
        """A process that ``close`` knows of, gone at the end of the block."""
        with self._changed:
            if self._closed:
                raise Stopped("the run was stopped")
            process = self._launched.pop(spec.name, None) or AdapterProcess(spec, self._limits)
            self._processes.add(process)
        try:
            yield process
        finally:
            process.close()
            with self._changed:
                self._processes.remove(process)
                self._faults.extend(process.problems)

    def _work_through(self, share: Share, process: AdapterProcess, hello: Hello) -> None:
        """Take cases from the share until there are none, or until this process is given up."""
        with suppress(_LeftToOthers):
            self._take_all(share, process, hello)
            share.retire()
        if share.orphaned():
            # The others were through before this process was given up: one more sees to the rest.
            with self._changed:
                self._todo.append(Group([share]))
                self._changed.notify_all()

    def _take_all(self, share: Share, process: AdapterProcess, hello: Hello) -> None:
        spec = share.spec
        self._note_precision(spec, hello)
        lowered = delivered(hello).name
        held: deque[Case] = deque()
        sent: deque[StoredAnswer] = deque()

        def receive() -> None:
            answer = process.receive()
            if isinstance(answer, host.NotRun) and share.leave(held):
                raise _LeftToOthers
            share.answered(answer.seconds)
            self._judge(spec, hello, held.popleft(), sent.popleft(), answer)

        while (case := self._take(share, sent, receive)) is not None:
            held.append(case)
            fatal = self.comes_last(Cell(case.id, spec.name))
            while sent and (fatal or not self._oracle.ready(case, lowered)):
                receive()
            try:
                told, answer = self._answers(case, lowered)
            except NoAnswer as error:
                held.pop()
                self._case_line(case, reference=str(error))
                verdict = cells.reference_failed(case.id, spec.name, str(error))
                self._settle(CellLine(digest=case.digest, verdict=verdict))
                continue
            self._case_line(case, answer=told)
            process.send(answer.expectation.asked(case.program), answer.feeds, fatal=fatal)
            sent.append(answer)
            most = _ahead(case)
            if fatal or len(sent) >= most:
                # Half of them in a row, then as many are sent: each code while it is in the cache.
                while sent and (fatal or len(sent) > most // 2):
                    receive()
            if fatal and process.pid is None and share.leave():
                # What is left is as fatal, and the others still have a process to lose.
                raise _LeftToOthers
        while sent and not self._closed:
            receive()

    def _answers(self, case: Case, lowered: str) -> tuple[StoredAnswer, StoredAnswer]:
        """What a case's line tells of, and what an adapter is held to: the same but for room."""
        told = self._oracle.answer(case)
        return told, self._oracle.answer(case, lowered=lowered) if lowered else told

    def _take(
        self, share: Share, sent: Sequence[StoredAnswer], receive: Callable[[], None]
    ) -> Case | None:
        """The next case, once it is time for it; None when there is none, or the engine closes."""
        while not self._closed and share.is_ahead():
            if sent:
                receive()
            else:
                share.wait(timeout=1.0)
        return None if self._closed else share.take()

    def _judge(
        self,
        spec: AdapterSpec,
        hello: Hello,
        case: Case,
        expected: StoredAnswer,
        answer: host.Answer,
    ) -> None:
        """Judge an answer, or keep it until the others have written what it is to read."""
        if exchange.waits(case, answer) and isinstance(answer, host.Answered):
            with self._changed:
                self._exchange.hold(Held(spec, hello, case, expected, answer))
                self._look_for_readings()
            return
        self._conclude(spec, hello, case, expected, answer)

    def _look_for_readings(self) -> None:
        """Have files read once nobody is left who may yet write one."""
        if due := self._exchange.due():
            self._readings.extend(due)
            self._changed.notify_all()

    def _read(self, reading: Reading) -> None:
        """Have an adapter read what others wrote, and judge the cells that waited for it."""
        with self._changed:
            files = [self._exchange.files_for(held.cell) for held in reading.held]
            absent = [self._exchange.absent_for(held.cell) for held in reading.held]
            refused = [self._exchange.refused(held.cell) for held in reading.held]
        with ExitStack() as stack:
            process = stack.enter_context(self._process(reading.spec)) if any(files) else None
            for held, theirs, why_not, own in zip(
                reading.held, files, absent, refused, strict=True
            ):
                loaded = exchange.read(process, held, theirs) if process is not None else {}
                if self._closed:
                    raise Stopped("the run was stopped")
                answer = exchange.completed(held, loaded, why_not, own)
                self._conclude(held.spec, held.hello, held.case, held.expected, answer)

    def _conclude(
        self,
        spec: AdapterSpec,
        hello: Hello,
        case: Case,
        expected: StoredAnswer,
        answer: host.Answer,
    ) -> None:
        verdict = judge(
            case,
            spec.name,
            expected,
            answer,
            oracle=self._oracle,
            lowered=delivered(hello).name,
        )
        with self._weighing:
            verdict = self._ledger.apply(verdict, hello.versions)
            verdict = self._claims.apply(
                verdict, hello.versions, spec.known_as, kind=kind_of(case.program)
            )
        self._settle(cell_line(case, verdict, answer))

    def _groups(self, names: Sequence[str]) -> list[list[str]]:
        """The adapters that begin together; most begin alone."""
        together = {name: group for group in self.plan.abreast for name in group}
        groups: dict[tuple[str, ...], list[str]] = {}
        for name in names:
            groups.setdefault(together.get(name, (name,)), []).append(name)
        return list(groups.values())

    def _in_order(self, left: Mapping[str, Sequence[Case]]) -> dict[str, Case]:
        """What is left of the cases of a group, those that end a process of theirs last."""
        cases = {case.id: case for mine in left.values() for case in mine}
        # Several may have come to different places in an earlier stretch of the run.
        order = cases if len(left) == 1 else [case for case in self.plan.cases if case in cases]
        last = {case for case in cases for name in left if self.comes_last(Cell(case, name))}
        return {case: cases[case] for case in sorted(order, key=last.__contains__)}

    def _shares(
        self, left: Mapping[str, Sequence[Case]], ordered: Mapping[str, Case]
    ) -> list[Share]:
        """The shares of a group."""
        pace = Pace(ordered) if len(left) > 1 else None
        mine = {name: {case.id for case in cases} for name, cases in left.items()}
        return [
            Share(
                self.plan.adapters[name],
                (case for case in ordered.values() if case.id in mine[name]),
                pace,
            )
            for name in left
        ]

    def _undone(self, spec: AdapterSpec) -> list[Case]:
        with self._changed:
            return [
                self.plan.cases[case]
                for case in self.plan.cells[spec.name]
                if Cell(case, spec.name) not in self._cells
            ]

    def _note_precision(self, spec: AdapterSpec, hello: Hello) -> None:
        said = f"{spec.name} {found}" if (found := delivered(hello).problem) else ""
        with self._changed:
            if said and said not in self._faults:
                self._faults.append(said)

    # -- telling -------------------------------------------------------------------------------

    def _introduce(self, line: AdapterLine) -> None:
        with self._changed:
            self._adapters[line.name] = line
            self._tell(line)

    def _case_line(
        self, case: Case, *, reference: str = "", answer: StoredAnswer | None = None
    ) -> None:
        with self._changed:
            before = self._cases.get(case.id)
            # Told again where an adapter that is not installed came first, without an answer.
            if before is not None and (before.held_to or answer is None):
                return
            line = case_line(case, reference=reference, answer=answer)
            self._cases[case.id] = line
            self._tell(line)

    def _settle_all(self, spec: AdapterSpec, verdict: Callable[[str], CellVerdict]) -> None:
        for case in self._undone(spec):
            self._case_line(case)
            self._settle(CellLine(digest=case.digest, verdict=verdict(case.id)))

    def _settle(self, line: CellLine) -> None:
        cell = Cell(line.verdict.case, line.verdict.adapter)
        with self._changed:
            # Told twice only if the suite itself failed over one of several processes.
            if self._closed or cell in self._cells:
                return
            self._tell(line)
            self._exchange.settled(line)
            self._look_for_readings()
            self._cells[cell] = (
                line if self._keep or line.verdict.outcome in FAILING else _slim(line)
            )
            self._changed.notify_all()
            if self._all_judged():
                self._over.notify_all()

    def _tell(self, line: Line) -> None:
        """Hand a line on; if it can't be recorded the run ends, as all else would be lost."""
        try:
            self._on_line(line)
        except Exception as error:
            self._faults.append(f"the run was stopped: {error}")
            self._closed = True
            self._changed.notify_all()
            self._over.notify_all()
            raise Stopped(str(error)) from error


def _ahead(case: Case) -> int:
    return SMALL_AHEAD if kind_of(case.program) == "function" else AHEAD


def _slim(line: CellLine) -> CellLine:
    """What is kept of a cell that needs no explaining, once it is on record."""
    return replace(line, verdict=replace(line.verdict, facets=[]), native=[])
