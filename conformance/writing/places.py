"""Where in a file a part of a concrete case is written, ``vary`` resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.cases import building, variation
from conformance.cases.choosing import own_name
from conformance.cases.loading import shown
from conformance.cases.model import Place
from conformance.cases.problems import Log, Where
from conformance.cases.reading import Map, Seq, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.cases.model import Case


class Places:
    """The places of one file's cases."""

    def __init__(self, file: Path) -> None:
        """Read the file, whose cases are sound."""
        self._log = Log(shown(file))
        document = read_file(file, self._log)
        items = document.value if document is not None else Seq()
        self._written = {
            item["id"]: (item, Where(self._log, "", at))
            for item, at in zip(items, items.at, strict=True)
        }
        self._plans: dict[str, variation.Variation | None] = {}

    def of(self, case: Case, path: str) -> Place:
        """Where a case says something.

        Args:
            case: One of the file.
            path: The key, ``expect.params.total``; of what isn't written, as far as it is. Empty:
                all of the case.
        """
        tree, where = self._varied(case)
        value: Any = tree
        at, parts = where.at, path.split(".") if path else []
        while parts:
            taken = _step(value, parts)
            if taken is None:
                break
            value, at, parts = taken
        return self._place(at)

    def argument(self, case: Case, layer: str, name: str) -> tuple[str, Place]:
        """The key and the place of a layer's argument, ``call.mask`` for one of its call."""
        tree, where = self._varied(case)
        for path, at in _arguments(tree, layer, name):
            return path, self._place(at)
        return "", self._place(where.at)

    def _place(self, at: tuple[int, int]) -> Place:
        return Place(file=self._log.file, line=at[0], column=at[1])

    def _varied(self, case: Case) -> tuple[Map, Where]:
        """A concrete case as it would be written by itself."""
        name, _, label = own_name(case.id).partition("[")
        tree, where = self._written[name]
        if not label:
            return tree, where
        if name not in self._plans:
            self._plans[name] = variation.read_variation(tree, where, building.KEYS)
        plan = self._plans[name]
        for combination in plan.combinations if plan is not None else ():
            if plan is not None and plan.label(combination) == label.removesuffix("]"):
                return plan.apply(tree, combination, where), where
        return tree, where


def _step(value: Any, parts: list[str]) -> tuple[Any, tuple[int, int], list[str]] | None:
    """One step down: what is there, its place, the rest of the path; None: nothing is there.

    A name may have dots itself, so the longest one that is a key counts.
    """
    if isinstance(value, Seq):
        index = int(parts[0]) if parts[0].isdecimal() else len(value)
        return (value[index], value.at[index], parts[1:]) if index < len(value) else None
    if not isinstance(value, Map):
        return None
    for length in range(len(parts), 0, -1):
        key = ".".join(parts[:length])
        if key in value:
            return value[key], value.value_at(key), parts[length:]
    return None


def _arguments(tree: Map, layer: str, name: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The places at which an argument of a layer may be written, the likeliest first."""
    of_call = name.removeprefix("call.") if name.startswith("call.") else ""
    own = any(tree.get(key) == layer for key in ("layer", "function", "object"))
    homes = (("call", of_call), ("with", of_call)) if of_call else (("config", name),)
    for key, argument in homes if own else ():
        inside = tree.get(key)
        if isinstance(inside, Map) and argument in inside:
            yield f"{key}.{argument}", inside.key_at(argument)
    for key in ("model", "config", "layer", "equals"):
        yield from _within(tree.get(key), key, layer, of_call or name, of_call=bool(of_call))


def _within(
    value: Any, path: str, layer: str, name: str, *, of_call: bool
) -> Iterator[tuple[str, tuple[int, int]]]:
    if isinstance(value, Seq):
        for index, one in enumerate(value):
            yield from _within(one, f"{path}.{index}", layer, name, of_call=of_call)
    elif isinstance(value, Map):
        key = "with" if of_call else layer
        inside = value.get(key) if layer in value else None
        if isinstance(inside, Map) and name in inside:
            yield f"{path}.{key}.{name}", inside.key_at(name)
        for key, one in value.items():
            yield from _within(one, f"{path}.{key}", layer, name, of_call=of_call)
