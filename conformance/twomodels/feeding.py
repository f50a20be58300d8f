"""What both models are fed: the user's own arrays, or drawn ones."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np

from conformance.twomodels.sides import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.reference.engine.array import Values
    from conformance.twomodels.told import Input

OPEN_SIZE = 12
"""What an axis that the model leaves open is drawn as."""
MOST_BYTES = 2**30
"""Bytes of arrays that are read from a file."""
_ENOUGH = 2**22
"""Numbers of one drawn input; a model for larger ones is fed the user's own."""


def drawn(inputs: Sequence[Input], rows: int, seed: int) -> list[Values]:
    """Arrays for a model's inputs: bell-shaped floats, indices in range, padded at the end.

    Args:
        inputs: As the Keras model states them.
        rows: Of the batch.
        seed: Of the generator.

    Raises:
        Usage: They can't be drawn: the model states none, strings, or too large ones.
    """
    if not inputs:
        message = "the Keras model doesn't say what it takes: give arrays with --inputs data.npz"
        raise Usage(message)
    random = np.random.Generator(np.random.Philox(key=seed))
    return [_drawn(one, rows, random) for one in inputs]


def _drawn(one: Input, rows: int, random: np.random.Generator) -> Values:
    sizes = [size or OPEN_SIZE for size in one.shape[1:]]
    batch = (one.shape[0] if one.shape else None) or rows
    shape = (batch, *sizes)
    if one.dtype == "string" or np.prod(shape) > _ENOUGH:
        what = "strings" if one.dtype == "string" else f"arrays of {list(shape)}"
        message = f"input {one.name}: {what} are not drawn: give arrays with --inputs data.npz"
        raise Usage(message)
    if one.high is not None:
        found = random.integers(1 if one.padded else 0, max(one.high, 2), shape)
        if one.padded and len(shape) > 1:
            # Rows of different lengths: the steps behind the end are 0, which is masked.
            lengths = np.linspace(shape[1], max(1, shape[1] // 3), batch).round().astype(int)
            steps = np.arange(shape[1]).reshape(1, -1, *[1] * (len(shape) - 2))
            found = np.where(steps < lengths.reshape(-1, *[1] * (len(shape) - 1)), found, 0)
        return found.astype(np.int32)
    if one.dtype.startswith(("int", "uint")):
        return random.integers(0, 2, shape).astype(one.dtype)
    if one.dtype == "bool":
        return random.integers(0, 2, shape).astype(bool)
    return random.standard_normal(shape).astype(np.float32)


def targets(shapes: Sequence[tuple[int, ...]], seed: int) -> list[Values]:
    """Bell-shaped targets of the outputs' shapes, for the mean squared error."""
    random = np.random.Generator(np.random.Philox(key=seed + 1))
    return [random.standard_normal(shape).astype(np.float32) for shape in shapes]


def read(path: Path, names: Sequence[str] = ()) -> list[Values]:
    """The arrays of a ``.npz`` or ``.npy`` file, never unpickled.

    Args:
        path: The file.
        names: Of the inputs: where the file has just these, they are taken in this order, else in
            the file's own.

    Raises:
        Usage: It holds none, or other things than numbers, or more than fits.
    """
    if not path.is_file():  # a pipe would never end
        message = f"{path}: it is no file"
        raise Usage(message)
    try:
        found = _arrays(path)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        message = f"{path}: it can't be read as arrays of numbers: {error}"
        raise Usage(message) from error
    if not found:
        message = f"{path}: it holds no array"
        raise Usage(message)
    for name, array in found.items():
        if array.dtype.kind not in "fiub":
            message = f"{path}: {name!r} holds no numbers but {array.dtype}"
            raise Usage(message)
    if names and set(names) == set(found):
        return [_kept(found[name]) for name in names]
    return [_kept(array) for array in found.values()]


def _arrays(path: Path) -> dict[str, Values]:
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x93NUMPY"):
        return {path.stem: np.load(path, allow_pickle=False)}
    with zipfile.ZipFile(path) as archive:
        size = sum(one.file_size for one in archive.infolist())
    if size > MOST_BYTES:
        message = f"it holds {size} bytes, and {MOST_BYTES} are read"
        raise ValueError(message)
    with np.load(path, allow_pickle=False) as archive:
        return {name: np.asarray(archive[name]) for name in archive.files}


def _kept(array: Values) -> Values:
    """Floats as float32, in which they travel; whole numbers as they are."""
    return array.astype(np.float32) if array.dtype.kind == "f" else array
