"""Which layers of a model ``model.quantize`` means, and layers that are made with such a dtype."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.core import quantized
from conformance.reference.spec.quantization import scheme_of_policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.adapters.shared.policies import QuantizedPolicy
    from conformance.cases.model import Node, Quantize
    from conformance.reference.spec.layers.base import Layer

_QUANTIZABLE = frozenset({"Dense", "EinsumDense", "Embedding", "ReversibleEmbedding"})
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


def made(layer: Layer, policy: QuantizedPolicy, config: Mapping[str, Any] | None) -> Layer:
    """A layer as its dtype says, made with quantized weights at once.

    Raises:
        Refused: The layer has no such form, or the config contradicts the policy.
        Unsupported: A quantizer is not in the reference.
    """
    if not quantized.can_be(layer, policy.mode):
        message = f"{layer.origin[0]} has no weights that are quantized to {policy.mode}"
        raise Refused(message)
    scheme = scheme_of_policy(policy, config)
    return quantized.quantized(layer, scheme, afterwards=False)
