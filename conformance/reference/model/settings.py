"""What settings of the process make of a model: arguments that are left out default otherwise.

Documented of ``data_format``: unspecified, it is ``keras.config.image_data_format()``; of
``dtype``: ``keras.config.dtype_policy()``, which is ``keras.config.floatx()`` where nobody sets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from conformance.reference.spec.config import EPSILON_KEY
from conformance.reference.spec.configs.defaults import defaults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Model, Settings

_OF_THEIR_OWN: Final = frozenset({"Hashing", "HashedCrossing", "IntegerLookup", "StringLookup"})
"""Layers whose dtype follows no setting."""


def settled(model: Model) -> Model:
    """The same model, its layers given what the settings make of arguments that are left out."""
    settings = model.settings
    if settings is None:
        return model
    nodes = [
        node
        if node.is_function
        else msgspec.structs.replace(node, config=_layer(node.layer, node.config, settings))
        for node in model.nodes
    ]
    return msgspec.structs.replace(model, nodes=nodes)


def _layer(kind: str, given: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    config = {key: _inside(value, settings) for key, value in given.items()}
    known = defaults("layers", kind) or {}
    if settings.image_data_format is not None and "data_format" in known:
        config["data_format"] = config.get("data_format") or settings.image_data_format
    dtype = settings.dtype_policy or settings.floatx
    if dtype is not None and kind not in _OF_THEIR_OWN:
        config["dtype"] = config.get("dtype") or dtype
    if settings.epsilon is not None:
        config[EPSILON_KEY] = settings.epsilon
    return config


def _inside(value: Any, settings: Settings) -> Any:
    """A value, in which layers are settled as well."""
    if isinstance(value, list):
        return [_inside(one, settings) for one in value]
    if not (isinstance(value, dict) and len(value) == 1):
        return value
    ((name, config),) = value.items()
    if not (name[:1].isupper() and isinstance(config, dict)):
        return value
    return {name: _layer(name, config, settings)}
