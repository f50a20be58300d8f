"""Tells :mod:`.guardian` of the processes and folders that are not to outlive this process."""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

_SCRIPT = str(Path(__file__).with_name("guardian.py"))

_PATIENCE = 2.0  # seconds; it goes on without being waited for

_lock = threading.Lock()
_guardian: subprocess.Popen[bytes] | None = None
_owner = 0
"""The process that started it: a fork of that one has none."""


def guard_process(pid: int) -> None:
    """Have a process group killed when this process is gone."""
    _tell(f"+p{pid}\n")


def guard_folder(folder: str) -> None:
    """Have a folder removed when this process is gone."""
    _tell(f"+f{os.fsencode(folder).hex()}\n")


def release_process(pid: int) -> None:
    """Forget a process group: it is gone."""
    _tell(f"-p{pid}\n")


def release_folder(folder: str) -> None:
    """Forget a folder: it is removed."""
    _tell(f"-f{os.fsencode(folder).hex()}\n")


def _tell(line: str) -> None:
    """Write a line, in one piece; without a guardian, what ends normally is tidied all the same."""
    with _lock:
        guardian = _started()
        if guardian is None or guardian.stdin is None:
            return
        try:
            os.write(guardian.stdin.fileno(), line.encode())
        except OSError:  # it was killed: a new one would know nothing of the others
            return


def _started() -> subprocess.Popen[bytes] | None:
    global _guardian, _owner  # noqa: PLW0603 - one for all of this process
    if _owner != os.getpid():
        _owner = os.getpid()
        try:
            _guardian = subprocess.Popen(
                [sys.executable, "-I", "-S", _SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",
                start_new_session=True,
            )
        except OSError:
            _guardian = None
    return _guardian


@atexit.register
def _dismiss() -> None:
    """Let the guardian see to what is left, if anything is, and go."""
    if _guardian is None or _guardian.stdin is None or _owner != os.getpid():
        return
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        _guardian.stdin.close()
        _guardian.wait(_PATIENCE)
