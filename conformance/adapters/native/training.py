"""Models that are trained, or called in training, as the functions of native adapters take them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import parameters
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Callable

Array = Any


def in_training(spec: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The model with ``training=True`` among its layers' arguments.

    Args:
        spec: A ``Model`` of ``conformance/cases/model.py`` as a plain dict.
        more: Further arguments of every layer.
    """
    nodes = [
        {**node, "arguments": {}, "config": {**node["config"], "training": True, **more}}
        for node in spec["nodes"]
    ]
    return {**spec, "nodes": nodes}


def weighs(train: Mapping[str, Any]) -> bool:
    """Whether a training weighs its samples."""
    return "class_weight" in train or "sample_weight" in train


def loss_of(
    functions: Mapping[str, Callable[..., Array]],
    train: Mapping[str, Any],
    array: Callable[[Any], Array],
) -> Callable[[Array, Array], Array]:
    """The loss of a training with Keras's reduction and weights, as a function of (answer, target).

    Args:
        functions: By Keras's class and its function's name, functions of ``(y_true, y_pred,
            sample_weight)`` with the class's arguments as keywords.
        train: A ``Train`` of ``conformance/cases/model.py`` as a plain dict.
        array: Makes an array of the framework's of floats, of which a target of whole numbers picks
            those that it names.

    Raises:
        Unsupported: Another loss, or an argument that is not handled.
    """
    name, config = train["loss"]["name"], train["loss"].get("config", {})
    found = functions.get(name)
    if found is None:
        raise Unsupported(f"no native counterpart for the loss {name} with {dict(config)}")
    handled = {one.name for one in parameters(found) if one.kind is one.KEYWORD_ONLY}
    left = sorted(set(config) - handled)
    if left:
        raise Unsupported(f"the loss {name}: the arguments {left} are not handled here")
    function = functools.partial(found, **config)

    def loss(answer: Array, target: Array) -> Array:
        if "class_weight" in train:
            one_hot = target.ndim > 1 and target.shape[-1] > 1
            labels = target.argmax(-1) if one_hot else target.reshape(target.shape[:1])
            return function(target, answer, array(train["class_weight"])[labels])
        if "sample_weight" in train:
            return function(target, answer, array(train["sample_weight"]))
        return function(target, answer)

    return loss
