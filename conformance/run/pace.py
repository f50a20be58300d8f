"""Keeps adapters abreast that go through the same cases.

Two versions are compared case by case: what one has judged and the other hasn't is of no use yet.
So none of them gets far ahead of the slowest.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAD = 4
"""Cases by which one adapter may be ahead of the slowest: the two that it has in hand, and as many
again, so that a case that takes one of them longer does not stop the others at once."""


class Pace:
    """Where each of several adapters is in a row of cases that they share. Thread-safe."""

    def __init__(self, cases: Iterable[str]) -> None:
        """Begin with nobody.

        Args:
            cases: Ids, in the order in which all of them go through these.
        """
        self._places = {case: place for place, case in enumerate(cases)}
        self._next: dict[str, float] = {}
        self._moved = threading.Condition()

    def moves(self, adapter: str, case: str | None) -> None:
        """Note which case an adapter takes next; None: no more, and nobody waits for it."""
        with self._moved:
            self._next[adapter] = math.inf if case is None else self._places[case]
            self._moved.notify_all()

    def is_ahead(self, case: str) -> bool:
        """Whether whoever takes this case next has to wait for others."""
        with self._moved:
            return self._is_ahead(case)

    def wait(self, case: str, timeout: float) -> None:
        """Wait, no longer than some seconds, until this case may be taken."""
        with self._moved:
            self._moved.wait_for(lambda: not self._is_ahead(case), timeout)

    def _is_ahead(self, case: str) -> bool:
        slowest = min(self._next.values(), default=math.inf)
        return self._places[case] >= slowest + LEAD
