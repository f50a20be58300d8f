"""What a layer's config states, argument by argument, as given or at its documented default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from conformance.reference.spec.config import EPSILON_KEY
from conformance.reference.spec.configs.defaults import defaults
from conformance.reference.spec.configs.model import Argument, Made
from conformance.reference.spec.configs.values import Asked, stated

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOLDING: Final = frozenset({"layer", "layers", "cell", "cells", "backward_layer"})
"""Arguments that hold layers."""
_NOT_KEPT: Final = frozenset(
    {
        # Spellings of the input's shape, which are the model's and not the layer's.
        "input_shape",
        "batch_input_shape",
        "batch_shape",
        "input_length",
        "batch_size",
        # How a layer computes, and not what; no longer listed.
        "implementation",
        # Numbers that a file keeps beside the config.
        "weights",
        # Not documented as arguments of the user's.
        "quantization_config",
        "gptq_unpacked_column_size",
    }
)

_KEPT_IF_GIVEN: Final = frozenset({"quantization_config"})
"""Of which nothing is documented where they aren't given."""

_FORMER: Final = {("LeakyReLU", "alpha"): "negative_slope"}
"""What arguments are called now that Keras still takes by a former name."""


def layer_config(
    layer: str, given: Mapping[str, Any], name: str | None, rank: int | None = None
) -> dict[str, Argument]:
    """Everything that is documented of a layer's config.

    Args:
        layer: Keras's name.
        given: The arguments that the case gives.
        name: The layer's own; None: it is Keras's choice.
        rank: Axes of what the layer is fed first, the batch's included; None: it is not known.

    Returns:
        What the config must say, by argument. What was given must be there; what was not may be
        left out, and is at its default wherever it is there.
    """
    given = {
        _FORMER.get((layer, key), key): value
        for key, value in given.items()
        if key != EPSILON_KEY  # a setting, and no argument
    }
    arguments = {**(defaults("layers", layer) or {}), **given}
    asked = Asked(layer, arguments, rank)
    found = {
        key: replace(_argument(key, asked), optional=key not in given)
        for key in arguments
        if not _left_out(layer, key) or (key in _KEPT_IF_GIVEN and key in given)
    }
    if name is not None:
        found["name"] = Argument(values=[name])
    return found


def _left_out(layer: str, key: str) -> bool:
    if key == "input_dim":  # an Embedding's own argument, of any other layer the input's shape
        return not layer.endswith("Embedding")
    return key in _NOT_KEPT or (layer == "Lambda" and key == "function")


def _argument(key: str, asked: Asked) -> Argument:
    value = asked.arguments[key]
    if asked.layer == "Bidirectional" and key in {"layer", "backward_layer"}:
        return _direction(key, asked.arguments)
    if key not in _HOLDING or value is None:
        return stated(key, asked)
    found = _held(value)
    if key == "cell" and found.items is not None:  # documented: several are one stack
        cells = {"cells": found}
        return Argument(made=Made(class_name="StackedRNNCells", config=cells))
    return found


def _held(value: Any) -> Argument:
    """An argument that holds a layer, or a list of layers."""
    if isinstance(value, list):
        return Argument(items=[_held(one) for one in value])
    layer, config = _split(value)
    own_name = config.pop("name", None)
    return Argument(made=Made(class_name=layer, config=layer_config(layer, config, own_name)))


def _split(value: Any) -> tuple[str, dict[str, Any]]:
    layer, config = next(iter(value.items())) if isinstance(value, dict) else (value, {})
    return layer, dict(config or {})


def _direction(key: str, arguments: Mapping[str, Any]) -> Argument:
    """One of Bidirectional's layers, which has the direction before its name.

    Where no backward one is given, the layer is both, the second time the other way round.
    """
    backward = arguments["backward_layer"]
    given = arguments["layer"] if key == "layer" or backward is None else backward
    layer, config = _split(given)
    own_name = config.pop("name", None)
    if key == "backward_layer" and backward is None:
        config["go_backwards"] = True
    made = layer_config(layer, config, None)
    if own_name is not None:
        ahead = "forward_" if key == "layer" else "backward_"
        names = [own_name, ahead + own_name.removeprefix(ahead)]
        made["name"] = Argument(values=names)
    if "zero_output_for_mask" in made:
        # Either direction answers the steps that a mask leaves out with zeros, for both to match.
        values = [*made["zero_output_for_mask"].values, config.get("return_sequences", False)]
        made["zero_output_for_mask"] = Argument(values=values, optional=True)
    found = Argument(made=Made(class_name=layer, config=made))
    return replace(found, values=[None]) if given is not backward and key != "layer" else found
