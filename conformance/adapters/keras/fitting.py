"""``fit``: data in their form, validation, callbacks, the files that these write."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.adapters.keras.backends.base import packed
from conformance.adapters.shared.rate_schedules import schedule
from conformance.adapters.worker.failure import Absent, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.adapters.keras.build import Net

_OWN = ("validation_split", "validation_freq", "validation_batch_size", "validation_steps")
_PASSED = (*_OWN, "initial_epoch", "steps_per_epoch")
"""Keys that go to ``fit`` as they are."""


def fitted(
    keras: Any,
    model: Any,
    spec: Mapping[str, Any],
    rows: tuple[Sequence[Any], Sequence[Any], Mapping[str, Any]],
    folder: str,
) -> dict[str, Any]:
    """What the history of one ``fit`` holds, by name; of Keras 2 under the names of Keras 3.

    Args:
        keras: Keras 3, or tf_keras.
        model: Compiled.
        spec: A ``Train`` of ``conformance/cases/model.py`` as plain data.
        rows: Inputs, targets and what weighs them, for all rows.
        folder: Where files are written.

    Raises:
        Absent: This Keras has no such callback.
        Exception: Whatever Keras raises.
    """
    fit, (x, y, weights) = spec.get("fit", {}), rows
    given: dict[str, Any] = {key: fit[key] for key in _PASSED if key in fit}
    held = fit.get("validation_rows", 0)
    if held:
        given["validation_data"] = _rows(x, y, weights, slice(-held, None))
        x, y, weights = _first(x, y, weights, slice(None, -held))
    if "data" in fit:
        batches = _Batches(x, y, weights, spec["batch_size"])
        given["x"] = _generated(batches) if fit["data"] == "generator" else _dataset(keras, batches)
        given.update((key, one) for key, one in weights.items() if key == "class_weight")
    else:
        given.update(x=packed(x), y=packed(y), batch_size=spec["batch_size"], **weights)
    if spec.get("callbacks"):
        given["callbacks"] = [_callback(keras, one, folder) for one in spec["callbacks"]]
    history = model.fit(epochs=spec["steps"], shuffle=False, verbose=0, **given).history
    return {"learning_rate" if name == "lr" else name: one for name, one in history.items()}


def compiled(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What ``compile`` is given besides."""
    fit = spec.get("fit", {})
    return {key: fit[key] for key in ("steps_per_execution", "jit_compile") if key in fit}


def _first(
    x: Sequence[Any], y: Sequence[Any], weights: Mapping[str, Any], part: slice
) -> tuple[list[Any], list[Any], dict[str, Any]]:
    kept = {key: one[part] if key == "sample_weight" else one for key, one in weights.items()}
    return [one[part] for one in x], [one[part] for one in y], kept


def _rows(
    x: Sequence[Any], y: Sequence[Any], weights: Mapping[str, Any], part: slice
) -> tuple[Any, ...]:
    """Some rows as data sets hand them over: inputs, targets, and weights of rows if any."""
    x, y, kept = _first(x, y, weights, part)
    both = tuple(one[0] if len(one) == 1 else tuple(one) for one in (x, y))
    return (*both, kept["sample_weight"]) if "sample_weight" in kept else both


class _Batches:
    """All batches in their order."""

    def __init__(
        self, x: Sequence[Any], y: Sequence[Any], weights: Mapping[str, Any], size: int
    ) -> None:
        self._given, self._size, self._count = (x, y, weights), size, len(y[0])

    def __len__(self) -> int:
        return math.ceil(self._count / self._size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return _rows(*self._given, slice(index * self._size, (index + 1) * self._size))


def _generated(batches: _Batches) -> Iterator[tuple[Any, ...]]:
    """All batches, over and over."""
    return (batches[index % len(batches)] for index in itertools.count())


def _dataset(keras: Any, batches: _Batches) -> Any:
    """A ``PyDataset``, which Keras 2 calls ``Sequence``."""
    base: Any = getattr(keras.utils, "PyDataset", None) or keras.utils.Sequence

    class Rows(base):  # type: ignore[misc] # of the Keras that is asked
        def __len__(self) -> int:
            return len(batches)

        def __getitem__(self, index: int) -> tuple[Any, ...]:
            return batches[index]

    return Rows()


def _callback(keras: Any, named: Mapping[str, Any], folder: str) -> Any:
    name, config = named["name"], dict(named.get("config", {}))
    found = getattr(keras.callbacks, name, None) if name.isidentifier() else None
    if not isinstance(found, type):
        raise Absent(f"{keras.callbacks.__name__} has no class named {name}")
    if "schedule" in config:
        config["schedule"] = schedule(config["schedule"])
    if "filepath" in config:
        config["filepath"] = str(Path(folder) / Path(config["filepath"]).name)
    return found(**config)


def read_back(keras: Any, net: Net, folder: str) -> Iterator[tuple[int, Net]]:
    """The model as each file holds it, the files numbered in the order of their names.

    Args:
        keras: Keras 3, or tf_keras.
        net: The trained model; files of weights are loaded into it.
        folder: Where the files are.

    Yields:
        The number, from 1, and the model: the next one may be the same with other weights.

    Raises:
        Unsupported: A file is none that the documentation says how to load.
    """
    for number, path in enumerate(sorted(Path(folder).iterdir()), 1):
        if path.name.endswith(".weights.h5"):
            net.model.load_weights(str(path))
            yield number, net
        elif path.suffix in {".keras", ".h5"}:
            model = keras.models.load_model(str(path))
            layers = {node: model.get_layer(layer.name) for node, layer in net.layers.items()}
            yield number, replace(net, model=model, layers=layers)
        else:
            raise Unsupported(f"nothing is documented to load {path.suffix}")
