"""The fake of ``dense.py``: slow and honest as the first process of a run, dead over any case else.

Its argument is a file that does not exist yet: whoever makes it is the first.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import dense
import misbehaving


def slow(asked, x):
    # Longest over the first case: from that on it looks as if a second process would pay.
    time.sleep(2 if asked["id"] == 1 else 0.05)
    honest(asked, x)


honest = misbehaving.honest
mark = Path(sys.argv.pop(1))
try:
    mark.touch(exist_ok=False)
except FileExistsError:
    way = misbehaving.segfault
else:
    way = slow
misbehaving.honest = dense.honest = way


if __name__ == "__main__":
    dense.main()
