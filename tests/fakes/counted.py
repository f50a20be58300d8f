"""The fake of ``dense.py``, which adds a line to the file of its first argument when it starts."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import dense

if __name__ == "__main__":
    with Path(sys.argv.pop(1)).open("a", encoding="utf-8") as file:
        file.write("started\n")
    dense.main()
