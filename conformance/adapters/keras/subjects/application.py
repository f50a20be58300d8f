"""A model that Keras itself puts together: one of ``keras.applications``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.shared.functions import argument
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM = "application"
"""Of a program's model that is one."""


def application(keras: Any, spec: Mapping[str, Any], image: Any = None) -> Any:
    """Put the model together, without fetching weights.

    Args:
        keras: Keras 3, or tf_keras.
        spec: A ``Model`` of ``conformance/cases/model.py`` as plain data.
        image: The symbolic tensor that it is to begin with, where the case hands one over.

    Raises:
        Unsupported: This Keras lacks it.
        Exception: Whatever Keras raises where it refuses.
    """
    node = spec["nodes"][0]
    name = node["layer"].rpartition(".")[2]
    make = getattr(keras.applications, name, None)
    if make is None:
        raise Unsupported(f"{keras.__name__} {keras.__version__} has no applications.{name}")
    keras.backend.clear_session()  # or a layer without a name would be normalization_7
    if hasattr(keras, "config"):
        # A new session filters tracebacks, whose innermost frame tells whose refusal it is.
        keras.config.disable_traceback_filtering()
    given = {key: argument(value) for key, value in node["config"].items()}
    tensors = dict.fromkeys(node.get("tensors", {}), image)
    return make(weights=None, **given, **tensors)


def layers_of(keras: Any, model: Any) -> dict[str, Any]:
    """Its layers by their names, those of models inside it as well, without its inputs."""
    found: dict[str, Any] = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer, keras.Model):
            found.update(layers_of(keras, layer))
        else:
            found[layer.name] = layer
    return found
