"""``compile`` and ``train_on_batch``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras.backends.base import packed
from conformance.adapters.worker.failure import Absent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def train(
    keras: Any, model: Any, spec: Mapping[str, Any], inputs: Sequence[Any], targets: Sequence[Any]
) -> Any:
    """Train the model in place.

    Args:
        keras: Keras 3, or tf_keras.
        model: The model; its weights are changed.
        spec: A ``Train`` of ``conformance/cases/model.py`` as plain data.
        inputs: NumPy arrays, one for each input.
        targets: NumPy arrays, one for each output.

    Returns:
        The losses, one a step, as a float64 array.

    Raises:
        Absent: This Keras has no such optimizer or loss.
        Exception: Whatever Keras raises.
    """
    named = spec["optimizer"]
    optimizer = _class(keras.optimizers, named["name"])(**named.get("config", {}))
    named = spec["loss"]
    loss = named["name"]
    if named.get("config"):
        loss = _class(keras.losses, loss)(**named["config"])
    model.compile(optimizer=optimizer, loss=loss)
    x, y = packed(inputs), packed(targets)
    losses = [np.ravel(model.train_on_batch(x, y))[0] for _ in range(spec["steps"])]
    return np.asarray(losses, dtype=np.float64)


def _class(module: Any, name: str) -> Any:
    found = getattr(module, name, None) if name.isidentifier() else None
    if not isinstance(found, type):
        raise Absent(f"{module.__name__} has no class named {name}")
    return found
