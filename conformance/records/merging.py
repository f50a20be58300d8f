"""Joining the records of one run that several machines have made.

Two kinds of parts may be joined, and mixed: shards (``--shard 2/8``), each with some of the cases,
and runs of other adapters. What can't be one run is refused with every reason at once; nothing is
written before all of it has been looked at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.records.bounds import unfit
from conformance.records.model import AdapterLine, CaseLine, Footer, Header
from conformance.records.output import whole
from conformance.records.reader import read
from conformance.records.wire import RecordsError, encode
from conformance.verdicts.caps import over
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.records.model import LevelOf, Touched
    from conformance.records.reader import Run


_CELL = b'{"type":"cell",'
"""How this suite begins the line of a cell; a record that has it otherwise is read line by line."""


class MergeError(RecordsError):
    """Records that are not parts of one run; the text has a line for each reason."""


class Merging:
    """Parts of a run, taken in one by one and then written as one record.

    Only what the parts are made of is kept; their cells are read again when they are written, a
    part at a time.
    """

    def __init__(self, *, partial: bool = False) -> None:
        """Begin with none.

        Args:
            partial: join what is there although shards are missing; the joined run is then partial.
        """
        self._partial = partial
        self._paths: list[Path] = []
        self._headers: list[Header] = []
        self._started: list[str] = []
        self._footers: list[Footer | None] = []
        self._whole: list[bool] = []
        self._sizes: list[int] = []
        self._plain: list[bool] = []
        """Whether every cell's line of a part counts, and once: it can be copied as it stands."""
        self._cases: dict[str, CaseLine] = {}
        self._adapters: dict[str, AdapterLine] = {}
        self._told_by: dict[str, int] = {}
        """Adapter name to the part that its line is from."""
        self._owner: dict[tuple[str, str], int] = {}
        """Cell to the part that planned it."""
        self._counts: Counter[str] = Counter()
        self._faults: dict[str, None] = {}

    def take(self, path: Path) -> None:
        """Take in a part.

        Raises:
            RecordsError: it can't be read.
        """
        run = read(path, brief=True)
        part = len(self._paths)
        self._paths.append(path)
        self._headers.append(run.header)
        self._started.append(run.started)
        self._footers.append(run.footer)
        self._whole.append(not run.partial)
        self._sizes.append(path.stat().st_size)
        self._plain.append(
            run.stretches == 1 and not run.superseded and _lines_of_cells(path) == len(run.cells)
        )
        self._counts += run.counts()
        self._take_cases(run, path)
        self._take_adapters(run, part)
        twice = Counter[int]()
        for cell in run.planned():
            owner = self._owner.setdefault(cell, part)
            twice[owner] += owner != part
        for owner, count in twice.items():
            if count:
                self._fault(f"{count:,} cells are in {self._paths[owner]} and in {path}")

    def write(self, out: Path) -> bool:
        """Write the joined record, whole or not at all.

        Args:
            out: the file; no record is ever overwritten.

        Returns:
            Whether the joined run is in order: whole, without problems, nothing unexpected in it.

        Raises:
            MergeError: the parts are not one run.
            RecordsError: a part has changed since it was taken in, or the file can't be written.
        """
        self._check()
        if out.exists():
            raise RecordsError(f"{out} exists already; merge into another file")
        header = self._header()
        if wrong := unfit(header):
            raise MergeError(f"these records can't be one run: {wrong}")
        with whole(out) as file:
            file.write(encode(header))
            file.writelines(encode(self._cases[c]) for c in header.cases if c in self._cases)
            file.writelines(encode(line) for line in self._adapters.values())
            for part, path in enumerate(self._paths):
                file.writelines(self._cells(part, path))
            footer = self._footer()
            if footer is not None:
                file.write(encode(footer))
        unexpected = any(self._counts[outcome] for outcome in FAILING)
        return footer is not None and not footer.problems and not unexpected

    # -- taking in -----------------------------------------------------------------------------

    def _take_cases(self, run: Run, path: Path) -> None:
        for case, line in run.cases.items():
            before = self._cases.get(case)
            if before is None or (line.held_to and not before.held_to):
                self._cases[case] = line
            if before is not None and before.digest != line.digest:
                self._fault(f"{case} has another content in {path} than in an earlier record")

    def _take_adapters(self, run: Run, part: int) -> None:
        for name, line in run.adapters.items():
            before = self._adapters.get(name)
            if before is None:
                self._adapters[name] = line
                self._told_by[name] = part
                continue
            here, there = self._paths[part], self._paths[self._told_by[name]]
            if before.status != line.status:
                self._fault(f"{name} is {before.status} in {there} and {line.status} in {here}")
            for what, old, new in _differences(before.versions, line.versions):
                self._fault(f"{name} has {what} {old} in {there} and {new} in {here}")

    # -- looking at all ------------------------------------------------------------------------

    def _check(self) -> None:
        """See that all of it is one run.

        Raises:
            MergeError: it is not.
        """
        if not self._headers:
            raise MergeError("no records to merge")
        first = self._headers[0]
        for header, path in zip(self._headers[1:], self._paths[1:], strict=True):
            if header.suite != first.suite:
                self._fault(
                    f"{path} is of keras-conformance {header.suite}, {self._paths[0]} of "
                    f"{first.suite}"
                )
            elif header.rule != first.rule:
                self._fault(f"{path} was judged by another rule than {self._paths[0]}")
            if _chosen_for(header) != _chosen_for(first):
                self._fault(
                    f"{path} holds {_choice(header)}, and {self._paths[0]} {_choice(first)}"
                )
            if _level(header) != _level(first):
                self._fault(f"{path} is of {_level(header)}, and {self._paths[0]} {_level(first)}")
        for plan in {header.shard.plan: None for header in self._headers if header.shard}:
            self._check_shards(plan)
        if self._faults:
            raise MergeError("these records are not one run:\n  " + "\n  ".join(self._faults))

    def _check_shards(self, plan: str) -> None:
        """See that all shards of one plan are there, each once."""
        found: dict[int, list[Path]] = defaultdict(list)
        counts = set()
        for header, path in zip(self._headers, self._paths, strict=True):
            if header.shard and header.shard.plan == plan:
                found[header.shard.index].append(path)
                counts.add(header.shard.count)
        if len(counts) > 1:
            self._fault(f"one plan was cut into {_listed(sorted(counts))} shards")
            return
        (count,) = counts
        for index, paths in found.items():
            if len(paths) > 1:
                self._fault(f"shard {index}/{count} is there twice: {_listed(paths)}")
        missing = [f"{index}/{count}" for index in range(1, count + 1) if index not in found]
        if missing and not self._partial:
            self._fault(
                f"of the shards with {found[min(found)][0]}, {_listed(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} missing (--partial joins what is there)"
            )

    @property
    def _complete(self) -> bool:
        """Whether every part came to its end, and no shard is missing."""
        shards = [header.shard for header in self._headers if header.shard]
        wanted = {shard.plan: shard.count for shard in shards}
        return all(self._whole) and sum(wanted.values()) == len(shards)

    # -- writing -------------------------------------------------------------------------------

    def _header(self) -> Header:
        cases = self._ordered_cases()
        place = {case: at for at, case in enumerate(cases)}
        plan: dict[str, list[int]] = {}
        for case, adapter in self._owner:
            plan.setdefault(adapter, []).append(place[case])
        for header in self._headers:
            for adapter in header.plan:
                plan.setdefault(adapter, [])
        first = self._headers[0]
        more = len(self._headers) - 1
        return replace(
            first,
            run=f"{first.run}+{more}" if more else first.run,
            started=min(self._started),
            machine=_joined([header.machine for header in self._headers]),
            cases=cases,
            plan={
                adapter: None if len(places) == len(cases) else sorted(places)
                for adapter, places in plan.items()
            },
            shard=None,
            touched=_joined_choice([header.touched for header in self._headers if header.touched]),
            level=_joined_level([header.level for header in self._headers if header.level]),
        )

    def _ordered_cases(self) -> list[str]:
        """Every case once: a plan's in their order there, plan after plan."""
        found: dict[str, None] = {}
        shards: dict[str, list[tuple[int, str]]] = {}
        for header in self._headers:
            if header.shard is None:
                found.update(dict.fromkeys(header.cases))
                continue
            placed = shards.setdefault(header.shard.plan, [])
            placed += zip(header.shard.positions, header.cases, strict=True)
        for placed in shards.values():
            found.update((case, None) for _, case in sorted(placed))
        return list(found)

    def _cells(self, part: int, path: Path) -> Iterator[bytes]:
        if path.stat().st_size != self._sizes[part]:
            raise RecordsError(f"{path} has changed while it was merged")
        if self._plain[part]:
            with path.open("rb") as file:
                yield from (_ended(line) for line in file if line.startswith(_CELL))
            return
        run = read(path)
        for cell in run.cells:
            yield _ended(run.cells.written(*cell))

    def _footer(self) -> Footer | None:
        """The joined run's end; None where a part has none, which makes the run partial."""
        if not self._complete:
            return None
        footers = [footer for footer in self._footers if footer is not None]
        covered = {name for footer in footers for name in footer.covered}
        problems = dict.fromkeys(problem for footer in footers for problem in footer.problems)
        if not self._owner:
            problems["nothing was planned: no case on any adapter"] = None
        for footer in footers:
            problems |= dict.fromkeys(
                told for name, told in footer.idle.items() if name not in covered
            )
        excused: Counter[str] = Counter()
        caps: dict[str, int] = {}
        for footer in footers:
            excused.update(footer.excused)
            caps |= footer.caps
        problems |= dict.fromkeys(over(excused, caps))
        return Footer(
            finished=max(footer.finished for footer in footers),
            planned=len(self._owner),
            reported=len(self._owner),
            counts=dict(self._counts),
            problems=list(problems),
            excused=dict(excused),
            caps=caps,
            remarks=list(dict.fromkeys(told for footer in footers for told in footer.remarks)),
        )

    def _fault(self, text: str) -> None:
        self._faults[text] = None


def merge(paths: Iterable[Path], out: Path, *, partial: bool = False) -> bool:
    """Join the records of one run; see :class:`Merging`.

    Args:
        paths: the parts' record files.
        out: the joined record's file.
        partial: join what is there although shards are missing.

    Returns:
        Whether the joined run is in order; see :meth:`Merging.write`.

    Raises:
        MergeError: they are not one run.
        RecordsError: a part can't be read, or the file can't be written.
    """
    merging = Merging(partial=partial)
    for path in paths:
        merging.take(path)
    return merging.write(out)


def _chosen_for(header: Header) -> tuple[str, str] | None:
    """The change for whose sake a record's cases were chosen; None: they were not."""
    return (header.touched.source, header.touched.commit) if header.touched else None


def _level(header: Header) -> str:
    return header.level.name if header.level else "no level"


def _choice(header: Header) -> str:
    touched = header.touched
    if touched is None:
        return "all cases that were asked for"
    return f"those that changes of {touched.source} since {touched.base} touch"


def _joined_choice(parts: Sequence[Touched]) -> Touched | None:
    """What all parts' cases were chosen by."""
    if not parts:
        return None
    functions = {one for part in parts for one in part.functions}
    adapters = {name: told for part in parts for name, told in part.adapters.items()}
    return replace(parts[0], functions=sorted(functions), adapters=adapters)


def _joined_level(parts: Sequence[LevelOf]) -> LevelOf | None:
    """The level of all parts; how many cases it chose from is told where all say the same."""
    if not parts or all(part == parts[0] for part in parts):
        return parts[0] if parts else None
    return replace(parts[0], chosen=max(part.chosen for part in parts), cases=None)


def _lines_of_cells(path: Path) -> int:
    with path.open("rb") as file:
        return sum(line.startswith(_CELL) for line in file)


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"


def _differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield name, old.get(name, "absent"), new.get(name, "absent")


def _joined(machines: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What the machines have in common, and where they differ, all that they are."""
    return {
        what: " · ".join(dict.fromkeys(machine.get(what, "?") for machine in machines))
        for what in dict.fromkeys(name for machine in machines for name in machine)
    }


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))
