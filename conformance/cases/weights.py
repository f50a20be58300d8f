"""What a case says of its weights: how they are drawn, their numbers, or that they are initial."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from conformance.cases import fields
from conformance.cases.problems import did_you_mean
from conformance.cases.reading import Map

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.cases.models import Read
    from conformance.cases.problems import Where

DRAWN = ("normal", "integers")
"""Generators of weights."""
INITIAL = "initial"
"""What the variable's initializer gives."""
WORDS = (*DRAWN, INITIAL)

_NAMED = "a mapping such as {dense/kernel: [[1, 2], [3, 4]]}"


class Weights(NamedTuple):
    """What is said of weights, by the fields of :class:`~conformance.cases.model.Graph`."""

    kind: Literal["normal", "integers"] = "normal"
    given: Mapping[str, Any] = MappingProxyType({})
    initial: bool = False


def read_weights(tree: Map, where: Where, read: Read | None) -> Weights:
    """The key ``weights`` of a case.

    Which variables a layer has, and of which shapes, is known to the reference alone, which says
    so where a name, a shape or a number doesn't fit.

    Args:
        tree: The case.
        where: Its place.
        read: Its model; None where that could not be read.
    """
    if "weights" not in tree:
        _refuse_unheard(tree, where)
        return Weights()
    value, place = tree["weights"], where.value(tree, "weights")
    if isinstance(value, Map):
        return Weights(given=_given(value, place, read))
    if not isinstance(value, str):
        place.mistyped(f"one of {', '.join(WORDS)}, or {_NAMED}", value)
        return Weights()
    word = fields.choice(value, place, WORDS)
    if word == INITIAL:
        return Weights(initial=True)
    return Weights(kind=cast("Literal['normal', 'integers']", word or "normal"))


def _given(value: Map, where: Where, read: Read | None) -> dict[str, Any]:
    if not value:
        where.mistyped(_NAMED, value)
    found: dict[str, Any] = {}
    for name, one in value.items():
        if read is not None:
            check_name(name, where.key(value, name), read)
        place = where.value(value, name)
        if isinstance(one, str):
            word = fields.choice(one, place, (INITIAL,))
            found |= {} if word is None else {name: word}
            continue
        literal = fields.array(one, place)
        if literal is not None:
            found[name] = literal[0]
    return found


def check_name(name: str, where: Where, read: Read) -> None:
    """Note a name that can't be that of a variable, as no node of the model is called so."""
    known = [node.name for node in read.model.layers]
    node, slash, variable = name.partition("/")
    if not slash or not variable or node not in known:
        where.refuse(
            "names no weight of the model",
            expected=f"<node>/<variable>, node one of {', '.join(known[:12])}",
            hint=did_you_mean(node, known),
        )


def _refuse_unheard(tree: Map, where: Where) -> None:
    """Note numbers that an author states of initializers, which drawn weights take no notice of."""
    expect = tree.get("expect")
    if not isinstance(expect, Map) or "values" not in expect:
        return
    named = next(_initializers([tree.get(key) for key in ("config", "model", "layer")]), None)
    if named is not None:
        where.value(tree, "expect").key(expect, "values").refuse(
            f"states numbers beside `{named}`, which the weights of a case take no notice of: "
            "they are drawn anew",
            expected="`weights: initial`, for what the initializers give, or the numbers "
            "themselves under `weights`",
            hint="`weights: normal` says that drawn ones are meant",
        )


def _initializers(value: Any) -> Iterator[str]:
    """The arguments that give an initializer, wherever they are."""
    if isinstance(value, dict):
        yield from (key for key in value if key.endswith("_initializer") and value[key] is not None)
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _initializers(one)
