"""A few cases that say much, some more, and all: levels for a backend that is half built.

Each level holds the one before it. The first takes seconds and says whether the elementary layers
and the functions work at all; the last is everything. Which case is of which level is told by the
catalogue alone: by what its cases are made of, and by their order. No list of names is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from conformance.cases import covering, names
from conformance.cases.model import Steps, kind_of, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from conformance.cases.model import Case, InputSpec, Model, Program

LEVELS: Final = {
    1: "each elementary layer and each function once",
    2: "every layer, function, object and activation once",
    3: "every written case once",
    4: "every value of every argument",
    5: "everything",
}
"""What each level holds, beside the ones before it."""

LAST: Final = max(LEVELS)

_USUAL: Final = frozenset({"values", "gradients"})
"""What a layer can be asked for: a case that asks for all of it tells more than its like. What is
asked in other ways once more hangs on the other cases of its file, and doesn't count."""

_USUAL_OF_FUNCTIONS: Final = frozenset({"values", "gradients"})
"""The same of a function."""

_PLAIN: Final = frozenset({"normal", "integers", "indices", "boolean"})
"""Generators of data that are about nothing in particular."""

_DIMENSIONS: Final = re.compile(r"\dD")


class LevelError(ValueError):
    """There is no such level. The text names those that there are."""


def at_level(cases: Sequence[Case], level: int | str) -> list[Case]:
    """Return the cases of a level, in the order in which they are given.

    Args:
        cases: a catalogue, whole and in its order: a case's level is told by the others, too.
        level: a key of :data:`LEVELS`; or :data:`~.covering.COVERING`, which is none of them, and
            in which levels are not held.

    Raises:
        LevelError: there is no such level.
    """
    if level == covering.COVERING:
        return covering.few_that_cover(cases)
    if not isinstance(level, int) or level not in LEVELS:
        told = "\n".join(f"  {one}  {holds}" for one, holds in LEVELS.items())
        told = f"{told}\nand {covering.COVERING}: {covering.HOLDS}"
        raise LevelError(f"there is no level {level}; there are\n{told}")
    if level == LAST:
        return list(cases)
    chosen: set[str] = set()
    for one in range(1, level + 1):
        chosen.update(case.id for case in _OF[one](cases, chosen))
    return [case for case in cases if case.id in chosen]


def of_catalogues(
    cases: Iterable[Case], level: int | str, catalogues: Iterable[Sequence[Case]]
) -> list[Case]:
    """Leave of some cases those of a level.

    A case's level is told by its whole catalogue, so it is the same whatever else was asked for.
    Cases that are in none of the catalogues are taken for one of their own.

    Args:
        cases: those that were asked for, each once.
        level: which.
        catalogues: each whole and in its order.

    Returns:
        Those that are left, in the same order.

    Raises:
        LevelError: there is no such level.
    """
    cases = list(cases)
    known: set[str] = set()
    chosen: set[str] = set()
    for catalogue in catalogues:
        known.update(case.id for case in catalogue)
        chosen.update(case.id for case in at_level(catalogue, level))
    others = [case for case in cases if case.id not in known]
    chosen.update(case.id for case in at_level(others, level))
    return [case for case in cases if case.id in chosen]


# -- which -----------------------------------------------------------------------------------------


def _elementary(cases: Sequence[Case], _: set[str]) -> Iterator[Case]:
    """Of each layer that can stand alone, and of each function, its simplest case.

    There is one for 1D, 2D and 3D together.
    """
    seen: set[str] = set()
    for case in sorted(filter(_stands_alone, cases), key=_complexity):
        name = family(case.program.model.nodes[0].layer)
        if name not in seen:
            seen.add(name)
            yield case


def _every_layer(cases: Sequence[Case], chosen: set[str]) -> Iterator[Case]:
    """Simplest first, each case with a symbol or an activation that no chosen case has.

    Applications are left for later: whole models of hundreds of layers, that are all alike.
    """
    seen = {part for case in cases if case.id in chosen for part in _parts(case)}
    parts = (case for case in cases if kind_of(case.program) != "application")
    plain = (case for case in parts if case.raises is None and not case.unspecified)
    for case in sorted(plain, key=_complexity):
        if not seen.issuperset(_parts(case)):
            seen.update(_parts(case))
            yield case


def _every_written(cases: Sequence[Case], chosen: set[str]) -> Iterator[Case]:
    """The simplest variant of each written case of which none has been chosen."""
    seen = {_written(case) for case in cases if case.id in chosen}
    for case in sorted(cases, key=_complexity):
        if _written(case) not in seen:
            seen.add(_written(case))
            yield case


def _every_value(cases: Sequence[Case], chosen: set[str]) -> Iterator[Case]:
    """Of each written case, variants until every value of every key has been there."""
    seen = {value for case in cases if case.id in chosen for value in _values(case)}
    for case in cases:
        if not seen.issuperset(_values(case)):
            seen.update(_values(case))
            yield case


_OF: Final[dict[int, Callable[[Sequence[Case], set[str]], Iterable[Case]]]] = {
    1: _elementary,
    2: _every_layer,
    3: _every_written,
    4: _every_value,
}


# -- what a case is made of ------------------------------------------------------------------------


def _stands_alone(case: Case) -> bool:
    """Whether a case is one function, or one layer that takes real numbers or has weights.

    It draws nothing. A layer has none inside, is adapted to nothing, and is called with nothing but
    its inputs.
    """
    program = case.program
    node = program.model.nodes[0]
    kind = kind_of(program)
    if kind != "model":
        alone = kind == "function" and len(program.model.nodes) == 1 and not case.unspecified
        return alone and "values" in program.facets and not (case.raises or program.random)
    return (
        len(program.model.nodes) == 1
        and next(_nested(node.config), None) is None
        and not (node.arguments or node.tensors or node.adapt)
        and not (case.raises or program.train or program.twin or program.random)
        and {"values", "gradients"}.issubset(program.facets)
        and (_takes_floats(program.model) or _has_weights(node.layer))
    )


def _takes_floats(model: Model) -> bool:
    return all("float" in spec.dtype for spec in model.inputs)


def _has_weights(layer: str) -> bool:
    """Whether a layer has variables, which are told how to begin."""
    return any(key.endswith("_initializer") for key in names.arguments("layers", layer) or ())


def _complexity(case: Case) -> tuple[int, ...]:
    """Of equals, whoever sorts leaves the catalogue's first first."""
    return complexity(case.program, refusal=case.raises is not None)


def complexity(program: Program, *, refusal: bool) -> tuple[int, ...]:
    """How much there is to a case, to sort by.

    Args:
        program: its program.
        refusal: whether the framework is to refuse it.
    """
    model = program.model
    nodes = model.nodes
    kind = kind_of(program)
    every = _USUAL if kind == "model" else _USUAL_OF_FUNCTIONS
    usual = kind == "steps" or every.issubset(program.facets) or "random" in program.facets
    steps = program.steps if isinstance(program, Steps) else []
    special = (
        refusal
        or any(map(_is_special, model.inputs))
        or any("dtype" in node.config or _has_nought(node.config) for node in nodes)
        or any(call.batch < 1 or call.sizes for call in program.calls)
        or (kind == "function" and any(map(_is_odd, model.inputs)))
    )
    said = [part for node in nodes for part in (node.config, node.arguments, node.tensors)]
    return (
        len(nodes) + len(steps),
        len(model.inputs),
        special,
        not usual,
        sum(map(_entries, said)),
    )


def _is_special(spec: InputSpec) -> bool:
    """Whether an input is about more than that something is fed."""
    return (
        any(size <= 1 for size in spec.shape)
        or None in (spec.declared or ())
        or spec.declared_by is not None
        or spec.data.kind not in _PLAIN
        or spec.data.low is not None
    )


def _is_odd(spec: InputSpec) -> bool:
    """Whether an array is a single number, or of a dtype that few things are made for."""
    return not spec.shape or spec.dtype not in {"float32", "int32", "bool"}


def _parts(case: Case) -> set[tuple[str, str]]:
    """What a case is about, the layers inside others, and the activations by name."""
    found: set[tuple[str, str]] = set()
    for node in case.program.model.nodes:
        found.add(("layer", node.layer))
        found.update(("inside", layer) for layer in _nested(node.config))
        found.update(("activation", name) for name in _activations(node.config))
    return found


def family(layer: str) -> str:
    """A layer's name without its dimensions: ``Conv`` of ``Conv2D``."""
    return _DIMENSIONS.sub("", layer)


def layers_of(model: Model) -> Iterator[str]:
    """The layers of a model, and those inside others, as often as they are there."""
    for node in model.nodes:
        yield node.layer
        yield from _nested(node.config)


_NO_LAYERS = ("QuantizationConfig", "Quantizer")
"""How the names end of what is written as layers are, and is none."""


def _nested(value: object) -> Iterator[str]:
    """The layers that stand in a config: ``{LSTM: {units: 2}}``."""
    for key, inner in _pairs(value):
        if key[:1].isupper() and not key.endswith(_NO_LAYERS):
            yield key
        yield from _nested(inner)


def _activations(value: object) -> Iterator[str]:
    for key, inner in _pairs(value):
        if key.endswith("activation") and isinstance(inner, str):
            yield inner
        yield from _activations(inner)


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    """The entries of a mapping; a list's are told without a key."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from (("", inner) for inner in value)


def _entries(value: object) -> int:
    """How many keys a config has, all the way down."""
    return sum(bool(key) + _entries(inner) for key, inner in _pairs(value))


def _has_nought(value: object) -> bool:
    """Whether an argument is 0, by which much is switched off: crop 0, drop 0."""
    if isinstance(value, dict | list):
        return any(_has_nought(inner) for _, inner in _pairs(value))
    return not isinstance(value, bool) and value == 0


def _written(case: Case) -> str:
    return case.id.partition("[")[0]


def _values(case: Case) -> set[tuple[str, str, bytes]]:
    written = _written(case)
    return {
        (written, key, msgspec.json.encode(to_json(value), order="deterministic"))
        for key, value in case.variation.items()
    } or {(written, "", b"")}
