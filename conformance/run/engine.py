"""Keeps the adapter processes busy and turns their answers into verdicts.

Adapters run beside each other, as many processes at a time as there are cores. Each adapter begins
with one; where no adapter waits to begin, a free core helps the one that has most left to do, if
that is worth the start of a further process (:mod:`.share`). Cases are begun in the planned order,
but for those that the ledger knows to cost an adapter its process: they come last and by
themselves, so that no process is started for what they would take down with them. Whoever needs a
verdict asks :mod:`.results` and waits only if it isn't there yet, so the frameworks compute while
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

from conformance.adapters.host import host
from conformance.adapters.host.host import AdapterProcess, Limits
from conformance.cases.model import kind_of
from conformance.records.model import AdapterLine, CellLine
from conformance.run import exchange
from conformance.run.exchange import Exchange, Held, Reading
from conformance.run.judging import judge
from conformance.run.lines import adapter_line, cell_line
from conformance.run.oracle import NoAnswer, Oracle
from conformance.run.pace import Pace
from conformance.run.plan import Cell, Plan
from conformance.run.precision import delivered
from conformance.run.results import Results, Stopped
from conformance.run.share import Group, Share
from conformance.verdicts import cell as cells

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


class _LeftToOthers(Exception):  # noqa: N818 - not an error
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
            on_line: Called with every line as soon as it is known; see :class:`.Results`.
            keep: Keep every verdict whole; likewise.
            launched: Processes of adapters that run already, by name.
        """
        self.plan = plan
        self._oracle = oracle
        self._ledger = ledger
        self._claims = claims
        self._weighing = threading.Lock()  # both count what they are shown
        self._limits = limits
        self.results = Results(plan, done or {}, self._settled, on_line, keep=keep)
        self._changed = self.results.changed
        self._begun: set[str] = set()
        self._todo: deque[Group] = deque()
        self._underway: list[Share] = []
        self._exchange = Exchange(plan)
        self._lowered: dict[str, str] = {}
        """By adapter that has been asked, the operations that its answers are given room for."""
        self._readings: deque[Reading] = deque()
        self._idle = 0
        self._processes: set[AdapterProcess] = set()
        self._launched = dict(launched or {})
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
                left = {name: self.results.undone(self.plan.adapters[name]) for name in group}
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

    def close(self) -> None:
        """Stop everything that still runs."""
        with self._changed:
            self.results.close()
            self._todo.clear()
            self._readings.clear()
            running = list(self._processes)
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
            while (
                not self.results.closed and not self._readings and (share := self._next()) is None
            ):
                self._changed.wait()
            self._idle -= 1
            if self.results.closed:
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
        if self.results.closed:
            return
        self.results.fault(f"the suite itself failed while driving {spec.name}: {reason}")
        share.clear()
        self.results.settle_all(
            spec,
            lambda case: cells.adapter_failed(case, spec.name, f"a fault of the suite: {reason}"),
        )

    def _broken_reading(self, reading: Reading, reason: str) -> None:
        name = reading.spec.name
        if self.results.closed:
            return
        self.results.fault(f"the suite itself failed while {name} read files: {reason}")
        for held in reading.held:
            said = cells.adapter_failed(held.case.id, name, f"a fault of the suite: {reason}")
            self.results.settle(CellLine(digest=held.case.digest, verdict=said))

    def _drive(self, share: Share) -> None:
        """Begin with an adapter, and work through its cases."""
        spec = share.spec
        missing = spec.missing()
        if missing:
            hint = f"; try: {spec.hint}" if spec.hint else ""
            reason = f"{' and '.join(missing)}: not installed here{hint}"
            share.clear()
            self.results.tell_adapter(
                AdapterLine(name=spec.name, status="not-installed", reason=reason)
            )
            self.results.settle_all(spec, lambda case: cells.not_installed(case, spec.name, reason))
            return
        with self._process(spec) as process:
            hello = process.start()
            took = time.monotonic() - process.launched
            self.results.tell_adapter(adapter_line(spec, hello))
            if hello.status == "ready":
                share.started(took)
                self._work_through(share, process, hello)
                return
            share.clear()
            missing_here = hello.status == "not-installed"
            verdict = cells.not_installed if missing_here else cells.adapter_failed
            self.results.settle_all(spec, lambda case: verdict(case, spec.name, hello.reason))

    def _help(self, share: Share) -> None:
        """Join an adapter that another slot has begun, with a process more."""
        with self._process(share.spec) as process:
            process.launch()  # beside the first, which may not be ready yet
            while not share.settled(timeout=1.0):
                if self.results.closed:
                    return
            if not share.left():
                return
            hello = process.start()
            if hello.status != "ready" and share.leave():
                self.results.fault(
                    f"a second process of {share.spec.name} could not be started beside the "
                    f"first, which did all the work: {hello.reason}"
                )
                return
            self._work_through(share, process, hello)

    @contextmanager
    def _process(self, spec: AdapterSpec) -> Iterator[AdapterProcess]:
        """A process that ``close`` knows of, gone at the end of the block."""
        with self._changed:
            if self.results.closed:
                raise Stopped("the run was stopped")
            process = self._launched.pop(spec.name, None) or AdapterProcess(spec, self._limits)
            self._processes.add(process)
        try:
            yield process
        finally:
            process.close()
            with self._changed:
                self._processes.remove(process)
                self.results.faults.extend(process.problems)

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
        lowered = self._lowered[spec.name] = self._precision(spec, hello)
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
                self.results.tell_case(case, reference=str(error))
                verdict = cells.reference_failed(case.id, spec.name, str(error))
                self.results.settle(CellLine(digest=case.digest, verdict=verdict))
                continue
            self.results.tell_case(case, answer=told)
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
        while sent and not self.results.closed:
            receive()

    def _answers(self, case: Case, lowered: str) -> tuple[StoredAnswer, StoredAnswer]:
        """What a case's line tells of, and what an adapter is held to: the same but for room."""
        told = self._oracle.answer(case)
        return told, self._oracle.answer(case, lowered=lowered) if lowered else told

    def _take(
        self, share: Share, sent: Sequence[StoredAnswer], receive: Callable[[], None]
    ) -> Case | None:
        """The next case, once it is time for it; None when there is none, or the engine closes."""
        while not self.results.closed and share.is_ahead():
            if sent:
                receive()
            else:
                share.wait(timeout=1.0)
        return None if self.results.closed else share.take()

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

    def _settled(self, line: CellLine) -> None:
        """A cell has its verdict, so that others may no longer have to wait for its file."""
        self._exchange.settled(line)
        self._look_for_readings()

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
                if self.results.closed:
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
        try:
            verdict = self._verdict(spec, hello, case, expected, answer)
        except Exception as error:  # ours; it must not cost more than this cell
            if self.results.closed:
                raise Stopped("the run was stopped") from error
            told = f"{type(error).__name__}: {error}"
            self.results.fault(f"the suite itself failed over {case.id} on {spec.name}: {told}")
            verdict = cells.adapter_failed(case.id, spec.name, f"a fault of the suite: {told}")
        self.results.settle(cell_line(case, verdict, answer))

    def _verdict(
        self,
        spec: AdapterSpec,
        hello: Hello,
        case: Case,
        expected: StoredAnswer,
        answer: host.Answer,
    ) -> CellVerdict:
        verdict = judge(
            case,
            spec.name,
            expected,
            answer,
            oracle=self._oracle,
            lowered=self._lowered[spec.name],
        )
        if case.unspecified:  # nothing is known, and nothing stated to be supported
            return verdict
        with self._weighing:
            verdict = self._ledger.apply(verdict, hello.versions)
            return self._claims.apply(
                verdict, hello.versions, spec.known_as, kind=kind_of(case.program)
            )

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

    def _precision(self, spec: AdapterSpec, hello: Hello) -> str:
        """What an adapter's answers are given room for; a precision undeclared is a fault."""
        found = delivered(hello)
        said = f"{spec.name} {found.problem}"
        with self.results.changed:
            if found.problem and said not in self.results.faults:
                self.results.fault(said)
        return found.name


def _ahead(case: Case) -> int:
    return SMALL_AHEAD if kind_of(case.program) == "function" else AHEAD
