"""The facet ``initial``: what variables hold as they are made, against their initializers.

Numbers that an initializer promises are compared as all numbers are. Of numbers that are drawn the
law is judged, with bounds that hold for any number of draws (:mod:`conformance.verdicts.bounds`):
most variables are small, and no normal law is near. One of these checks fails an honest framework
less than once in 10^15 times.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.acceptance import FLOORS, UNITS, VALUES
from conformance.invariants import Invariants, measure
from conformance.verdicts import bounds, text
from conformance.verdicts.comparison import compare
from conformance.verdicts.evidence import numeric
from conformance.verdicts.model import Comparison, FacetVerdict
from conformance.verdicts.properties import property_of
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from conformance.reference.answer.expectation import ExpectedInitial, ExpectedLaw, ExpectedPart
    from conformance.verdicts.evidence import Evidence

    Array = NDArray[Any]

FARTHEST: Final = 10.0
"""Standard deviations beyond which a normal number is no accident: 1.5e-23."""

LEAST_SLICE: Final = 8
"""Numbers from which on two slices of independent draws are never alike: even in bfloat16, of
which frameworks draw 2^7 numbers evenly, that is once in 2^56."""


def initial(evidence: Evidence) -> FacetVerdict:
    """Judge what each variable was made with."""
    expected = evidence.expectation.initial
    if not expected:
        raise ReferenceFaultError("it states no initial values")
    observed = evidence.part(evidence.observation.initial, "what the variables were made with")
    comparisons: list[Comparison] = []
    drawn: list[tuple[str, Array]] = []
    for one in expected:
        if one.name not in observed:
            # Other names are the fault of the facet `weights`, which is asked of every model.
            if not evidence.failed("weights"):
                comparisons.append(_absent(one.name))
            continue
        values = np.asarray(evidence.array(observed[one.name], one.name))
        if list(values.shape) != one.shape:
            if not evidence.failed("weights"):
                comparisons.append(_misshapen(one, values))
            continue
        comparisons += _variable(evidence, one, values, drawn)
    comparisons += _repeated(drawn)
    if not comparisons and evidence.failed("weights"):
        message = "blocked by weights: none of the variables has its name and shape"
        return FacetVerdict(facet="initial", outcome="blocked", message=message)
    return numeric("initial", comparisons)


def _absent(name: str) -> Comparison:
    return Comparison(what=name, message=f"{name}: it is not said what it was made with")


def _misshapen(one: ExpectedInitial, values: Array) -> Comparison:
    shapes = f"expected shape {text.shape(one.shape)}, observed {text.shape(list(values.shape))}"
    return Comparison(what=one.name, message=f"{one.name}: {shapes}")


def _variable(
    evidence: Evidence, one: ExpectedInitial, values: Array, drawn: list[tuple[str, Array]]
) -> Iterator[Comparison]:
    """Judge a variable part by part; what is drawn without a seed is noted in ``drawn``."""
    for what, place, part in parts_of(one):
        own = values if place is None else values[..., place]
        if part.values is not None:
            yield compare(what, evidence.target(part.values), own, VALUES)
        elif part.law is not None:
            yield from _law(what, part.law, np.asarray(own, np.float64), UNITS[one.dtype])
        else:
            yield from _properties(evidence, what, one, part, own)
        if part.values is None and not part.seeded and own.size >= LEAST_SLICE:
            scale = 1.0 if part.law is None else part.law.scale
            drawn.append((what, np.asarray(own, np.float64) / scale))


def parts_of(one: ExpectedInitial) -> Iterator[tuple[str, slice | None, ExpectedPart]]:
    """The parts of a variable, as verdicts call them, and where along its last axis each lies.

    None: it is the whole variable.
    """
    start = 0
    for part in one.parts:
        what, place = f"{one.name} as made", None
        if part.size:
            end = start + part.size
            what += f" (from {start} up to {end} along its last axis)"
            place = slice(start, end)
            start = end
        yield what, place, part


def ends_of(law: ExpectedLaw) -> tuple[float, float]:
    """Between what a draw of the scale 1 lies."""
    return (-FARTHEST, FARTHEST) if law.law == "normal" else (law.low, law.high)


def blur_of(law: ExpectedLaw, unit: float) -> float:
    """How far rounding may move a draw of the scale 1, in a dtype of this unit roundoff."""
    return 4 * unit * (1 + abs(law.location / law.scale))


def _properties(
    evidence: Evidence, what: str, one: ExpectedInitial, part: ExpectedPart, values: Array
) -> Iterator[Comparison]:
    """Judge a matrix by what must be true of it; and that it is drawn, not written down."""
    properties = [property_of(each, evidence.truth) for each in part.properties]
    law = Invariants([values.shape], [one.dtype], properties)
    for measured in measure(law, [values]):
        # Not their mean square as well: a single number is all that a small matrix has, and the
        # errors of a decomposition are no independent draws (docs/numerics.md).
        margin = measured.peak / VALUES.peak
        wrong = not margin <= 1
        said = f"{what}: {measured.said} are out by {text.times(margin)} times the tolerance"
        message = said if wrong else ""
        yield Comparison(
            what=what, margin=margin if math.isfinite(margin) else None, message=message
        )
    if values.size >= LEAST_SLICE:
        zeros = int((np.asarray(values) == 0).sum())
        plain = zeros >= values.size // 2
        said = f"{what}: {zeros} of {values.size} numbers are 0, which is no random direction"
        yield Comparison(what=f"direction of {what}", margin=0.0, message=said if plain else "")


def _law(what: str, law: ExpectedLaw, values: Array, unit: float) -> Iterator[Comparison]:
    """Judge independent draws: where they lie, how far they reach, their moments and their law."""
    if not values.size:
        return
    if not np.isfinite(values).all():
        yield Comparison(what=what, message=f"{what}: a number is NaN or infinite")
        return
    theta = (values - law.location) / law.scale
    blur = blur_of(law, unit)
    support = _support(what, law, theta, blur)
    yield support
    if support.message:
        return
    kind = bounds.LAWS[law.law]
    count, largest = theta.size, float(np.abs(theta).max())
    # Draws lie on a grid: a few of them may well be nought.
    odds = bounds.all_within(kind, largest + blur + bounds.GRID, count)
    yield _checked(
        f"reach of {what}",
        bounds.share(odds),
        f"no number is further out than {largest * law.scale:.4g}: expected to be drawn from "
        f"within {_reach(law)}",
    )
    mean = float(theta.mean())
    yield _checked(
        f"mean of {what}",
        bounds.share(bounds.mean_tail(kind, max(abs(mean) - blur, 0.0), count)),
        f"its mean is {law.location + mean * law.scale:.4g}, expected {law.location:.4g}",
    )
    square = float(np.square(theta).mean())
    off = square - kind.deviation**2
    # What rounding each draw by as much as ``blur`` does to the mean of their squares.
    rounded = blur * (2 * math.sqrt(square) + blur)
    off = math.copysign(max(abs(off) - rounded, 0.0), off)
    yield _checked(
        f"size of {what}",
        bounds.share(bounds.square_tail(kind, off, count)),
        f"its standard deviation is {math.sqrt(square) * law.scale:.4g}, expected "
        f"{kind.deviation * law.scale:.4g}",
    )
    apart = bounds.distance(kind, theta)
    yield _checked(
        f"distribution of {what}",
        bounds.share(bounds.distance_tail(max(apart - 2 * blur, 0.0), count)),
        f"its distance from the {law.law} law is {apart:.4f}",
    )
    yield from _slices(what, theta)


def _reach(law: ExpectedLaw) -> str:
    """The range of the draws, or how wide they are, in words."""
    if law.law == "normal":
        return f"a normal law of the deviation {law.scale:.4g}"
    ends = (law.location + law.low * law.scale, law.location + law.high * law.scale)
    return f"[{ends[0]:.4g}, {ends[1]:.4g}]"


def _support(what: str, law: ExpectedLaw, theta: Array, blur: float) -> Comparison:
    low, high = ends_of(law)
    outside = (theta < low - blur) | (theta > high + blur)
    said = f"range of {what}"
    if not outside.any():
        return Comparison(what=said, margin=0.0)
    where = tuple(int(i) for i in np.argwhere(outside)[0])
    value = law.location + law.scale * float(theta[where])
    return Comparison(
        what=said,
        message=f"{text.place(what, list(where))}: observed {text.number(value)}, outside of "
        f"{_reach(law)} ({int(outside.sum()):,} of {outside.size:,} numbers "
        f"{text.are(outside.sum())})",
    )


def _checked(what: str, share: float, said: str) -> Comparison:
    """Compare how unlikely something is with what is still let pass, on a scale of logarithms."""
    message = "" if share <= 1 else f"{what}: {said} (once in 10^{15 * share:.0f} times by chance)"
    return Comparison(what=what, margin=share, message=message)


def _slices(what: str, values: Array) -> Iterator[Comparison]:
    """Judge that no two rows, columns, gates … hold the same numbers."""
    for axis, count in enumerate(values.shape):
        rows = np.moveaxis(values, axis, 0).reshape(count, -1)
        if count < 2 or rows.shape[1] < LEAST_SLICE:  # noqa: PLR2004 (two that may be alike)
            continue
        alike = count - len(np.unique(rows, axis=0))
        said = f"{what}: {alike} of {count} slices along axis {axis} repeat another one"
        yield Comparison(what=f"slices of {what}", margin=0.0, message=said if alike else "")


def _repeated(drawn: Sequence[tuple[str, Array]]) -> Iterator[Comparison]:
    """Judge that no two variables hold the same draws: nobody has given them one seed."""
    for index, (what, values) in enumerate(drawn):
        for other, before in drawn[:index]:
            if before.shape != values.shape:
                continue
            # Both have been rounded once more when they were divided by their scales.
            same = np.allclose(before, values, rtol=4 * UNITS["float32"], atol=FLOORS["float32"])
            said = f"{what} holds the same draws as {other}"
            yield Comparison(
                what="draws of two variables", margin=0.0, message=said if same else ""
            )
