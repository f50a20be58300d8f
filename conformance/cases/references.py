"""What a node refers to: the inputs and earlier nodes that it takes, by place or by keyword."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.cases import fields
from conformance.cases.problems import did_you_mean
from conformance.cases.reading import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from conformance.cases.model import Dictionary
    from conformance.cases.problems import Where

Scope = tuple[dict[str, None], Map]
"""The names that a node may refer to, and all nodes as they are written."""


Keywords = tuple[dict[str, Any], dict[str, "str | list[str]"]]
"""Literal keyword arguments of a call, and those that are inputs or nodes."""


def keywords(value: object, where: Where, scope: Scope) -> Keywords | None:
    """A call's keyword arguments: names are inputs or nodes, everything else is literal."""
    if value is None:
        return {}, {}
    if not isinstance(value, Map):
        where.mistyped("a mapping of keyword arguments, such as {training: true}", value)
        return None
    problems = where.log.noted
    arguments: dict[str, Any] = {}
    tensors: dict[str, str | list[str]] = {}
    for key, given in value.items():
        place = where.value(value, key)
        if not key.isidentifier():
            where.key(value, key).refuse("is no name for an argument")
        if isinstance(given, str):
            if is_earlier(given, place, scope):
                tensors[key] = given
        elif isinstance(given, Seq) and any(isinstance(one, str) for one in given):
            known = [is_earlier(one, place.item(given, i), scope) for i, one in enumerate(given)]
            if all(known):
                tensors[key] = [str(one) for one in given]
        elif isinstance(given, (Map, Seq)):
            place.mistyped("a number, true, false, or names of inputs or nodes", given)
        else:
            arguments[key] = fields.json_value(given, place)
    return (arguments, tensors) if where.log.noted == problems else None


def base_name(name: str, known: Container[str]) -> str:
    """The node that a reference is to: ``lstm`` for ``lstm.1``, its second output."""
    before, dot, number = name.rpartition(".")
    return before if name not in known and dot and number.isdecimal() else name


def flat(references: Iterable[str | list[str] | Dictionary | dict[str, str]]) -> Iterator[str]:
    """Every name among names, lists of names and dictionaries of them."""
    for one in references:
        if isinstance(one, str):
            yield one
        else:
            yield from flat(one.values()) if isinstance(one, dict) else one


def read_of(body: Map, where: Where, scope: Scope) -> list[str] | None:
    """What ``of`` names, in order."""
    if "of" not in body:
        where.refuse("the key 'of' is missing", expected="the inputs or nodes that it takes")
        return None
    place = where.value(body, "of")
    value = body["of"]
    if isinstance(value, str):
        listed = [(value, place)]
    elif isinstance(value, Seq) and value:
        listed = [(one, place.item(value, i)) for i, one in enumerate(value)]
    else:
        place.mistyped("a name, or a list of names", value)
        return None
    found = [one for one, at in listed if is_earlier(one, at, scope)]
    return found if len(found) == len(listed) else None


def is_earlier(name: object, where: Where, scope: Scope) -> bool:
    """Whether a name is that of an input or of an earlier node; notes it if it is not."""
    seen, written = scope
    if isinstance(name, str) and base_name(name, seen) in seen:
        return True
    if isinstance(name, str) and name in written:
        where.refuse(
            f"{name!r} is this node or a later one",
            expected="an input or an earlier node",
            hint="nodes are written in the order of computing; a cycle can't be",
        )
    elif isinstance(name, str):
        where.refuse(
            f"{name!r} is neither an input nor a node",
            expected=f"one of {', '.join(list(seen)[:12])}",
            hint=did_you_mean(name, [*seen, *written]),
        )
    else:
        where.mistyped("a name", name)
    return False
