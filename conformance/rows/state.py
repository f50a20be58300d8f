"""What became of one row."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.comparing import ColumnsError, compare
from conformance.records import RecordsError, read
from conformance.records.files import RECORDS
from conformance.records.merging import merge
from conformance.verdicts.model import FAILING
from conformance.wording.text import lacking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.comparing import Diff
    from conformance.records import Run

_SHARD = re.compile(r"\.\d+$")
"""Ends the folder of one of a row's shards: ``linux.3``."""

_DATED = re.compile(r"\.dev(20\d{6})")
"""A nightly's version: ``3.16.0.dev2026112103``, ``2.23.0.dev20261121``."""
_NIGHTLY = "nightly"
"""A row with this in its name promises that some framework of it is a nightly."""


@dataclass(slots=True)
class Row:
    """One row, and everything that is wrong with it."""

    name: str
    run: Run | None = None
    """None where no record of it came."""
    faults: list[str] = field(default_factory=list)
    """Why the row itself proves nothing: nothing ran, cells are missing, a nightly is old."""
    unexpected: int = 0
    """Cells that don't conform and no entry of the ledger knows."""
    since: Diff | None = None
    """What changed since the last time; None where there was none, or nothing to compare."""

    @property
    def conforms(self) -> bool:
        """Whether everything ran, and whatever deviates is known."""
        return not self.faults and not self.unexpected


def name_of(folder: str) -> str:
    """The row that a folder of records is of: ``linux`` for ``linux``, ``linux.1``, ``linux.2``."""
    return _SHARD.sub("", folder)


def rows(folder: Path, expected: Iterable[str], *, days: int, last: Path | None) -> list[Row]:
    """Look at all rows.

    Args:
        folder: holds a folder for each row, or for each shard of one (``linux.1``), with its
            records somewhere below.
        expected: names of the rows that must be there.
        days: age from which on a nightly is stale, reckoned at the start of its run.
        last: the same folder of the last time, to compare with.

    Returns:
        The expected rows in their order, then whatever else is there, by name.
    """
    parts = _parts(folder)
    before = _parts(last) if last else {}
    return [
        _row(name, parts.get(name, []), before.get(name, []), days)
        for name in dict.fromkeys([*map(name_of, expected), *parts])
    ]


def _parts(folder: Path) -> dict[str, list[Path]]:
    """The record files of every row."""
    found: dict[str, list[Path]] = {}
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                found.setdefault(name_of(path.name), []).extend(sorted(path.rglob(RECORDS)))
    return found


def _row(name: str, paths: list[Path], before: list[Path], days: int) -> Row:
    row = Row(name)
    if not paths:
        row.faults.append("nothing ran: there is no record of it")
        return row
    try:
        row.run = _read(paths)
    except RecordsError as error:
        row.faults.append(" ".join(str(error).split()))
        return row
    counts = row.run.counts()
    row.unexpected = sum(counts[outcome] for outcome in FAILING if outcome != "not-run")
    row.faults += _faults(row.run)
    row.faults += _stale(row.run, days, promised=_NIGHTLY in name)
    if before:
        try:
            row.since = compare(_read(before), row.run)
        except (RecordsError, ColumnsError) as error:
            row.faults.append(f"can't be compared with the last time: {error}")
    return row


def _read(paths: list[Path]) -> Run:
    """One run from its record, or from those of its shards."""
    if len(paths) == 1:
        run = read(paths[0], brief=True)
        if run.header.shard is None or run.header.shard.count == 1:
            return run
    with tempfile.TemporaryDirectory() as folder:
        joined = Path(folder) / RECORDS
        merge(paths, joined)
        return read(joined, brief=True)


def _faults(run: Run) -> Iterator[str]:
    missing = len(run.missing())
    if missing:
        yield lacking(missing)
    elif run.footer is None:
        yield "the run did not come to its end"
    counts = run.counts()
    if not counts or counts["not-installed"] + counts["not-run"] == counts.total():
        yield "nothing was judged"
    else:
        for adapter in run.header.plan:
            judged = run.counts(adapter)
            if judged and judged["not-installed"] == judged.total():
                yield f"{adapter} is not installed: leave it out of the row, or install it"
    yield from run.problems


def _stale(run: Run, days: int, *, promised: bool) -> Iterator[str]:
    """Says which nightlies are too old; one that a column asks for by its version never is."""
    try:
        began = dt.datetime.fromisoformat(run.started).date()
    except ValueError:
        yield f"nobody knows when it ran: {run.started!r} is no time"
        return
    dated: dict[str, dt.date] = {}
    for name, line in run.adapters.items():
        for package, version in line.versions.items():
            built = _built(version)
            if built is not None and f"=={version}" not in name:
                dated[f"{package} {version}"] = built
    for nightly, built in dated.items():
        age = (began - built).days
        if age > days:
            yield f"{nightly} is {age} days old: the nightly is stale"
    if promised and not dated:
        yield "none of its frameworks is a nightly"


def _built(version: str) -> dt.date | None:
    found = _DATED.search(version)
    if not found:
        return None
    try:
        return dt.datetime.strptime(found[1], "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
