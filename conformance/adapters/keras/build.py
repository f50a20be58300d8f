"""A program's model in Keras's own words: ``Sequential`` or a functional graph."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras import quantizing
from conformance.adapters.keras.forms import passed
from conformance.adapters.keras.lacking import explain_call, explain_constructor, layer_class
from conformance.adapters.keras.nesting import flat
from conformance.adapters.keras.subjects.application import FORM, application, layers_of
from conformance.adapters.keras.subjects.symbols import called
from conformance.adapters.keras.subjects.symbols import symbol as symbol_of
from conformance.adapters.shared.calling import chosen, positional
from conformance.adapters.shared.forms import within
from conformance.adapters.shared.functions import answered, is_function
from conformance.adapters.shared.layer_names import automatic_name
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_QUANTIZATION = "quantization_config"
_NESTED = frozenset({"layer", "layers", "backward_layer", "cell", "cells"})
"""Arguments of Keras's wrappers and recurrent layers that hold layers."""
_USUAL: Mapping[str, str] = MappingProxyType({})
"""No argument is passed in a form of its own."""


@dataclass
class Net:
    """A built model, and what the adapter has to know to ask it anything."""

    model: Any
    layers: dict[str, Any]
    """Layer by the name of the node that it is written in, in the program's order."""
    spec: Mapping[str, Any]
    functions: dict[str, list[Any]] = field(default_factory=dict)
    """The symbolic tensors that each function among the layers answers, by its node's name."""
    tensors: dict[str, list[Any]] = field(default_factory=dict)
    """Of a graph, the symbolic tensors of every input and node."""
    quantized: dict[str, Any] | None = None
    """Of a model that has been quantized, the numbers of its variables as that left them."""
    probes: dict[str, list[int]] = field(default_factory=dict)
    """Shape that each probing Lambda saw last, where it was a concrete one; a watch takes them."""


def build(keras: Any, spec: Mapping[str, Any]) -> Net:
    """Build a model.

    Args:
        keras: Keras 3, or tf_keras.
        spec: A ``Model`` of ``conformance/cases/model.py`` as plain data.

    Raises:
        Unsupported: This Keras lacks a layer of the model.
        Exception: Whatever Keras raises where it refuses the model.
    """
    net = Net(None, {}, spec)
    make = Maker(keras, net.probes)
    if spec["form"] == "sequential":
        parts = [_input(keras, one) for one in spec["inputs"] if not one.get("declared_by")]
        for node in spec["nodes"]:
            net.layers[node["name"]] = make.adapted(node)
        net.model = keras.Sequential(parts + list(net.layers.values()))
        return _settable(net)
    inputs = [_input(keras, one) for one in spec["inputs"]]
    if spec["form"] == FORM:
        net.model = application(keras, spec, *inputs[:1])
        net.layers = layers_of(keras, net.model)
        return net
    tensors = {one["name"]: [made] for one, made in zip(spec["inputs"], inputs)}
    net.tensors = tensors
    for node in spec["nodes"]:
        if is_function(node["layer"]):
            made = answered(node, tensors, functools.partial(_function_called, keras))
            tensors[node["name"]] = net.functions[node["name"]] = list(flat(made))
            continue
        if node.get("shares"):
            layer = net.layers[node["shares"]]
        else:
            layer = net.layers[node["name"]] = make.adapted(node)
        given = chosen(node["inputs"], tensors)
        handed = {
            key: chosen(name, tensors) if isinstance(name, list) else chosen([name], tensors)[0]
            for key, name in node.get("tensors", {}).items()
        }
        keywords = {**handed, **node.get("arguments", {})}
        try:
            answer = layer(*positional(node["layer"], given), **keywords)
        except TypeError as error:
            explain_call(keras, layer, keywords, error)
            raise
        tensors[node["name"]] = list(flat(answer))
    outputs = chosen(spec["outputs"], tensors)
    net.model = keras.Model(inputs=_bare(inputs), outputs=_bare(outputs))
    return _settable(net)


def _function_called(
    keras: Any, node: Mapping[str, Any], place: Sequence[Any], keywords: Mapping[str, Any]
) -> Any:
    """What one function answers to symbolic tensors."""
    return called(keras, node, symbol_of(keras, node["layer"]), place, keywords)


def _settable(net: Net) -> Net:
    """The net, if every variable of it can be given a case's numbers.

    Raises:
        Unsupported: A variable of Keras 2 has no fixed shape, as an IntegerLookup's weights.
    """
    for node, layer in net.layers.items():
        # A vocabulary that Keras 2 has learned stands among the weights, without a shape.
        shapes = [getattr(variable, "shape", (None,)) for variable in layer.weights]
        if any(None in tuple(shape) for shape in shapes):
            raise Unsupported(f"{node} keeps a variable of no fixed shape, which no case can set")
    return net


def identity(x: Any) -> Any:
    """What a probing Lambda computes, under the name ``probe`` when a config is read back."""
    return x


class Maker:
    """Makes layers from their names and configs, nested ones included."""

    def __init__(self, keras: Any, probes: dict[str, list[int]]) -> None:
        """Hold Keras, and where probing Lambdas put the shapes that they see."""
        self._keras = keras
        self._probes = probes
        self._unnamed: Counter[str] = Counter()

    def adapted(self, node: Mapping[str, Any]) -> Any:
        """A node's layer, adapted to what the case says, if it says anything.

        Whole numbers are given as int64, others as float32, strings as they are.
        """
        made = self.layer(node["layer"], node["config"], node["name"], node.get("forms", {}))
        data = node.get("adapt")
        for one in [] if data is None else [*node.get("adapted_before", []), data]:
            array = np.asarray(one)
            wide = {"f": "float32", "i": "int64"}.get(array.dtype.kind)
            made.adapt(array.astype(wide) if wide else array.astype(object))
        return made

    def layer(
        self, kind: str, config: Mapping[str, Any], name: str, given_as: Mapping[str, str] = _USUAL
    ) -> Any:
        """One layer, under this name, its arguments in the forms that a case names by path."""
        make = layer_class(self._keras, kind)
        quantizing.check_policy(self._keras, config.get("dtype"))
        arguments = {
            key: self._nested(value, within(given_as, key))
            if key in _NESTED
            else quantizing.made(self._keras, value)
            if key == _QUANTIZATION and isinstance(value, dict)
            else passed(self._keras, key, value, within(given_as, key))
            for key, value in config.items()
        }
        arguments["name"] = name
        if kind == "Lambda" and isinstance(arguments.get("function"), str):
            arguments["function"] = self._function(arguments["function"], name)
        given = getattr(arguments.get("backward_layer"), "name", None)
        try:
            made = make(**arguments)
        except ImportError as error:
            # Lookups and hashes are TensorFlow's, whatever the backend.
            raise Unsupported(f"{kind} can't be made here: {error}") from error
        except (TypeError, ValueError) as error:
            explain_constructor(self._keras, make, arguments, error)
            raise
        if given is not None and made.backward_layer.name != given:
            # Keras 2 puts "backward_" before the name of a layer that was given a name.
            made.backward_layer._name = given  # noqa: SLF001 - there is no other way
        return made

    def _nested(self, value: Any, given_as: Mapping[str, str]) -> Any:
        if isinstance(value, list):
            return [self._nested(part, within(given_as, str(i))) for i, part in enumerate(value)]
        if isinstance(value, str):
            return self.layer(value, {}, self._name(value))
        if isinstance(value, dict) and len(value) == 1:
            ((kind, config),) = value.items()
            config = dict(config or {})
            name = config.pop("name", None) or self._name(kind)
            return self.layer(kind, config, name, within(given_as, kind))
        return value

    def _name(self, kind: str) -> str:
        """The name that Keras gives by itself, counted within this model alone."""
        snake = automatic_name(kind)
        count = self._unnamed[snake]
        self._unnamed[snake] += 1
        return f"{snake}_{count}" if count else snake

    def _function(self, function: str, node: str) -> Any:
        if function != "probe":
            raise Unsupported(f"a Lambda's function is 'probe' and nothing else, not {function!r}")
        seen = self._probes

        def probe(x: Any) -> Any:
            shape = concrete(x)
            if shape is not None:
                seen[node] = shape
            return x

        return probe


def concrete(tensor: Any) -> list[int] | None:
    """A tensor's shape, or None where it is symbolic, unknown, or not one tensor's."""
    shape = getattr(tensor, "shape", None)
    try:
        sizes = None if shape is None else list(shape)
    except Exception:  # noqa: BLE001 - a shape of unknown rank: each framework raises its own
        return None
    if sizes is None or not all(_is_size(size) for size in sizes):
        return None
    return [int(size) for size in sizes]


def symbolic(tensor: Any) -> list[int | None]:
    """A symbolic tensor's shape, with None for an open axis."""
    return [None if size is None else int(size) for size in tensor.shape]


def _is_size(size: Any) -> bool:
    return hasattr(size, "__index__") and int(size) >= 0


def _input(keras: Any, spec: Mapping[str, Any]) -> Any:
    return keras.Input(
        shape=tuple(spec.get("declared") or spec["shape"]),
        batch_size=spec.get("batch_size"),
        dtype=spec.get("dtype", "float32"),
        name=spec["name"],
    )


def _bare(tensors: Sequence[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else list(tensors)
