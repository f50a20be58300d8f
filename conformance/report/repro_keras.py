"""A program's model in Keras's own words, as source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.calling import chosen, positional
from conformance.reference.errors import NoAnswer
from conformance.reference.network import Network
from conformance.report.repro_text import identifier, literal

if TYPE_CHECKING:
    from conformance.cases.model import InputSpec, Model, Node

_LAYERS = "shared"
"""The name, in a script, of the layers that are called more than once."""


def model_lines(model: Model, *, named: bool = True) -> list[str]:
    """Statements that build the model into the variable ``model``.

    Args:
        model: As the case gives it.
        named: With the names of its inputs and layers, by which weights are found.

    Raises:
        Unsupported: A name that is no identifier: it can't be written as Python.
    """
    if model.form == "sequential":
        parts = [_input(spec, named=named) for spec in model.inputs if spec.declared_by is None]
        parts += [_node(node, named=named) for node in model.nodes]
        return ["model = keras.Sequential([", *(f"    {part}," for part in parts), "])"]
    known, shared = expressions(model), model.shared
    lines = [
        *([f"{_LAYERS} = {{}}"] if shared else []),
        "t = {}",
        *(f"t[{spec.name!r}] = {_input(spec, named=named)}" for spec in model.inputs),
    ]
    for node in model.nodes:
        if node.name in shared and node.shares is None:
            lines.append(f"{_LAYERS}[{node.name!r}] = {_node(node, named=named)}")
        layer = f"{_LAYERS}[{node.owner!r}]" if node.name in shared else _node(node, named=named)
        lines.append(f"t[{node.name!r}] = {_called(layer, node, known)}")
    inputs = listed(chosen([spec.name for spec in model.inputs], known))
    return [*lines, f"model = keras.Model({inputs}, {listed(chosen(model.outputs, known))})"]


def expressions(model: Model) -> dict[str, list[str]]:
    """What stands for every output of every input and node: ``t['lstm'][1]``."""
    try:
        outputs = {name: len(shapes) for name, shapes in Network.build(model).answers.items()}
    except NoAnswer:  # a model that is refused: none of its nodes is known to answer several times
        outputs = {}
    names = [*(spec.name for spec in model.inputs), *(node.name for node in model.nodes)]
    return {
        name: [f"t[{name!r}]"]
        if outputs.get(name, 1) == 1
        else [f"t[{name!r}][{k}]" for k in range(outputs[name])]
        for name in names
    }


def keywords(node: Node, known: dict[str, list[str]]) -> list[str]:
    """The keyword arguments of a node's call."""
    return [
        *(
            f"{identifier(key)}={listed(chosen([name], known))}"
            if isinstance(name, str)
            else f"{identifier(key)}=[{', '.join(chosen(name, known))}]"
            for key, name in node.tensors.items()
        ),
        *(f"{identifier(key)}={literal(value)}" for key, value in node.arguments.items()),
    ]


def _called(layer: str, node: Node, known: dict[str, list[str]]) -> str:
    given = positional(node.layer, chosen(node.inputs, known))
    operands = [one if isinstance(one, str) else f"[{', '.join(one)}]" for one in given]
    return f"{layer}({', '.join([*operands, *keywords(node, known)])})"


def listed(texts: list[str]) -> str:
    """One expression as it is, several as a list."""
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _node(node: Node, *, named: bool) -> str:
    if named:
        return _layer(node.layer, node.config, node.name)
    config = {key: value for key, value in node.config.items() if key != "name"}
    return _layer(node.layer, config, None)


def _input(spec: InputSpec, *, named: bool) -> str:
    batch = "" if spec.batch_size is None else f", batch_size={spec.batch_size!r}"
    kind = "" if spec.dtype == "float32" else f", dtype={spec.dtype!r}"
    name = f", name={spec.name!r}" if named else ""
    return f"keras.Input({tuple(spec.declared or spec.shape)!r}{batch}{kind}{name})"


def _layer(kind: str, config: dict[str, Any], name: str | None) -> str:
    arguments = {key: value for key, value in config.items() if key != "name"}
    if name is not None or "name" in config:
        arguments["name"] = name if name is not None else config["name"]
    written = [f"{identifier(key)}={_value(kind, key, value)}" for key, value in arguments.items()]
    return f"keras.layers.{identifier(kind)}({', '.join(written)})"


def _value(kind: str, key: str, value: Any) -> str:
    if kind == "Lambda" and key == "function":
        return "probe"
    if key in {"layer", "backward_layer", "cell"} and isinstance(value, dict) and len(value) == 1:
        ((inner, config),) = value.items()
        return _layer(inner, config or {}, None)
    return literal(_tuples(value))


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        parts = [_tuples(part) for part in value]
        numbers = all(part is None or isinstance(part, (int, float, tuple)) for part in parts)
        return tuple(parts) if numbers else parts
    return value
