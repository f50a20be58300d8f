"""Makes a recording: asks an adapter, case by case, which functions of a package it enters."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from conformance.adapters.host.host import AdapterProcess, Answered, Limits
from conformance.adapters.host.registry import BOOTSTRAP
from conformance.adapters.worker import recording as inside
from conformance.run.folder import utc_now
from conformance.run.oracle import NoAnswer
from conformance.touched.changes import Function
from conformance.touched.map import Map
from conformance.touched.units import take_apart
from conformance.touched.whereabouts import context, folder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.adapters.host.observation import Entered, Hello, Started
    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.run.oracle import Oracle
    from conformance.touched.source import Source
    from conformance.touched.units import Parts

SLOWER = 10.0
"""A case may take this many times as long as in a run: it is watched, in a process of its own."""

HOPELESS = 3
"""Cases that fail before any has been recorded, after which none is expected to be."""


class RecordingError(Exception):
    """A recording can't be made. The text says why, and what helps."""


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How to record."""

    jobs: int = 1
    """Processes at a time."""
    seconds: float = 60.0
    """Limit of one case in a run; here it may take longer."""
    fork: bool = True
    """Run each case in a fork of a process that has just imported the framework; else in a process
    that imports it for this case alone."""


def record(  # noqa: PLR0913 - what a recording is made of
    spec: AdapterSpec,
    source: Source,
    cases: Sequence[Case],
    oracle: Oracle,
    manner: Manner,
    *,
    on_case: Callable[[str, str], None] = lambda _case, _problem: None,
) -> Map:
    """Record which functions of a package each case enters.

    Args:
        spec: An adapter that the suite's worker serves, its environment made.
        source: The package, as it lies there.
        cases: What to record.
        oracle: Has the arrays that are fed.
        manner: How.
        on_case: Told of each case when it is done, with why it is not known what it enters.

    Raises:
        RecordingError: The adapter can't be started, or not recorded.
        SourceError: It does not import this package.
    """
    hello = _hello(spec)
    about, found = context(spec, source, hello.versions)
    watched = _watched(spec, str(folder_of(spec, source, found)), fork=manner.fork)
    files = source.now()
    commit = source.commit()
    texts = {path: source.read(path) for path in files if path.endswith(".py")}
    taken = _Recorder(watched, oracle, manner, on_case).record(cases)
    if source.now() != files:
        raise RecordingError(f"{source.folder} has changed while it was recorded: once more")
    functions = _Functions(texts)
    bits: dict[Function, int] = {}
    on_import = functions.of(taken.on_import)
    for place, case in enumerate(cases):
        for function in functions.of(taken.entered.get(case.id, {})):
            bits[function] = bits.get(function, 0) | 1 << place
    width = (len(cases) + 7) // 8
    return Map(
        context=about,
        recorded=utc_now(),
        commit=commit,
        means=taken.means,
        told=hello.versions,
        precision=hello.precision,
        files=files,
        texts=texts,
        imported=sorted(taken.imported),
        at_start=sorted(taken.at_start),
        inherited=sorted(taken.inherited),
        cases={case.id: case.digest for case in cases},
        unknown=taken.unknown,
        entered=[(*one, found.to_bytes(width, "little")) for one, found in sorted(bits.items())],
        on_import=[(one.path, one.name) for one in sorted(on_import)],
    )


def _hello(spec: AdapterSpec) -> Hello:
    """What the adapter says of itself in a run; a recorded process is not asked.

    Raises:
        RecordingError: It can't be asked.
    """
    process = AdapterProcess(spec)
    try:
        hello = process.start()
    finally:
        process.close()
    if hello.status != "ready":
        raise RecordingError(f"{spec.name} is {hello.status}: {hello.reason}")
    return hello


def _watched(spec: AdapterSpec, folder: str, *, fork: bool) -> AdapterSpec:
    """The adapter, so started that it answers with what is entered below a folder."""
    at = spec.command.index(str(BOOTSTRAP)) + 1
    told = json.dumps({"module": spec.command[at], "folder": folder, "fork": fork})
    command = (*spec.command[:at], inside.__name__, *spec.command[at + 1 :])
    return replace(spec, command=command, env={**spec.env, inside.RECORD: told})


@dataclass
class _Taken:
    """What the processes have answered."""

    entered: dict[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    """First lines of functions by path, by case."""
    unknown: dict[str, str] = field(default_factory=dict)
    on_import: dict[str, set[int]] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    at_start: set[str] = field(default_factory=set)
    inherited: set[str] = field(default_factory=set)
    means: str = ""

    def take(self, case: str, answer: Entered) -> None:
        """Take in the answer to one case."""
        self.entered[case] = answer.entered
        if answer.hidden:
            self.unknown[case] = answer.hidden
        self._import(answer.on_import, answer.modules)
        if answer.start is not None:
            self._start(answer.start)

    def _start(self, start: Started) -> None:
        self._import(start.entered, start.modules)
        self.at_start.update(start.modules)
        self.inherited.update(start.inherited)

    def _import(self, lines: Mapping[str, Sequence[int]], modules: Sequence[str]) -> None:
        self.imported.update(modules)
        for path, found in lines.items():
            self.on_import.setdefault(path, set()).update(found)


class _Recorder:
    """Several processes of one adapter, each asked from a thread of its own."""

    def __init__(
        self,
        spec: AdapterSpec,
        oracle: Oracle,
        manner: Manner,
        on_case: Callable[[str, str], None],
    ) -> None:
        self._spec = spec
        self._oracle = oracle
        self._manner = manner
        self._on_case = on_case
        self._taken = _Taken()
        self._queue: deque[Case] = deque()
        self._lock = threading.Lock()
        self._processes: list[AdapterProcess] = []
        self._stopped = ""

    def record(self, cases: Sequence[Case]) -> _Taken:
        """Ask for all of them.

        Raises:
            RecordingError: None could be recorded, or a process can't be started.
        """
        self._queue.extend(cases)
        self._oracle.expect(cases)
        count = max(1, min(self._manner.jobs, len(cases)))
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            self._queue.clear()
            for process in self._processes:
                process.kill()
        if self._stopped:
            raise RecordingError(f"{self._spec.name} can't be recorded: {self._stopped}")
        if not self._taken.imported:
            raise RecordingError(
                f"{self._spec.name} imports nothing of the package, so no case enters it"
            )
        return self._taken

    def _work(self) -> None:
        process = AdapterProcess(self._spec, Limits(case=self._manner.seconds * SLOWER))
        self._processes.append(process)
        try:
            while (case := self._next()) is not None:
                problem = self._one(process, case)
                self._on_case(case.id, problem)
                if not self._manner.fork:
                    process.close()
        except Exception as error:  # noqa: BLE001 - told by the thread that waits
            self._stopped = f"{type(error).__name__}: {error}"
        finally:
            process.close()

    def _next(self) -> Case | None:
        with self._lock:
            return self._queue.popleft() if self._queue and not self._stopped else None

    def _one(self, process: AdapterProcess, case: Case) -> str:
        """Record one case; returns why it could not be, or nothing."""
        try:
            expected = self._oracle.answer(case)
        except NoAnswer as error:
            problem = f"the reference has no answer: {error}"
            with self._lock:
                self._taken.unknown[case.id] = problem
            return problem
        hello = process.start()
        if hello.status != "ready":
            self._stopped = hello.reason
            return hello.reason
        answer = process.run(expected.expectation.asked(case.program), expected.feeds)
        with self._lock:
            self._taken.means = hello.settings.get("recorded by", "")
            if isinstance(answer, Answered):
                observation = answer.observation
                if observation.entered is not None:
                    self._taken.take(case.id, observation.entered)
                    return observation.entered.hidden
                failed = observation.error
                problem = failed.message if failed else observation.reason
            else:
                problem = answer.message
            self._taken.unknown[case.id] = problem
            if len(self._taken.unknown) >= HOPELESS and not self._taken.entered:
                self._stopped = f"{problem}. " + (
                    "Where the framework does not survive a fork, --no-fork helps"
                    if self._manner.fork
                    else "No case could be"
                )
            return problem


class _Functions:
    """Finds the functions that lines belong to."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = texts
        self._parts: dict[str, Parts | None] = {}

    def of(self, lines: Mapping[str, Sequence[int] | set[int]]) -> set[Function]:
        """The functions whose code begins in these lines; code of modules and classes is none."""
        found = set()
        for path, numbers in lines.items():
            parts = self._taken_apart(path)
            if parts is not None:
                found |= {Function(path, name) for line in numbers for name in parts.at(line)}
        return found

    def _taken_apart(self, path: str) -> Parts | None:
        if path not in self._parts:
            try:
                self._parts[path] = take_apart(self._texts[path])
            except (KeyError, SyntaxError):
                # Not in git, or of a newer Python: no change of it can be followed to functions.
                self._parts[path] = None
        return self._parts[path]
