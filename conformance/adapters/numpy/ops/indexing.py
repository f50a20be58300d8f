"""Functions that pick and put numbers by their places: NumPy's indexing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = Any


def get_item(x: Array, *, key: int | None) -> Array:
    """``ops.get_item``: indexing."""
    return x[key]


def slice_(inputs: Array, start_indices: Array, *, shape: Sequence[int]) -> Array:
    """``ops.slice``: a slice along each axis."""
    return inputs[_slices(start_indices, shape)]


def slice_update(inputs: Array, updates: Array, start_indices: Array) -> Array:
    """``ops.slice_update``: a slice of a copy that is assigned to."""
    found = np.copy(inputs)
    found[_slices(start_indices, updates.shape)] = updates
    return found


def scatter(indices: Array, values: Array, *, shape: Sequence[int]) -> Array:
    """``ops.scatter``: zeros, of which entries are assigned to."""
    found = np.zeros(tuple(shape), values.dtype)
    found[_places(indices)] = values
    return found


_AT = {"add": "add", "max": "maximum", "min": "minimum", "mul": "multiply"}


def scatter_update(
    inputs: Array, indices: Array, updates: Array, *, reduction: str | None = None
) -> Array:
    """``ops.scatter_update``: entries of a copy are assigned to, or ``.at`` of a ufunc's."""
    found = np.copy(inputs)
    if reduction is None:
        found[_places(indices)] = updates
    else:
        getattr(np, _AT[reduction]).at(found, _places(indices), updates.astype(found.dtype))
    return found


def one_hot(
    x: Array, *, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Array:
    """``ops.one_hot``: each number is compared with each class."""
    del sparse
    found = np.equal(x[..., None], np.arange(num_classes)).astype(dtype or "float32")
    return np.moveaxis(found, -1, axis)


def top_k(x: Array, *, k: int, sorted: bool = True) -> list[Array]:  # noqa: A002 - Keras's name
    """``ops.top_k``: a stable sort of what is turned round; always in falling order."""
    del sorted
    turned = np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1][..., :k]
    places = x.shape[-1] - 1 - turned
    return [np.take_along_axis(x, places, axis=-1), places.astype("int32")]


def extract_sequences(x: Array, *, sequence_length: int, sequence_stride: int) -> Array:
    """``ops.extract_sequences``: every so many of all windows along the last axis."""
    windows = np.lib.stride_tricks.sliding_window_view(x, sequence_length, axis=-1)
    return windows[..., ::sequence_stride, :]


def _slices(starts: Sequence[int], shape: Sequence[int]) -> tuple[slice, ...]:
    return tuple(slice(int(start), int(start) + size) for start, size in zip(starts, shape))


def _places(indices: Array) -> tuple[Array, ...]:
    return tuple(np.moveaxis(indices, -1, 0))
