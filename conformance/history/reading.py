"""Reading the history: curves of one case, totals of whole runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.history.database import opened
from conformance.history.model import HistoryError, Point, Total

if TYPE_CHECKING:
    from pathlib import Path

_versions = msgspec.json.Decoder(dict[str, str])
_counts = msgspec.json.Decoder(dict[str, int])

_POINTS = """
SELECT run.name, run.started, subject.name, adapter.name, adapter.versions, cell.outcome,
       cell.margin, cell.facet, subject.digest
FROM subject
JOIN cell ON cell.subject = subject.id
JOIN adapter ON adapter.id = cell.adapter
JOIN run ON run.id = adapter.run
WHERE subject.name = ?
ORDER BY run.started, run.name, adapter.id
"""
_TOTALS = """
SELECT run.name, run.started, adapter.name, adapter.versions, adapter.counts, run.partial
FROM adapter JOIN run ON run.id = adapter.run
ORDER BY run.started, run.name, adapter.id
"""


def points(path: Path, case: str) -> list[Point]:
    """Return what became of a case: every adapter in every run, the oldest run first.

    Args:
        path: the file of the history.
        case: the case's id.

    Raises:
        HistoryError: the history can't be read.
    """
    keys = ("run", "started", "case", "adapter", "versions", "outcome", "margin", "facet", "digest")
    with opened(path) as connection:
        rows = connection.execute(_POINTS, (case,)).fetchall()
    try:
        return [
            msgspec.convert(
                dict(zip(keys, row, strict=True)) | {"versions": _versions.decode(row[4])}, Point
            )
            for row in rows
        ]
    except msgspec.MsgspecError as error:
        raise HistoryError(f"the history {path} is damaged at {case}: {error}") from error


def trend(path: Path) -> list[Total]:
    """Return how many cells of each adapter ended how, run by run, the oldest run first.

    Raises:
        HistoryError: the history can't be read.
    """
    with opened(path) as connection:
        rows = connection.execute(_TOTALS).fetchall()
    try:
        return [
            msgspec.convert(
                {
                    "run": run,
                    "started": started,
                    "adapter": adapter,
                    "versions": _versions.decode(versions),
                    "counts": _counts.decode(counts),
                    "partial": bool(partial),
                },
                Total,
            )
            for run, started, adapter, versions, counts, partial in rows
        ]
    except msgspec.MsgspecError as error:
        raise HistoryError(f"the history {path} is damaged: {error}") from error


def cases_like(path: Path, text: str) -> list[str]:
    """Return the ids of the cases that hold a text, in alphabetical order.

    Raises:
        HistoryError: the history can't be read.
    """
    with opened(path) as connection:
        rows = connection.execute(
            "SELECT DISTINCT name FROM subject WHERE instr(name, ?) ORDER BY name", (text,)
        ).fetchall()
    return [name for (name,) in rows]
