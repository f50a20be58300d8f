"""A program's model in Keras's own words, as source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from conformance.adapters.shared.calling import chosen, positional
from conformance.adapters.shared.forms import within
from conformance.reference.errors import NoAnswer
from conformance.reference.model.network import Network
from conformance.repro import forms, settings
from conformance.repro.subjects import words
from conformance.repro.text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import InputSpec, Model, Node

_LAYERS = "layers"
"""The name, in a script, of the layers that are called more than once, or adapted first."""

_HALF = frozenset({"float16", "bfloat16"})
_DRAWN_BY_QR = frozenset({"GRU", "GRUCell", "LSTM", "LSTMCell", "SimpleRNN", "SimpleRNNCell"})
"""Layers whose recurrent kernel begins as an orthogonal matrix. Several backends can't draw that in
half precision, and nobody ever sees it: all weights come with the case."""

_NESTED = frozenset({"layer", "layers", "backward_layer", "cell", "cells"})
"""Arguments that hold layers."""


def model_lines(model: Model, *, named: bool = True, old: bool = False) -> list[str]:
    """Statements that build the model into the variable ``model``.

    Args:
        model: As the case gives it.
        named: With the names of its inputs and layers, by which weights are found.
        old: In the words of Keras 2.

    Returns:
        Statements; where a node :func:`nests`, they need a function ``flat``.

    Raises:
        Unsupported: A name that is no identifier: it can't be written as Python.
    """
    if model.form == "application":
        return _application(model, named=named)
    made = _made(model, named=named, old=old)
    first = _first(model, made)
    before = settings.lines(model.settings, old=old)
    if model.form == "sequential":
        parts = [_input(spec, named=named) for spec in model.inputs if spec.declared_by is None]
        parts += [_place(node) if node.name in first else made[node.name] for node in model.nodes]
        lines = ["model = keras.Sequential([", *(f"    {part}," for part in parts), "])"]
        return [*before, *_layers(first), *lines]
    known = expressions(model)
    lines = [
        *before,
        *_layers(first),
        "t = {}",
        *(f"t[{spec.name!r}] = {_input(spec, named=named)}" for spec in model.inputs),
    ]
    for node in model.nodes:
        if node.is_function:
            lines.append(f"t[{node.name!r}] = {function_called(node, known)}")
            continue
        layer = _place(node) if node.owner in first else made[node.name]
        called = _called(layer, node, known)
        lines.append(f"t[{node.name!r}] = {f'flat({called})' if nests(node) else called}")
    inputs = listed(chosen([spec.name for spec in model.inputs], known))
    return [*lines, f"model = keras.Model({inputs}, {listed(chosen(model.outputs, known))})"]


def _application(model: Model, *, named: bool) -> list[str]:
    """The call that puts one of Keras's own models together."""
    node = model.nodes[0]
    given = ["weights=None"]
    given += [f"{key}={literal(_tuple(value))}" for key, value in node.config.items()]
    given += [f"{key}=image" for key in node.tensors]
    image = [f"image = {_input(model.inputs[0], named=named)}"] if node.tensors else []
    return [*image, f"model = keras.{node.layer}({', '.join(given)})"]


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _made(model: Model, *, named: bool, old: bool) -> dict[str, str]:
    """The expression that makes each node's layer."""
    made = {}
    for node in model.layers:
        config = {key: value for key, value in node.config.items() if key != "name"}
        passed = Forms(node.forms, old)
        made[node.name] = _layer(node.layer, config, node.name if named else None, passed)
    return made


def _first(model: Model, made: dict[str, str]) -> dict[str, list[str]]:
    """Statements that make layers before the model: those called twice, and those adapted."""
    return {
        node.name: [
            f"{_place(node)} = {made[node.name]}",
            *(
                f"{_place(node)}.adapt({_adapted(one)})"
                for one in ([] if node.adapt is None else [*node.adapted_before, node.adapt])
            ),
        ]
        for node in model.layers
        if node.adapt is not None or node.name in model.shared
    }


def _layers(first: dict[str, list[str]]) -> list[str]:
    return [f"{_LAYERS} = {{}}", *(line for own in first.values() for line in own)] if first else []


def _place(node: Node) -> str:
    return f"{_LAYERS}[{node.owner!r}]"


def _adapted(given: Any) -> str:
    """What a layer is adapted to: integers as int64, other numbers as float32, strings as given."""
    kind = {"f": "float32", "i": "int64"}.get(np.asarray(given).dtype.kind, "object")
    return f"np.array({literal(given)}, {kind!r})"


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


def nests(node: Node) -> bool:
    """Whether a node answers with lists in lists: a cell's states, or those of several cells."""
    cell = node.config.get("cell")
    stacked = isinstance(cell, list) or (isinstance(cell, dict) and "StackedRNNCells" in cell)
    return stacked or node.layer.endswith(("Cell", "Cells"))


def keywords(node: Node, known: dict[str, list[str]]) -> list[str]:
    """The keyword arguments of a node's call."""
    return [
        *(
            f"{identifier(key)}={listed(chosen([name], known))}"
            if isinstance(name, str)
            else f"{identifier(key)}=[{', '.join(chosen([*name], known))}]"
            for key, name in node.tensors.items()
        ),
        *(f"{identifier(key)}={literal(value)}" for key, value in node.arguments.items()),
    ]


def function_called(node: Node, known: dict[str, list[str]]) -> str:
    """The call of a function among the layers: ``keras.ops.add(t['a'], t['b'])``."""
    return words.called(words.symbol(node.layer), node, {name: f"t[{name!r}]" for name in known})


def _called(layer: str, node: Node, known: dict[str, list[str]]) -> str:
    given = positional(node.layer, chosen(node.inputs, known))
    operands = [one if isinstance(one, str) else f"[{', '.join(one)}]" for one in given]
    return f"{layer}({', '.join([*operands, *keywords(node, known)])})"


def listed(texts: list[str]) -> str:
    """One expression as it is, several as a list."""
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _input(spec: InputSpec, *, named: bool) -> str:
    batch = "" if spec.batch_size is None else f", batch_size={spec.batch_size!r}"
    kind = "" if spec.dtype == "float32" else f", dtype={spec.dtype!r}"
    name = f", name={spec.name!r}" if named else ""
    return f"keras.Input({tuple(spec.declared or spec.shape)!r}{batch}{kind}{name})"


class Forms(NamedTuple):
    """In which forms arguments are passed, by their paths, and whether to Keras 2."""

    by_path: Mapping[str, str]
    old: bool

    def within(self, step: str) -> Forms:
        """The forms of what is behind one step of the paths."""
        return self._replace(by_path=within(self.by_path, step))


def _layer(kind: str, config: dict[str, Any], name: str | None, passed: Forms) -> str:
    arguments = {key: value for key, value in config.items() if key != "name"}
    if kind in _DRAWN_BY_QR and config.get("dtype") in _HALF:
        arguments.setdefault("recurrent_initializer", "zeros")
    if name is not None or "name" in config:
        arguments["name"] = name if name is not None else config["name"]
    written = [
        f"{identifier(key)}={_value(kind, key, value, passed.within(key))}"
        for key, value in arguments.items()
    ]
    home = "keras" if kind == "Sequential" else "keras.layers"
    return f"{home}.{identifier(kind)}({', '.join(written)})"


def _value(kind: str, key: str, value: Any, passed: Forms) -> str:
    if kind == "Lambda" and key == "function":
        return "probe"
    if key in _NESTED:
        return _nested(value, passed)
    return forms.written(key, value, passed.by_path, old=passed.old)


def _nested(value: Any, passed: Forms) -> str:
    """A layer inside a layer, or several."""
    if isinstance(value, list):
        parts = [_nested(part, passed.within(str(i))) for i, part in enumerate(value)]
        return f"[{', '.join(parts)}]"
    if isinstance(value, str):
        return _layer(value, {}, None, passed)
    if isinstance(value, dict) and len(value) == 1:
        ((inner, config),) = value.items()
        return _layer(inner, config or {}, None, passed.within(inner))
    return literal(value)
