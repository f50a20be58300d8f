"""Reading a record file back into a :class:`Run`."""

from __future__ import annotations

import contextlib
import gc
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.records.bounds import LINE_LIMIT, excess, unfit
from conformance.records.cells import Cells
from conformance.records.model import AdapterLine, BriefCell, CaseLine, CellLine, Header
from conformance.records.wire import RecordsError, decode, decode_brief, encode_brief

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.records.model import Footer, Line


_SHOWN = 5
"""Lines, and cells, that a note names."""


@dataclass(slots=True)
class Run:
    """A run as its records tell it, whole or partial.

    A file may hold several stretches: the first try, and one for each time that it was resumed.
    What was planned is what the last header says. A later line about the same case, adapter or
    cell replaces the earlier one.
    """

    header: Header
    """The last one: what is planned now."""
    started: str
    """When the first stretch began; UTC, ISO 8601."""
    cases: dict[str, CaseLine] = field(default_factory=dict)
    """Planned cases by id, in the order of the header."""
    adapters: dict[str, AdapterLine] = field(default_factory=dict)
    """Planned adapters by name, in the order of the header. One that never introduced itself
    is missing."""
    cells: Cells = field(default_factory=Cells)
    """Planned cells that were reported, by case and adapter."""
    superseded: Cells = field(default_factory=Cells)
    """Cells on file that don't count: no longer planned, or of a case that has changed since."""
    footer: Footer | None = None
    """None when the last stretch did not come to its end."""
    notes: list[str] = field(default_factory=list)
    """What a reader of the report must know of the record itself: resumed, cut off, mixed."""
    stretches: int = 1
    intact_bytes: int = 0
    """Length of the file up to the end of its last whole line."""
    ends_without_newline: bool = False
    torn: int = 0
    """Lines that are no JSON, as two processes leave them that write one file at once. They are
    left out, and noted."""
    lossy: bool = False
    """Whether the last stretch has any of them."""

    @property
    def partial(self) -> bool:
        """True when the run did not end properly, or something planned has no verdict."""
        lacks = self.footer is None or self.lossy
        return lacks or next(self._unreported(), None) is not None

    @property
    def problems(self) -> list[str]:
        """What made the run itself faulty, as its footer says."""
        return self.footer.problems if self.footer else []

    @property
    def remarks(self) -> list[str]:
        """What those who keep the catalogue should look at; no fault of this run."""
        return self.footer.remarks if self.footer else []

    def planned(self) -> Iterator[tuple[str, str]]:
        """Yields every planned cell as case and adapter, adapter by adapter."""
        return _planned(self.header)

    def missing(self) -> list[tuple[str, str]]:
        """Returns the planned cells that have no verdict, as case and adapter."""
        return list(self._unreported())

    def counts(self, adapter: str | None = None) -> Counter[str]:
        """Returns how many cells have each outcome, of all adapters or of one.

        A planned cell without a verdict counts as ``not-run``.
        """
        counts: Counter[str] = Counter()
        for cell in _planned(self.header, adapter):
            counts[self.cells.outcome(*cell) or "not-run"] += 1
        return counts

    def unasked(self, adapter: str) -> Counter[str]:
        """Returns how many passes of an adapter leave each facet out that it can't be asked for."""
        counts: Counter[str] = Counter()
        for case, name in _planned(self.header, adapter):
            if self.cells.outcome(case, name) == "pass":
                counts.update(self.cells.unasked(case, name))
        return counts

    def mended(self) -> dict[str, Counter[str]]:
        """Returns the ledger entries that no longer show, each with how often on which adapter."""
        found: dict[str, Counter[str]] = {}
        for case, name in self.planned():
            for entry in self.cells.mended(case, name):
                found.setdefault(entry, Counter())[name] += 1
        return found

    def tried(self) -> Cells:
        """Returns every cell on file but those that were never run, for whoever goes on with it.

        Of a file that two processes harmed, those are left out whose case is among what is lost.
        """
        recorded = self.superseded.joined(self.cells)
        tried = {key for key in recorded if recorded.outcome(*key) != "not-run"}
        if self.torn:
            tried = {key for key in tried if key[0] in self.cases}
        return recorded.split(tried)[0]

    def _unreported(self) -> Iterator[tuple[str, str]]:
        return (cell for cell in self.planned() if cell not in self.cells)


def read(path: Path, *, brief: bool = False) -> Run:
    """Reads a record file.

    A last line that was cut off is left out and noted, and so is one that is no JSON at all, as
    when two processes wrote one file. Every other fault is an error: nothing of a record is ever
    skipped in silence.

    Args:
        path: the JSON-lines file.
        brief: keep of each cell only what two runs are compared by: outcomes, messages and margins
            of its facets. The rest (samples, native equivalents, times) is then empty.

    Returns:
        The run. A cell takes the memory of its line, some 3 KB; a brief one a third of it, and a
        third of the time.

    Raises:
        RecordsError: the file is missing, was written by a newer version, or holds something
            that is not a line of a record; the message has the line's number.
    """
    reader = _Reader(path, brief=brief)
    try:
        if path.exists() and not path.is_file():
            raise RecordsError(f"cannot read {path}: a record is a plain file, and this is none")
        with _uncollected(), path.open("rb") as file:
            while data := file.readline(LINE_LIMIT + 1):
                if not reader.take(data):
                    break
    except OSError as error:
        raise RecordsError(f"cannot read {path}: {error.strerror}") from error
    return reader.run()


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Lets no garbage be looked for: reading makes many small things and drops none in a circle.

    Else each of many collections goes through all that has been read, a quarter of the time.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Reader:
    """Takes the lines of one file in order and keeps what they say."""

    def __init__(self, path: Path, *, brief: bool) -> None:
        self._path = path
        self._decode = decode_brief if brief else decode
        self._number = 0
        self._intact = 0
        self._bare_end = False
        self._headers: list[Header] = []
        self._cases: dict[str, CaseLine] = {}
        self._adapters: dict[str, AdapterLine] = {}
        self._cells = Cells()
        self._reported: set[tuple[str, str]] = set()
        self._footer: Footer | None = None
        self._notes: dict[str, None] = {}
        self._torn: list[int] = []
        self._lossy = False
        self._twice: list[tuple[str, str]] = []

    def take(self, data: bytes) -> bool:
        """Takes one line; False when it was the cut-off last one."""
        self._number += 1
        whole = data.endswith(b"\n")
        if too_long := excess(data):
            raise self._error(too_long)
        try:
            line = self._decode(data)
        except RecordsError as error:
            if self._headers and whole and _is_torn(data):
                self._torn.append(self._number)
                self._lossy = True
                self._intact += len(data)
                return True
            if whole or not self._headers:
                raise self._error(str(error)) from error
            self._notes["The last line was cut off and is left out."] = None
            return False
        self._place(line, data)
        self._intact += len(data)
        self._bare_end = not whole
        return True

    def run(self) -> Run:
        """Joins what was taken."""
        if not self._headers:
            raise RecordsError(f"{self._path} is empty: no run was recorded in it")
        header = self._headers[-1]
        if len(self._headers) > 1:
            self._notes[f"Resumed {_times(len(self._headers) - 1)}."] = None
        digests = {case: line.digest for case, line in self._cases.items()}
        current = self._cells.fresh(set(_planned(header)), digests)
        if len(current) == len(self._cells):
            cells, superseded = self._cells, Cells()
        else:
            cells, superseded = self._cells.split(current)
        if superseded:
            self._notes[
                f"{len(superseded)} recorded cell(s) don't count: no longer planned, or their "
                "case has changed since."
            ] = None
        self._note_harm()
        return Run(
            header=header,
            started=self._headers[0].started,
            cases={case: self._cases[case] for case in header.cases if case in self._cases},
            adapters={name: self._adapters[name] for name in header.plan if name in self._adapters},
            cells=cells,
            superseded=superseded,
            footer=self._footer,
            notes=list(self._notes),
            stretches=len(self._headers),
            intact_bytes=self._intact,
            ends_without_newline=self._bare_end,
            torn=len(self._torn),
            lossy=self._lossy,
        )

    def _note_harm(self) -> None:
        """Tells what two processes at once have done to the file."""
        if self._torn:
            numbers = ", ".join(map(str, self._torn[:_SHOWN]))
            more = ", …" if len(self._torn) > _SHOWN else ""
            self._notes[
                f"{len(self._torn)} line(s) can't be read and are left out ({numbers}{more}), as "
                "when two processes wrote this file at once; --resume runs again what is missing."
            ] = None
        for case, adapter in self._twice[:_SHOWN]:
            self._notes[f"{case} on {adapter} was reported twice; the later one counts."] = None
        if len(self._twice) > _SHOWN:
            self._notes[f"So were {len(self._twice) - _SHOWN:,} cells more."] = None

    def _place(self, line: Line | BriefCell, data: bytes) -> None:
        if isinstance(line, Header):
            self._check_plan(line)
            self._headers.append(line)
            self._footer = None
            self._lossy = False
            self._reported.clear()
            return
        if not self._headers:
            raise self._error("the first line of a record is its header, and this is none")
        if self._footer is not None:
            self._footer = None
            self._notes[
                "Lines stand behind the end of the run: two processes wrote this file at once."
            ] = None
        if isinstance(line, CellLine | BriefCell):
            self._report(line, data)
        elif isinstance(line, CaseLine):
            self._cases[line.id] = line
        elif isinstance(line, AdapterLine):
            self._introduce(line)
        else:
            self._footer = line

    def _introduce(self, line: AdapterLine) -> None:
        before = self._adapters.get(line.name)
        if before and before.versions and line.versions and before.versions != line.versions:
            changed = ", ".join(
                f"{name} {before.versions.get(name, 'absent')} then {version}"
                for name, version in line.versions.items()
                if before.versions.get(name) != version
            )
            self._notes[f"{line.name} was recorded with several versions: {changed}."] = None
        self._adapters[line.name] = line

    def _report(self, line: CellLine | BriefCell, data: bytes) -> None:
        margin = None
        if type(line) is BriefCell:
            data = encode_brief(line)
            margins = [f.margin for f in line.verdict.facets if f.margin is not None]
            margin = max(margins) if margins else None
        replaced = self._cells.keep(line, data, margin)
        if len(self._headers) > 1:  # what an earlier stretch has told may be told again
            key = (line.verdict.case, line.verdict.adapter)
            replaced = key in self._reported
            self._reported.add(key)
        if replaced:
            self._twice.append((line.verdict.case, line.verdict.adapter))

    def _check_plan(self, header: Header) -> None:
        if wrong := unfit(header):
            raise self._error(wrong)

    def _error(self, message: str) -> RecordsError:
        return RecordsError(f"{self._path}:{self._number}: {message}")


def _is_torn(data: bytes) -> bool:
    """Whether a line is no JSON: one of a newer version, or of another program, is some."""
    try:
        json.loads(data)
    except RecursionError:
        return False
    except ValueError:
        return True
    return False


def _planned(header: Header, of: str | None = None) -> Iterator[tuple[str, str]]:
    """The cells that are planned, of all adapters or of one."""
    plan = header.plan if of is None else {of: header.plan[of]} if of in header.plan else {}
    for adapter, indices in plan.items():
        for index in range(len(header.cases)) if indices is None else indices:
            yield header.cases[index], adapter


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
