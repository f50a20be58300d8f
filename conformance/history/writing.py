"""Taking a run into the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.history.database import opened

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from conformance.records import Run
    from conformance.verdicts.model import CellVerdict


def add(path: Path, runs: Iterable[Run]) -> list[str]:
    """Take runs into the history: all of them or, where anything fails, none.

    A run that is there already, by its name, is replaced: it may have been resumed since.

    Args:
        path: the file of the history; it is made where missing.
        runs: loaded records, brief ones as well.

    Returns:
        The runs' names.

    Raises:
        HistoryError: the history can't be written.
        RecordsError: a record can't be read, where they are read one by one.
    """
    with opened(path, write=True) as connection:
        return [_add(connection, run) for run in runs]


def _add(connection: sqlite3.Connection, run: Run) -> str:
    name = run.header.run
    connection.execute("DELETE FROM run WHERE name = ?", (name,))
    number = connection.execute(
        "INSERT INTO run (name, started, suite, partial) VALUES (?, ?, ?, ?)",
        (name, run.started, run.header.suite, run.partial),
    ).lastrowid
    adapters = {
        adapter: connection.execute(
            "INSERT INTO adapter (run, name, versions, counts) VALUES (?, ?, ?, ?)",
            (number, adapter, _versions(run, adapter), msgspec.json.encode(run.counts(adapter))),
        ).lastrowid
        for adapter in run.header.plan
    }
    subjects = _subjects(connection, run)
    connection.executemany(
        "INSERT INTO cell (subject, adapter, outcome, margin, facet) VALUES (?, ?, ?, ?, ?)",
        _cells(run, subjects, adapters),
    )
    return name


def _versions(run: Run, adapter: str) -> str:
    line = run.adapters.get(adapter)
    return msgspec.json.encode(line.versions if line else {}).decode()


def _subjects(connection: sqlite3.Connection, run: Run) -> dict[tuple[str, str], int]:
    """The number of every case by name and content; new ones get one."""
    wanted = {(case, run.cells.digest(case, adapter) or "") for case, adapter in run.cells}
    connection.executemany("INSERT OR IGNORE INTO subject (name, digest) VALUES (?, ?)", wanted)
    return {
        (name, digest): number
        for number, name, digest in connection.execute("SELECT id, name, digest FROM subject")
    }


def _cells(
    run: Run, subjects: dict[tuple[str, str], int], adapters: dict[str, int | None]
) -> Iterator[tuple[int, int | None, str, float | None, str]]:
    for (case, adapter), line in run.cells.items():
        margin, facet = _margin(line.verdict)
        yield subjects[case, line.digest], adapters[adapter], line.verdict.outcome, margin, facet


def _margin(verdict: CellVerdict) -> tuple[float | None, str]:
    """The facet that used most of its tolerance."""
    found = [(facet.margin, facet.facet) for facet in verdict.facets if facet.margin is not None]
    return max(found, default=(None, ""))
