"""A process that outlives the coordinator by a moment: it ends what that one can't end any more.

``kill -9`` leaves nobody to kill an adapter that computes, or to remove its folder. This script,
run by its path in a session of its own, is told of each process group and folder
(:mod:`.guarding`). It reads until the coordinator is gone, whatever ended it, and sees to what was
left.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time

_TRIES = 5  # a process that was just killed may have made a file meanwhile


def main() -> None:
    """Listen on stdin, a line a change, until its end; then see to what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    left: dict[bytes, None] = {}
    for line in sys.stdin.buffer:
        if line.startswith(b"+"):
            left[line[1:].strip()] = None
        else:
            left.pop(line[1:].strip(), None)
    for one in left:
        if one.startswith(b"p"):
            with contextlib.suppress(OSError, ValueError):
                os.killpg(int(one[1:]), signal.SIGKILL)
    for one in left:
        if one.startswith(b"f"):
            remove(os.fsdecode(bytes.fromhex(one[1:].decode())))


def remove(folder: str) -> None:
    """Remove a folder with all that is in it, also where what is in it forbids that."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        for inner, _folders, _files in os.walk(folder):
            with contextlib.suppress(OSError):
                os.chmod(inner, 0o700)  # noqa: PTH101 - nothing but this needs pathlib here
        time.sleep(0.02)


if __name__ == "__main__":
    main()
