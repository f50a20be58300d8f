"""What the cases exercise: the layers that they build and the values that arguments take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from conformance.cases.model import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.cases.model import Case, Model, Node
    from conformance.coverage.inventory import Argument, Inventory

_MEANS = {
    "data_format": "channels_last",
    "activation": "linear",
    "dtype": "float32",
}
"""What ``None`` stands for: a case that writes it out gives the argument no other value."""

BASE = "Layer"
"""What every layer takes is exercised when any layer is given it."""
TENSOR = "<tensor>"
"""Stands for a value that is another node's answer."""


class Exercised(Struct):
    """What one layer is seen doing: values, as canonical JSON, by argument.

    An argument of the call is named ``call.mask``. Only what is written counts; what is left out
    has its default.
    """

    cases: int = 0
    values: dict[str, set[str]] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    """Of a function or an object: arguments that a case leaves to their defaults."""
    facets: set[str] = field(default_factory=set)
    """What a case asks of it; a refusal is asked for (``raises``) and exercises nothing."""
    without: dict[str, set[str]] = field(default_factory=dict)
    """Why cases leave facets out, as they say themselves, by facet."""
    kinds: set[str] = field(default_factory=set)
    """The kinds of program that are about it."""
    floats: bool = False
    """Whether a case feeds its program any float."""
    axes: int = 0
    """The most that an input has, a model's without that of the batch."""

    def note_facets(self, case: Case) -> None:
        """Add what a case asks, and why it leaves out what it does."""
        self.facets.update(case.program.facets)
        self.kinds.add(kind_of(case.program))
        self.floats |= any("float" in one.dtype for one in case.program.model.inputs)
        self.axes = max([self.axes, *(len(one.shape) for one in case.program.model.inputs)])
        for facet, reason in case.without.items():
            self.without.setdefault(facet, set()).add(reason)


def exercised(cases: Iterable[Case], inventory: Inventory) -> dict[str, Exercised]:
    """Walk through every model of every case, nested layers included.

    A case that wants a refusal exercises nothing: no number comes out of it.
    """
    found: dict[str, Exercised] = {}
    for case in cases:
        if case.unspecified:
            continue
        refused = case.raises is not None
        models = [case.program.model, *([case.program.twin.model] if case.program.twin else [])]
        seen: set[str] = set()
        for model in models:
            drawn = "random" in case.program.facets
            noted: dict[str, Exercised] = {} if refused else found
            _Walk(model, inventory, noted, drawn=drawn).all(seen)
        # What is refused is the layer that the source documents, not what stands before it.
        about = (case.source.keras or "").rpartition(".")[2]
        for layer in {about} if refused and about in seen else seen:
            note = found.setdefault(layer, Exercised())
            note.cases += not refused
            note.note_facets(case)
    return found


def is_exercised(argument: Argument, name: str, seen: Exercised) -> bool:
    """Whether a value other than the default is seen, or two values of a required argument."""
    values = seen.values.get(name, set())
    if argument.required and TENSOR not in values:
        return len(values) > 1
    return bool(values - {canonical(argument.name, argument.default)})


def canonical(argument: str, value: Any) -> str:
    """A value as text, the same for what Keras takes as the same: ``2`` and ``[2, 2]``."""
    if value is None:
        value = _MEANS.get(argument)
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        return canonical(argument, value[0])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=str)


class _Walk:
    """One model's nodes."""

    def __init__(
        self, model: Model, inventory: Inventory, found: dict[str, Exercised], *, drawn: bool
    ) -> None:
        self._nodes = {node.name: node for node in model.nodes if not node.is_function}
        self._drawn = drawn
        base = inventory.layers.get(BASE)
        self._shared = {one.name for one in base.constructor} if base else set()
        self._inventory = inventory
        self._found = found

    def all(self, seen: set[str]) -> None:
        """Note every node; ``seen`` takes the layers' names."""
        for node in self._nodes.values():
            call = {f"call.{key}": [value] for key, value in node.arguments.items()}
            call |= {f"call.{key}": [TENSOR] for key in node.tensors}
            call |= self._positional(node)
            if self._masked(node):
                call.setdefault("call.mask", []).append(TENSOR)
            if self._drawn:
                # Draws are asked for in training and out of it, whatever the case says.
                call.setdefault("call.training", []).append(TENSOR)
            self._note(node.layer, node.config, call, seen)

    def _note(
        self,
        layer: str,
        config: Mapping[str, Any],
        call: Mapping[str, list[Any]],
        seen: set[str],
    ) -> None:
        seen.add(layer)
        note = self._found.setdefault(layer, Exercised())
        for key, value in config.items():
            note.values.setdefault(key, set()).add(canonical(key, value))
            if key in self._shared and layer != BASE:
                seen.add(BASE)
                shared = self._found.setdefault(BASE, Exercised())
                shared.values.setdefault(key, set()).add(canonical(key, value))
            for name, inner in self._nested(value):
                # A wrapper hands its own call's flags and masks on.
                self._note(name, inner or {}, call, seen)
        for key, values in call.items():
            texts = {v if v == TENSOR else canonical(key, v) for v in values}
            note.values.setdefault(key, set()).update(texts)

    def _nested(self, value: Any) -> Iterable[tuple[str, Mapping[str, Any] | None]]:
        """Layers inside an argument: ``{Dense: {units: 4}}``, or a list of such."""
        if isinstance(value, list):
            for item in value:
                yield from self._nested(item)
        elif isinstance(value, str) and value in self._inventory.layers:
            yield value, None
        elif isinstance(value, dict) and len(value) == 1:
            ((name, config),) = value.items()
            if name in self._inventory.layers and (config is None or isinstance(config, dict)):
                yield name, config

    def _positional(self, node: Node) -> dict[str, list[Any]]:
        """Inputs beyond the first, where they are arguments of their own: ``query, value``."""
        info = self._inventory.layers.get(node.layer)
        if info is None or not info.call or info.call[0].name == "inputs":
            return {}
        return {
            f"call.{argument.name}": [TENSOR]
            for argument, _ in zip(info.call[1:], node.inputs[1:], strict=False)
        }

    def _masked(self, node: Node) -> bool:
        """Whether a mask comes with the input: from a layer that makes one, or passes one on."""
        for name in node.inputs:
            before = self._nodes.get(name.split(".", 1)[0])
            if before is None:
                continue
            if before.layer == "Masking" or before.config.get("mask_zero"):
                return True
            info = self._inventory.layers.get(before.layer)
            passes = info is not None and any(one.name == "mask" for one in info.call)
            if passes and self._masked(before):
                return True
        return False
