"""Files that a command is told to read, beside records: with a limit, and told apart from others.

A file may be a folder, a device that never ends, or hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.records.wire import RecordsError

if TYPE_CHECKING:
    from pathlib import Path

LIMIT: Final = 64 * 2**20
"""Bytes that are read of one file."""


def read_bytes(path: Path, limit: int = LIMIT) -> bytes:
    """Read a plain file.

    Raises:
        RecordsError: it can't be read, is no plain file, or is larger than the limit.
    """
    try:
        if path.exists() and not path.is_file():
            raise RecordsError(f"cannot read {path}: it is no plain file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise RecordsError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > limit:
        raise RecordsError(f"cannot read {path}: it is larger than {limit:,} bytes")
    return data


def read_text(path: Path) -> str:
    """Read a plain file of text, line ends as they are.

    Raises:
        RecordsError: as of :func:`read_bytes`, or it is not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordsError(f"cannot read {path}: byte {error.start:,} is not UTF-8") from error
