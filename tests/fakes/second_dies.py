"""The fake of ``dense.py``: honest as the first process of a run, dead over any case else.

Its argument is a file that does not exist yet, to which each process adds a line when it starts:
whoever writes the first is the honest one. Over its second case that one waits until others have
died often enough to be given up, however long they take to start.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import dense
import misbehaving

DEATHS = 5  # in a row, after which the host gives a process up
PATIENCE = 40  # seconds


def first(asked, x):
    # From this case on it looks as if a second process would pay.
    if asked["id"] == 1:
        time.sleep(0.5)
    deadline = time.monotonic() + PATIENCE
    while asked["id"] == 2 and started() <= DEATHS and time.monotonic() < deadline:
        time.sleep(0.01)
    honest(asked, x)


def started():
    return len(mark.read_text().splitlines())


honest = misbehaving.honest
mark = Path(sys.argv.pop(1))
with mark.open("a", encoding="utf-8") as file:
    file.write("started\n")
misbehaving.honest = dense.honest = first if started() == 1 else misbehaving.segfault


if __name__ == "__main__":
    dense.main()
