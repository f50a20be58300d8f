"""The configs that an honest framework would tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.host.observation import Configs
from conformance.reference.model import quantizing
from conformance.reference.model.network import Network
from conformance.reference.model.settings import settled
from conformance.reference.spec.configs.layers import layer_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Graph
    from conformance.reference.spec.configs.model import Argument


def dressed_configs(program: Graph) -> Configs:
    """The configs of a program's layers, in each way that it asks for."""
    asked = program.model.quantize
    policies = Network.build(program.model).quantized_as if asked is not None else {}
    told = {
        node.name: as_told(layer_config(node.layer, quantizing.under(node, policies), node.name))
        for node in settled(program.model).layers
    }
    return Configs(
        made=told,
        rebuilt=told if "config_round_trip" in program.facets else None,
        loaded=told if "save_round_trip" in program.facets else None,
    )


def as_told(config: Mapping[str, Argument]) -> dict[str, Any]:
    """A config that says all that it may, each argument in the first of its forms."""
    return {key: _told(argument) for key, argument in config.items()}


def _told(argument: Argument) -> Any:
    if argument.values:
        return argument.values[0]
    if argument.items is not None:
        return [_told(one) for one in argument.items]
    made = argument.made
    if made is None:
        return None
    return {"class_name": made.class_name, "config": as_told(made.config)}
