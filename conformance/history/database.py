"""The file of the history: an SQLite database, opened carefully."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Final

from conformance.history.model import HistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA: Final = 1
"""Version of the tables, kept in the file itself."""
_APPLICATION: Final = 0x4B434F4E
"""``KCON``: marks the file as ours, so that no other database is written to."""
_PATIENCE: Final = 30.0
"""Seconds to wait for another process that writes."""

_TABLES: Final = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    started TEXT NOT NULL,
    suite TEXT NOT NULL,
    partial INTEGER NOT NULL
);
CREATE TABLE adapter (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name TEXT NOT NULL,
    versions TEXT NOT NULL, -- JSON
    counts TEXT NOT NULL,   -- JSON: outcome to number of cells
    UNIQUE (run, name)
);
CREATE TABLE subject (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,     -- the case's id
    digest TEXT NOT NULL,   -- its content
    UNIQUE (name, digest)
);
CREATE TABLE cell (
    subject INTEGER NOT NULL REFERENCES subject,
    adapter INTEGER NOT NULL REFERENCES adapter ON DELETE CASCADE,
    outcome TEXT NOT NULL,
    margin REAL,
    facet TEXT NOT NULL,
    PRIMARY KEY (subject, adapter)
) WITHOUT ROWID;
CREATE INDEX cell_of_adapter ON cell (adapter);
"""


@contextlib.contextmanager
def opened(path: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the history; what is written appears whole when the block ends well, or not at all.

    Args:
        path: the file. For writing it is made where missing.
        write: whether anything is to be written.

    Raises:
        HistoryError: it is missing, not ours, newer than this version, damaged or can't be written.
    """
    if not write and not path.is_file():
        raise HistoryError(
            f"there is no history at {path}; `keras-conformance history add RECORDS` begins one"
        )
    if path.exists() and not path.is_file():
        raise HistoryError(f"{path} is no plain file, and a history has to be one")
    try:
        with contextlib.closing(_connect(path, write=write)) as connection, connection:
            yield connection
    except (sqlite3.Error, OSError) as error:
        doing = "write" if write else "read"
        raise HistoryError(f"cannot {doing} the history {path}: {error}") from error


def usable(path: Path) -> None:
    """See that a history can be written to, or begun, before anything is run for it.

    Raises:
        HistoryError: as for :func:`opened`.
    """
    if path.exists():
        with opened(path):
            pass


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    if write:
        path.parent.mkdir(parents=True, exist_ok=True)
    mode = "rwc" if write else "ro"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE
    )
    try:
        _check(connection, path, write=write)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path, *, write: bool) -> None:
    """See that the file is ours and of a schema that we know; make its tables where it is new."""
    connection.execute("PRAGMA foreign_keys = ON")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if write and not application and not tables:
        connection.executescript(
            f"BEGIN; {_TABLES} PRAGMA application_id = {_APPLICATION}; "
            f"PRAGMA user_version = {SCHEMA}; COMMIT;"
        )
        return
    if application != _APPLICATION:
        raise HistoryError(f"{path} is no history of keras-conformance; name another file")
    if schema > SCHEMA:
        raise HistoryError(
            f"{path} has schema {schema}; this version of keras-conformance knows up to {SCHEMA}. "
            "Use a newer version"
        )
