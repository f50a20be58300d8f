"""What is left of one adapter's cases, handed out to the processes that work on them."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.run.pace import Pace

WORTH = 3.0
"""A further process is started if what is left would keep those at work for this many times as
long as one takes to start. At once that long it gains nothing; at three times, with one at work,
the adapter is through sooner by the time of a whole start."""

MANY = 1000
"""Cases for each process from which a further one pays whatever the adapter's pace: it need not
wait until the first is ready and has shown that pace, and is started beside it."""

UNKNOWN = 0.01
"""Seconds that a case is taken to last before the first has been answered."""


class Share:
    """The cases of one adapter, and how many processes take from them. Thread-safe.

    Cases go out one by one in the planned order to whichever process is free, so that none waits
    while another has cases in store. Every process is answerable for the cases that it took.
    """

    def __init__(self, spec: AdapterSpec, cases: Iterable[Case], pace: Pace | None = None) -> None:
        """Begin with all cases in store and nobody at work.

        Args:
            spec: The adapter.
            cases: What is left of its cases, in their order.
            pace: Of the adapters that it is to keep abreast of.
        """
        self.spec = spec
        self._cases = deque(cases)
        self._pace = pace
        self._lock = threading.Lock()
        self._takers = 0
        self._alone = False
        self._done = 0
        self._again = False
        self._start = 0.0
        self._answered = 0
        self._seconds = 0.0
        self._settled = threading.Event()
        self._moved()

    def join(self) -> None:
        """Count one more process that takes cases."""
        with self._lock:
            self._takers += 1

    def take(self) -> Case | None:
        """The next case; None if there is none."""
        with self._lock:
            if not self._cases:
                return None
            case = self._cases.popleft()
            self._moved()
            return case

    def retire(self) -> None:
        """Count one process less: it has come to its end in good order."""
        with self._lock:
            self._takers -= 1
            self._done += 1

    def is_ahead(self) -> bool:
        """Whether the next case has to wait for other adapters."""
        with self._lock:
            if self._pace is None or not self._cases:
                return False
            return self._pace.is_ahead(self._cases[0].id)

    def wait(self, timeout: float) -> None:
        """Wait, no longer than some seconds, until the next case need not."""
        with self._lock:
            case = self._cases[0].id if self._cases else None
        if self._pace and case is not None:
            self._pace.wait(case, timeout)

    def left(self) -> bool:
        """Whether there is anything to take; if not, who asked is no longer counted."""
        with self._lock:
            if not self._cases:
                self._takers -= 1
            return bool(self._cases)

    def leave(self, cases: Iterable[Case] = ()) -> bool:
        """Stop taking, and leave what was taken in vain to the other processes, if there are any.

        No further process is tried on this adapter then; but where another has come to its end in
        good order, one may yet see to what is left (:meth:`orphaned`).

        Returns:
            Whether others go on. If not, who asked has to see the cases to their end.
        """
        with self._lock:
            self._alone = True
            if self._takers < 2:  # noqa: PLR2004 - who asks, and another
                if self._again or not self._done:
                    return False
                self._again = True
            self._takers -= 1
            self._cases.extendleft(reversed(list(cases)))
            self._moved()
            return True

    def orphaned(self) -> bool:
        """Whether cases are left, and nobody is at work on them."""
        with self._lock:
            return bool(self._cases) and not self._takers

    def clear(self) -> None:
        """Hand out nothing any more."""
        with self._lock:
            self._cases.clear()
            self._moved()
            self._alone = True
        self._settled.set()

    def started(self, seconds: float) -> None:
        """Note how long the first process took until it said that it is ready."""
        with self._lock:
            self._start = seconds
        self._settled.set()

    def settled(self, timeout: float) -> bool:
        """Wait until the first process is ready, or the cases are no longer handed out."""
        return self._settled.wait(timeout)

    def answered(self, seconds: float) -> None:
        """Note how long a case took."""
        with self._lock:
            self._answered += 1
            self._seconds += seconds

    def seconds_worth_helping(self) -> float:
        """How long those at work would need for the rest; 0 if another process would not pay."""
        with self._lock:
            if self._alone or not self._takers:
                return 0.0
            if not self._answered:
                many = len(self._cases) >= MANY * (self._takers + 1)
                return len(self._cases) * UNKNOWN / self._takers if many else 0.0
            rest = len(self._cases) * self._seconds / self._answered / self._takers
            return rest if rest > WORTH * self._start else 0.0

    def _moved(self) -> None:
        if self._pace:
            self._pace.moves(self.spec.name, self._cases[0].id if self._cases else None)


class Group:
    """Shares that are to begin together. Not thread-safe."""

    def __init__(self, shares: Iterable[Share]) -> None:
        """Begin with none of them."""
        self.left = list(shares)
        self.begun = False

    def begin(self, share: Share) -> bool:
        """Note that one has begun; whether all have."""
        self.begun = True
        self.left.remove(share)
        return not self.left
