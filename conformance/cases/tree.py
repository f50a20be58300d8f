"""Values that know where they are written: what the YAML reader makes of a file."""

from __future__ import annotations

import textwrap
from typing import Any

At = tuple[int, int]
"""Line and column, from 1."""


class Map(dict[str, Any]):
    """A mapping that knows where it, its keys and its values are written."""

    __slots__ = ("_at", "key_places", "value_places")

    def __init__(self, at: At) -> None:
        """An empty mapping that starts at a place."""
        super().__init__()
        self._at = at
        self.key_places: dict[str, At] = {}
        self.value_places: dict[str, At] = {}

    @property
    def place(self) -> At:
        """Where the mapping starts."""
        return self._at

    def put(self, key: str, value: object, key_at: At, value_at: At) -> None:
        """Set a key together with its places."""
        self[key] = value
        self.key_places[key] = key_at
        self.value_places[key] = value_at

    def key_at(self, key: str) -> At:
        """Where the key is written; the mapping's own place if it isn't there."""
        return self.key_places.get(key, self._at)

    def value_at(self, key: str) -> At:
        """Where the key's value is written; the mapping's own place if it isn't there."""
        return self.value_places.get(key, self._at)

    def copy(self) -> Map:
        """A shallow copy, places included."""
        twin = Map(self._at)
        twin.update(self)
        twin.key_places.update(self.key_places)
        twin.value_places.update(self.value_places)
        return twin


class Seq(list[Any]):
    """A list that knows where its items are written."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        """An empty list."""
        super().__init__()
        self.at: list[At] = []

    def put(self, value: object, at: At) -> None:
        """Append an item together with its place."""
        self.append(value)
        self.at.append(at)

    def copy(self) -> Seq:
        """A shallow copy, places included."""
        twin = Seq()
        twin.extend(self)
        twin.at.extend(self.at)
        return twin


class Document:
    """A file that was read: its one value, its text, and where the items of a list end."""

    def __init__(self, value: Any, text: str, ends: list[int]) -> None:
        """Keep what the reader found."""
        self.value = value
        self._lines = text.splitlines()
        self._ends = ends

    def lines(self, index: int) -> range:
        """The lines of item ``index`` of the file's list, from 1."""
        at = self.value.at
        first = at[index][0]
        stop = max(self._ends[index], first) + 1
        # YAML ends an indented item where the next one's dash is.
        if index + 1 < len(at) and at[index + 1][0] > first:
            stop = min(stop, at[index + 1][0])
        return range(first, stop)

    def excerpt(self, index: int) -> str:
        """Item ``index`` of the file's list as written, comments inside it included."""
        numbers = self.lines(index)
        lines = self._lines[numbers.start - 1 : numbers.stop - 1]
        # What follows the last key up to the next item belongs to that next item.
        while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            lines.pop()
        return textwrap.dedent("\n".join(lines))


def plain_value(value: Any) -> Any:
    """The value as plain dicts and lists, without places: a copy that may be handed on."""
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    return value


def size(value: Any) -> int:
    """How many values this one is made of, itself included and aliases expanded."""
    if isinstance(value, dict):
        return 1 + sum(map(size, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(size, value))
    return 1
