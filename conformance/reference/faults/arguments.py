"""Faults of arguments: one that is set and not looked at, or taken for another value near it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from conformance.adapters.shared.functions import is_made
from conformance.reference.errors import Unsupported
from conformance.reference.faults.fault import Fault, nodewise
from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Literal

    from conformance.cases.model import Node, Step, Steps

INERT = frozenset({"name", "seed"})
"""Arguments that no number depends on: a name, and a seed, which only decides what is drawn."""

_OTHER_WORDS = {
    "hann": ("hamming",),
    "hamming": ("hann",),
    "wrap": ("reflect",),
    "mirror": ("reflect",),
    "beam_search": ("greedy",),
    "bicubic": ("bilinear",),
    "cubic": ("linear",),
    "tricubic": ("linear",),
    "trilinear": ("cubic",),
    "triangle": ("cubic",),
    "lanczos3": ("lanczos5",),
    "lanczos5": ("lanczos3",),
    "valid": ("same",),
    "same": ("valid",),
    "channels_last": ("channels_first",),
    "channels_first": ("channels_last",),
    "constant": ("symmetric",),
    "reflect": ("symmetric",),
    "symmetric": ("reflect",),
    "nearest": ("bilinear",),
    "bilinear": ("nearest",),
    "reduced": ("complete",),
    "complete": ("reduced",),
    "none": ("sum_over_batch_size",),
    "sum": ("sum_over_batch_size",),
    "mean": ("sum",),
    "sum_over_batch_size": ("sum", "mean_with_sample_weight"),
    "mean_with_sample_weight": ("sum_over_batch_size",),
    "float32": ("float64",),
    "int32": ("int64",),
    "int64": ("int32",),
    "bool": ("uint8",),
    "uint8": ("int32",),
    "bfloat16": ("float16",),
    "float16": ("bfloat16",),
    "int8": ("int32",),
    "int16": ("int32",),
    "uint32": ("int32",),
    "float8_e4m3fn": ("float8_e5m2",),
    "float8_e5m2": ("float8_e4m3fn",),
    "full": ("same",),
    "linear": ("lower",),
    "lower": ("higher",),
    "higher": ("lower",),
    "midpoint": ("linear",),
    "left": ("right",),
    "right": ("left",),
    "minoring": ("majoring",),
    "majoring": ("minoring",),
    "micro": ("macro",),
    "macro": ("micro", "weighted"),
    "weighted": ("macro",),
    "uniform_average": ("variance_weighted_average",),
    "variance_weighted_average": ("uniform_average",),
}
"""What a word of an argument may be taken for."""


class Given(NamedTuple):
    """A literal argument of a case.

    Attributes:
        owner: The symbol whose argument it is: ``ops.sum``; of a method ``optimizers.SGD.set``.
        name: Its name.
        value: Its value.
        default: ``inspect.Parameter.empty`` where it must be given.
        path: Where it stands in the config or the arguments that hold it.
    """

    owner: str
    name: str
    value: Any
    default: Any
    path: tuple[str, ...]

    @property
    def set(self) -> bool:
        """Whether it is away from its default, so that it could be ignored."""
        return not self.required and not _same(self.value, self.default)

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty


def given(node: Node) -> list[tuple[Literal["config", "arguments"], Given]]:
    """The literal arguments of a node: those of its constructor, then those of the call."""
    definition = _definition(node.layer)
    call = definition.__call__ if definition and is_made(node.layer) else definition
    return [
        *(("config", one) for one in _of(node.layer, definition, node.config, ())),
        *(("arguments", one) for one in _of(node.layer, call, node.arguments, ())),
    ]


def mistaken(nodes: Iterable[Node]) -> Iterator[Fault]:
    """Faults of the literal arguments of functions and of objects."""
    for node in nodes:
        for where, one in given(node):
            for name, says, value in _mistakes(one):

                def rewrite(other: Node, value: Any = value, at: Any = (node, where, one)) -> Any:
                    node, where, one = at
                    if other.name != node.name:
                        return [other]
                    changed = _put(getattr(other, where), one.path, value)
                    return [msgspec.structs.replace(other, **{where: changed})]

                yield Fault(name=name, says=says, model=nodewise(rewrite))


def mistaken_steps(program: Steps) -> Iterator[Fault]:
    """Faults of the literal arguments of an object's methods."""
    definition = _definition(program.object.layer)
    for index, step in enumerate(program.steps):
        method = getattr(definition, step.call, None)
        owner = f"{program.object.layer}.{step.call}"
        for one in _of(owner, method, step.arguments, ()):
            for name, says, value in _mistakes(one):

                def rewrite(steps: Steps, value: Any = value, at: Any = (index, one)) -> Steps:
                    index, one = at

                    def changed(given: Step) -> Step:
                        arguments = _put(given.arguments, one.path, value)
                        return msgspec.structs.replace(given, arguments=arguments)

                    return with_step(steps, index, changed)

                yield Fault(name=name, says=says, sequence=rewrite)


def with_step(program: Steps, index: int, change: Callable[[Step], Step]) -> Steps:
    """A program with one of its steps changed."""
    steps = [change(step) if i == index else step for i, step in enumerate(program.steps)]
    return msgspec.structs.replace(program, steps=steps)


def parameters(symbol: str) -> Mapping[str, inspect.Parameter]:
    """What a function, or the instances of a class, are called with; nothing where unknown."""
    definition = _definition(symbol)
    if definition is None:
        return {}
    called = definition.__call__ if is_made(symbol) else definition
    found = dict(inspect.signature(called).parameters)
    return {name: one for name, one in found.items() if name not in {"self", "arithmetic"}}


def _definition(symbol: str) -> Any:
    try:
        return table.find(symbol)
    except Unsupported:
        return None


def _of(
    owner: str, definition: Any, values: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[Given]:
    if definition is None:
        return
    signature = inspect.signature(definition).parameters
    for name, value in values.items():
        if name in INERT or name not in signature:
            continue
        here = (*path, name)
        yield Given(owner, name, value, signature[name].default, here)
        if isinstance(value, dict) and len(value) == 1:  # an object in place of a number
            ((kind, config),) = value.items()
            symbol = next((s for s in sorted(table.homes()) if s.endswith(f".{kind}")), "")
            if symbol and isinstance(config, dict):
                yield from _of(symbol, _definition(symbol), config, (*here, kind))


_DROPPED = object()


def _put(values: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Arguments with another value at one place, or without it."""
    first, *rest = path
    if rest:
        return {**values, first: _put(values[first], tuple(rest), value)}
    kept = {key: old for key, old in values.items() if key != first}
    return kept if value is _DROPPED else {**values, first: value}


def _mistakes(one: Given) -> Iterator[tuple[str, str, Any]]:
    """Name, words, and the value in place of the given one."""
    what = f"{one.owner}.{one.name}"
    if one.set:
        said = f"ignored the argument {one.name} of {one.owner}"
        yield f"ignored:{what}", said, _DROPPED
    for kind, value in _near(one.name, one.value):
        yield f"{kind}:{what}", f"took {value!r} for the argument {one.name} of {one.owner}", value


def _near(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Other values that a mistake may lead to, each with the mistake's name."""
    if isinstance(value, bool):
        yield "negated", not value
    elif isinstance(value, int):
        if name.startswith("axis"):
            yield "other-axis", 0 if value else -1
            return
        yield "less", value - 1
        yield "more", value + 1
    elif isinstance(value, float):
        yield "more", value * 1.1 if value else 0.1
    elif isinstance(value, str):
        yield from ((f"as-{word}", word) for word in _OTHER_WORDS.get(value, ()))
        before, arrow, after = value.partition("->")
        if arrow and after != after[::-1]:
            yield "reversed", before + arrow + after[::-1]
    elif isinstance(value, list):
        yield from _near_list(name, value)


def _near_list(name: str, value: list[Any]) -> Iterator[tuple[str, Any]]:
    if name == "output_shape":
        yield "larger", [*value[:-1], value[-1] + 1]
    if name == "axis":  # in whatever order
        yield from (("first", one) for one in value[:1])
        return
    if name in {"bins", "target_class_ids"} and len(value) > 1:
        yield "shorter", value[:-1]
    if value != value[::-1]:
        yield "reversed", value[::-1]
    elif name == "shape":
        yield "longer", [*value, 2]
    elif value and type(value[-1]) is int:
        yield "more", [*value[:-1], value[-1] + 1]
    if name == "axes" and all(type(one) is int for one in value):
        rank = len(value)
        order = [one % rank for one in value]
        yield "inverse", sorted(range(rank), key=order.__getitem__)


def _same(value: Any, default: Any) -> bool:
    return isinstance(value, bool) == isinstance(default, bool) and bool(value == default)
