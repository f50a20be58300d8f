"""Where records are, and files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from conformance.records.wire import RecordsError

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDS = "records.jsonl"
"""Name of the record file in a run's folder."""


def find_records(named: str | Path, reports: Path = Path("reports")) -> Path:
    """Find the record file that somebody names.

    Args:
        named: a record file, a run's folder, a run's name, or ``latest``.
        reports: the folder of all runs.

    Raises:
        RecordsError: there is none.
    """
    if str(named) == "latest":
        found = sorted(reports.glob(f"*/{RECORDS}"))
        if not found:
            raise RecordsError(f"no run has left records in {reports}")
        return found[-1]
    for path in (Path(named), reports / named):
        if path.is_file():
            return path
        if (path / RECORDS).is_file():
            return path / RECORDS
    raise RecordsError(
        f"no records at {str(named)!r}: neither a record file, nor a run's folder with a "
        f"{RECORDS}, nor a run of {reports}"
    )


def all_records(named: Path) -> list[Path]:
    """Find the record files at a path: itself, or all those below it.

    Raises:
        RecordsError: there are none.
    """
    found = sorted(named.rglob(RECORDS)) if named.is_dir() else [named]
    if not found:
        raise RecordsError(f"no {RECORDS} in {named} or below it")
    return found


@contextlib.contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears, whole, when the block has ended well.

    Until then, and for ever where it ends in an error, the path is what it was before. Its folder
    is made where missing.

    Raises:
        RecordsError: the file can't be written, a full disk included; nothing is left behind.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise RecordsError(f"cannot write {path}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise RecordsError(
            f"cannot write {path}: {error.strerror}; it is as it was before"
        ) from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole, or leave it as it was: see :func:`whole`."""
    with whole(path) as file:
        file.write(data)
