"""What Keras calls layers that nobody named, and how variables of nested layers are called."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def automatic_name(layer: str) -> str:
    """Keras's name for the first unnamed layer of a class: ``LSTMCell`` is ``lstm_cell``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", layer).lower()


def shortened(paths: Sequence[str]) -> list[str]:
    """The case language's names of a node's variables, from Keras's paths below the node.

    The last part, ``kernel``. Where two variables of one node would be called so, the path's first
    part stands before it, as in ``forward_lstm/kernel``; where that is not enough, the whole path
    does, for every variable.
    """
    parts = [path.split("/") for path in paths]
    times = Counter(part[-1] for part in parts)
    names = [part[-1] if times[part[-1]] == 1 else f"{part[0]}/{part[-1]}" for part in parts]
    return names if len(set(names)) == len(names) else list(paths)
