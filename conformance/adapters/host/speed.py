"""How fast this machine is at the moment, against the one that time limits are meant for.

A limit in seconds says little on a machine that is slow, or busy with something else: there, what
takes 20 seconds elsewhere would be called a hang.
"""

from __future__ import annotations

import statistics
import time
from typing import Final

import numpy as np

NOMINAL: Final = 0.012
"""Seconds that the task took on an idle machine of 2025, with two cores of a server."""

MOST: Final = 10.0
"""Times that a limit may be prolonged, however slow the machine: some hangs are only that."""

_TRIES: Final = 5


def slowness() -> float:
    """Tell how many times as long this machine takes as it should, now; from 1 to :data:`MOST`.

    A task of a few milliseconds is timed by the clock on the wall, so that the wait for a processor
    counts as well as the processor itself.
    """
    took = statistics.median(_timed() for _ in range(_TRIES))
    return min(max(took / NOMINAL, 1.0), MOST)


def _timed() -> float:
    started = time.perf_counter()
    _task()
    return time.perf_counter() - started


def _task() -> int:
    """Some of what frameworks do: Python's own work, and small arrays."""
    found = {number: str(number) for number in range(20_000)}
    array = np.arange(4_096, dtype=np.float32)
    for _ in range(200):
        array = np.sqrt(array * array + 1.0)
    return len(found) + int(array[0])
