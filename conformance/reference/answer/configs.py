"""What the config of each layer of a case must say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.model import quantizing
from conformance.reference.spec.configs.layers import layer_config

if TYPE_CHECKING:
    from conformance.reference.model.network import Network
    from conformance.reference.spec.configs.model import Argument


def expected_configs(network: Network) -> dict[str, dict[str, Argument]]:
    """The arguments of every layer of a model, by the node that it is written in."""
    found = {}
    for node in network.model.layers:
        first = network.shapes.get(node.inputs[0]) if node.inputs else None
        rank = None if first is None else len(first)
        config = quantizing.under(node, network.quantized_as)
        found[node.name] = layer_config(node.layer, config, node.name, rank)
    return found
