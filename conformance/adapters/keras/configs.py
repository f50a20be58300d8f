"""What ``get_config()`` of a model's layers tells, as data for the wire."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


_NUMBERS = frozenset({"__numpy__", "__tensor__"})
"""How Keras names an array and a tensor in a config: numbers, as a list is."""


def told(layers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The config of each layer, by the name of its node."""
    return {node: _plain(layer.get_config()) for node, layer in layers.items()}


def again(model: Any, layers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The config of each layer of a second model, made from the first one's config or its file.

    Args:
        model: The second model.
        layers: The first one's layers, by node.
    """
    return told({node: model.get_layer(layer.name) for node, layer in layers.items()})


def _plain(value: Any) -> Any:
    """A value of a config as JSON has it: tuples, arrays and tensors as lists, a dtype by its name.

    NaN and infinities are the strings that cases use for them. What a config ought not to hold is
    told by its type, which is equal to no argument.
    """
    if value is None or isinstance(value, (bool, int, str, float)):
        finite = not isinstance(value, float) or math.isfinite(value)
        return value if finite else str(value)
    if isinstance(value, dict):
        if value.get("class_name") in _NUMBERS:
            return _plain(value["config"]["value"])
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if hasattr(value, "tolist") or hasattr(value, "numpy"):
        return _plain((value if hasattr(value, "tolist") else value.numpy()).tolist())
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else {"type": type(value).__name__}
