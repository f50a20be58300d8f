"""What two versions have made of the cases that both have judged so far, and how it is shown."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.comparing.facets import incomparable, weigh
from conformance.wording.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from rich.console import Console

    from conformance.comparing.columns import Pair
    from conformance.records.model import CellLine
    from conformance.verdicts.model import CellVerdict

PARTS = 10
"""Where nobody sees a bar, a line is printed each time that this part of the whole is done …"""
QUIET = 60.0
"""… and after so many seconds without one."""


class _Side(NamedTuple):
    adapter: str
    is_new: bool


class SoFar:
    """Counts what became of the cells that both sides have judged. Not thread-safe."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        """Begin with nothing judged."""
        self._sides: dict[str, _Side] = {}
        for pair in pairs:
            for column, is_new in ((pair.old, False), (pair.new, True)):
                if column is not None:
                    self._sides[column] = _Side(pair.adapter, is_new)
        self._alone: dict[tuple[str, str], CellVerdict] = {}
        self.judged: Counter[str] = Counter()
        """How many cells both sides have judged, by adapter."""
        self._regressions: Counter[str] = Counter()
        self._known: Counter[str] = Counter()
        self._fixed: Counter[str] = Counter()

    def add(self, verdict: CellVerdict) -> str | None:
        """Take a verdict of either side; the adapter, if both sides have judged the case now."""
        side = self._sides[verdict.adapter]
        other = self._alone.pop((side.adapter, verdict.case), None)
        if other is None:
            self._alone[side.adapter, verdict.case] = verdict
            return None
        old, new = (other, verdict) if side.is_new else (verdict, other)
        self.judged[side.adapter] += 1
        outcomes, absent = (old.outcome, new.outcome), (old.absent, new.absent)
        change = incomparable(outcomes, absent) or weigh(old, new)[0]
        if change == "regression":
            (self._known if new.known else self._regressions)[side.adapter] += 1
        elif change == "fixed":
            self._fixed[side.adapter] += 1
        return side.adapter

    def said(self, adapter: str | None = None) -> str:
        """What was found on one adapter, or on all: ``2 regressions, 1 known one, 5 fixed``."""
        regressions, known, fixed = (
            counts.total() if adapter is None else counts[adapter]
            for counts in (self._regressions, self._known, self._fixed)
        )
        parts = [plural(regressions, "regression")] if regressions else []
        if known:
            parts.append(plural(known, "known regression"))
        if fixed:
            parts.append(f"{fixed:,} fixed")
        return ", ".join(parts)


class Watch:
    """Shows how far two versions are and what has changed: a bar for each adapter.

    Where the console is no terminal, a line now and then. Use it as a context manager.
    """

    def __init__(
        self,
        console: Console,
        pairs: Sequence[Pair],
        cases: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            console: Where to show it.
            pairs: What is compared.
            cases: How many cases each adapter has.
            clock: Seconds.
        """
        self._console = console
        self._cases = cases
        self._total = cases * len(pairs)
        self._clock = clock
        self._lock = threading.Lock()
        self._so_far = SoFar(pairs)
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[found]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks = {
            pair.adapter: self._bars.add_task(pair.adapter, total=cases, found="") for pair in pairs
        }
        self._told = (0, clock())

    def begin_with(self, lines: Iterable[CellLine]) -> None:
        """Take what an earlier stretch of the run has judged."""
        with self._lock:
            for line in lines:
                self._add(line)
            done = self._so_far.judged.total()
            if done and not self._console.is_terminal:
                self._tell(done)

    def cell(self, line: CellLine) -> None:
        """Take a verdict, from any thread."""
        with self._lock:
            adapter = self._add(line)
            if adapter is None or self._console.is_terminal:
                return
            if self._so_far.judged[adapter] == self._cases:
                found = self._so_far.said(adapter) or "nothing changed"
                self._console.print(f"{adapter}: {plural(self._cases, 'case')}: {found}")
            done = self._so_far.judged.total()
            before, when = self._told
            parts = [PARTS * count // self._total for count in (before, done)]
            if parts[0] < parts[1] < PARTS or self._clock() >= when + QUIET:
                self._tell(done)

    def _add(self, line: CellLine) -> str | None:
        adapter = self._so_far.add(line.verdict)
        if adapter is not None:
            found = self._so_far.said(adapter)
            self._bars.update(self._tasks[adapter], advance=1, found=found)
        return adapter

    def _tell(self, done: int) -> None:
        self._told = (done, self._clock())
        found = self._so_far.said() or "nothing changed"
        self._console.print(f"{done:,} of {plural(self._total, 'cell')} on both sides: {found}")

    def __enter__(self) -> Self:
        """Begin to show it."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop showing it; what it shows then stays."""
        self._bars.stop()
