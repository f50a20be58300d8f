"""Strings as tensors: UTF-8, one axis more, each string filled up with zeros to the longest.

Both sides of the wire use this one module, so it needs NumPy alone and runs on Python 3.9. A zero
byte within a string could not be told from the filling; the case language refuses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def encoded(strings: Any) -> Any:
    """Nested lists of strings as uint8 of one axis more, which has one place at least.

    Args:
        strings: Nested lists without ragged edges.
    """
    texts = np.asarray(strings, object)
    flat = np.asarray([str(text).encode("utf-8") for text in texts.ravel()], np.bytes_)
    width = max(flat.dtype.itemsize, 1)
    return flat.astype(f"S{width}").view(np.uint8).reshape(*texts.shape, width)


def decoded(array: Any) -> Any:
    """The strings, as an object array of ``bytes``, of what :func:`encoded` made.

    Raises:
        ValueError: The array is not uint8 of one axis at least.
    """
    if array.dtype != np.uint8 or array.ndim < 1 or array.shape[-1] < 1:
        message = f"strings travel as uint8 of one axis more, not as {array.dtype} {array.shape}"
        raise ValueError(message)
    rows = np.ascontiguousarray(array).reshape(-1, array.shape[-1])
    made = np.empty(len(rows), object)
    made[:] = [row.tobytes().rstrip(b"\0") for row in rows]
    return made.reshape(array.shape[:-1])
