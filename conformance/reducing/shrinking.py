"""Smaller values of literals: numbers, lists, arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Json

ROUND = frozenset({"normal", "uniform"})
"""Data of many digits; integers say the same in fewer."""


def sliced(values: Any, axis: int, size: int) -> Json:
    """Nested lists, cut to the first ``size`` along an axis."""
    if not isinstance(values, list):
        return values
    if axis == 0:
        return values[:size]
    return [sliced(part, axis - 1, size) for part in values]


def shrunk_mapping(config: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """Without one key (its default then), or with one value smaller."""
    for key in config:
        yield {name: value for name, value in config.items() if name != key}
    for key, value in config.items():
        for less in _shrunk(value, shape=key.endswith("shape")):
            yield {**config, key: less}


def _shrunk(value: Any, *, shape: bool = False) -> Iterator[Json]:
    """Smaller values of an argument; a shape stays a list."""
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield from below(value)
    elif isinstance(value, list):
        if not shape and len(value) > 1 and all(part == value[0] for part in value):
            yield value[0]
        for index, part in enumerate(value):
            for less in _shrunk(part):
                yield [*value[:index], less, *value[index + 1 :]]
    elif isinstance(value, dict) and len(value) == 1:
        # A layer inside a layer: {Dense: {units: 4}}.
        ((name, config),) = value.items()
        if isinstance(config, dict):
            for less in shrunk_mapping(config):
                yield {name: less}


def below(number: int) -> list[int]:
    """Smaller sizes to try instead, the smallest first."""
    return sorted({n for n in (1, 2, 3, number // 2, number - 1) if 0 < n < number})
