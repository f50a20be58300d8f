"""Facets that compare numbers, all by the one rule of :mod:`conformance.verdicts.tolerance`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from conformance.acceptance import TRAINING
from conformance.verdicts import text
from conformance.verdicts.comparison import compare_observed, moved
from conformance.verdicts.evidence import (
    Evidence,
    NotAnsweredError,
    Raised,
    numeric,
    wrong_number,
)
from conformance.verdicts.model import Comparison, FacetVerdict
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from conformance.adapters.host.observation import Output
    from conformance.reference.answer.expectation import (
        Expected,
        ExpectedCall,
        ExpectedInfluence,
    )

    Array = NDArray[Any]

AGREES = "the eager answer is off in the same way"
"""What a facet says that repeats the fault of ``values``."""


def values(evidence: Evidence) -> FacetVerdict:
    """Judge every output of every ordinary call."""
    calls = evidence.calls("values")
    comparisons: list[Comparison] = []
    for index, expected in calls:
        prefix = f"call {index} " if len(calls) > 1 else ""
        observed = evidence.call(index).outputs
        comparisons += evidence.answers(expected, observed, prefix, keep=True)
    return numeric("values", comparisons)


def gradients(evidence: Evidence) -> FacetVerdict:
    """Judge the gradient for every float input and trainable weight, and no others."""
    expected = evidence.expectation.gradients
    if expected is None:
        raise ReferenceFaultError("it states no gradients")
    observed = evidence.part(evidence.observation.gradients, "the gradients")
    return numeric(
        "gradients",
        [
            *named(evidence, "gradient of input", expected.inputs, observed.inputs),
            *named(evidence, "gradient of", expected.weights, observed.weights),
        ],
    )


def state(evidence: Evidence) -> FacetVerdict:
    """Judge every weight after the last training step; without training, after the calls."""
    expected = evidence.expectation.state
    if expected is None:
        raise ReferenceFaultError("it states no training and no calls that change the model")
    observed = evidence.part(evidence.observation.state, "the state afterwards")
    if not evidence.expectation.symbolic.outputs:  # an object's: its variables after every step
        want = {_by_call(name): one for name, one in expected.weights.items()}
        have = {_by_call(name): one for name, one in observed.weights.items()}
        return numeric("state", list(named(evidence, "after call", want, have)))
    what = "after" if expected.losses is None else "trained"
    return numeric("state", list(named(evidence, what, expected.weights, observed.weights)))


def _by_call(name: str) -> str:
    """``1: momentum`` for ``1/momentum``."""
    return name.replace("/", ": ", 1)


def losses(evidence: Evidence) -> FacetVerdict:
    """Judge the loss of every training step."""
    expected = evidence.expectation.state
    if expected is None or expected.losses is None:
        raise ReferenceFaultError("it states no training")
    observed = evidence.part(evidence.observation.state, "the losses of the training")
    found = evidence.compare("losses", expected.losses, observed.losses, TRAINING, keep=True)
    return numeric("losses", [found])


def metrics(evidence: Evidence) -> FacetVerdict:
    """Judge every metric after every training step, and that there are no others."""
    expected = evidence.expectation.state
    if expected is None or not expected.metrics:
        raise ReferenceFaultError("it states no metrics of a training")
    observed = evidence.part(evidence.observation.state, "the metrics of the training")
    return numeric("metrics", list(named(evidence, "metric", expected.metrics, observed.metrics)))


def optimizer(evidence: Evidence) -> FacetVerdict:
    """Judge what the optimizer itself holds after training."""
    expected = evidence.expectation.state
    if expected is None or not expected.optimizer:
        raise ReferenceFaultError("it states no variables of an optimizer")
    observed = evidence.part(evidence.observation.state, "the optimizer's variables")
    found = named(evidence, "optimizer's", expected.optimizer, observed.optimizer)
    return numeric("optimizer", list(found))


def checkpoint(evidence: Evidence) -> FacetVerdict:
    """Judge the weights in the files that were written in training, and how many files."""
    expected = evidence.expectation.state
    if expected is None or not expected.checkpoint:
        raise ReferenceFaultError("it states no files that are written in training")
    observed = evidence.part(evidence.observation.state, "the files that are written in training")
    found = named(evidence, "file", expected.checkpoint, observed.checkpoint)
    return numeric("checkpoint", list(found))


def mask(evidence: Evidence) -> FacetVerdict:
    """Judge the mask that travels on with each output of call 0: its absence, or every entry."""
    expected = evidence.expectation.calls[0].masks
    observed = evidence.call(0)
    if len(observed.masks) != len(observed.outputs):
        raise NotAnsweredError("the adapter did not answer: the masks are missing from its answer")
    if len(observed.masks) != len(expected):
        return numeric("mask", [wrong_number("masks of ", len(expected), len(observed.masks))])
    comparisons = []
    for index, (want, have) in enumerate(zip(expected, observed.masks, strict=True)):
        what = f"mask of output {index}"
        if want is None or have is None:
            told = [
                "none" if one is None else f"one of {text.shape(one.shape)}" for one in (want, have)
            ]
            same = want is None and have is None
            message = "" if same else f"{what}: expected {told[0]}, observed {told[1]}"
            comparisons.append(Comparison(what=what, message=message))
        else:
            comparisons.append(evidence.compare(what, want, have.tensor))
    return numeric("mask", comparisons)


def named(
    evidence: Evidence, what: str, expected: Mapping[str, Expected], observed: Mapping[str, str]
) -> Iterable[Comparison]:
    """Compare arrays by name; one too few is no answer, one too many is wrong.

    Variables of an object that the adapter has no counterpart of are left out, if not all are.
    """
    lacking = _lacking(evidence, expected) - observed.keys()
    for name, truth in expected.items():
        if name in lacking and len(lacking) < len(expected):
            continue
        if name not in observed:
            raise NotAnsweredError(
                f"the adapter did not answer: {what} {name} is missing from its answer"
            )
        yield evidence.compare(f"{what} {name}", truth, observed[name], TRAINING)
    for name in observed.keys() - expected.keys():
        known = f"{what} {text.clean(name, text.NAME_LIMIT)}"
        yield Comparison(what=known, message=f"{known}: there should be none")


def _lacking(evidence: Evidence, expected: Iterable[str]) -> set[str]:
    """Names of an object's variables after a step, ``0/momentum``, that the adapter says it lacks.

    Only those begin with a number.
    """
    state = evidence.observation.state
    parts = {name: re.split(r"/|: ", name, maxsplit=1) for name in expected}
    return {
        name
        for name, (step, *rest) in parts.items()
        if state is not None and step.isdecimal() and rest and rest[0] in state.lacking
    }


def batch(evidence: Evidence) -> FacetVerdict:
    """Judge the first row fed alone: no row's answer may depend on its neighbours."""
    comparisons = []
    observed: Sequence[Output] = []
    for index, expected in evidence.calls("batch"):
        observed = evidence.call(index).outputs
        found = evidence.outputs(expected.outputs, observed, "first row alone: ")
        if len(found) == len(observed) and _passes(evidence, "values"):
            pairs = zip(found, observed, strict=True)
            found = [_as_in_the_batch(evidence, j, *pair) for j, pair in enumerate(pairs)]
        comparisons += found
    return _or_blocked(evidence, numeric("batch", comparisons), observed, first_row=True)


def _as_in_the_batch(
    evidence: Evidence, index: int, found: Comparison, alone: Output
) -> Comparison:
    """Let a row pass whose numbers passed among the others, where nothing but their rms is out.

    The rms of a few numbers is a sharper judge than that of many: of one row, it could fail what
    conforms as part of the whole. What is asked here is whether the row depends on its neighbours.
    """
    by_rms_alone = bool(found.message) and found.margin is not None and found.margin <= 1
    eager = _eager(evidence)
    if not by_rms_alone or index >= len(eager):
        return found
    target = evidence.target(evidence.expectation.calls[0].outputs[index])
    row = evidence.array(eager[index].tensor, found.what)[:1]
    seen = evidence.array(alone.tensor, found.what)
    if row.shape != seen.shape or row.shape[1:] != target.values.shape[1:]:
        return found
    first = target.first_row()
    return compare_observed(found.what, (row, seen), (first, first))


def compiled(evidence: Evidence) -> FacetVerdict:
    """Judge the outputs of call 0 in graph mode."""
    return _again(evidence, "compiled", evidence.observation.compiled)


def config_round_trip(evidence: Evidence) -> FacetVerdict:
    """Judge the outputs of call 0 from the model rebuilt from its config.

    Of an object with a memory its results, and its variables after the last step.
    """
    answer, facet = evidence.observation.config_round_trip, "config_round_trip"
    held = evidence.expectation.state
    if held is None or evidence.expectation.symbolic.outputs:
        return _again(evidence, facet, answer)
    observed = evidence.part(answer, f"{facet}'s results and variables")
    results = [(at, call) for at, call in evidence.calls("values") if call.outputs]
    last = f"{len(evidence.expectation.calls) - 1}/"
    names = sorted(name for name in held.weights if name.startswith(last))
    if len(observed) != len(results) + len(names):
        return numeric(facet, [wrong_number("", len(results) + len(names), len(observed))])
    comparisons = [
        comparison
        for (at, call), output in zip(results, observed, strict=False)
        for comparison in evidence.answers(call, [output], f"rebuilt: call {at} ")
    ]
    comparisons += [
        evidence.compare(f"rebuilt: {name[len(last) :]}", held.weights[name], one.tensor, TRAINING)
        for name, one in zip(names, observed[len(results) :], strict=True)
    ]
    found = numeric(facet, comparisons)
    if found.outcome != "fail":
        return found
    before = (*((values(evidence),) if results else ()), state(evidence))
    wrong = next((one.facet for one in before if one.outcome == "fail"), "")
    if not wrong:
        return found
    return replace(found, outcome="blocked", message=f"blocked by {wrong}: {found.message}")


def save_round_trip(evidence: Evidence) -> FacetVerdict:
    """Judge the outputs of call 0 from the model saved and loaded."""
    return _again(evidence, "save_round_trip", evidence.observation.save_round_trip)


def clone(evidence: Evidence) -> FacetVerdict:
    """Judge the outputs of call 0 from a clone of the model."""
    return _again(evidence, "clone", evidence.observation.clone)


def from_numpy(evidence: Evidence) -> FacetVerdict:
    """Judge the outputs of call 0 from arrays of NumPy, which must stay as they are."""
    found = _again(evidence, "from_numpy", evidence.observation.from_numpy)
    changed = evidence.observation.changed
    if not changed:
        return found
    names = text.listed(text.clean(name, text.NAME_LIMIT) for name in changed)
    message = f"the call changed what it was given: {names}"
    if found.message:
        message += f"; {found.message}"
    return replace(found, outcome="fail", message=message)


def from_lists(evidence: Evidence) -> FacetVerdict:
    """Judge what comes of lists of numbers: outputs of call 0, or results of steps, in order.

    In which dtype Python's numbers are answered is not documented.
    """
    observed = evidence.part(evidence.observation.from_lists, "from_lists's outputs")
    every = list(evidence.calls("values"))
    if len(every) == 1:
        found = numeric("from_lists", evidence.answers(every[0][1], observed))
        return _or_blocked(evidence, found, observed)
    calls = [(i, call) for i, call in every if call.outputs]
    if len(observed) != len(calls):
        return numeric("from_lists", [wrong_number("", len(calls), len(observed))])
    comparisons = [
        comparison
        for (i, call), output in zip(calls, observed, strict=True)
        for comparison in evidence.answers(call, [output], f"call {i} ")
    ]
    found = numeric("from_lists", comparisons)
    if found.outcome == "fail" and evidence.failed("values"):
        return replace(found, outcome="blocked", message=f"blocked by values: {found.message}")
    return found


def _again(evidence: Evidence, facet: str, answer: Sequence[Output] | None) -> FacetVerdict:
    """Judge another way to call 0's outputs by call 0's own truth."""
    observed = evidence.part(answer, f"{facet}'s outputs")
    call = evidence.expectation.calls[0]
    comparisons = evidence.answers(call, observed)
    # Where nothing is said of the dtype, arrays of NumPy may be answered in NumPy's own.
    if facet != "from_numpy" or "dtype" in evidence.judged:
        comparisons += dtypes(evidence, call.outputs, observed)
    return _or_blocked(evidence, numeric(facet, comparisons), observed)


def dtypes(
    evidence: Evidence, expected: Sequence[Expected], observed: Sequence[Output], prefix: str = ""
) -> Iterable[Comparison]:
    """Find outputs of a dtype that is neither the right one nor the eager answer's."""
    eager = _eager(evidence)
    for index, (want, have) in enumerate(zip(expected, observed, strict=False)):
        same_fault = index < len(eager) and eager[index].dtype == have.dtype
        if have.dtype != want.dtype and not same_fault:
            dtype = text.clean(have.dtype, text.NAME_LIMIT)
            message = f"{prefix}output {index}: expected {want.dtype}, observed {dtype}"
            yield Comparison(what=f"{prefix}dtype of output {index}", message=message)


def _passes(evidence: Evidence, facet: str) -> bool:
    verdict = evidence.judged.get(facet)
    return verdict is not None and verdict.outcome == "pass"


def _eager(evidence: Evidence) -> Sequence[Output]:
    """Return call 0's outputs; none where it raised or is absent."""
    try:
        return evidence.call(0).outputs
    except (Raised, NotAnsweredError):
        return []


def _or_blocked(
    evidence: Evidence,
    found: FacetVerdict,
    outputs: Sequence[Output],
    *,
    first_row: bool = False,
) -> FacetVerdict:
    """Excuse a failing facet that gives just what call 0 gave while ``values`` fails.

    Args:
        evidence: the case.
        found: the facet's verdict by the truth.
        outputs: the facet's outputs.
        first_row: they are of the first row alone.
    """
    if found.outcome != "fail" or not evidence.failed("values"):
        return found
    if not _as_eagerly(evidence, outputs, first_row=first_row):
        return found
    return FacetVerdict(
        facet=found.facet,
        outcome="blocked",
        message=f"blocked by values: {AGREES}",
        margin=found.margin,
        comparisons=found.comparisons,
    )


def _as_eagerly(evidence: Evidence, outputs: Sequence[Output], *, first_row: bool) -> bool:
    """Whether outputs are those of call 0, or of its first row, up to rounding."""
    eager = _eager(evidence)
    expected = evidence.expectation.calls[0].outputs
    if not len(outputs) == len(eager) == len(expected):
        return False
    # Numbers that are not unique have no tolerance of their own: the same ones, to the bit.
    exactly = bool(evidence.expectation.calls[0].properties)
    for index, (first, second, truth) in enumerate(zip(eager, outputs, expected, strict=True)):
        what = f"output {index}"
        one, other = evidence.array(first.tensor, what), evidence.array(second.tensor, what)
        if exactly:
            if not np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"):
                return False
            continue
        target = evidence.target(truth)
        if one.shape != target.values.shape:
            return False
        if first_row:
            one, target = one[:1], target.first_row()
        if one.shape != other.shape:
            return False
        if compare_observed(what, (one, other), (target, target)).message:
            return False
    return True


def influence(evidence: Evidence) -> FacetVerdict:
    """Judge that changing one part of the input changes exactly the stated part of the output."""
    stated = evidence.expectation.influence
    if not stated:
        raise ReferenceFaultError("it states no influence")
    return numeric("influence", [_influence(evidence, entry) for entry in stated])


def _influence(evidence: Evidence, entry: ExpectedInfluence) -> Comparison:
    what = f"influence in call {entry.call} on output {entry.output}"
    before = _one_output(evidence, 0, entry.output, what)
    after = _one_output(evidence, entry.call, entry.output, what)
    expectations = evidence.expectation.calls
    targets = (
        evidence.target(expectations[0].outputs[entry.output]),
        evidence.target(expectations[entry.call].outputs[entry.output]),
    )
    try:
        mask = evidence.truth[entry.changed].astype(np.bool_, copy=False)
    except KeyError:
        raise ReferenceFaultError(f"it does not carry the array {entry.changed!r}") from None
    if not before.shape == after.shape == mask.shape:
        return Comparison(
            what=what,
            message=f"{what}: expected shape {text.shape(mask.shape)} before and after, observed "
            f"{text.shape(before.shape)} and {text.shape(after.shape)}",
        )
    changed = moved(before, after, targets)
    wrong = np.argwhere(changed != mask)
    if not len(wrong):
        return Comparison(what=what, margin=0.0)
    index = [int(axis) for axis in wrong[0]]
    should = "should change and does not" if mask[tuple(index)] else "should not change and does"
    return Comparison(
        what=what,
        message=f"{text.place(what, index)}: {should} ({len(wrong)} of {mask.size} entries are "
        f"wrong; {int(changed.sum())} change, {int(mask.sum())} should)",
    )


def _one_output(evidence: Evidence, call: int, output: int, what: str) -> Array:
    outputs = evidence.call(call).outputs
    if output >= len(outputs):
        raise NotAnsweredError(f"the adapter did not answer: {what} is missing from its answer")
    return evidence.array(outputs[output].tensor, what)


def same_count(
    expected: ExpectedCall, first: Sequence[Output], second: Sequence[Output]
) -> Comparison | None:
    """Tell that either of two answers has too many or too few outputs."""
    for prefix, outputs in (("", first), ("twin ", second)):
        if len(outputs) != len(expected.outputs):
            return wrong_number(prefix, len(expected.outputs), len(outputs))
    return None
