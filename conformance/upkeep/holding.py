"""Whether an entry of the ledger still describes anything, by all that was recorded."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

from conformance.adapters.shared.naming import base_of
from conformance.globs import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.upkeep.evidence import Judged
    from conformance.verdicts.entries import Entry
    from conformance.verdicts.ledger import Ledger

_Says = Literal["covered", "idle", "silent", "unknown"]
_RANK: tuple[_Says, ...] = ("covered", "unknown", "idle", "silent")
"""Where several columns of one adapter disagree, the first of these counts."""


class Evidence:
    """What recorded cells say of every entry, case by case."""

    def __init__(self, ledger: Ledger, recorded: Iterable[Judged], adapters: Sequence[str]) -> None:
        """Hold every recorded cell against the ledger.

        Args:
            ledger: the ledger.
            recorded: what was judged.
            adapters: names of all adapters that are known, recorded or not.
        """
        self._adapters = adapters
        self._said: dict[tuple[str, str], dict[str, _Says]] = defaultdict(dict)
        for one in recorded:
            cell = one.verdict
            entries = ledger.about(cell.case, cell.adapter)
            if not entries:
                continue
            held = ledger.hold(cell, one.versions)
            covering = {entry.id for entry in held.covering} if held else set()
            for entry in entries:
                says: _Says = "covered" if entry.id in covering else "idle"
                if cell.outcome == "unsupported":
                    says = "silent"
                elif cell.outcome in {"not-run", "not-installed"} or not entry.holds(
                    one.versions, cell.adapter, base_of(cell.adapter)
                ):
                    says = "unknown"
                told = self._said[entry.id, cell.case]
                adapter = base_of(cell.adapter)
                told[adapter] = min(says, told.get(adapter, says), key=_RANK.index)

    def is_over(self, entry: Entry, cases: Iterable[str]) -> bool:
        """Tell whether an entry describes nothing of these cases any more.

        Only where a cell shows it and none is open: every adapter that the entry is about was
        judged on every one of the cases, in a version that it is about. What only shows sometimes
        is never over.
        """
        if entry.sometimes:
            return False
        about = [name for name in self._adapters if any(matches(p, name) for p in entry.adapters)]
        said = [
            self._said.get((entry.id, case), {}).get(adapter, "unknown")
            for case in cases
            for adapter in about
        ]
        return "idle" in said and "covered" not in said and "unknown" not in said
