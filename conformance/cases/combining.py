"""Which combinations of the axes' values become cases.

An axis is known here by the number of its values. A :data:`Clause` leaves out every combination
that has, for each of its axes, one of the clause's values.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import math
import operator
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Combination = tuple[int, ...]
Clause = dict[int, frozenset[int]]
Row = TypeVar("Row")

_MAX_ENUMERATED = 200_000
"""Combinations that a product may have before ``unless``."""
_MAX_PAIRS = 20_000
"""Pairs of values that a covering array may have to cover."""
_MAX_STEPS = 200_000
"""Steps of the search for rows that ``unless`` allows, all together."""


class TooManyError(Exception):
    """There are more combinations, or more work in finding them, than is sensible."""


def product(counts: Sequence[int], clauses: Sequence[Clause], most: int) -> list[Combination]:
    """Every combination that no clause leaves out, the last axis changing fastest.

    Raises:
        TooManyError: there are more than ``most``.
    """
    size = math.prod(counts)
    if size > _MAX_ENUMERATED:
        raise TooManyError(f"makes {size:,} combinations")
    found = [
        combination
        for combination in itertools.product(*map(range, counts))
        if not any(_holds(clause, combination) for clause in clauses)
    ]
    if len(found) > most:
        raise TooManyError(f"makes {len(found):,} cases, and {most:,} is the limit")
    return found


def one_at_a_time(counts: Sequence[int], clauses: Sequence[Clause], most: int) -> list[Combination]:
    """The first combination that is allowed, then every one that differs from it on one axis.

    Raises:
        TooManyError: there are more than ``most``.
    """
    if sum(counts) > most:
        raise TooManyError(f"makes {sum(counts):,} cases, and {most:,} is the limit")
    base = _Search(counts, clauses).complete({})
    if base is None:
        return []
    found = [base]
    for axis, count in enumerate(counts):
        for value in range(count):
            other = (*base[:axis], value, *base[axis + 1 :])
            if value != base[axis] and not any(_holds(clause, other) for clause in clauses):
                found.append(other)
    return found


def pairwise(counts: Sequence[int], clauses: Sequence[Clause], most: int) -> list[Combination]:
    """Few combinations that together hold every possible pair of values of two axes.

    A pair is possible if some allowed combination holds it. Rows are chosen greedily: each starts
    with a pair that is still missing and takes, axis by axis, the value that adds most missing
    pairs among those that can be completed. The same input always gives the same rows, in the
    order of :func:`product`.

    Raises:
        TooManyError: there are more than ``most``, or it would take too long to find them.
    """
    pairs = (sum(counts) ** 2 - sum(n * n for n in counts)) // 2
    if pairs > _MAX_PAIRS:
        raise TooManyError(f"has {pairs:,} pairs of values to combine")
    if len(counts) <= 2:  # noqa: PLR2004 - a pair is all there is
        return product(counts, clauses, most)
    search = _Search(counts, clauses)
    missing = {pair: None for pair in _all_pairs(counts) if search.complete(dict(pair)) is not None}
    left = Counter(choice for pair in missing for choice in pair)
    tries = max(1, min(_MOST_TRIES, _MAX_PAIRS // (len(missing) or 1)))
    found: set[Combination] = set()
    while missing:
        row = _best_row(counts, search, (missing, left), tries)
        for pair in _pairs_of(row):
            if pair in missing:
                del missing[pair]
                left.subtract(pair)
        found.add(row)
        if len(found) > most:
            raise TooManyError(f"makes more than {most:,} cases")
    return sorted(found)


WAYS: dict[str, Callable[[Sequence[int], Sequence[Clause], int], list[Combination]]] = {
    "product": product,
    "pairwise": pairwise,
    "one-at-a-time": one_at_a_time,
}
"""The words that ``combine`` takes."""


def few_that_show_all(shown: Mapping[Row, int]) -> set[Row]:
    """Few of these rows that together show everything that any of them shows.

    Greedily: each adds as much as possible, the first of those that add alike. The same input
    always gives the same ones.

    Args:
        shown: By row, what it shows: a number with a bit for each thing.
    """
    missing = functools.reduce(operator.or_, shown.values(), 0)
    found: set[Row] = set()
    # What a row adds only becomes less, so most rows never have to be looked at again.
    at_most = [(-shown[row].bit_count(), place, row) for place, row in enumerate(shown)]
    heapq.heapify(at_most)
    while missing:
        known, place, row = heapq.heappop(at_most)
        adds = missing & shown[row]
        if adds.bit_count() == -known:
            found.add(row)
            missing &= ~adds
        elif adds:
            heapq.heappush(at_most, (-adds.bit_count(), place, row))
    return found


_Choice = tuple[int, int]
_Pair = tuple[_Choice, _Choice]


def _all_pairs(counts: Sequence[int]) -> Iterator[_Pair]:
    for first, second in itertools.combinations(range(len(counts)), 2):
        for one, other in itertools.product(range(counts[first]), range(counts[second])):
            yield (first, one), (second, other)


def _pairs_of(row: Combination) -> Iterator[_Pair]:
    return itertools.combinations(enumerate(row), 2)


def _holds(clause: Clause, combination: Combination) -> bool:
    return all(combination[axis] in values for axis, values in clause.items())


_MOST_TRIES = 12
"""Rows that are tried for each that is taken, in small spaces; more give hardly fewer of them."""

_Still = tuple[dict[_Pair, None], Counter[_Choice]]
"""The missing pairs (a dict, for its order), and in how many of them each choice is."""


def _best_row(counts: Sequence[int], search: _Search, still: _Still, tries: int) -> Combination:
    missing = still[0]
    # Starts are spread over what is missing: neighbours in that order grow into the same row.
    step = max(1, len(missing) // tries)
    starts = itertools.islice(missing, 0, step * (tries - 1) + 1, step)
    rows = (_grow(start, turn, counts, search, still) for turn, start in enumerate(starts))
    return max(rows, key=lambda row: sum(pair in missing for pair in _pairs_of(row)))


def _grow(
    start: _Pair,
    turn: int,
    counts: Sequence[int],
    search: _Search,
    still: _Still,
) -> Combination:
    """A row that holds a pair, with the axes filled in an order of this turn's own."""
    missing, left = still
    row = dict(start)
    rest = [axis for axis in range(len(counts)) if axis not in row]
    for axis in [*rest[turn % len(rest) :], *rest[: turn % len(rest)]] if rest else []:
        choices = [(axis, value) for value in range(counts[axis])]
        rank = {choice: (-_gain(row, choice, missing), -left[choice]) for choice in choices}
        for choice in sorted(choices, key=rank.__getitem__):
            if search.complete({**row, axis: choice[1]}) is not None:
                row[axis] = choice[1]
                break
    return tuple(row[axis] for axis in range(len(counts)))


def _gain(row: dict[int, int], new: _Choice, missing: dict[_Pair, None]) -> int:
    return sum(((old, new) if old < new else (new, old)) in missing for old in row.items())


class _Search:
    """Completes partial rows within what the clauses allow, by trying and taking back."""

    def __init__(self, counts: Sequence[int], clauses: Sequence[Clause]) -> None:
        self._counts = counts
        self._clauses = [clause for clause in clauses if clause]
        self._constrained = sorted({axis for clause in self._clauses for axis in clause})
        self._never = any(not clause for clause in clauses)
        self._steps = 0
        self._known: dict[tuple[tuple[int, int], ...], bool] = {}

    def complete(self, row: dict[int, int]) -> Combination | None:
        """The first allowed combination that holds what is in ``row``, or None."""
        # Only axes that clauses speak of can stand in the way.
        core = {axis: row[axis] for axis in self._constrained if axis in row}
        key = tuple(core.items())
        if self._known.get(key) is False:
            return None
        whole = dict(core)
        possible = not self._never and self._extend(whole, 0)
        self._known[key] = possible
        if not possible:
            return None
        merged = {**whole, **row}
        return tuple(merged.get(axis, 0) for axis in range(len(self._counts)))

    def _extend(self, row: dict[int, int], start: int) -> bool:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise TooManyError("has an `unless` that takes too long to satisfy")
        if any(self._broken(clause, row) for clause in self._clauses):
            return False
        for position in range(start, len(self._constrained)):
            axis = self._constrained[position]
            if axis in row:
                continue
            for value in range(self._counts[axis]):
                row[axis] = value
                if self._extend(row, position + 1):
                    return True
            del row[axis]
            return False
        return True

    @staticmethod
    def _broken(clause: Clause, row: dict[int, int]) -> bool:
        return all(axis in row and row[axis] in values for axis, values in clause.items())
