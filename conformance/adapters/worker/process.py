"""The worker's own process: its last words, its memory, and whether its host still lives."""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import os
import select
import signal
import sys
import threading
import time

_GRACE = 60.0
"""Seconds for a last answer when the stream has ended but the parent process lives: somebody
piped frames in by hand, or a launcher stands between the host and this process."""


def prepare() -> None:
    """Have a crash or a hang say where, and leave no core file of a framework's size.

    The host sends SIGUSR1 to a process whose time is over, before it kills it.
    """
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=False)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@functools.lru_cache(maxsize=1)  # asked after every case
def _statm(process: int) -> int:  # noqa: ARG001 - a fork's is another file
    return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)


def resident_bytes() -> int:
    """Resident memory of this process in bytes; where Linux's /proc is missing, its peak."""
    try:
        return int(os.pread(_statm(os.getpid()), 200, 0).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def follow_parent(stream: int) -> None:
    """End this process soon after its host is gone, even while a case computes or hangs.

    A host that is killed outright cannot say goodbye, but the kernel closes its end of the pipe.

    Args:
        stream: The descriptor that the host writes to.
    """
    parent = os.getppid()
    thread = threading.Thread(target=_watch, args=(stream, parent), name="parent", daemon=True)
    thread.start()


def _watch(stream: int, parent: int) -> None:
    poller = select.poll()
    poller.register(stream, 0)  # no event but the hang-up, which is always reported
    while not any(event & select.POLLHUP for _, event in poller.poll()):
        time.sleep(1)  # some other condition on the descriptor: never spin on it
    deadline = time.monotonic() + _GRACE
    while os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(0.2)
    os._exit(3)
