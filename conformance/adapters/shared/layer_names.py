"""What Keras calls a layer that nobody named.

Cases, the reference and the adapters all go by this: they name the same nodes and variables.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CLASSES = {"GroupQueryAttention": "GroupedQueryAttention"}
"""Layers whose class has another name than the one that they are exported by."""
_WORD_START = re.compile(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=1024)
def automatic_name(layer: str) -> str:
    """Keras's name of the first unnamed layer of its kind.

    ``MaxPooling2D`` is ``max_pooling2d``, ``LSTMCell`` ``lstm_cell``. Keras numbers the further
    ones: ``lstm_cell_1``.

    Args:
        layer: The layer, as in ``keras.layers.MaxPooling2D``.
    """
    return _WORD_START.sub("_", _CLASSES.get(layer, layer)).lower()
