"""The model rebuilt: from its config, from a ``.keras`` file, and cloned."""

from __future__ import annotations

import inspect
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras.build import identity
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def from_config(keras: Any, model: Any) -> Any:
    """A second model from the first one's config, its weights copied in order."""
    with keras.utils.custom_object_scope({"probe": identity}):
        again = model.__class__.from_config(model.get_config())
    again.set_weights(model.get_weights())
    return again


def cloned(keras: Any, model: Any, asked: Mapping[str, Any]) -> Any:
    """A clone of a model, its weights copied in order.

    Args:
        keras: Keras 3, or tf_keras.
        model: The model.
        asked: A ``Clone`` of ``conformance/cases/model.py`` as plain data.

    Raises:
        Unsupported: This Keras's ``clone_model`` takes no such argument.
        Exception: Whatever Keras raises.
    """
    given: dict[str, Any] = {}
    if asked.get("input_tensors"):
        made = [_like(keras, one) for one in model.inputs]
        given["input_tensors"] = made[0] if len(made) == 1 else made
    if asked.get("clone_function"):
        given["clone_function"] = _from_its_config
    if asked.get("recursive"):
        given["recursive"] = True
    lacking = set(given) - {*inspect.signature(keras.models.clone_model).parameters}
    if lacking:
        raise Unsupported(f"this Keras's clone_model takes no {' and no '.join(sorted(lacking))}")
    with keras.utils.custom_object_scope({"probe": identity}):
        again = keras.models.clone_model(model, **given)
    again.set_weights(model.get_weights())
    return again


def _like(keras: Any, tensor: Any) -> Any:
    """Another symbolic input of the same shape and dtype."""
    return keras.Input(batch_shape=tuple(tensor.shape), dtype=tensor.dtype)


def _from_its_config(layer: Any) -> Any:
    """What a clone function does that changes nothing."""
    return layer.__class__.from_config(layer.get_config())


@contextmanager
def emptied(model: Any) -> Iterator[None]:
    """Noughts in the place of a model's weights, and afterwards the weights again."""
    before = model.get_weights()
    model.set_weights([np.zeros_like(one) for one in before])
    try:
        yield
    finally:
        model.set_weights(before)


def from_file(keras: Any, model: Any) -> Any:
    """A second model from a file that the first one was saved to; the file is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="keras-conformance-") as folder:
        path = str(Path(folder) / "model.keras")
        model.save(path)
        with keras.utils.custom_object_scope({"probe": identity}):
            return keras.models.load_model(path, compile=False)
