"""One writer a record: whoever writes it holds a lock that the system releases, however it ends."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
from pathlib import Path
from typing import Any

from conformance.records.wire import RecordsError

_LOCKS = Path("/proc/locks")
_LOCKED = frozenset({errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN})
_HEADER = b'{"type":"header"'


def lock(fd: int, path: Path) -> None:
    """Take the lock of a record that is open for writing; closing the file gives it back.

    Where a file system knows no locks (some of networks don't), nothing is locked; nor is a device
    or a pipe, which is no record of anybody's: two runs may well write into ``/dev/null``.

    Raises:
        RecordsError: Another process writes the record; the message says which, and since when.
    """
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _LOCKED:
            raise RecordsError(
                f"{path} is being written by {_who(fd)}{_since(path)}: wait until that run ends, "
                "or end it"
            ) from error


def _who(fd: int) -> str:
    """The process that holds the lock, where the system tells."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        inode = os.fstat(fd).st_ino
        for line in _LOCKS.read_text(encoding="ascii").splitlines():
            fields = line.split()
            if fields[1] == "FLOCK" and int(fields[5].rpartition(":")[2]) == inode:
                return f"another run, process {fields[4]}"
    return "another run"


def _since(path: Path) -> str:
    """When that run began, as its header says."""
    started = ""
    with contextlib.suppress(OSError, ValueError, AttributeError), path.open("rb") as file:
        for line in file:
            if line.startswith(_HEADER):
                header: Any = json.loads(line)
                started = str(header.get("started", ""))[:40]
    return f", since {started}" if started.isprintable() and started else ""
