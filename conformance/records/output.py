"""Files that a command is told to write: whole or not at all, and where they were meant.

A plain file, and one that is not there yet, is written under another name beside it and then put
in its place, so that no reader ever sees half of one. Everything else is written *into*: a link
stays and the file that it leads to is replaced, a FIFO or a device (``/dev/stdout``, a process
substitution) gets the bytes.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from conformance.printing import printed
from conformance.records.wire import RecordsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODE: Final = 0o644
"""Of a file that was not there before."""
_MOST_LINKS: Final = 40
"""Links that lead to each other before they are taken for a circle, as on Linux."""
_DESCRIPTOR: Final = re.compile(r"(?:/dev/fd|/proc/(?:self|thread-self|\d+)/fd)/(\d{1,9})")


class WriteError(RecordsError, OSError):
    """A file that can't be written. The text says which, why, and in what state it is."""


@contextlib.contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears, whole, when the block has ended well.

    Until then, and for ever where it ends in an error, a plain file is what it was before. Its
    folder is made where missing. What is no plain file is written into as it is.

    Raises:
        WriteError: the file can't be written, a full disk included, or is a folder; nothing is
            left behind.
    """
    try:
        target, descriptor = _led_to(path)
        into = descriptor is None and _is_written_into(target)
        if descriptor is None and not into:
            target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror}") from error
    if descriptor is not None or into:
        with _into(path, target, descriptor) as file:
            yield file
        return
    with _replacing(path, target) as file:
        yield file


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole, or leave it as it was: see :func:`whole`."""
    with whole(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, in which nothing acts on whoever shows it: see :func:`whole`."""
    write_whole(path, printed(text).encode())


def _led_to(path: Path) -> tuple[Path, int | None]:
    """The path behind all links, and the number where it is an open file of this process.

    Such a file is what a shell has opened for us, at the place where others have written into it;
    opening it by its name would begin at its start.
    """
    for _ in range(_MOST_LINKS):
        path = Path(os.path.realpath(path.parent), path.name)
        found = _DESCRIPTOR.fullmatch(str(path))
        if found and _is_ours(path):
            return path, int(found[1])
        if not path.is_symlink():
            return path, None
        path = path.parent / path.readlink()
    raise OSError(0, "its links lead in a circle")


def _is_ours(path: Path) -> bool:
    return path.parts[1] == "dev" or path.parts[2] in {"self", "thread-self", str(os.getpid())}


def _is_written_into(target: Path) -> bool:
    """Whether there is something that is no plain file.

    Raises:
        OSError: it is a folder, or can't be looked at.
    """
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(0, "it is a folder, and a file is meant")
    return not stat.S_ISREG(mode)


@contextlib.contextmanager
def _into(path: Path, target: Path, descriptor: int | None) -> Iterator[BinaryIO]:
    try:
        if descriptor is not None:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()  # what has been printed so far comes first
            handle = os.dup(descriptor)
        else:
            handle = os.open(target, os.O_WRONLY)  # waits for the reader of a FIFO, as `>` does
        with os.fdopen(handle, "wb") as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WriteError(f"cannot write into {path}: {error.strerror}") from error


@contextlib.contextmanager
def _replacing(path: Path, target: Path) -> Iterator[BinaryIO]:
    try:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else _MODE
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.name[:32]}.", suffix=".part"
        )
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise WriteError(
            f"cannot write {path}: {error.strerror}; it is as it was before"
        ) from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
