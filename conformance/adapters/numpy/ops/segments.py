"""Reductions of rows by segment: ``.at`` of NumPy's ufuncs, which adds up what has one place."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def segment_sum(
    data: Array,
    segment_ids: Array,
    *,
    num_segments: int | None = None,
    sorted: bool = False,  # noqa: A002 - Keras's name
) -> Array:
    """``ops.segment_sum``: numpy.add.at on zeros."""
    del sorted
    return _reduced(np.add, data, segment_ids, num_segments, 0)


def segment_prod(
    data: Array,
    segment_ids: Array,
    *,
    num_segments: int | None = None,
    sorted: bool = False,  # noqa: A002 - Keras's name
) -> Array:
    """``ops.segment_prod``: numpy.multiply.at on ones."""
    del sorted
    return _reduced(np.multiply, data, segment_ids, num_segments, 1)


def segment_max(
    data: Array,
    segment_ids: Array,
    *,
    num_segments: int | None = None,
    sorted: bool = False,  # noqa: A002 - Keras's name
) -> Array:
    """``ops.segment_max``: numpy.maximum.at on the least number of the dtype."""
    del sorted
    floating = data.dtype.kind == "f"
    least = -np.inf if floating else np.iinfo(data.dtype).min
    return _reduced(np.maximum, data, segment_ids, num_segments, least)


def segment_min(
    data: Array,
    segment_ids: Array,
    *,
    num_segments: int | None = None,
    sorted: bool = False,  # noqa: A002 - Keras's name
) -> Array:
    """``ops.segment_min``: numpy.minimum.at on the largest number of the dtype."""
    del sorted
    floating = data.dtype.kind == "f"
    largest = np.inf if floating else np.iinfo(data.dtype).max
    return _reduced(np.minimum, data, segment_ids, num_segments, largest)


def _reduced(
    ufunc: Any, data: Array, segment_ids: Array, num_segments: int | None, start: float
) -> Array:
    if num_segments is None:
        num_segments = int(segment_ids.max()) + 1
    found = np.full((num_segments, *data.shape[1:]), start, data.dtype)
    inside = (segment_ids >= 0) & (segment_ids < num_segments)
    ufunc.at(found, segment_ids[inside], data[inside])
    return found
