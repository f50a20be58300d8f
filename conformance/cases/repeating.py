"""Which cases of a file are asked for what few are asked for (``SAMPLED``).

Numbers go wrong where two arguments meet; what is lost on the way through a file, a config or a
graph is lost argument by argument, and so is what a layer states before it is called. So of the
cases of one file few are asked: as many as together show each layer with every value of every
argument that any of them shows.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.cases import building, combining
from conformance.facets import APART, SAMPLED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.cases.model import Case, Json, Node

Shown = tuple[str, str, str]
"""A layer, with those around it (``TimeDistributed/Dense``); one of its arguments; its value, and
with it the layer's dtype and whether it is adapted."""

_TOGETHER = (SAMPLED.difference(APART), *(frozenset({facet}) for facet in APART))
"""Facets for which the same cases are chosen."""

LEFT_OUT = ""
"""The value of an argument that another case of the file gives to this layer, and this one not."""


def few_repeats(cases: Sequence[Case]) -> list[Case]:
    """The cases of one file, most of them no longer asked for the same answers in other ways.

    Args:
        cases: of the file, each asked for all that it could be asked.

    Returns:
        The same cases in their order. The same file always gives the same ones.
    """
    kept = list(cases)
    for facets in _TOGETHER:
        kept = _few(kept, facets)
    return kept


def _few(cases: Sequence[Case], facets: frozenset[str]) -> list[Case]:
    """The cases, most of them no longer asked for some facets."""
    asking = [case for case in cases if not facets.isdisjoint(case.program.facets)]
    order = sorted(facets)
    places: dict[Shown, int] = {}
    rows = {}
    for case, shown in zip(asking, shown_by_each(asking), strict=True):
        bits = 0
        for one in shown:
            bits |= 1 << len(order) * places.setdefault(one, len(places))
        # Each of those facets of its own: not every case asks for all of them.
        asked = [number for number, name in enumerate(order) if name in case.program.facets]
        rows[case.id] = sum(bits << number for number in asked)
    whole = combining.few_that_show_all(rows)
    return [
        building.without_facets(case, facets) if case.id in rows and case.id not in whole else case
        for case in cases
    ]


def shown_by_each(cases: Sequence[Case]) -> list[set[Shown]]:
    """What each case of a file shows, with the arguments that it leaves at their defaults."""
    found = [set(_shown(case)) for case in cases]
    arguments = defaultdict[str, set[str]](set)
    for layer, argument, _ in itertools.chain.from_iterable(found):
        arguments[layer].add(argument)
    for shown in found:
        given = defaultdict[str, set[str]](set)
        for layer, argument, _ in shown:
            given[layer].add(argument)
        shown.update(
            (layer, argument, LEFT_OUT)
            for layer, there in given.items()
            for argument in arguments[layer] - there
        )
    return found


def _shown(case: Case) -> Iterator[Shown]:
    model = case.program.model
    for node in model.nodes:
        # What a layer learned, and its dtype, go the same way as each of its arguments.
        mode = " adapted" if node.adapt is not None else ""
        mode += f" in {node.config['dtype']!r}" if "dtype" in node.config else ""
        for layer, argument, value in of_node(node):
            # What variables are made with shows in no answer: the case gives them numbers. That an
            # initializer is an object shows in a file.
            made_with = argument == "unit_forget_bias" or argument.endswith("_initializer")
            if not made_with or argument.startswith("as."):
                yield layer, argument, value + mode
        if len(model.nodes) == 1:
            for spec in model.inputs:
                yield node.layer, "input.dtype", spec.dtype + mode
                yield node.layer, "input.rank", str(len(spec.shape))
                yield node.layer, "input.open", str(None in (spec.declared or ()))
    for key, whole in (("settings", model.settings), ("quantize", model.quantize)):
        for name, setting in msgspec.to_builtins(whole or {}).items():
            yield model.nodes[0].layer, f"{key}.{name}", repr(setting)
    flag = case.program.calls[0].training if case.program.calls else None
    if flag is not None:
        yield model.nodes[0].layer, "called in training", str(flag)
    if len(model.nodes) > 1:  # how layers hang together is written case by case
        yield "", "", case.id.partition("[")[0]


def of_node(node: Node) -> Iterator[Shown]:
    """What a node shows: each argument of its layer, of those inside it, and of its call."""
    yield from _of_layer("", node.layer, node.config)
    for path, form in node.forms.items():
        yield node.layer, f"as.{path}", form
    for name, literal in node.arguments.items():
        yield node.layer, f"call.{name}", repr(literal)
    for name, given in node.tensors.items():
        yield node.layer, f"call.{name}", type(given).__name__


def _of_layer(around: str, layer: str, config: dict[str, Json]) -> Iterator[Shown]:
    """A layer's arguments, and those of the layers inside it, by the layers around them."""
    path = f"{around}{layer}"
    yield path, "", "there"
    for argument, value in config.items():
        if argument == "name":
            continue
        if isinstance(value, dict | list):
            inside: list[tuple[str, dict[str, Json]]] = []
            yield path, argument, repr(_without_layers(value, inside))
            for inner, own in inside:
                yield from _of_layer(f"{path}/", inner, own)
        else:
            yield path, argument, repr(value)


def _without_layers(value: Any, inside: list[tuple[str, dict[str, Json]]]) -> Any:
    """A value in which the name of each layer stands for the layer; those are put into a list."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((name, config),) = value.items()
            if name[:1].isupper() and isinstance(config, dict):
                inside.append((name, config))
                return name
        return {key: _without_layers(one, inside) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_layers(one, inside) for one in value]
    return value
