"""Which numbers a script looks at: where they stand, what they must be, and how near to that.

They come from the reference's answer where that is at hand, all of them as far as there is room;
else from the record, which keeps those that are out and the first of those that aren't.
"""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.worker.failure import Unsupported
from conformance.cases.model import Steps
from conformance.facets import REPEATS, TRAINED
from conformance.repro.exchanging import writer
from conformance.repro.numbers import written_all
from conformance.verdicts.tolerance import scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from conformance.reference.answer.expectation import Expected, ExpectedState
    from conformance.reference.answer.store import StoredAnswer
    from conformance.repro.plan import Plan
    from conformance.verdicts.model import Comparison

    Array = NDArray[Any]

WHOLE = 240
"""Up to so many numbers in all, arrays are written out whole."""
TOGETHER = 4096
"""Up to so many of an array in which all numbers together are out."""
FEW = 6
"""Numbers of a larger array that conforms as far as is known."""

_CALL = re.compile(r"(?:rebuilt: )?(?:call (\d+) |first row alone: )?(output \d+)")
_ZERO = re.compile(r" at \[([\d, ]*)\]: expected (-?0\.0), observed .* have the wrong sign\)")


@dataclass(frozen=True)
class Numbers:
    """One array, or some numbers of it."""

    what: str
    """As the verdicts call it: ``output 0``."""
    places: list[tuple[int, ...]] | None
    """Where the numbers stand; None: they are the whole array."""
    expected: Array
    within: NDArray[np.float64] | None
    """None: they must be equal."""
    together: bool = False
    """Whether the root of their mean square has to be looked at, too."""
    largest: float = math.inf
    """Largest number of the dtype: beyond it infinity is right as well."""
    signed: bool = False
    """Whether the sign of a zero has to be looked at."""


def numbers_of(plan: Plan) -> list[Numbers]:
    """The numbers that a script looks at.

    Raises:
        Unsupported: The record doesn't hold what it takes to see that the facet fails.
    """
    found = list(_of_answer(plan, plan.answer) if plan.answer else _of_record(plan))
    return [_legible(one, plan) for one in found]


# --- the reference's answer ---------------------------------------------------------------------


def targets(plan: Plan, answer: StoredAnswer) -> list[tuple[str, Expected]]:
    """The arrays that a facet is judged by, under the names that a script gives them."""
    told = answer.expectation
    if plan.facet == "gradients" and told.gradients is not None:
        return [
            *((f"gradient of input {name}", one) for name, one in told.gradients.inputs.items()),
            *((f"gradient of {name}", one) for name, one in told.gradients.weights.items()),
        ]
    if told.state is not None and (plan.facet in TRAINED or plan.of_variables):
        return _of_state(plan, told.state)
    if plan.facet == "mask":
        masks = told.calls[0].masks
        return [(f"mask of output {j}", one) for j, one in enumerate(masks) if one is not None]
    if plan.goes_on is not None and told.exchanged is not None:
        return _of_training(told.exchanged)
    if plan.facet in {"values", "exchange", *REPEATS}:
        outputs = told.calls[plan.call].outputs
        return [(f"output {j}", one) for j, one in enumerate(outputs)]
    return []


def _of_state(plan: Plan, state: ExpectedState) -> list[tuple[str, Expected]]:
    """Those of what training, calls or steps leave."""
    if not plan.of_model:
        prefix = f"{plan.call}/"
        return [
            (f"{plan.before_variables}{name.removeprefix(prefix)}", one)
            for name, one in state.weights.items()
            if name.startswith(prefix)
        ]
    losses = [] if state.losses is None else [("losses", state.losses)]
    if plan.facet == "losses":
        return losses
    word, arrays = {
        "metrics": ("metric", state.metrics),
        "optimizer": ("optimizer's", state.optimizer),
        "checkpoint": ("file", state.checkpoint),
    }.get(plan.facet, ("trained" if losses else "after", state.weights))
    named = [(f"{word} {name}", one) for name, one in arrays.items()]
    return [*losses, *named] if plan.facet == "state" else named


def _of_training(state: ExpectedState) -> list[tuple[str, Expected]]:
    """Losses and weights of a training that goes on from a file."""
    losses = [] if state.losses is None else [("losses", state.losses)]
    return [*losses, *((f"trained {name}", one) for name, one in state.weights.items())]


def _of_answer(plan: Plan, answer: StoredAnswer) -> Iterator[Numbers]:
    arrays = targets(plan, answer)
    compared = {_name(plan, one): one for one in (plan.judged.comparisons if plan.judged else [])}
    room = WHOLE
    # What fails first, then the small ones: as many whole arrays as there is room for.
    order = sorted(
        arrays,
        key=lambda pair: (not _fails(compared.get(pair[0])), math.prod(pair[1].shape)),
    )
    whole = set()
    for what, one in order:
        room -= math.prod(one.shape)
        if room >= 0 or _together(compared.get(what)):
            whole.add(what)
    for what, one in arrays:
        truth = np.asarray(answer.arrays[one.tensor])
        measure = scale(one.dtype)
        within, largest = None, math.inf
        if one.spread and measure is not None:
            spread = np.asarray(answer.arrays[one.spread], np.float64)
            within = plan.limits.peak * (spread * measure.unit + measure.floor)
            within = np.where(np.isfinite(truth), within, 0.0)
            largest = measure.largest
        comparison = compared.get(what)
        if what in whole:
            together = _together(comparison)
            if together and truth.size > TOGETHER:
                raise Unsupported(f"it takes all {truth.size:,} numbers of {what} together")
            yield Numbers(
                what,
                None,
                truth,
                within,
                together=together,
                largest=largest,
                signed=one.signed_zero,
            )
            continue
        places = [tuple(worst.index) for worst in (comparison.worst if comparison else [])]
        spread_out = np.linspace(0, truth.size - 1, FEW).astype(int)
        places += [tuple(map(int, np.unravel_index(flat, truth.shape))) for flat in spread_out]
        places = list(dict.fromkeys(places))
        index = tuple(np.transpose(places))
        yield Numbers(
            what,
            places,
            truth[index],
            None if within is None else within[index],
            largest=largest,
            signed=one.signed_zero,
        )


# --- the record ---------------------------------------------------------------------------------


def _of_record(plan: Plan) -> Iterator[Numbers]:
    for comparison in plan.judged.comparisons if plan.judged else []:
        what = _name(plan, comparison)
        if not what:
            continue
        if zero := _ZERO.search(comparison.message):
            place = tuple(int(index) for index in zero[1].split(",") if index.strip())
            output = what.rpartition(" of ")[2]  # it is called "sign of the zeros of output 0"
            yield Numbers(output, [place], np.array([float(zero[2])]), None, signed=True)
        elif _together(comparison):
            yield _all_together(what, comparison)
        elif comparison.worst:
            yield from _worst(what, comparison, plan)
        elif not comparison.message:
            yield from _sample(what, comparison)


def _worst(what: str, comparison: Comparison, plan: Plan) -> Iterator[Numbers]:
    shown = comparison.worst
    expected = [_number(one.expected) for one in shown]
    within = []
    for one, truth in zip(shown, expected, strict=True):
        if one.within is not None:
            within.append(one.within)
        elif isinstance(one.times, str) or not one.times:
            # An older record: how far rounding goes is not known, but that it gives no NaN is.
            exact = one.times == "exact" or not math.isfinite(truth)
            within.append(0.0 if exact else sys.float_info.max)
        else:
            distance = abs(_number(one.observed) - truth)
            within.append(min(plan.limits.peak * distance / one.times, sys.float_info.max))
    places = [tuple(one.index) for one in shown]
    yield Numbers(
        what,
        places,
        np.array(expected),
        _or_equal(within),
        largest=_largest(comparison),
    )


def _sample(what: str, comparison: Comparison) -> Iterator[Numbers]:
    """The first numbers of an array that passes."""
    kept, within = comparison.expected, comparison.within
    if within is None or not isinstance(kept, dict) or not kept.get("numbers"):
        return
    expected = np.array([_number(number) for number in kept["numbers"]])
    shape = tuple(kept["shape"])
    places = [tuple(map(int, np.unravel_index(flat, shape))) for flat in range(len(expected))]
    largest = _largest(comparison)
    yield Numbers(what, places, expected, _or_equal(within), largest=largest)


def _all_together(what: str, comparison: Comparison) -> Numbers:
    kept, within = comparison.expected, comparison.within
    shape = kept.get("shape") if isinstance(kept, dict) else None
    if shape is None or not within or len(within) != math.prod(shape):
        raise Unsupported(
            f"no number of {what} is out by itself, and the record doesn't hold all of them; "
            "without --run they are computed anew"
        )
    expected = np.array([_number(number) for number in kept["numbers"]]).reshape(shape)
    return Numbers(what, None, expected, np.array(within).reshape(shape), together=True)


def _or_equal(within: list[float]) -> NDArray[np.float64] | None:
    return np.array(within) if any(within) else None


def _largest(comparison: Comparison) -> float:
    """Of the dtype that was observed, which is the one that had to be where no facet says else."""
    seen = comparison.observed
    measure = scale(seen["dtype"]) if isinstance(seen, dict) and "dtype" in seen else None
    return measure.largest if measure else math.inf


# --- both ---------------------------------------------------------------------------------------


def _name(plan: Plan, comparison: Comparison) -> str:
    """What a script calls an array; empty where it is of a call that the script doesn't make."""
    if plan.facet == "exchange":
        own, _, what = comparison.what.partition(": ")
        told = plan.goes_on is not None or _CALL.fullmatch(what)
        return what if own.endswith(f" {writer(plan)}") and told else ""
    found = _CALL.fullmatch(comparison.what)
    if not found:
        if plan.of_model or plan.facet not in {"state", "config_round_trip"}:
            return comparison.what
        looked = plan.of_variables and comparison.what.startswith(plan.before_variables)
        return comparison.what if looked else ""
    # Several calls are told apart by numbers: the steps of an object, and a model's own calls.
    numbered = plan.facet == "values" or (isinstance(plan.program, Steps) and found[1])
    return "" if numbered and int(found[1] or 0) != plan.call else found[2]


def _fails(comparison: Comparison | None) -> bool:
    return comparison is not None and bool(comparison.message)


def _together(comparison: Comparison | None) -> bool:
    """Whether an array is out although none of its numbers is by itself."""
    if comparison is None or not comparison.message or comparison.rms is None:
        return False
    return comparison.rms > 1 and comparison.margin is not None and comparison.margin <= 1


def _legible(one: Numbers, plan: Plan) -> Numbers:
    """The same with no more digits than needed, unless what fails would pass by that."""
    expected = one.expected
    if one.within is not None:
        expected = np.where(
            np.isfinite(expected), np.clip(expected, -one.largest, one.largest), expected
        )
    short, within = written_all(expected, one.within)
    if within is not None and one.together:
        short, within = expected, one.within
    seen = {
        tuple(worst.index): _number(worst.observed)
        for comparison in (plan.judged.comparisons if plan.judged else [])
        if _name(plan, comparison) == one.what
        for worst in comparison.worst
        if isinstance(worst.times, float | int) and worst.times > plan.limits.peak
    }
    if within is not None:
        for at, place in enumerate(one.places or np.ndindex(short.shape)):
            index = place if one.places is None else (at,)
            if place in seen and abs(seen[place] - short[index]) <= within[index]:
                short, within = expected, one.within
                break
    return replace(one, expected=short, within=within)


def _number(text: float | str) -> float:
    """A number as a record carries it: booleans, NaN and infinities by their names."""
    return {"True": 1.0, "False": 0.0}[text] if text in {"True", "False"} else float(text)
