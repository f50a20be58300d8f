"""The search itself: where, in a row of releases, does the answer change?

It knows nothing of releases: the row is numbers, and whoever calls it tries them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Attempt = dict[int, bool | None]
"""By place: whether it has changed; None where it can't be told."""


class Border(NamedTuple):
    """Where the change is."""

    before: int
    """The last place known to be as the first."""
    after: int
    """The first place known to have changed. What lies between could not be tried."""


def search(
    count: int,
    attempt: Callable[[Sequence[int]], Attempt],
    width: int = 1,
    known: Attempt | None = None,
) -> Border:
    """Find a border between what is as the first place and what has changed.

    Where the answer changes back and forth, it is one of the borders.

    Args:
        count: Length of the row; its first place is as it was, its last has changed.
        attempt: Tries several places at once.
        width: How many: 1 halves the row each time, 2 leaves a third of it.
        known: Places that were tried before; they are not tried again.
    """
    before, after = 0, count - 1
    hopeless: set[int] = set()
    tried = known or {}
    while True:
        hopeless |= {place for place, changed in tried.items() if changed is None}
        after = min([place for place, changed in tried.items() if changed], default=after)
        same = [p for p, changed in tried.items() if changed is False and p < after]
        before = max(same, default=before)
        left = [place for place in range(before + 1, after) if place not in hopeless]
        if not left:
            return Border(before, after)
        tried = attempt(_spread(left, width))


def _spread(places: Sequence[int], width: int) -> list[int]:
    """At most ``width`` of the places, evenly apart."""
    width = min(width, len(places))
    return [places[(part + 1) * len(places) // (width + 1)] for part in range(width)]
