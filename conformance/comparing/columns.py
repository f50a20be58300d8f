"""Which adapter of one run is which of the other.

A column of a run is an adapter, perhaps of a given version: ``keras-torch@keras==3.14.1``. What
stands before the ``@`` is what two columns must have in common to be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.shared.naming import base_of
from conformance.cases.problems import did_you_mean
from conformance.globs import matches

if TYPE_CHECKING:
    from collections.abc import Iterable


class ColumnsError(Exception):
    """Two runs whose columns can't be paired. The text says which, and what to do."""


class Pair(NamedTuple):
    """One adapter, and its name on either side; None where that side does not have it."""

    adapter: str
    old: str | None
    new: str | None


def pair_columns(
    old: Iterable[str],
    new: Iterable[str],
    *,
    old_pattern: str | None = None,
    new_pattern: str | None = None,
) -> list[Pair]:
    """Pair the columns of two runs: those of one name, then those of one adapter.

    Args:
        old: names of OLD's columns.
        new: names of NEW's columns.
        old_pattern: a column of OLD, or a pattern with ``*`` such as ``*@keras==3.14.1``; the
            others are left out of the comparison. Default: all.
        new_pattern: the same for NEW.

    Returns:
        The pairs, in the order of NEW, then what only OLD has.

    Raises:
        ColumnsError: a pattern fits nothing, nothing is left to compare, or an adapter has several
            columns on a side and none of them is named.
    """
    olds = _chosen("OLD", old, old_pattern)
    news = _chosen("NEW", new, new_pattern)
    pairs = [Pair(base_of(name), name, name) for name in news if name in olds]
    same = {pair.new for pair in pairs}
    left = _by_adapter([name for name in olds if name not in same])
    right = _by_adapter([name for name in news if name not in same])
    for adapter, names in right.items():
        others = left.pop(adapter, [None])
        if len(names) > 1 or len(others) > 1:
            raise ColumnsError(_ambiguous(adapter, [n for n in others if n is not None], names))
        pairs.append(Pair(adapter, others[0], names[0]))
    pairs += [Pair(adapter, name, None) for adapter, names in left.items() for name in names]
    if not any(pair.old and pair.new for pair in pairs):
        raise ColumnsError(
            f"no adapter is on both sides: OLD has {_listed(olds)}, NEW has {_listed(news)}"
        )
    rank = {name: index for index, name in enumerate(news)}
    return sorted(pairs, key=lambda pair: rank.get(pair.new or "", len(rank)))


def _chosen(side: str, names: Iterable[str], pattern: str | None) -> list[str]:
    known = list(names)
    if pattern is None:
        return known
    found = [name for name in known if matches(pattern, name)]
    if not found:
        hint = did_you_mean(pattern, known) or f"it has {_listed(known)}"
        raise ColumnsError(f"{side} has no column {pattern!r}; {hint}")
    return found


def _by_adapter(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(base_of(name), []).append(name)
    return found


def _ambiguous(adapter: str, olds: list[str], news: list[str]) -> str:
    return (
        f"{adapter} has {_listed(olds)} in OLD and {_listed(news)} in NEW, and it is not clear "
        "which to compare with which; name one of each with --old COLUMN --new COLUMN"
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names) if names else "none"
