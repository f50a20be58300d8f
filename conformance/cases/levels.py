"""A few cases that say much, some more, and all: levels for a backend that is half built.

Each level holds the one before it. The first takes seconds and says whether anything works at all;
the second has every layer once; the third every value of every argument; the fourth is everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from conformance.cases.model import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.cases.model import Case

LEVELS: Final = {
    1: "one case of each file",
    2: "every layer once",
    3: "every value of every argument",
    4: "everything",
}
"""What each level holds, beside the ones before it."""


def at_level(cases: Sequence[Case], level: int) -> list[Case]:
    """Return the cases of a level, in the order in which they are given.

    Args:
        cases: in the catalogue's order.
        level: a key of :data:`LEVELS`.
    """
    if level >= max(LEVELS):
        return list(cases)
    chosen: set[str] = set()
    for one in range(1, level + 1):
        chosen.update(case.id for case in _OF[one](cases, chosen))
    return [case for case in cases if case.id in chosen]


def _of_each_file(cases: Iterable[Case], _: set[str]) -> Iterator[Case]:
    seen: set[str] = set()
    for case in cases:
        if case.place.file not in seen and case.raises is None:
            seen.add(case.place.file)
            yield case


def _of_each_layer(cases: Sequence[Case], chosen: set[str]) -> Iterator[Case]:
    """The first case of each layer that no chosen case has, simple models before others."""
    seen = {layer for case in cases if case.id in chosen for layer in _layers(case)}
    plain = [case for case in cases if case.raises is None]
    for case in sorted(plain, key=lambda case: len(_layers(case))):
        if not seen.issuperset(_layers(case)):
            seen.update(_layers(case))
            yield case


def _of_each_value(cases: Iterable[Case], chosen: set[str]) -> Iterator[Case]:
    """Of each written case, variants until every value of every key has been there."""
    seen: set[tuple[str, str, bytes]] = set()
    for case in cases:
        written = case.id.partition("[")[0]
        values = {
            (written, key, msgspec.json.encode(to_json(value), order="deterministic"))
            for key, value in case.variation.items()
        } or {(written, "", b"")}
        if case.id in chosen or not values <= seen:
            seen |= values
            yield case


_OF: Final = {1: _of_each_file, 2: _of_each_layer, 3: _of_each_value}


def _layers(case: Case) -> set[tuple[str, bool]]:
    """The layers of a case's model, and whether each stands inside another."""
    found: set[tuple[str, bool]] = set()
    for node in case.program.model.nodes:
        found.add((node.layer, False))
        found.update((layer, True) for layer in _named(node.config))
    return found


def _named(value: object) -> Iterator[str]:
    """The layers that stand in a config: ``{LSTM: {units: 2}}``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key[:1].isupper():
                yield key
            yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
