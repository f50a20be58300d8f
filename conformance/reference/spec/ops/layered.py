"""Functions that are a layer without variables of its own: the layer's mathematics on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.errors import Refused
from conformance.reference.spec.config import Config
from conformance.reference.spec.layers.base import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.array import Array


def of_layer(
    kind: Any,
    owner: str,
    config: Mapping[str, Any],
    x: Array,
    weights: Mapping[str, Array] | None = None,
) -> Array:
    """What a layer answers, outside of training.

    Args:
        kind: The layer's class in the reference.
        owner: Its name: ``MaxPooling2D``.
        config: Its arguments.
        x: The input, batch axis included.
        weights: Its variables.

    Raises:
        Refused: At the call: the layer refuses the arguments or the input's shape.
    """
    try:
        layer = kind(Config(owner, config))
        layer.output_shape([[*x.shape]])
        answer: Array = layer.forward(Context(x.arithmetic), [x], weights or {})
    except Refused as refusal:
        raise Refused(str(refusal), at="call") from None
    return answer
