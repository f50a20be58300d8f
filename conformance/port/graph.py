"""The calls of a model, out of ``config.json`` of its ``.keras`` file: no Keras is needed.

A Functional model's file holds each call of each layer with the tensors that it was given, masks
among them; a Sequential's holds its layers in order. Models inside models are taken apart.
"""

from __future__ import annotations

import json
import re
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.port.configs import (
    MODELS,
    in_training_alone,
    is_keras,
    is_symbol,
    parameters_of,
    simple,
)
from conformance.port.model import Call, Graph, Input, Operand, PortError, Ref

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Json = Any

_LARGEST = 64 * 2**20
"""Bytes of a config that is read; the largest of keras.applications has less than one MiB."""
_DEEPEST = 64
"""Models inside models."""
_FUNCTIONS = {"true_divide": "divide", "get_item": "getitem"}
"""Functions that Keras's classes of operations call otherwise."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def read(path: Path) -> Graph:
    """The calls of the model in a ``.keras`` file.

    Raises:
        PortError: It is no such file, or it holds what can't be ported.
    """
    regular(path)
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo("config.json").file_size
            if size > _LARGEST:
                raise PortError(f"{path}: config.json has {size:,} bytes; more than {_LARGEST:,}")
            config = json.loads(archive.read("config.json"))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, RecursionError) as error:
        raise PortError(
            f"{path}: not a file that Keras 3 has written ({error}); save the model with "
            "model.save('NAME.keras')"
        ) from error
    reader = _Reader()
    try:
        outputs = reader.model(config, "", None)
        if reader.refused:
            raise PortError("\n  ".join(dict.fromkeys(reader.refused)))
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise PortError(f"{path}: config.json is not as Keras writes it: {error!r}") from error
    return Graph(
        str(config["config"].get("name", "model")),
        reader.inputs,
        reader.calls,
        outputs,
        reader.notes,
        config.get("compile_config"),
    )


def regular(path: Path) -> None:
    """See that a path is a file: to read from a pipe would wait for ever.

    Raises:
        PortError: It is none.
    """
    if not path.is_file():
        raise PortError(f"{path}: there is no such file")


def learned(graph: Graph, values: Mapping[str, Mapping[str, Sequence[float]]]) -> Graph:
    """The model with what layers have learned by ``adapt()`` as arguments of theirs.

    Args:
        graph: The model.
        values: By path and argument.
    """
    calls = [
        call._replace(config={**call.config, **{k: list(v) for k, v in values[call.path].items()}})
        if call.path in values
        else call
        for call in graph.calls
    ]
    return graph._replace(calls=calls)


class _Node(NamedTuple):
    """What a file says of one call."""

    written: Mapping[str, Json]
    """The layer, the function or the model, serialized."""
    args: list[Operand]
    keywords: Mapping[str, Operand] = {}
    dtypes: Sequence[str] = ()
    """Of the positional tensors."""


class _Reader:
    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.calls: list[Call] = []
        self.notes: list[str] = []
        self.refused: list[str] = []
        """What can't be ported, of all of the model."""
        self._noted: set[str] = set()
        self._depth = 0

    def model(self, written: Mapping[str, Json], path: str, given: Json) -> list[Ref]:
        """Make the calls of a model; returns its outputs.

        Args:
            written: The model, serialized.
            path: Its own path; empty for the outermost.
            given: The tensors that it is called on; None for the outermost, which has inputs.
        """
        if self._depth > _DEEPEST:
            raise PortError(f"{path[:60]} ...: more than {_DEEPEST} models in each other")
        self._depth += 1
        try:
            return self._outputs(written, path, given)
        finally:
            self._depth -= 1

    def _outputs(self, written: Mapping[str, Json], path: str, given: Json) -> list[Ref]:
        kind = written["class_name"]
        if kind == "Sequential":
            return self._sequential(written, path, given)
        if kind in MODELS and "layers" in written["config"]:
            return self._functional(written, path, given)
        raise PortError(
            f"{path or kind}: {kind} is a subclassed model: what its call() does is Python code, "
            "which its file does not hold; write it as a Functional model"
        )

    def _sequential(self, written: Mapping[str, Json], path: str, given: Json) -> list[Ref]:
        layers = list(written["config"]["layers"])
        now = given
        if layers and layers[0]["class_name"] == "InputLayer":
            first = layers.pop(0)
            if given is None:
                now = self._input(first)
        elif given is None:
            shape = written["config"].get("build_input_shape")
            if not shape:
                raise PortError("the model has no input shape; build it before it is saved")
            self.inputs.append(Input("inputs", list(shape), "float32"))
            now = Ref(-1)
        for layer in layers:
            answered = self._call(_Node(layer, [now]), path)
            now = answered[0] if len(answered) == 1 else list(answered)
        return now if isinstance(now, list) else [now]

    def _input(self, written: Mapping[str, Json]) -> Ref:
        config = written["config"]
        if config.get("sparse") or config.get("ragged") or config.get("optional"):
            raise PortError(f"{config['name']}: sparse, ragged and optional inputs are not ported")
        dtype = config.get("dtype") or "float32"
        if isinstance(dtype, dict):
            dtype = dtype["config"]["name"]
        self.inputs.append(Input(str(config["name"]), list(config["batch_shape"]), str(dtype)))
        return Ref(-len(self.inputs))

    def _functional(self, written: Mapping[str, Json], path: str, given: Json) -> list[Ref]:
        config = written["config"]
        known: dict[tuple[str, int], list[Ref]] = {}
        names = [key[0] for key in _keys(config["input_layers"])]
        by_name = {layer["config"]["name"]: layer for layer in config["layers"]}
        feeds = _flat(given)
        for place, name in enumerate(names):
            known[name, 0] = [self._input(by_name[name]) if given is None else feeds[place]]
        waiting = [
            (layer, number, node)
            for layer in config["layers"]
            if layer["class_name"] != "InputLayer"
            for number, node in enumerate(layer["inbound_nodes"])
        ]
        while waiting:
            left = []
            for layer, number, node in waiting:
                needed = [(name, at) for name, at, _ in _histories(node)]
                # The calls of one layer are counted in their order.
                name = layer["config"]["name"]
                before = number and (name, number - 1) not in known
                if before or any(one not in known for one in needed):
                    left.append((layer, number, node))
                    continue
                args = [_operand(one, known) for one in node["args"]]
                keywords = {key: _operand(one, known) for key, one in node["kwargs"].items()}
                dtypes = [dtype for one in node["args"] for dtype in _dtypes(one)]
                known[name, number] = self._call(_Node(layer, args, keywords, dtypes), path)
            if len(left) == len(waiting):
                name = waiting[0][0]["config"]["name"]
                raise PortError(f"{name}: it is called on tensors that the file does not explain")
            waiting = left
        return [known[name, at][which] for name, at, which in _keys(config["output_layers"])]

    def _call(self, node: _Node, path: str) -> list[Ref]:
        """Make one call; returns what it answers, as far as the outputs that are looked at.

        What is refused is noted, so that all of it is told at once.

        Args:
            node: What is called, on what.
            path: Of the model that it is in.
        """
        name = str(node.written["config"]["name"])
        full = f"{path}/{name}" if path else name
        try:
            if is_keras(node.written) and node.written["class_name"] in MODELS:
                return self._inner(node, full)
            call = self._made(node, full)
        except PortError as error:
            said = str(error)
            self.refused.append(said if said.startswith(f"{full}:") else f"{full}: {said}")
            call = Call(full, str(node.written["class_name"]), {}, [], hole=True)
        self.calls.append(call)
        return _Outputs(len(self.calls) - 1)

    def _inner(self, node: _Node, full: str) -> list[Ref]:
        """The calls of a model in the model."""
        if extra := [k for k, v in node.keywords.items() if v is not None and k != "mask"]:
            raise PortError(f"{full}: a model called with {', '.join(extra)} is not ported")
        return self.model(node.written, full, node.args if len(node.args) > 1 else node.args[0])

    def _made(self, node: _Node, full: str) -> Call:
        """The call of a layer or a function."""
        written, args, keywords, dtypes = node
        kind, config = str(written["class_name"]), written["config"]
        if not is_keras(written):
            return Call(full, kind, dict(config), args, dict(keywords), hole=True, dtypes=dtypes)
        if ".ops" in str(written.get("module", "")):
            return _function(full, node)
        if kind == "Lambda":
            raise PortError(
                f"{full}: a Lambda holds Python code, which can't be ported; use layers or "
                "functions of keras.ops, which a Functional model's file names"
            )
        if left_out := in_training_alone(kind, config):
            self._note(full, left_out)
            return Call(full, "Identity", {}, args, {}, dtypes=dtypes)
        told = simple(kind, config)
        if told.notes:
            self._note(full, "; ".join(told.notes))
        return Call(
            full,
            kind,
            told.arguments,
            list(args[0]) if len(args) == 1 and isinstance(args[0], list) else args,
            {key: value for key, value in keywords.items() if value is not None},
            trainable=told.trainable,
            dtypes=dtypes,
        )

    def _note(self, path: str, said: str) -> None:
        """Note once what a layer has besides."""
        if path not in self._noted:
            self._noted.add(path)
            self.notes.append(f"{path}: {said}")


class _Outputs(list[Ref]):
    """The answers of a call: how many there are is known when it is looked at."""

    def __init__(self, call: int) -> None:
        super().__init__([Ref(call)])
        self._call = call

    def __getitem__(self, index: Any) -> Any:
        return Ref(self._call, index) if isinstance(index, int) else super().__getitem__(index)


def _function(path: str, node: _Node) -> Call:
    kind, config = str(node.written["class_name"]), node.written["config"]
    args, keywords, dtypes = node.args, node.keywords, node.dtypes
    snake = _CAMEL.sub("_", kind).lower()
    symbol = f"ops.{_FUNCTIONS.get(snake, snake)}"
    if symbol == "ops.getitem":
        return Call(path, symbol, {}, list(args), dict(keywords), dtypes=dtypes)
    if not is_symbol(symbol):
        raise PortError(f"{path}: {kind} of {symbol} is no public function that can be ported")
    # What the constructor has taken is not given by position: einsum's subscripts.
    names = [name for name in parameters_of(symbol) if name not in config]
    given = {key: value for key, value in config.items() if key in parameters_of(symbol)}
    if len(args) > len(names):  # any number of arrays: einsum's
        return Call(path, symbol, given, list(args), dict(keywords), dtypes=dtypes)
    tensors = {**dict(zip(names, args, strict=False)), **keywords}
    return Call(path, symbol, given, [], tensors, dtypes=dtypes)


def _keys(written: Json) -> list[tuple[str, int, int]]:
    """``input_layers`` or ``output_layers``: one key, a list of them, or a dictionary."""
    if isinstance(written, dict):
        return [key for one in written.values() for key in _keys(one)]
    if len(written) == 3 and isinstance(written[0], str) and isinstance(written[1], int):  # noqa: PLR2004
        return [(written[0], written[1], written[2])]
    return [key for one in written for key in _keys(one)]


def _is_tensor(value: Json) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _histories(value: Json) -> list[tuple[str, int, int]]:
    if _is_tensor(value):
        name, at, which = value["config"]["keras_history"]
        return [(name, at, which)]
    if isinstance(value, dict):
        return [one for part in value.values() for one in _histories(part)]
    if isinstance(value, list):
        return [one for part in value for one in _histories(part)]
    return []


def _dtypes(value: Json) -> list[str]:
    if _is_tensor(value):
        return [str(value["config"]["dtype"])]
    if isinstance(value, list):
        return [one for part in value for one in _dtypes(part)]
    return []


def _operand(value: Json, known: Mapping[tuple[str, int], list[Ref]]) -> Operand:
    if _is_tensor(value):
        name, at, which = value["config"]["keras_history"]
        return known[name, at][which]
    if isinstance(value, dict):
        if value.get("class_name") in {"__tensor__", "__numpy__"}:
            return value["config"]["value"]
        if value.get("class_name") == "__tuple__":
            return [_operand(part, known) for part in value["config"]["value"]]
        return {key: _operand(part, known) for key, part in value.items()}
    if isinstance(value, list):
        return [_operand(part, known) for part in value]
    return value


def _flat(given: Json) -> list[Ref]:
    if given is None or isinstance(given, Ref):
        return [] if given is None else [given]
    return [one for part in given for one in _flat(part)]
