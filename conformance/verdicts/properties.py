"""Answers whose numbers are not unique, judged by what must be true of them.

The rule is that of every number: a residual may be sixteen of its own tolerances, and three in the
root mean square (docs/numerics.md).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.acceptance import VALUES
from conformance.invariants import Invariants, Property, measure
from conformance.verdicts import text
from conformance.verdicts.model import Comparison
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from conformance.reference.answer.expectation import ExpectedCall, ExpectedProperty


def judged(
    expected: ExpectedCall,
    outputs: Sequence[NDArray[Any]],
    truth: Mapping[str, NDArray[Any]],
    prefix: str,
) -> list[Comparison]:
    """One comparison for each property of an answer.

    Args:
        expected: What must be true.
        outputs: The answer's arrays.
        truth: The reference's arrays by name.
        prefix: Names the call where there is more than one.

    Raises:
        ReferenceFaultError: The reference names an array that it does not carry.
    """
    for number, (want, have) in enumerate(zip(expected.outputs, outputs, strict=True)):
        if list(have.shape) != want.shape:
            what = f"{prefix}output {number}"
            message = f"{what}: expected shape {text.shape(want.shape)}, observed "
            return [Comparison(what=what, message=message + text.shape(have.shape))]
    law = Invariants(
        [tuple(one.shape) for one in expected.outputs],
        [one.dtype for one in expected.outputs],
        [property_of(one, truth) for one in expected.properties],
    )
    found = []
    for one, measured in zip(expected.properties, measure(law, outputs), strict=True):
        margin: float | None = max(measured.peak / VALUES.peak, measured.rms / VALUES.rms)
        what = f"{prefix}{said(one)}"
        message = ""
        if not measured.holds:
            # Without a size where something exact fails, or where there is no number at all.
            margin = margin if margin is not None and math.isfinite(margin) else None
            message = f"{what}: {measured.said} {_out(margin)}"
        found.append(Comparison(what=what, margin=margin, message=message))
    return found


def property_of(one: ExpectedProperty, truth: Mapping[str, NDArray[Any]]) -> Property:
    """A property with its arrays.

    Raises:
        ReferenceFaultError: The reference names an array that it does not carry.
    """
    try:
        return Property(
            one.kind,  # type: ignore[arg-type]
            tuple(one.outputs),
            one.how,
            one.axis,
            truth[one.truth] if one.truth else None,
            truth[one.spread] if one.spread else None,
        )
    except KeyError as missing:
        raise ReferenceFaultError(
            f"it names the array {missing.args[0]!r} and does not carry it"
        ) from None


def said(one: ExpectedProperty) -> str:
    """What a comparison of a property is called: ``triangular upper (output 1)``."""
    outputs = " and ".join(map(str, one.outputs))
    return f"{one.kind} {one.how}".strip() + f" (output {outputs})"


def _out(margin: float | None) -> str:
    if margin is None:
        return "don't hold"
    return f"are out by {text.times(margin)} times the tolerance"
