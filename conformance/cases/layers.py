"""One layer as it is written in a case: its name, its arguments, and layers inside it.

Argument *names* are checked against Keras's signatures, and so are arguments that can only be true
or false; every other value is the framework's and the reference's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.cases import fields, names
from conformance.cases.problems import described
from conformance.cases.reading import Map, Seq

if TYPE_CHECKING:
    from conformance.cases.problems import Where

MAX_ARGUMENT = 2**26
"""A layer's whole numbers (units, filters, sizes) end here: larger ones only ask for memory."""

_HOLDING = frozenset({"layer", "layers", "cell", "cells", "backward_layer"})
"""Arguments whose value is a layer, or a list of them, even where its name is unknown."""
_FREE_NUMBERS = frozenset({"seed", "salt"})
"""Arguments whose whole numbers are no sizes."""


class Layer(NamedTuple):
    """A layer that was read. ``name`` is no part of ``config``."""

    layer: str
    config: dict[str, Any]
    name: str | None
    where: Where
    arguments: Where
    probes: bool
    """Whether it, or a layer inside it, is the probing Lambda."""


class LayerReader:
    """Reads layers, each place of the file once, however many variants of a case share it."""

    def __init__(self, *, incomplete: bool = False) -> None:
        """Read strictly; ``incomplete`` lets required arguments be absent, for a refused build."""
        self._incomplete = incomplete
        self._read: dict[int, tuple[object, Layer | None, int]] = {}
        self._probes = False

    def read(self, value: object, where: Where) -> Layer | None:
        """A layer: ``Flatten``, or a mapping of its name to its arguments."""
        if id(value) in self._read:
            _, layer, problems = self._read[id(value)]
            where.log.noted += problems  # it is as wrong for whoever shares it
            return layer
        before = where.log.noted
        layer = self._layer(value, where)
        if isinstance(value, Map):
            # The value is kept so that its id stays its own.
            self._read[id(value)] = value, layer, where.log.noted - before
        return layer

    def _layer(self, value: object, where: Where) -> Layer | None:
        if isinstance(value, str):
            return self.named(value, None, where, where)
        if not isinstance(value, Map):
            where.mistyped("a layer: its name, or {Name: {argument: …}}", value)
            return None
        if len(value) != 1:
            where.refuse(
                f"is {described(value)}",
                expected="one layer: {Name: {argument: …}}",
                hint="indent a layer's arguments below its name" if len(value) > 1 else "",
            )
            return None
        layer = next(iter(value))
        return self.named(layer, value[layer], where.key(value, layer), where.value(value, layer))

    def named(self, layer: str, config: object, where: Where, arguments: Where) -> Layer | None:
        """A layer whose name is known from elsewhere, such as a graph's node or ``layer:``.

        Args:
            layer: The layer's name.
            config: Its arguments as written: a mapping, or null for none.
            where: The place of the name.
            arguments: The place of the arguments.
        """
        if layer in {"Input", "InputLayer"}:
            where.refuse("an input is no layer of a case", hint="declare it under `input:`")
            return None
        if wrong := names.unfit("layers", layer):
            where.refuse(wrong[0], hint=wrong[1])
            return None
        outer, self._probes = self._probes, False
        plain = self._arguments(layer, config, arguments)
        probes, self._probes = self._probes, outer or self._probes
        if plain is None:
            return None
        name = plain.pop("name", None)
        if name is not None and isinstance(config, Map):
            name = fields.word(name, arguments.value(config, "name"), fields.NAME, "a layer's name")
        return Layer(layer, plain, name, where, arguments, probes)

    def _arguments(self, layer: str, config: object, where: Where) -> dict[str, Any] | None:
        if config is None:
            config = Map(where.at)
        if not isinstance(config, Map):
            where.mistyped(f"a mapping of {layer}'s arguments", config)
            return None
        own = names.arguments("layers", layer)
        if own is not None:
            self._check_names(layer, own, config, where)
        plain = {key: self._argument(key, config[key], where.value(config, key)) for key in config}
        if layer == "Lambda":
            self._check_probe(config, where)
        return plain

    def _check_names(self, layer: str, own: Any, config: Map, where: Where) -> None:
        possible = (*own, *names.EVERY_LAYER)
        meant = (*names.LEGACY, *names.UNLISTED.get(layer, ()))
        fields.refuse_unknown(config, where, possible, f"is no argument of {layer}", meant)
        for key in config:
            if own.get(key) == "flag":
                fields.flag(config[key], where.value(config, key))
        if self._incomplete:
            return
        for key, kind in own.items():
            if kind == "required" and key not in config:
                where.refuse(f"{layer} needs the argument {key!r}")

    def _argument(self, key: str, value: object, where: Where) -> Any:
        if isinstance(value, Map):
            only = next(iter(value)) if len(value) == 1 else ""
            if key in _HOLDING or names.looks_like_layer(only):
                return self._inner(value, where)
            return {k: self._argument(k, v, where.value(value, k)) for k, v in value.items()}
        if isinstance(value, Seq):
            return [self._argument(key, v, where.item(value, i)) for i, v in enumerate(value)]
        if isinstance(value, str) and key in _HOLDING:
            return self._inner(value, where)
        if type(value) is int and abs(value) > MAX_ARGUMENT and key not in _FREE_NUMBERS:
            where.refuse(
                f"is {value:,}", expected=f"at most {MAX_ARGUMENT:,} as a layer's argument"
            )
        return fields.json_value(value, where)

    def _inner(self, value: object, where: Where) -> dict[str, Any]:
        inner = self._layer(value, where)
        if inner is None:
            return {}
        named = {"name": inner.name} if inner.name is not None else {}
        return {inner.layer: {**inner.config, **named}}

    def _check_probe(self, config: Map, where: Where) -> None:
        if "function" not in config:
            return
        if config["function"] == "probe":
            self._probes = True
        else:
            where.value(config, "function").mistyped("the word 'probe'", config["function"])
