"""From what a Keras model says of a layer to the nodes by which the reference knows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from conformance.cases.model import Node
from conformance.reference.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.twomodels.told import Call

_LEFT_OUT = re.compile(r".*_initializer|name|seed|quantization_config|trainable|autocast")
"""Arguments that no answer depends on: weights are taken from the model as they are."""
_AS_GIVEN = re.compile(r".*_(regularizer|constraint)")
"""Objects that the reference reads as Keras writes them, by class and config."""
_WITHOUT_EFFECT = {"rms_scaling": False, "synchronized": False, "flash_attention": None}
"""Arguments that configs still hold and whose one usual value changes nothing."""
_CALLED = {"GroupedQueryAttention": "GroupQueryAttention"}
"""Classes whose public name is another one."""
_FUNCTION = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def nodes_of(call: Call, shapes: Sequence[tuple[int, ...]] = ()) -> list[Node]:
    """The nodes of one call; the last has the call's name and answer, all are in order.

    An activation that is a layer of its own becomes a node of its own, and so does each index of
    ``x[:, 0]``.

    Args:
        call: What Keras says of it.
        shapes: Of the tensors that it takes.

    Raises:
        Unsupported: Its config can't be written as the reference's.
    """
    inputs = [f"in{place}" for place in range(len(call.inputs))]
    tensors = {
        key: [f"{key}{place}" for place in range(len(value))] if isinstance(value, list) else key
        for key, value in call.tensors.items()
    }
    if not call.is_layer:
        name = _FUNCTION.sub("_", call.layer).lower()
        key = call.arguments.get("key", call.config.get("key"))
        if name == "get_item" and len(shapes) == 1 and not isinstance(key, int):
            return _indexed(key, shapes[0])
        keyed = {key: value for key, value in call.config.items() if value is not None}
        made = Node(
            name="layer", layer=f"ops.{name}", config={}, inputs=[], tensors={**tensors},
            arguments={**keyed, **call.arguments},
        )  # fmt: skip
        return [made]
    config = config_of(call.config)
    node = Node(
        name="layer",
        layer=_CALLED.get(call.layer, call.layer),
        config=config,
        inputs=inputs,
        arguments=dict(call.arguments),
        tensors={**tensors},
    )
    activation = config.get("activation")
    if not isinstance(activation, dict):
        return [node]
    ((layer, arguments),) = activation.items()
    plain = replace(node, config={**config, "activation": "linear"})
    behind = Node(name="activation", layer=layer, config=arguments, inputs=["layer"])
    return [plain, behind]


def _indexed(key: Any, shape: Sequence[int]) -> list[Node]:
    """An array's entries as one function an index: ``x[:, 0]`` takes entry 0 of axis 1.

    Raises:
        Unsupported: An index is none of a number, a slice, ``None`` and an ellipsis.
    """
    parts = list(key) if isinstance(key, list) else [key]
    named = [one for one in parts if one is not None and one != "..."]
    if "..." in parts:
        at = parts.index("...")
        whole = [{"slice": [None, None, None]}] * (len(shape) - len(named))
        parts = [*parts[:at], *whole, *parts[at + 1 :]]
    sizes = list(shape)
    nodes: list[Node] = []
    axis = 0

    def add(function: str, **arguments: Any) -> None:
        source = nodes[-1].name if nodes else "x"
        nodes.append(
            Node(
                name=f"index{len(nodes)}",
                layer=function,
                config={},
                inputs=[],
                tensors={"x": source},
                arguments=arguments,
            )
        )

    for part in parts:
        if part is None:
            add("ops.expand_dims", axis=axis)
            axis += 1
            continue
        if isinstance(part, int) and not isinstance(part, bool):
            add("ops.take", indices=part, axis=axis)
            sizes.pop(0)
            continue
        bounds = part.get("slice") if isinstance(part, dict) else None
        if not isinstance(bounds, list) or not sizes:
            message = f"an index that is {part!r} can't be written down"
            raise Unsupported(message)
        taken = range(*slice(*bounds).indices(sizes.pop(0)))
        if taken != range(shape[len(shape) - len(sizes) - 1]):
            add("ops.take", indices=list(taken), axis=axis)
        axis += 1
    if not nodes:
        message = "an index that takes all is not in the reference"
        raise Unsupported(message)
    return nodes


def config_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's arguments as a case writes them, without those that no answer depends on."""
    found = {}
    for key, value in config.items():
        usual = key in _WITHOUT_EFFECT and value == _WITHOUT_EFFECT[key]
        if _LEFT_OUT.fullmatch(key) or usual:
            continue
        if key == "dtype":
            if (policy := _policy(value)) != "float32":
                found[key] = policy
        elif _AS_GIVEN.fullmatch(key):
            if value is not None:
                found[key] = value
        elif value is not None:
            found[key] = _value(value)
    return found


def _policy(value: Any) -> str:
    """The name of a dtype policy.

    Raises:
        Unsupported: It is none of a name alone.
    """
    if isinstance(value, str):
        return value
    config = value.get("config") if isinstance(value, dict) else None
    name = config.get("name") if isinstance(config, dict) else None
    if not isinstance(name, str):
        message = "a dtype policy of its own is not in the reference"
        raise Unsupported(message)
    return name


def _value(value: Any) -> Any:
    """An argument; an object inside becomes ``{Dense: {units: 4}}``.

    Raises:
        Unsupported: It holds what could not be written down.
    """
    if isinstance(value, list):
        return [_value(one) for one in value]
    if isinstance(value, str) and value.startswith("<"):
        message = f"an argument that is {value} can't be written down"
        raise Unsupported(message)
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _value(one) for key, one in value.items()}
    name, config = value["class_name"], value.get("config")
    if name == "function" and isinstance(config, str):
        return config
    if not isinstance(config, dict):
        message = f"{name} without a config can't be written down"
        raise Unsupported(message)
    kept = {"name": config["name"]} if isinstance(config.get("name"), str) else {}
    return {name: {**kept, **config_of(config)}}
