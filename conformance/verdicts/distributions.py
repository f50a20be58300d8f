"""Numbers that are each drawn by themselves from a distribution with a name: keras.random.

Draws are turned into levels (:mod:`conformance.verdicts.levels`), which are judged by bounds that
hold for any number of draws. Numbers that have the same parameters are one cell, judged by itself;
the odds of the worst cell are multiplied by how many there are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.verdicts import text
from conformance.verdicts.drawn import independence
from conformance.verdicts.levels import Law, law_of
from conformance.verdicts.model import Comparison
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from conformance.reference.answer.expectation import ExpectedDistribution, ExpectedRandom
    from conformance.verdicts.evidence import Evidence

    Array = NDArray[Any]

ALARM: Final = 1e-11
"""Probability below which a statistic is no accident. At most nine of them are judged of a case,
and seven correlations of 8e-11 each: an honest framework fails a case less than once in 10^9 times.
"""

EVEN: Final = (1 / 12, 1 / 80)
"""Second and fourth moment of levels about their middle, where the law is continuous."""
_HALF: Final = 0.5
"""How far a level lies from the middle at most."""


def distributions(
    evidence: Evidence,
    expected: ExpectedRandom,
    law: ExpectedDistribution,
    arrays: Mapping[str, Array],
) -> Iterator[Comparison]:
    """Judge where draws lie, how often, and whether they are independent.

    Args:
        evidence: for the arrays of the parameters.
        expected: shape and dtype of the answer.
        law: the distribution.
        arrays: the answers by the names of :class:`Draws`.
    """
    try:
        given = {key: evidence.truth[name] for key, name in law.parameters.items()}
    except KeyError as missing:
        raise ReferenceFaultError(f"it does not carry the array {missing.args[0]!r}") from None
    cells = _Cells(expected.shape, given)
    stated = law_of(law.name, cells.parameters(given))
    scores: dict[str, Array] = {}
    for name in ("first", "other") if expected.repeats else ("first", "second", "other"):
        values = cells.split(np.asarray(arrays[name], np.float64))
        support = _support(stated, cells, values, expected.dtype, name)
        yield support
        if support.message:
            return
        levels = stated.levels(values, expected.dtype)
        if name in {"first", "other"}:
            yield from _statistics(stated, law.name, values, levels, name)
        middle = (levels[0] + levels[1]) / 2 - _HALF
        deviation = np.sqrt(_moments(stated)[0])
        standard = np.divide(middle, deviation, out=np.zeros_like(middle), where=deviation > 0)
        scores[name] = cells.join(standard)
    yield from independence(scores)


class _Cells:
    """Which numbers of an answer share their parameters."""

    def __init__(self, shape: list[int], given: Mapping[str, Array]) -> None:
        self.shape = tuple(shape)
        padded = [self._padded(key, one) for key, one in given.items()]
        apart = [axis for axis in range(len(shape)) if any(one[axis] > 1 for one in padded)]
        self.order = [*apart, *(axis for axis in range(len(shape)) if axis not in apart)]
        self.sizes = tuple(shape[axis] for axis in apart)
        self.count = math.prod(self.sizes)

    def _padded(self, key: str, one: Array) -> tuple[int, ...]:
        sizes = one.shape[:-1] if key == "odds" else one.shape
        return (1,) * (len(self.shape) - len(sizes)) + sizes

    def parameters(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """Each as a row for each cell."""
        found = {}
        for key, one in given.items():
            columns = one.shape[-1:] if key == "odds" else (1,)
            rows = one.reshape(self._padded(key, one) + columns)
            rows = rows.transpose([*self.order, len(self.order)])
            rows = rows.reshape(rows.shape[: len(self.sizes)] + columns)
            found[key] = np.broadcast_to(rows, self.sizes + columns).reshape(self.count, -1)
        return found

    def split(self, values: Array) -> Array:
        """An answer as a row for each cell."""
        return values.transpose(self.order).reshape(self.count, -1)

    def join(self, rows: Array) -> Array:
        """The answer that these are the rows of."""
        turned = rows.reshape([self.shape[axis] for axis in self.order])
        return turned.transpose(np.argsort(self.order))


def _support(law: Law, cells: _Cells, values: Array, dtype: str, name: str) -> Comparison:
    what = f"range of the {name} answer's draws"
    wrong = law.outside(values, dtype)
    if law.whole:
        wrong |= values != np.floor(values)
    if not wrong.any() and law.odds is not None:
        places = (values - law.low).astype(np.int64)
        wrong |= np.take_along_axis(law.odds, places, 1) == 0
    if not wrong.any():
        return Comparison(what=what, margin=0.0)
    where = tuple(int(i) for i in np.argwhere(cells.join(wrong))[0])
    cell = int(np.argwhere(wrong)[0][0])
    value = text.number(float(cells.join(values)[where]))
    low, high = (text.number(float(one[cell, 0])) for one in (law.low, law.high))
    end = ")" if law.open or high == "inf" else "]"
    kind = "whole numbers in " if law.whole else ""
    return Comparison(
        what=what,
        message=f"{text.place(what, list(where))}: drew {value}, none of {kind}[{low}, {high}{end} "
        f"({int(wrong.sum()):,} of {wrong.size:,} numbers {text.are(wrong.sum())})",
    )


def _moments(law: Law) -> tuple[Array, Array, Array]:
    """Second and fourth moments of a cell's middle levels; and the largest square."""
    shape = (law.low.shape[0], 1)
    if law.odds is None:
        second, fourth = EVEN
        return np.full(shape, second), np.full(shape, fourth), np.full(shape, _HALF**2)
    ends = np.cumsum(law.odds, 1)
    squares = np.square(ends - law.odds / 2 - _HALF)
    second = (law.odds * squares).sum(1, keepdims=True)
    fourth = (law.odds * squares**2).sum(1, keepdims=True)
    largest = np.where(law.odds > 0, squares, 0.0).max(1, keepdims=True)
    return second, fourth, largest


def _statistics(
    law: Law, name: str, values: Array, levels: tuple[Array, Array], answer: str
) -> Iterator[Comparison]:
    """Compare how often what was drawn with the law: each statistic with its bound."""
    low, high = levels
    count = values.shape[1]
    second, fourth, largest = (one[:, 0] for one in _moments(law))
    middle = (low + high) / 2 - _HALF
    # The width of a level is how far rounding may move it; that of a whole number is its own.
    width = np.zeros_like(middle) if law.whole else (high - low) / 2
    apart = _distance(low, high)
    yield _checked(
        f"distribution of the {answer} answer",
        math.log(2) - 2 * count * apart**2,
        lambda cell: f"its distance from the {name} law is {apart[cell]:.4f}",
    )
    mean = middle.mean(1)
    off = np.maximum(np.abs(mean) - width.mean(1), 0.0)
    yield _checked(
        f"mean of the {answer} answer",
        math.log(2) - count * np.maximum(6 * off**2, _bernstein(off, second, _HALF)),
        lambda cell: (
            f"{0.5 + mean[cell]:.4f} of its law lies below a draw in the mean, expected 0.5"
        ),
    )
    square = np.square(middle).mean(1)
    off = np.abs(square - second) - (width * (2 * np.abs(middle) + width)).mean(1)
    off = np.maximum(off, 0.0)
    spread, most = np.maximum(fourth - second**2, 0.0), np.maximum(largest, second)
    yield _checked(
        f"spread of the {answer} answer",
        math.log(2) - count * _bernstein(off, spread, most),
        lambda cell: (
            f"its levels deviate by {math.sqrt(square[cell]):.4f}, expected "
            f"{math.sqrt(second[cell]):.4f}"
        ),
    )
    if law.odds is not None:
        yield _frequencies(law, law.odds, values, answer)


def _frequencies(law: Law, odds: Array, values: Array, answer: str) -> Comparison:
    """Compare how often each number was drawn: the worst of them, by Chernoff's bound."""
    cells, options = odds.shape
    places = (values - law.low).astype(np.int64) + options * np.arange(cells)[:, None]
    counts = np.bincount(places.ravel(), minlength=cells * options).reshape(odds.shape)
    seen = counts / values.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(seen > 0, seen * np.log(seen / odds), 0.0)
        kept += np.where(seen < 1, (1 - seen) * np.log((1 - seen) / (1 - odds)), 0.0)
    kept = np.where(np.isnan(kept), np.inf, np.maximum(kept, 0.0))
    worst = kept.argmax(1)
    logs = math.log(2 * options) - values.shape[1] * kept.max(1)

    def said(cell: int) -> str:
        option = int(worst[cell])
        return (
            f"{int(law.low[cell, 0]) + option} is {seen[cell, option]:.4f} of the draws, expected "
            f"{odds[cell, option]:.4f}"
        )

    return _checked(f"frequency of the {answer} answer", logs, said)


def _distance(low: Array, high: Array) -> Array:
    """Kolmogorov and Smirnov's distance of each cell's levels from the even law, at least."""
    count = low.shape[1]
    steps = np.arange(count + 1) / count
    above = (steps[1:] - np.sort(high, 1)).max(1)
    below = (np.sort(low, 1) - steps[:-1]).max(1)
    return np.asarray(np.maximum(np.maximum(above, below), 0.0))


def _bernstein(off: Array, variance: Array, most: Array | float) -> Array:
    """Bernstein's bound for a mean ``off`` by this: its exponent by draw."""
    room = 2 * (variance + most * off / 3)
    exponent = np.divide(off**2, room, out=np.full(off.shape, np.inf), where=room > 0)
    return np.asarray(np.where(off > 0, exponent, 0.0))


def _checked(what: str, logs: Array | float, said: Any) -> Comparison:
    """Compare the worst cell's odds with what is still let pass, on a scale of logarithms."""
    each = np.asarray(logs)
    cell = int(each.argmin())
    odds = float(each[cell]) + math.log(each.size)
    margin = min(odds, 0.0) / math.log(ALARM)
    if margin <= 1:
        return Comparison(what=what, margin=margin)
    where = f" (parameters {cell} of {each.size})" if each.size > 1 else ""
    possible = math.isfinite(odds)
    chance = f"once in 10^{-odds / math.log(10):.0f} times by chance" if possible else "never"
    shown = margin if possible else None
    return Comparison(what=what, margin=shown, message=f"{what}{where}: {said(cell)} ({chance})")
