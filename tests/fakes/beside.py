"""The fake of ``dense.py``, the first of whose processes waits for others beside it.

Arguments: a file, to which each process adds a line when it starts, and how many of them are to be
there. Over its second case the first one waits until they are, or gives up and ends.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import dense
import misbehaving

PATIENCE = 40  # seconds


def first(asked, x):
    # From this case on it looks as if a second process would pay.
    if asked["id"] == 1:
        time.sleep(0.5)
    deadline = time.monotonic() + PATIENCE
    while asked["id"] == 2 and started() < count:
        if time.monotonic() > deadline:
            sys.exit(f"{started()} of {count} processes within {PATIENCE} s")
        time.sleep(0.01)
    honest(asked, x)


def started():
    return len(mark.read_text().splitlines())


honest = misbehaving.honest
mark, count = Path(sys.argv.pop(1)), int(sys.argv.pop(1))
with mark.open("a", encoding="utf-8") as file:
    file.write("started\n")
if started() == 1:
    misbehaving.honest = dense.honest = first


if __name__ == "__main__":
    dense.main()
