"""Files that one adapter writes and others read: who has written, who waits, what came of it.

A cell that asks for it waits, with its answer, until every adapter that has begun in this process
has answered the case or can't. Then each adapter reads, in a process of its own, every file that
another one wrote, and the cell is judged once, with all of its facets. So a cell is written once,
and needs no other run: an adapter that was asked in an earlier stretch of the run, in another
shard or by another pytest-xdist worker has left no file here, and the verdict says so.

What a file holds is not to be trusted: it is bytes here, bounded, and never opened.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from conformance.adapters.host import host
from conformance.adapters.host.observation import Exchanged, Loaded, State
from conformance.run.plan import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.adapters.host.host import AdapterProcess
    from conformance.adapters.host.observation import Hello
    from conformance.adapters.host.registry import AdapterSpec
    from conformance.adapters.shared.wire import Array
    from conformance.cases.model import Case
    from conformance.records.model import CellLine
    from conformance.reference.answer.store import StoredAnswer
    from conformance.run.plan import Plan

FACET: Final = "exchange"

FILE_LIMIT: Final = 16 * 2**20
"""Bytes of a file that is handed on."""


class Held(NamedTuple):
    """A cell that waits for others' files, with its adapter's own answer."""

    spec: AdapterSpec
    hello: Hello
    case: Case
    expected: StoredAnswer
    answer: host.Answered

    @property
    def cell(self) -> Cell:
        """Which cell it is."""
        return Cell(self.case.id, self.spec.name)


class Reading(NamedTuple):
    """The cells of one adapter that are to be seen to their end."""

    spec: AdapterSpec
    held: list[Held]


class File(NamedTuple):
    """A file, and all the adapters that wrote just this."""

    writers: list[str]
    content: Array
    releases: dict[str, str]
    """By writer what it is, ``keras 3.14.1``, where the reader is another release of that."""


class Exchange:
    """Who has written, and who waits. Not thread-safe."""

    def __init__(self, plan: Plan) -> None:
        """Begin with nobody."""
        self._plan = plan
        self._awaited: set[Cell] = set()
        self._held: list[Held] = []
        self._files: dict[Cell, Array] = {}
        self._versions: dict[str, Mapping[str, str]] = {}
        """By adapter, what it reported of itself."""
        self._refused: dict[Cell, str] = {}
        self._without: dict[Cell, str] = {}
        """Why a cell has left no file."""

    def begin(self, adapter: str, cases: Iterable[Case], done: Iterable[str] = ()) -> None:
        """Wait for an adapter that begins.

        Args:
            adapter: Its name.
            cases: Those of its cases that have no verdict yet.
            done: Ids of those that have one, from an earlier stretch of the run.
        """
        self._awaited.update(Cell(case.id, adapter) for case in cases if asks(case))
        for case in done:
            self._without[Cell(case, adapter)] = "it was asked in an earlier stretch of the run"

    def hold(self, held: Held) -> None:
        """Keep an answer until the others have theirs."""
        cell = held.cell
        self._awaited.discard(cell)
        self._held.append(held)
        self._versions[cell.adapter] = held.hello.versions
        observation = held.answer.observation
        name = next(iter((observation.files or {}).values()), "")
        if not name:
            self._without[cell] = "it reads files and writes none"
            return
        content = held.answer.tensors[name]
        if content.dtype != np.uint8 or content.ndim != 1 or not 0 < content.size <= FILE_LIMIT:
            told = f"an array of {content.size:,} {content.dtype.name} in {content.ndim} axes"
            self._refused[cell] = f"its file is {told}, not of 1 to {FILE_LIMIT:,} bytes"
            self._without[cell] = "what it sent is no file"
            return
        self._files[cell] = content

    def settled(self, line: CellLine) -> None:
        """Note a verdict: nobody need wait for this cell any more."""
        verdict = line.verdict
        cell = Cell(verdict.case, verdict.adapter)
        if cell in self._awaited:
            self._awaited.discard(cell)
            said = next((one.message for one in verdict.facets if one.facet == FACET), "")
            self._without[cell] = said or f"it ended in {verdict.outcome}"

    def due(self) -> list[Reading]:
        """What is to be read now; nothing while an adapter that has begun may yet write."""
        if self._awaited or not self._held:
            return []
        by_adapter: dict[str, Reading] = {}
        for held in self._held:
            by_adapter.setdefault(held.spec.name, Reading(held.spec, [])).held.append(held)
        self._held = []
        return list(by_adapter.values())

    def files_for(self, cell: Cell) -> list[File]:
        """The distinct files of a case that others than a cell's adapter wrote."""
        found: dict[bytes, File] = {}
        for other, content in self._files.items():
            if other.case == cell.case and other.adapter != cell.adapter:
                digest = hashlib.sha256(content.tobytes()).digest()
                file = found.setdefault(digest, File([], content, {}))
                file.writers.append(other.adapter)
                file.releases[other.adapter] = self._release(other.adapter, cell.adapter)
        return list(found.values())

    def _release(self, writer: str, reader: str) -> str:
        """What a writer is, where the reader is another release of it; else nothing."""
        theirs, own = self._versions.get(writer, {}), self._versions.get(reader, {})
        name, version = next(iter(theirs.items()), ("", ""))
        return f"{name} {version}" if own.get(name, version) != version else ""

    def absent_for(self, cell: Cell) -> dict[str, str]:
        """Why others that are planned have left no file for a cell."""
        others = [
            Cell(cell.case, name)
            for name, cases in self._plan.cells.items()
            if name != cell.adapter and cell.case in cases
        ]
        return {
            other.adapter: self._without.get(other, "it does not run in this process")
            for other in others
            if other not in self._files
        }

    def refused(self, cell: Cell) -> str:
        """Why what the cell's own adapter sent is no file; empty where it is one."""
        return self._refused.get(cell, "")


def asks(case: Case) -> bool:
    """Whether a case asks for files to be exchanged."""
    return FACET in case.program.facets


def waits(case: Case, answer: host.Answer) -> bool:
    """Whether the verdict on an answer has to wait for what others write."""
    if not asks(case) or not isinstance(answer, host.Answered):
        return False
    said = answer.observation
    unable = said.status != "ok" or FACET in said.unsupported or FACET in said.errors
    return said.files is not None and not unable


def read(process: AdapterProcess, held: Held, files: Iterable[File]) -> dict[str, Any]:
    """Have an adapter load each file.

    Returns:
        By writer, what came of its file: a :class:`Loaded`, and the arrays that it names.
    """
    program = msgspec.structs.replace(held.case.program, facets=[FACET])
    begins = ("call/0/", "target/") if _goes_on(held.case) else ("call/0/",)
    fed = {name: a for name, a in held.expected.feeds.items() if name.startswith(begins)}
    found: dict[str, Any] = {}
    for index, file in enumerate(files):
        process.send(program, {**fed, "file": file.content}, kind="load")
        said, arrays = _loaded(process.receive(), f"{FACET}/{index}/")
        for writer in file.writers:
            told = msgspec.structs.replace(said, release=file.releases[writer])
            found[writer] = told, arrays
    return found


def _goes_on(case: Case) -> bool:
    """Whether whoever reads a file goes on with the training."""
    asked = case.graph.exchange
    return asked is not None and asked.steps is not None


def completed(
    held: Held, loaded: Mapping[str, Any], absent: dict[str, str], refused: str
) -> host.Answered:
    """An adapter's answer with what it made of others' files."""
    tensors = dict(held.answer.tensors)
    for _, arrays in loaded.values():
        tensors |= arrays
    exchanged = Exchanged(
        loaded={writer: one for writer, (one, _) in loaded.items()},
        absent=absent,
        refused=refused,
    )
    observation = msgspec.structs.replace(held.answer.observation, exchanged=exchanged)
    return host.Answered(
        id=held.answer.id,
        case=held.answer.case,
        seconds=held.answer.seconds,
        stderr=held.answer.stderr,
        observation=observation,
        tensors=tensors,
    )


def _loaded(answer: host.Answer, prefix: str) -> tuple[Loaded, dict[str, Array]]:
    """What came of loading one file, its arrays under names of their own."""
    if isinstance(answer, host.Crashed | host.TimedOut):
        return Loaded(died=answer.message), {}
    if not isinstance(answer, host.Answered):
        return Loaded(lost=answer.message), {}
    said = answer.observation
    if said.status == "unsupported":
        return Loaded(unsupported=said.reason or "no reason given"), {}
    error = said.error or (said.calls[0].error if said.calls else None)
    if error is not None:
        return Loaded(error=error), {}
    return _outputs_or_state(answer, prefix)


def _outputs_or_state(answer: host.Answered, prefix: str) -> tuple[Loaded, dict[str, Array]]:
    """Outputs of call 0, or what a training came to that went on."""
    said = answer.observation
    if said.state is not None:
        losses, weights = said.state.losses, said.state.weights
        state = State(
            losses=prefix + losses, weights={key: prefix + name for key, name in weights.items()}
        )
        named = [losses, *weights.values()]
        return Loaded(state=state), {prefix + name: answer.tensors[name] for name in named if name}
    if not said.calls or not said.calls[0].outputs:
        return Loaded(lost="its answer holds no output"), {}
    outputs = said.calls[0].outputs
    renamed = [msgspec.structs.replace(one, tensor=prefix + one.tensor) for one in outputs]
    return Loaded(outputs=renamed), {
        prefix + one.tensor: answer.tensors[one.tensor] for one in outputs
    }
