"""Inputs on which a model is compared with its port, where its user gives none."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.port.graph import regular
from conformance.port.model import PortError, Ref

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.port.model import Graph, Input

BATCH, LENGTH = 2, 8
"""Sizes of open axes: of the batch, and of every other."""
_LARGEST = 2**28
"""Numbers of one input: more are asked of the user."""


def drawn(graph: Graph, seed: int = 0, *, batch: int = BATCH, length: int = LENGTH) -> list[Any]:
    """Arrays that suit a model: whole numbers that its tables have, and sequences that end early.

    Args:
        graph: The model.
        seed: Of the generator.
        batch: Size of an open batch axis.
        length: Size of every other open axis.

    Raises:
        PortError: An input is too large, or of a kind that can't be drawn.
    """
    random = np.random.default_rng(seed)
    return [
        _drawn(graph, -1 - place, one, random, batch, length)
        for place, one in enumerate(graph.inputs)
    ]


def _drawn(  # noqa: PLR0913, PLR0917 - one input, and what decides over it
    graph: Graph, call: int, spec: Input, random: Any, batch: int, length: int
) -> Any:
    sizes = [
        size if size is not None else (length if at else batch)
        for at, size in enumerate(spec.shape)
    ]
    if np.prod(sizes, dtype=object) > _LARGEST:
        raise PortError(f"{spec.name}: an input of {sizes} is too large to be drawn; give --inputs")
    readers = [one for one in graph.calls if Ref(call) in list(one.inputs)]
    tables = [one.config["input_dim"] for one in readers if one.symbol == "Embedding"]
    if tables:
        whole = random.integers(1, max(2, min(tables)), sizes)
        if any(one.symbol == "Embedding" and one.config.get("mask_zero") for one in readers):
            _ended(whole, 0)
        return whole.astype(spec.dtype if "int" in spec.dtype else "float32")
    if "int" in spec.dtype:
        return random.integers(0, 2, sizes).astype(spec.dtype)
    if spec.dtype == "bool":
        return random.integers(0, 2, sizes).astype(bool)
    if "float" not in spec.dtype:
        raise PortError(f"{spec.name}: inputs of {spec.dtype} can't be drawn; give --inputs")
    numbers = random.uniform(-1, 1, sizes)
    masked = [one.config.get("mask_value", 0.0) for one in readers if one.symbol == "Masking"]
    if masked:
        _ended(numbers, masked[0])
    return numbers.astype(spec.dtype)


def _ended(array: Any, value: float) -> None:
    """Sequences of several lengths: each row ends earlier than the one before."""
    if array.ndim > 1 and array.shape[1] > 1:
        for row in range(array.shape[0]):
            array[row, max(1, array.shape[1] - row % array.shape[1]) :] = value


def given(graph: Graph, path: Path) -> list[Any]:
    """Arrays out of an ``.npz`` file, by the names of the model's inputs or in their order.

    Raises:
        PortError: The file can't be read, or does not fit the model.
    """
    regular(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise PortError(f"{path}: no .npz file of arrays ({error})") from error
    if len(arrays) != len(graph.inputs):
        names = ", ".join(one.name for one in graph.inputs)
        raise PortError(
            f"{path}: {len(arrays)} arrays, but the model has {len(graph.inputs)} inputs ({names})"
        )
    if {one.name for one in graph.inputs} == set(arrays):
        found = [arrays[one.name] for one in graph.inputs]
    else:
        found = list(arrays.values())
    for one, array in zip(graph.inputs, found, strict=True):
        fits = len(array.shape) == len(one.shape) and all(
            size in {None, own} for size, own in zip(one.shape, array.shape, strict=True)
        )
        if not fits:
            raise PortError(
                f"{path}: {one.name} is {tuple(array.shape)}, and the model wants "
                f"{tuple('open' if size is None else size for size in one.shape)}"
            )
    return found
