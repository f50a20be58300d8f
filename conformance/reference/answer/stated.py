"""The numbers that a case states, held against the reference's to the digits that are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.acceptance import VALUES
from conformance.cases.model import decimals
from conformance.reference.engine.dtypes import DIGITS, unit
from conformance.reference.errors import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.cases.model import Case
    from conformance.reference.answer.expectation import Expected, ExpectedCall
    from conformance.reference.engine.array import Values

HALF = 0.5
"""Of the last digit that is written: how far a number may be that is rounded to it."""


def stated_values(
    case: Case, calls: Sequence[ExpectedCall], arrays: dict[str, Values]
) -> dict[int, Values]:
    """The literal answer to the first call, by output, where it is as exact as the reference's.

    What is written with fewer digits says no more than the reference's number rounds to it; a
    framework is then held to the reference's number, in all its digits.
    """
    found = {}
    for index, (literal, output) in enumerate(_pairs(case, calls)):
        stated = _array(literal, arrays[output.tensor]) if output.tensor else None
        if stated is not None and not _apart(stated, output, arrays).any():
            found[index] = stated
    return found


def disagreements(
    case: Case, calls: Sequence[ExpectedCall], arrays: dict[str, Values]
) -> Iterator[Statement]:
    """What the case states of the first call's numbers, and what the reference doesn't compute."""
    if case.expect.values is None or not calls:
        return
    outputs = calls[0].outputs
    if not _one_each(case, outputs):
        stated = f"{len(case.expect.values)} outputs"
        yield _differ("expect.values", stated, str(len(outputs)))
        return
    for index, (literal, output) in enumerate(_pairs(case, calls)):
        key = "expect.values" if len(outputs) == 1 else f"expect.values.{index}"
        if not output.tensor:
            yield Statement(key, "numbers are stated where several answers are right")
            continue
        truth = arrays[output.tensor]
        stated_array = _array(literal, truth)
        if stated_array is None:
            sizes = list(np.asarray(literal, np.float64).shape)
            yield _differ(key, f"shape {sizes}", list(truth.shape))
            continue
        apart = _apart(stated_array, output, arrays)
        if output.dtype in DIGITS:
            apart &= ~(np.abs(stated_array - truth) <= _halves(literal, truth.shape))
        if not apart.any():
            continue
        place = tuple(int(i) for i in np.argwhere(apart)[0])
        path = ".".join([key, *map(str, place)])
        written = _leaf(literal, place) if stated_array.size else literal
        told = _differ(path, written, float(truth[place]))
        count = int(apart.sum())
        more = f" ({count:,} of {apart.size:,} numbers differ)" if count > 1 else ""
        yield Statement(path, told.message + more)


def _differ(key: str, stated: object, computed: object) -> Statement:
    return Statement(key, f"the case states {stated}, the reference computes {computed}")


def _one_each(case: Case, outputs: Sequence[Expected]) -> bool:
    return len(outputs) == 1 or len(case.expect.values) == len(outputs)


def _pairs(case: Case, calls: Sequence[ExpectedCall]) -> list[tuple[Any, Expected]]:
    """Each output with what is stated of it; none where that can't be told."""
    if case.expect.values is None or not calls or not _one_each(case, calls[0].outputs):
        return []
    outputs = calls[0].outputs
    literals = [case.expect.values] if len(outputs) == 1 else list(case.expect.values)
    return list(zip(literals, outputs, strict=True))


def _array(literal: Any, truth: Values) -> Values | None:
    """What is written as an array of the truth's shape; None where it has another."""
    stated = np.asarray(literal, np.float64)
    if stated.size == 0 and truth.size == 0:
        return stated.reshape(truth.shape)
    return stated if stated.shape == truth.shape else None


def _apart(stated: Values, output: Expected, arrays: dict[str, Values]) -> Values:
    """Where a number is another than the reference's, rounding aside."""
    truth = arrays[output.tensor]
    limit = (
        VALUES.peak * unit(output.dtype) * arrays[output.spread].astype(np.float64)
        if output.spread
        else np.zeros(truth.shape)
    )
    apart = ~(np.abs(stated - truth) <= limit) & ~(np.isnan(stated) & np.isnan(truth))
    apart &= stated != truth  # equal infinities
    return np.asarray(apart)


def _halves(literal: Any, shape: tuple[int, ...]) -> Values:
    """Half of the last digit of every number as it is written; 0 for one without a point."""
    return np.asarray([*map(_half, _leaves(literal))], np.float64).reshape(shape)


def _half(written: Any) -> float:
    """Half of the last written digit behind the point."""
    digits = 0 if isinstance(written, bool | int) else decimals(written)
    return HALF * 10.0**-digits if digits else 0.0


def _leaves(literal: Any) -> Iterator[Any]:
    if isinstance(literal, list):
        for one in literal:
            yield from _leaves(one)
    else:
        yield literal


def _leaf(literal: Any, place: Sequence[int]) -> Any:
    for index in place:
        literal = literal[index]
    return literal
