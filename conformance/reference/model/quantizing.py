"""Which layers of a model ``model.quantize`` means, and layers that are made with such a dtype."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.shared.policies import quantized_policy
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.adapters.shared.policies import QuantizedPolicy
    from conformance.cases.model import Model, Node, Quantize
    from conformance.reference.spec.layers.base import Layer, Quantized

FORMS: Final = "quantizers.QuantizationConfig"
"""The symbol under which the table has the layers with quantized weights."""

_QUANTIZABLE = frozenset({"Dense", "EinsumDense", "Embedding", "ReversibleEmbedding"})
_CONFIG = "quantization_config"
_MADE_OF_THEM = frozenset({"MultiHeadAttention", "GroupQueryAttention"})
"""Layers that hold some of those, which their arguments don't show."""


def means(asked: Quantize, name: str) -> bool:
    """Whether a layer of this name is among those that are meant: a filter is found in it."""
    return asked.filters is None or any(re.search(one, name) for one in asked.filters)


def refuse_inside(node: Node) -> None:
    """See that no layer inside a node's layer would be quantized.

    Raises:
        Unsupported: One would: the reference has quantized layers for themselves alone.
    """
    inside = [name for name in _inside(node.config) if name in _QUANTIZABLE]
    if inside or node.layer in _MADE_OF_THEM:
        message = f"{node.layer} holds layers that are quantized, which is not in the reference"
        raise Unsupported(message)


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _inside(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _inside(one)
    elif isinstance(value, str):
        yield value


def source(config: Mapping[str, Any]) -> tuple[dict[str, Any], Callable[[Layer], Layer]]:
    """A layer's arguments without what they say of quantized weights.

    Args:
        config: All of its arguments.

    Returns:
        Arguments, with the dtype policy of what isn't quantized; and what makes the layer that
        they are of into the one that is meant.
    """
    policy = quantized_policy(config.get("dtype"))
    if policy is None:
        return dict(config), lambda layer: layer
    rest = {key: value for key, value in config.items() if key != _CONFIG}
    return {**rest, "dtype": policy.source}, lambda layer: made(layer, policy, config.get(_CONFIG))


def made(layer: Layer, policy: QuantizedPolicy, config: Mapping[str, Any] | None) -> Layer:
    """A layer as its dtype says, made with quantized weights at once.

    Raises:
        Refused: The layer has no such form, or the config contradicts the policy.
        Unsupported: A quantizer is not in the reference.
    """
    found: Quantized | None = table.find(FORMS)(layer, None, config, "", policy)
    if found is None:
        message = f"{layer.origin[0]} has no weights that are quantized to {policy.mode}"
        raise Refused(message)
    return found


def after(layer: Layer, asked: Quantize, compute: str) -> Quantized | None:
    """A layer as ``model.quantize`` leaves it; None: as it is, having no such form.

    Raises:
        Refused: Keras documents that it refuses this.
        Unsupported: A quantizer is not in the reference.
    """
    found: Quantized | None = table.find(FORMS)(layer, asked.mode, asked.config, compute)
    return found


def is_in(model: Model) -> bool:
    """Whether any layer of a model may have quantized weights."""
    policies = (quantized_policy(node.config.get("dtype")) for node in model.nodes)
    return model.quantize is not None or any(policy is not None for policy in policies)


def under(node: Node, policies: Mapping[str, str]) -> dict[str, Any]:
    """A node's arguments, with the dtype policy that quantizing has given to its layer.

    Args:
        node: A layer.
        policies: By node, of those that have been quantized.
    """
    dtype = policies.get(node.name)
    return node.config if dtype is None else {**node.config, "dtype": dtype}
