"""Writes a model in TensorFlow.js's layers format, with TensorFlow.js's own converter.

As its documentation shows it: ``tensorflowjs.converters.save_keras_model(model, folder)``, which
saves the model as ``.h5`` and takes topology and weights from there.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from conformance.adapters.shared.exporters import CONVERTER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKAGE = "tensorflowjs"
"""The converter's distribution and module."""


@functools.lru_cache(maxsize=1)
def converter() -> Callable[[Any, str], None]:
    """The converter's function, by its own module alone.

    ``import tensorflowjs`` imports TensorFlow Decision Forests, TensorFlow Hub and ``jax2tf``, for
    models of another kind. The first exists for TensorFlow 2.19 and no later one. Neither is asked
    anything by the module that converts a Keras model.

    Raises:
        ModuleNotFoundError: It isn't installed.
    """
    spec = importlib.util.find_spec(PACKAGE)  # imports nothing
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed; try: {CONVERTER}", name=PACKAGE)
    for name, below in ((PACKAGE, ""), (f"{PACKAGE}.converters", "/converters")):
        if name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = [f"{folder}{below}" for folder in folders]
            sys.modules[name] = package
    module = importlib.import_module(f"{PACKAGE}.converters.keras_h5_conversion")
    found: Callable[[Any, str], None] = module.save_keras_model
    return found


def convert(model: Any, folder: Path) -> None:
    """Write ``model.json`` and the shards of weights that it lists.

    Args:
        model: A model of Keras 3 or of Keras 2.
        folder: Where to write; made if it isn't there.

    Raises:
        Exception: Whatever Keras or the converter raises.
    """
    converter()(model, str(folder))
