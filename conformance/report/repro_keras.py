"""A program's model in Keras's own words, as source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.report.repro_text import identifier, literal

if TYPE_CHECKING:
    from conformance.cases.model import InputSpec, Model, Node


def model_lines(model: Model) -> list[str]:
    """Statements that build the model into the variable ``model``.

    Args:
        model: As the case gives it.

    Raises:
        Unsupported: A name that is no identifier: it can't be written as Python.
    """
    if model.form == "sequential":
        parts = [_input(spec) for spec in model.inputs if spec.declared_by is None]
        parts += [_layer(node.layer, node.config, node.name) for node in model.nodes]
        return ["model = keras.Sequential([", *(f"    {part}," for part in parts), "])"]
    lines = ["t = {}", *(f"t[{spec.name!r}] = {_input(spec)}" for spec in model.inputs)]
    lines += [f"t[{node.name!r}] = {_called(node)}" for node in model.nodes]
    inputs = _listed([spec.name for spec in model.inputs])
    return [*lines, f"model = keras.Model({inputs}, {_listed(model.outputs)})"]


def _called(node: Node) -> str:
    return f"{_layer(node.layer, node.config, node.name)}({_listed(node.inputs)})"


def _listed(names: list[str]) -> str:
    texts = [f"t[{name!r}]" for name in names]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _input(spec: InputSpec) -> str:
    batch = "" if spec.batch_size is None else f", batch_size={spec.batch_size!r}"
    kind = "" if spec.dtype == "float32" else f", dtype={spec.dtype!r}"
    return f"keras.Input({tuple(spec.shape)!r}{batch}{kind}, name={spec.name!r})"


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
