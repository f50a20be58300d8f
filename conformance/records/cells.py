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
    margin: float | None
    absent: bool
    unasked: tuple[str, ...]
    mended: tuple[str, ...]


_NONE: tuple[str, ...] = ()


class Cells(Mapping[tuple[str, str], CellLine]):
    """Lines of cells by case and adapter, decoded each time that one is asked for.

    A decoded cell takes four times the memory of its line, and most readers look at the outcome
    alone; decoding one takes some 20 µs.
    """

    def __init__(self) -> None:
        """Begins with none."""
        self._kept: dict[tuple[str, str], _Kept] = {}

    def keep(self, line: CellLine | BriefCell, data: bytes, margin: float | None = None) -> bool:
        """Keeps a cell; a later one replaces an earlier one.

        Args:
            line: the cell.
            data: the bytes that it was decoded from.
            margin: the largest share of its tolerance that a facet of it used, where whoever
                reads it has looked.

        Returns:
            True when it replaced an earlier one.
        """
        verdict = line.verdict
        intern = sys.intern
        key = (intern(verdict.case), intern(verdict.adapter))
        before = len(self._kept)
        unasked = [intern(one.facet) for one in verdict.facets if one.outcome == "unsupported"]
        mended = [intern(one.entry) for one in verdict.mended]
        self._kept[key] = _Kept(
            data,
            verdict.outcome,
            intern(line.digest),
            margin,
            verdict.absent,
            tuple(unasked) if unasked else _NONE,
            tuple(mended) if mended else _NONE,
        )
        return len(self._kept) == before

    def margin(self, case: str, adapter: str) -> float | None:
        """Returns the largest share of the tolerance that a facet of a brief cell used.

        Returns:
            None where there is no cell, where it is not brief, or where no margin has a size.
        """
        kept = self._kept.get((case, adapter))
        return kept.margin if kept else None

    def outcome(self, case: str, adapter: str) -> Outcome | None:
        """Returns the outcome of one cell, without decoding it; None where there is no cell."""
        kept = self._kept.get((case, adapter))
        return kept.outcome if kept else None

    def unasked(self, case: str, adapter: str) -> tuple[str, ...]:
        """Returns the facets that the adapter could not be asked for, although the case asks."""
        kept = self._kept.get((case, adapter))
        return kept.unasked if kept else _NONE

    def mended(self, case: str, adapter: str) -> tuple[str, ...]:
        """Returns the ledger entries that speak of a deviation that the cell no longer shows."""
        kept = self._kept.get((case, adapter))
        return kept.mended if kept else _NONE

    def absent(self, case: str, adapter: str) -> bool:
        """Whether a cell is unsupported because the release lacks what its case is about."""
        kept = self._kept.get((case, adapter))
        return kept is not None and kept.absent

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

    def split(self, current: Container[tuple[str, str]]) -> tuple[Cells, Cells]:
        """Returns the cells that are in ``current``, and the others."""
        sides = (Cells(), Cells())
        for key, kept in self._kept.items():
            sides[key not in current]._kept[key] = kept  # noqa: SLF001 - of this class
        return sides

    def fresh(
        self, planned: Container[tuple[str, str]], digests: Mapping[str, str]
    ) -> set[tuple[str, str]]:
        """Returns the cells that are planned and whose case is still the one that was judged.

        Args:
            planned: cells by case and adapter.
            digests: of the cases that are told; any other is taken to be what it was.
        """
        return {
            key
            for key, kept in self._kept.items()
            if key in planned and digests.get(key[0], kept.digest) == kept.digest
        }

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
