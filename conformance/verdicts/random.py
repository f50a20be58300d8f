"""The facet ``random``: what a layer draws in training, against the law that its source promises.

First what holds for every layer, seed and repetition; then, draw by draw, what is possible; then
how often. Each is a :class:`Comparison` of its own, so a report shows which one failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.reference.answer.expectation import (
    ExpectedAffine,
    ExpectedChoice,
    ExpectedDistribution,
    ExpectedPermutation,
)
from conformance.verdicts import statistics, text
from conformance.verdicts.choices import choices
from conformance.verdicts.distributions import distributions
from conformance.verdicts.model import Comparison, FacetVerdict
from conformance.verdicts.permutations import permutations
from conformance.verdicts.shifts import shifts
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from conformance.adapters.host.observation import Draws
    from conformance.reference.answer.expectation import ExpectedBounds, ExpectedRandom
    from conformance.verdicts.evidence import Evidence

    Array = NDArray[Any]

CALLS: Final = {
    "first": "the first call",
    "second": "the second call",
    "again": "the first call of a new layer with the same seed",
    "other": "the first call of a new layer with another seed",
}
"""The answers of :class:`conformance.adapters.host.observation.Draws`, in the reader's words."""


REBUILT: Final = "the second call of what was made from its configuration"
"""Another answer, which is there where there is a configuration."""


def random(evidence: Evidence) -> FacetVerdict:
    """Judge what a layer draws: shape and dtype, seeds, and its law."""
    expected = evidence.expectation.random
    if expected is None:
        raise ReferenceFaultError("it states no law of what is drawn")
    observed = evidence.part(evidence.observation.random, "what is drawn in training")
    arrays = {
        name: evidence.array(getattr(observed, name).tensor, said) for name, said in CALLS.items()
    }
    comparisons = [_form(expected, observed, arrays)]
    if not comparisons[0].message:
        comparisons.append(_input(observed))
        comparisons += _seeds(expected, arrays)
        if observed.rebuilt is not None:
            rebuilt = evidence.array(observed.rebuilt.tensor, REBUILT)
            comparisons.append(_sequence(arrays["second"], rebuilt))
        if 0 not in expected.shape:
            comparisons += _law(evidence, expected, arrays)
    wrong = [found.message for found in comparisons if found.message]
    more = f"; and {len(wrong) - 1} more of {len(comparisons)} checks" if wrong[1:] else ""
    return FacetVerdict(
        facet="random",
        outcome="fail" if wrong else "pass",
        message=wrong[0] + more if wrong else "",
        margin=max(
            (found.margin for found in comparisons if found.margin is not None), default=None
        ),
        comparisons=comparisons,
    )


def _input(observed: Draws) -> Comparison:
    """A layer answers with other numbers; those that it was given stay."""
    if observed.input_kept:
        return Comparison(what="input", margin=0.0)
    return Comparison(what="input", message="the call changed the very array that it was given")


def _form(expected: ExpectedRandom, observed: Draws, arrays: dict[str, Array]) -> Comparison:
    """Compare shapes and dtypes: nothing else can be judged where they differ."""
    for name, said in CALLS.items():
        output = getattr(observed, name)
        if output.dtype != expected.dtype:
            dtype = text.clean(output.dtype, text.NAME_LIMIT)
            return Comparison(
                what="dtype", message=f"{said}: expected {expected.dtype}, observed {dtype}"
            )
        shape = list(arrays[name].shape)
        if shape != expected.shape:
            return Comparison(
                what="shape",
                message=f"{said}: expected shape {text.shape(expected.shape)}, "
                f"observed {text.shape(shape)}",
            )
        if not np.isfinite(arrays[name]).all():
            where = [int(i) for i in np.argwhere(~np.isfinite(arrays[name]))[0]]
            value = text.number(float(arrays[name][tuple(where)]))
            return Comparison(what="range", message=f"{text.place(said, where)}: observed {value}")
    return Comparison(what="shape and dtype", margin=0.0)


def _seeds(expected: ExpectedRandom, arrays: dict[str, Array]) -> Iterator[Comparison]:
    """The same seed gives the same draw; a second call and another seed give others."""
    same = np.array_equal(arrays["first"], arrays["again"])
    yield Comparison(
        what="same seed",
        margin=0.0 if same else None,
        message="" if same else f"{CALLS['again']} answers otherwise than the first one",
    )
    if expected.repeats:
        repeated = np.array_equal(arrays["first"], arrays["second"])
        yield Comparison(
            what="second call",
            margin=0.0 if repeated else None,
            message="" if repeated else f"{CALLS['second']} answers otherwise than the first one",
        )
    if coincides(expected):
        return
    for before, name, what in (
        ("first", "second", "second call"),
        ("first", "other", "other seed"),
        ("second", "other", "seeds overlap"),
    ):
        if expected.repeats and (before, name) != ("first", "other"):
            continue
        repeated = np.array_equal(arrays[before], arrays[name])
        yield Comparison(
            what=what,
            margin=None if repeated else 0.0,
            message=f"{CALLS[name]} repeats the draws of {CALLS[before]}" if repeated else "",
        )


def _sequence(second: Array, rebuilt: Array) -> Comparison:
    """The second draw of a sequence is the same for what was made from the configuration."""
    same = np.array_equal(second, rebuilt)
    return Comparison(
        what="same sequence",
        margin=0.0 if same else None,
        message="" if same else f"{REBUILT} answers otherwise than {CALLS['second']}",
    )


def coincides(expected: ExpectedRandom) -> bool:
    """Tell whether an honest layer may well repeat all of its draws, by chance or of need."""
    if expected.certain:
        return True
    if not isinstance(expected.law, ExpectedChoice):
        return False
    odds = expected.law.probabilities
    alike = sum(p * p for p in odds) if odds else 1.0
    draws = int(np.prod(expected.draws))
    return alike**draws > statistics.COINCIDENCE


def _law(
    evidence: Evidence, expected: ExpectedRandom, arrays: dict[str, Array]
) -> Iterator[Comparison]:
    if isinstance(expected.law, ExpectedChoice):
        yield from choices(evidence, expected, expected.law, arrays)
    elif isinstance(expected.law, ExpectedAffine):
        yield from shifts(evidence, expected, expected.law, arrays)
    elif isinstance(expected.law, ExpectedDistribution):
        yield from distributions(evidence, expected, expected.law, arrays)
    elif isinstance(expected.law, ExpectedPermutation):
        yield from permutations(evidence, expected, expected.law, arrays)
    else:
        yield from _bounds(expected.law, arrays)


_ROUNDINGS: Final = 16 * 2.0**-24
"""How far a number may be beyond a bound, as a share of the bound."""


def _bounds(law: ExpectedBounds, arrays: dict[str, Array]) -> Iterator[Comparison]:
    """No number lies outside of the promised range."""
    for name, said in CALLS.items():
        values = arrays[name]
        outside = np.zeros(values.shape, np.bool_)
        if law.low is not None:
            outside |= values < law.low - _ROUNDINGS * max(abs(law.low), 1.0)
        if law.high is not None:
            outside |= values > law.high + _ROUNDINGS * max(abs(law.high), 1.0)
        if not outside.any():
            yield Comparison(what=f"range of {said}", margin=0.0)
            continue
        where = [int(i) for i in np.argwhere(outside)[0]]
        value = text.number(float(values[tuple(where)]))
        low = "-inf" if law.low is None else text.number(law.low)
        high = "inf" if law.high is None else text.number(law.high)
        yield Comparison(
            what=f"range of {said}",
            message=f"{text.place(said, where)}: observed {value}, outside of [{low}, {high}] "
            f"({int(outside.sum()):,} of {outside.size:,} numbers {text.are(outside.sum())})",
        )
