"""The model rebuilt: from its config, and from a ``.keras`` file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from conformance.adapters.keras.build import identity


def from_config(keras: Any, model: Any) -> Any:
    """A second model from the first one's config, its weights copied in order."""
    with keras.utils.custom_object_scope({"probe": identity}):
        again = model.__class__.from_config(model.get_config())
    again.set_weights(model.get_weights())
    return again


def from_file(keras: Any, model: Any) -> Any:
    """A second model from a file that the first one was saved to; the file is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="keras-conformance-") as folder:
        path = str(Path(folder) / "model.keras")
        model.save(path)
        with keras.utils.custom_object_scope({"probe": identity}):
            return keras.models.load_model(path, compile=False)
