"""Patterns over ids and names, the same wherever one is written."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def matches(pattern: str, name: str) -> bool:
    """Tell whether a name fits a pattern, in which ``*`` stands for any characters.

    Not :mod:`fnmatch`: case ids hold square brackets, which it takes for character classes.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    # The last part must end the name, behind all that has been found.
    return name.endswith(rest[-1]) and at <= len(name) - len(rest[-1])


class Names:
    """Names that many patterns are asked of.

    Sorted, so that only those are looked at that begin as a pattern does: a ledger's hundreds of
    patterns over a catalogue's ten thousands of ids took seconds at the start of each run.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Sort them."""
        self._sorted = sorted(names)

    def __iter__(self) -> Iterator[str]:
        """Each, sorted."""
        return iter(self._sorted)

    def fitting(self, pattern: str) -> list[str]:
        """Those that fit a pattern, sorted."""
        first = pattern.partition("*")[0]
        start = bisect_left(self._sorted, first)
        stop = bisect_right(self._sorted, first, start, key=lambda name: name[: len(first)])
        return [name for name in self._sorted[start:stop] if matches(pattern, name)]
