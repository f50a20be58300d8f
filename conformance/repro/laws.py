"""What a script asks of draws that have a named distribution, or of what is shuffled.

The range, and the numbers of each line: what a reader sees at once. Statistics of levels take the
law's own functions, and more than a script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.adapters.worker.failure import Unsupported
from conformance.verdicts.levels import law_of

if TYPE_CHECKING:
    from conformance.reference.answer.expectation import (
        ExpectedDistribution,
        ExpectedPermutation,
        ExpectedRandom,
    )
    from conformance.reference.answer.store import StoredAnswer


def distribution_lines(
    answer: StoredAnswer, law: ExpectedDistribution, expected: ExpectedRandom
) -> list[str]:
    """Statements that hold each draw against the law's range.

    Raises:
        Unsupported: The parameters are arrays.
    """
    given = {key: np.asarray(answer.arrays[name]) for key, name in law.parameters.items()}
    if any(one.size > 1 for one in given.values()):
        raise Unsupported("parameters that are arrays take more than a script")
    stated = law_of(law.name, {key: one.reshape(1, 1) for key, one in given.items()})
    room = 0.0 if stated.open or stated.whole else stated.room(expected.dtype)
    low, high = float(stated.low[0, 0]) - room, float(stated.high[0, 0]) + room
    sign = "<" if stated.open else "<="
    lines = [
        f"low, high = {low!r}, {_number(high)}",
        "for name, one in drawn.items():",
        f"    inside = (one >= low) & (one {sign} high)",
        '    assert inside.all(), f"{name} holds {one[~inside][0]}, out of its range"',
    ]
    if stated.whole:
        lines.append('    assert (one == np.floor(one)).all(), f"{name} holds fractions"')
    return lines


def _number(value: float) -> str:
    return "np.inf" if np.isinf(value) else repr(value)


def permutation_lines(law: ExpectedPermutation, name: str) -> list[str]:
    """Statements that see each line keep its numbers."""
    return [
        f"before = np.sort(inputs[{name!r}], axis={law.axis})",
        "for name, one in drawn.items():",
        f"    kept = np.sort(one, axis={law.axis}) == before",
        '    assert kept.all(), f"{name} holds other numbers than there were"',
    ]
