"""The faults that an argument can have, planted in a case's own model.

A framework may not look at an argument that is given, or take another default where it is left
out. Both are the same model with another argument, and the reference answers that as any other.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

from conformance.reference.faults.fault import nodewise
from conformance.reference.spec import table
from conformance.reference.spec.config import INERT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from conformance.cases.model import Case, Model, Node

Kind = Literal["ignored", "default"]

SHARED: Final = frozenset({"dtype", "trainable", "autocast"})
"""Arguments that every layer takes; they stand under this name."""
BASE: Final = "Layer"
CALL: Final = "call."
TRIES: Final = 4
"""Other values that are tried for an argument until one can be built in the case."""


class Argument(NamedTuple):
    """An argument of a layer's constructor, or of its call (``call.mask``)."""

    layer: str
    name: str

    def __str__(self) -> str:
        """As it is shown."""
        return f"{self.layer}: {self.name}"


class Plant(NamedTuple):
    """One fault of one case.

    Attributes:
        argument: Of what.
        kind: ``ignored``: what is given counts for nothing; ``default``: what is left out is taken
            for something else.
        models: Takes the honest model to a faulty one; several where it can't be told before
            which of them can be built.
    """

    argument: Argument
    kind: Kind
    models: list[Callable[[Model], Model]]


class Values:
    """What the cases give each argument, and which arguments they sometimes leave out."""

    def __init__(self, cases: Iterable[Case]) -> None:
        """Look through the models of all cases but those that want a refusal."""
        self._given: dict[Argument, dict[str, Any]] = defaultdict(dict)
        self._layers: dict[str, int] = defaultdict(int)
        self._times: dict[Argument, int] = defaultdict(int)
        for case in (one for one in cases if one.raises is None):
            for layer, config in _layers_of(case):
                self._layers[layer] += 1
                for name, value in config.items():
                    self._given[Argument(layer, name)][_text(value)] = value
                    self._times[Argument(layer, name)] += 1

    def of(self, layer: str) -> list[str]:
        """The arguments of a layer that any case gives."""
        return sorted(one.name for one in self._given if one.layer == layer)

    def is_required(self, argument: Argument) -> bool:
        """Whether no case leaves it out."""
        return self._times[argument] == self._layers[argument.layer]

    def others(self, argument: Argument, *, than: Any, draw: str) -> list[Any]:
        """A few other values, in an order that differs from case to case."""
        rest = [value for text, value in self._given[argument].items() if text != _text(than)]
        rest.sort(key=lambda value: zlib.crc32(f"{draw} {_text(value)}".encode()))
        return rest[:TRIES]


def plants(case: Case, values: Values) -> Iterator[Plant]:
    """The faults of one case, argument by argument.

    Args:
        case: One of a model that is not to be refused.
        values: What the cases give.
    """
    seen = set[tuple[Argument, bool]]()
    for layer, config in _layers_of(case):
        for name in values.of(layer):
            argument, given = Argument(layer, name), name in config
            if (argument, given) in seen or name in INERT:
                continue
            seen.add((argument, given))
            yield from _of_constructor(argument, config, case.id, values)
    yield from _of_calls(case)


def dropped(case: Case) -> Iterator[Plant]:
    """Each argument that a case gives by itself, counting for nothing.

    Args:
        case: One of a model that is not to be refused.
    """
    seen = set[Argument]()
    for layer, config in _layers_of(case):
        for name in config:
            argument = Argument(layer, name)
            if argument not in seen and name not in INERT:
                seen.add(argument)
                models = [_configured(argument, _without(name))]
                if isinstance(config[name], float):  # it may have to be given
                    models.append(_configured(argument, _with(name, config[name] / 2)))
                yield Plant(argument, "ignored", models)
    yield from _of_calls(case)


def _of_calls(case: Case) -> Iterator[Plant]:
    called = {
        Argument(node.layer, name)
        for node in case.graph.model.nodes
        if not node.is_function
        for name in (*node.arguments, *node.tensors)
    }
    for argument in sorted(called):
        shown = Argument(argument.layer, CALL + argument.name)
        yield Plant(shown, "ignored", [_uncalled(argument)])


def _of_constructor(
    argument: Argument, config: Mapping[str, Any], draw: str, values: Values
) -> Iterator[Plant]:
    name = argument.name
    shown = Argument(BASE, name) if name in SHARED else argument
    if name in config and not values.is_required(argument):
        yield Plant(shown, "ignored", [_configured(argument, _without(name))])
        return
    if name in SHARED:
        return  # every layer's default is the same; no layer's alone
    kind: Kind = "ignored" if name in config else "default"
    change = _with if name in config else _by_default
    others = values.others(argument, than=config.get(name, _LEFT_OUT), draw=draw)
    yield Plant(shown, kind, [_configured(argument, change(name, other)) for other in others])


_LEFT_OUT = "<left out>"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _without(name: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda config: {key: value for key, value in config.items() if key != name}


def _with(name: str, value: Any) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda config: {**config, name: value}


def _by_default(name: str, value: Any) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Only where it is left out."""
    return lambda config: {name: value, **config}


def _uncalled(argument: Argument) -> Callable[[Model], Model]:
    layer, name = argument

    def rewrite(node: Node) -> list[Node]:
        if node.layer != layer:
            return [node]
        arguments = {key: value for key, value in node.arguments.items() if key != name}
        tensors = {key: value for key, value in node.tensors.items() if key != name}
        return [msgspec.structs.replace(node, arguments=arguments, tensors=tensors)]

    return nodewise(rewrite)


def _configured(
    argument: Argument, change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> Callable[[Model], Model]:
    """Every layer of the kind with another configuration, also where it is inside another layer."""

    def inside(value: Any) -> Any:
        if isinstance(value, list):
            return [inside(one) for one in value]
        if isinstance(value, str) and value == argument.layer:
            return {value: change({})}
        if (nested := _nested(value)) is not None:
            name, config = nested
            config = {key: inside(one) for key, one in config.items()}
            return {name: change(config) if name == argument.layer else config}
        return value

    def rewrite(node: Node) -> list[Node]:
        config = {key: inside(one) for key, one in node.config.items()}
        if node.layer == argument.layer:
            config = change(config)
        return [msgspec.structs.replace(node, config=config)]

    return nodewise(rewrite)


def _layers_of(case: Case) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every layer of a case's model and twin, the nested ones included, with its arguments."""
    program = case.program
    models = [program.model, *([program.twin.model] if program.twin else [])]
    for model in models:
        for node in model.nodes:
            yield node.layer, node.config
            yield from _within(list(node.config.values()))


def _within(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, list):
        for one in value:
            yield from _within(one)
    elif (nested := _nested(value)) is not None:
        yield nested
        yield from _within(list(nested[1].values()))


def _nested(value: Any) -> tuple[str, Mapping[str, Any]] | None:
    """A layer in an argument, ``{Dense: {units: 4}}``."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, config),) = value.items()
        if f"layers.{name}" in table.homes() and (config is None or isinstance(config, dict)):
            return name, config or {}
    return None
