"""The cells of a run, kept as the bytes of their lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from conformance.records.model import BriefCell, CellLine
from conformance.records.wire import RecordsError, decode

if TYPE_CHECKING:
    from collections.abc import Container

    from conformance.verdicts.model import Outcome


class _Kept(NamedTuple):
    data: bytes
    outcome: Outcome
    digest: str


class Cells(Mapping[tuple[str, str], CellLine]):
    """Lines of cells by case and adapter, decoded each time that one is asked for.

    A decoded cell takes four times the memory of its line, and most readers look at the outcome
    alone; decoding one takes some 20 µs.
    """

    def __init__(self) -> None:
        """Begins with none."""
        self._kept: dict[tuple[str, str], _Kept] = {}

    def keep(self, line: CellLine | BriefCell, data: bytes) -> None:
        """Keeps a cell; a later one replaces an earlier one.

        Args:
            line: the cell.
            data: the bytes that it was decoded from.
        """
        verdict = line.verdict
        key = (sys.intern(verdict.case), sys.intern(verdict.adapter))
        self._kept[key] = _Kept(data, verdict.outcome, sys.intern(line.digest))

    def outcome(self, case: str, adapter: str) -> Outcome | None:
        """Returns the outcome of one cell, without decoding it; None where there is no cell."""
        kept = self._kept.get((case, adapter))
        return kept.outcome if kept else None

    def digest(self, case: str, adapter: str) -> str | None:
        """Returns the digest of the case as it was when the cell was judged."""
        kept = self._kept.get((case, adapter))
        return kept.digest if kept else None

    def written(self, case: str, adapter: str) -> bytes:
        """Returns the line of one cell as it is on file; of a brief cell, its brief JSON.

        Raises:
            KeyError: there is none.
        """
        return self._kept[case, adapter].data

    def same(self, key: tuple[str, str], others: Cells, other: tuple[str, str]) -> bool:
        """Tells whether two cells are on file byte for byte alike; False where one is missing."""
        mine, theirs = self._kept.get(key), others._kept.get(other)
        return mine is not None and theirs is not None and mine.data == theirs.data

    def split(self, current: Container[tuple[str, str]]) -> tuple[Cells, Cells]:
        """Returns the cells that are in ``current``, and the others."""
        sides = (Cells(), Cells())
        for key, kept in self._kept.items():
            sides[key not in current]._kept[key] = kept  # noqa: SLF001 - of this class
        return sides

    def joined(self, other: Cells) -> Cells:
        """Returns the cells of both; where both have one, the other's."""
        both = Cells()
        both._kept = self._kept | other._kept
        return both

    def __getitem__(self, key: tuple[str, str]) -> CellLine:
        """Decodes one cell.

        Raises:
            KeyError: there is none.
        """
        line = decode(self._kept[key].data)
        if not isinstance(line, CellLine):  # pragma: no cover - it was one when it was kept
            raise RecordsError(f"the line of {key} is no cell")
        return line

    def __contains__(self, key: object) -> bool:
        """Whether there is such a cell; nothing is decoded."""
        return key in self._kept

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Goes through the keys in the order in which they were first reported."""
        return iter(self._kept)

    def __len__(self) -> int:
        """Counts the cells."""
        return len(self._kept)
