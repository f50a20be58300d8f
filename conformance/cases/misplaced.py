"""What people write in another place than the language has for it: said at once, and read as meant.

Whoever writes ``layer: {Dense: {units: 3}}`` is shown how it is written, and not told besides that
``units`` is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from conformance.cases import names
from conformance.cases.problems import described
from conformance.cases.reading import Map, Seq, plain_value

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.cases.problems import Where

_NAMED = ("layer", "function", "object", "application")
_LONGEST = 60
"""Characters of a value that a hint writes out."""


def as_meant(tree: Map, where: Where, keys: Collection[str]) -> Map:
    """The case with everything in its place; what was not is noted.

    Args:
        tree: The case.
        where: Its place.
        keys: The keys that a case may have.
    """
    meant = tree.copy()
    for key in _NAMED:
        if isinstance(tree.get(key), Map) and len(tree[key]) == 1:
            _unpack(meant, key, where)
    if isinstance(meant.get("layer"), str):
        _gather(meant, where, keys)
    if isinstance(tree.get("model"), Map) and not {"nodes", "outputs"} & tree["model"].keys():
        _listed(meant, where)
    if isinstance(tree.get("input"), Seq):
        place = where.value(tree, "input")
        place.mistyped(
            "a mapping", tree["input"], hint=_shown("write", input={"shape": tree["input"]})
        )
        _move(meant, "input", "shape", tree["input"], tree.value_at("input"))
    return meant


def _unpack(tree: Map, key: str, where: Where) -> None:
    """``layer: {Dense: {units: 3}}``."""
    inside = tree[key]
    ((name, arguments),) = inside.items()
    if not isinstance(arguments, Map | None):
        return
    example = f"`{key}: {name}`"
    if arguments:
        example += f" and {_shown('', config=arguments)}"
    what = {"layer": "a layer's name", "function": "a function's name"}.get(key, "an object's name")
    where.value(tree, key).mistyped(what, inside, hint=f"write {example}")
    at = inside.key_at(name)
    tree.put(key, name, tree.key_at(key), at)
    if "config" not in tree and arguments is not None:
        tree.put("config", arguments, at, inside.value_at(name))


def _gather(tree: Map, where: Where, keys: Collection[str]) -> None:
    """Arguments of the layer beside it, where its ``config`` is meant."""
    own = names.arguments("layers", tree["layer"]) or {}
    for key in [key for key in tree if key in own and key not in keys]:
        where.key(tree, key).refuse(
            f"is an argument of {tree['layer']}, and no key of a case",
            hint=_shown("write", config={key: tree[key]}),
        )
        _move(tree, "config", key, tree.pop(key), tree.value_at(key))


def _listed(tree: Map, where: Where) -> None:
    """``model: {Dense: {units: 3}, Flatten: {}}``."""
    written = tree["model"]
    if not written or not all(names.looks_like_layer(name) for name in written):
        return
    where.value(tree, "model").refuse(
        f"is {described(written)}",
        expected="a list of layers, or a graph {nodes: {…}}",
        hint=_shown("write", model=[{name: one} for name, one in written.items()]),
    )
    meant = Seq()
    for name, one in written.items():
        entry = Map(written.key_at(name))
        entry.put(name, one, written.key_at(name), written.value_at(name))
        meant.put(entry, written.key_at(name))
    tree.put("model", meant, tree.key_at("model"), tree.value_at("model"))


def _move(tree: Map, key: str, inner: str, value: Any, at: tuple[int, int]) -> None:
    """Put a value into a mapping of the case."""
    there = tree.get(key)
    inside = there.copy() if isinstance(there, Map) else Map(at)
    if inner not in inside:
        inside.put(inner, value, at, at)
    tree.put(key, inside, tree.key_at(key), tree.value_at(key))


def _shown(before: str, **written: Any) -> str:
    """A key with its value as it would be written, in backquotes."""
    ((key, value),) = written.items()
    text = yaml.safe_dump(plain_value(value), default_flow_style=True, sort_keys=False, width=10**6)
    text = text.strip()
    if len(text) > _LONGEST:
        text = "[…]" if isinstance(value, list) else "{…}"
    return f"{before} `{key}: {text}`".strip()
