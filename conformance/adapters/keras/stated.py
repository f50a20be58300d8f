"""What a built model says of itself before any call: symbolic shapes, numbers of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.keras.build import symbolic
from conformance.adapters.keras.subjects.application import FORM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.keras.build import Net


def shapes_of(net: Net) -> dict[str, Any]:
    """Symbolic shapes of inputs, outputs and nodes."""
    if net.spec["form"] == FORM:
        return {"inputs": _shapes(net.model.inputs), "outputs": _shapes(net.model.outputs)}
    # Keras 2 won't say the one output of a layer that is called twice.
    shared = {node.get("shares") for node in net.spec["nodes"]}
    return {
        "inputs": _shapes(net.model.inputs),
        "outputs": _shapes(net.model.outputs),
        "nodes": {
            node: symbolic(layer.output)
            for node, layer in net.layers.items()
            if node not in shared and hasattr(layer.output, "shape")
        }
        | {node: symbolic(made[0]) for node, made in net.functions.items() if len(made) == 1},
    }


def _shapes(tensors: Sequence[Any]) -> list[list[int | None]]:
    return [symbolic(tensor) for tensor in tensors]


def counts_of(net: Net) -> dict[str, Any]:
    """Numbers of parameters: all, those that are trained and not, and of each node."""
    trainable = sum(_size(variable) for variable in net.model.trainable_weights)
    total = int(net.model.count_params())
    return {
        "total": total,
        "trainable": trainable,
        "non_trainable": sum(_size(variable) for variable in net.model.non_trainable_weights),
        "nodes": {node: int(layer.count_params()) for node, layer in net.layers.items()}
        if net.spec["form"] != FORM
        else {},
    }


def _size(variable: Any) -> int:
    size = 1
    for axis in variable.shape:
        size *= int(axis)
    return size
