"""Draws that pick one of a few answers: drop or keep, flip or not, one of the windows of a crop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.acceptance import VALUES
from conformance.verdicts import statistics, text
from conformance.verdicts.drawn import checked, independence
from conformance.verdicts.model import Comparison
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from conformance.reference.answer.expectation import Expected, ExpectedChoice, ExpectedRandom
    from conformance.verdicts.evidence import Evidence

    Array = NDArray[Any]
    Mask = NDArray[np.bool_]

_SHARE = 0.99
"""Of all draws that must show which option they picked; else the case's data are badly chosen."""


def choices(
    evidence: Evidence,
    expected: ExpectedRandom,
    law: ExpectedChoice,
    arrays: Mapping[str, Array],
) -> Iterator[Comparison]:
    """Judge which option each draw picked, how often, and whether draws are independent.

    Args:
        evidence: for the arrays of the options.
        expected: shape of the answer and of the draws.
        law: the options and their probabilities.
        arrays: the answers by the names of :class:`Draws`.
    """
    scores: dict[str, Array] = {}
    for name in ("first", "other") if expected.repeats else ("first", "second", "other"):
        picked, support = _picked(evidence, expected, law.options, arrays[name], name)
        yield support
        if support.message or not law.probabilities:
            return
        # Where no probabilities are promised, options may coincide: nothing is counted.
        if picked.size and (picked >= 0).mean() < _SHARE and len(law.options) > 1:
            raise ReferenceFaultError(
                "the options of its law can't be told apart by the case's data"
            )
        counts = [int((picked == option).sum()) for option in range(len(law.options))]
        if name == "first":
            yield from _fractions(law, counts)
        scores[name] = _scores(law.probabilities, picked)
    if max(law.probabilities) < 1:
        yield from independence(scores)


def _picked(
    evidence: Evidence,
    expected: ExpectedRandom,
    options: list[Expected],
    values: Array,
    name: str,
) -> tuple[Array, Comparison]:
    """Find the option that each draw picked: -1 where the numbers don't tell."""
    what = f"options of the {name} answer"
    shared = tuple(
        axis
        for axis, (draws, size) in enumerate(zip(expected.draws, expected.shape, strict=True))
        if draws == 1 < size
    )
    anything = np.zeros(values.shape, np.bool_)
    fits = []
    for option in options:
        match = _matches(evidence, option, values)
        anything |= match
        fits.append(match.all(axis=shared, keepdims=True) if shared else match)
    if not anything.all():
        return np.empty(0), _impossible(evidence, options, values, ~anything, what)
    found = np.sum(fits, axis=0)
    if not found.all():
        where = [int(i) for i in np.argwhere(found == 0)[0]]
        axes = text.listed(str(axis) for axis in shared)
        return np.empty(0), Comparison(
            what=what,
            message=f"{what}: along the axes {axes} all numbers share a draw; at "
            f"{where} they don't ({int((found == 0).sum()):,} of {found.size:,} draws)",
        )
    picked = np.argmax(fits, axis=0)
    picked[found > 1] = -1
    return picked, Comparison(what=what, margin=0.0)


def _matches(evidence: Evidence, option: Expected, values: Array) -> Mask:
    target = evidence.target(option)
    if target.spread is None or target.scale is None:
        return np.asarray(values == target.values)
    tolerance = VALUES.peak * (target.spread * target.scale.unit + target.scale.floor)
    return np.asarray(np.abs(values - target.values) <= tolerance)


def _impossible(
    evidence: Evidence, options: list[Expected], values: Array, wrong: Mask, what: str
) -> Comparison:
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    possible = [
        text.number(float(np.broadcast_to(evidence.target(one).values, values.shape)[where]))
        for one in options
    ]
    either = " or ".join(possible[:4]) + (" …" if possible[4:] else "")
    return Comparison(
        what=what,
        message=f"{text.place(what, where)}: expected {either}, "
        f"observed {text.number(float(values[where]))} "
        f"({int(wrong.sum()):,} of {wrong.size:,} numbers {text.are(wrong.sum())} none of the "
        "possible ones)",
    )


def _fractions(law: ExpectedChoice, counts: list[int]) -> Iterator[Comparison]:
    total = sum(counts)
    # Of two options one says all, of one there is nothing to say.
    for option, probability in enumerate(law.probabilities[: max(len(counts) - 1, 1)]):
        if probability >= 1:
            continue
        count = counts[option]
        if total * min(probability, 1 - probability) < statistics.LEAST_PICKED:
            continue  # the case draws few on purpose: a mask for the whole batch
        z = statistics.fraction(count, total, probability)
        yield checked(
            f"frequency of option {option}",
            z,
            f"picked {count:,} times in {total:,} draws, {count / total:.4f} of them; "
            f"expected {probability:.4f}",
        )


def _scores(probabilities: list[float], picked: Array) -> Array:
    """Give each option a number such that draws have mean 0 and variance 1; 0 where not known."""
    odds = np.asarray(probabilities)
    levels = np.arange(len(odds), dtype=np.float64)
    levels -= (odds * levels).sum()
    deviation = math.sqrt(float((odds * levels**2).sum())) or 1.0
    table = np.append(levels / deviation, 0.0)
    return np.asarray(table[picked])
