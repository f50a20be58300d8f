"""Entries of the ledger that speak of some files alone: by who wrote them, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.verdicts.exchange import release_of, writer_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.verdicts.entries import Entry
    from conformance.verdicts.model import CellVerdict, Comparison, FacetVerdict


def speaks_of_a_file(entry: Entry, cell: CellVerdict, versions: Mapping[str, str]) -> bool:
    """Tell whether a file by one that an entry names has been read; so where it names none."""
    compared = [one for verdict in cell.facets for one in verdict.comparisons if writer_of(one)]
    return not entry.of_files or any(_meant(entry, one, versions) for one in compared)


def _meant(entry: Entry, one: Comparison, versions: Mapping[str, str]) -> bool:
    """Tell whether a comparison is about a file that an entry means.

    Args:
        entry: the entry.
        one: the comparison.
        versions: the reader's; the writer's are the same where the comparison says no other.
    """
    return entry.wrote(writer_of(one), {**versions, **release_of(one)})


def narrowed(
    entry: Entry,
    verdict: FacetVerdict,
    about: Sequence[Entry],
    versions: Mapping[str, str],
) -> FacetVerdict:
    """The verdict by the files alone that an entry is about.

    What else fails is told in its place, unless another entry is about that.
    """
    if not entry.of_files or verdict.outcome not in {"pass", "fail"}:
        return verdict
    wrong = [one for one in verdict.comparisons if one.message]
    mine = [one.message for one in wrong if _meant(entry, one, versions)]
    if not mine:
        return replace(verdict, outcome="pass", message="")
    others = [
        one.message
        for one in wrong
        if not any(
            _meant(other, one, versions) and other.signed(one.message)
            for other in about
            if verdict.facet in other.facets
        )
    ]
    return replace(verdict, message=next(iter(others), mine[0]))
