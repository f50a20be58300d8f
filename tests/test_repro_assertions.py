"""What a script asserts: right for everything within the rule, and for nothing beyond it.

No framework is needed: the end of a script, which compares, is run on what the reference itself
answers in float32, honestly or with a seeded fault. The script is made of the record alone, and
with the reference's answer at hand.
"""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from repro_cells import answer_of, catalogue, judged

from conformance.acceptance import TRAINING, VALUES
from conformance.records.model import AdapterLine
from conformance.reference.faults.applicable import applicable
from conformance.repro.numbers import written
from conformance.repro.script import NoScript, script
from conformance.verdicts.comparison import Target, compare
from conformance.verdicts.tolerance import scale

if TYPE_CHECKING:
    from repro_cells import Judged

EXACT = {
    "layers/preprocessing/encoding/discretization-of-infinities[output_mode=int]",
}
"""Cases in which no fault that applies moves a number."""

FACETS = ["values", "gradients", "batch", "compiled", "state"]
CASES = [
    "documents/dense/last-axis",
    "documents/functional/two-branches",
    "documents/recurrent/gru",
    "documents/training/sgd[steps=1]",
    "layers/activation/softmax-masked[x=#0]",
    "layers/attention/attention-all-arguments",
    "layers/convolutional/conv2d-everything[strides=1]",
    "layers/merging/dot-of-zeros",
    "layers/normalization/batch-normalization-in-a-model",
    "layers/normalization_training/batch-normalization-frozen",
    "layers/pooling/average-pooling1d-of-two",
    "layers/preprocessing/encoding/discretization-of-infinities[output_mode=int]",
    "layers/dtypes/recurrent[layer=LSTM,dtype=float16]",
]


def named(one: Judged, facet: str, call: int = 0) -> dict[str, np.ndarray]:
    """What a script calls the arrays of an answer."""
    arrays = {}
    batch = next((i for i, c in enumerate(one.case.program.every_call) if c.facet == "batch"), 0)
    prefixes = {
        "values": [(f"call/{call}/", "output ")],
        "batch": [(f"call/{batch}/", "output ")],
        "compiled": [("compiled/", "output ")],
        "gradients": [
            ("gradient/input/", "gradient of input "),
            ("gradient/weight/", "gradient of "),
        ],
        "state": [
            ("state/weight/", "trained " if one.case.program.train else "after "),
            ("state/losses", "losses"),
        ],
    }[facet]
    for key, array in one.tensors.items():
        for start, word in prefixes:
            if key.startswith(start) and not key.startswith(f"{start}mask"):
                arrays[word + key[len(start) :]] = array
    return arrays


def compared(
    text: str, observed: dict[str, np.ndarray], honest: dict[str, np.ndarray] | None = None
) -> list[Any]:
    """Run what a script compares, on other arrays than the framework's.

    Args:
        text: The script.
        observed: What it compares, by name. float64 holds what is only just admissible.
        honest: The arrays whose dtypes it sees; by default the same.

    Returns:
        What it compared them with.
    """
    found = re.search(r"^def deviating.*?\n\n\n", text, flags=re.MULTILINE | re.DOTALL)
    _, marker, end = text.partition("for what, array in observed.items():\n")
    assert marker
    names: dict[str, Any] = {
        "np": np,
        "observed": observed,
        "outputs": list((honest or observed).values()),
        "kind": lambda array: array.dtype.name,
    }
    with redirect_stdout(io.StringIO()):
        exec((found[0] if found else "") + marker + end, names)  # noqa: S102 - our own script
    return names.get("expected", [])


def scripts(one: Judged, facet: str) -> list[str]:
    """Of the record alone, where it keeps the numbers, and with the reference's answer."""
    adapter = AdapterLine(name="keras-torch", status="ready", versions={"keras": "3.15.1"})
    made = [script(one.line, one.cell, adapter, facet, one.answer)]
    try:
        made.append(script(one.line, one.cell, adapter, facet))
    except NoScript as reason:
        assert "keeps no numbers" in str(reason)  # noqa: PT017 - an end, not a failure
        assert facet != "values"
    return made


def asked(case_id: str) -> list[str]:
    """Those of them that have an answer."""
    case = catalogue()[case_id]
    facets = answer_of(case_id).expectation.asked(case.program).facets
    return [facet for facet in FACETS if facet in facets]


def moved(array: np.ndarray, where: Any, numbers: Any, within: Any, share: float) -> np.ndarray:
    """An array with some of its numbers off by a share of what is admissible."""
    truth, room = np.broadcast_arrays(np.asarray(numbers, np.float64), within)
    changed = np.array(array, np.float64)
    changed[where] = np.where(np.isfinite(truth), truth + share * room, truth)
    return changed


@pytest.mark.parametrize("case_id", CASES)
def test_numbers_just_within_their_tolerance_pass_and_just_beyond_fail(case_id: str) -> None:
    one, looked = judged(case_id, "keras-torch"), 0
    for facet in asked(case_id):
        honest = named(one, facet)
        for text in scripts(one, facet):
            for what, where, numbers, within in compared(text, honest):
                looked += 1
                for share in (0.999, -0.999):
                    near = moved(honest[what], where, numbers, within, share)
                    compared(text, {**honest, what: near}, honest)
                if not np.any(within):
                    continue
                far = moved(honest[what], where, numbers, within, 1.001)
                with pytest.raises(AssertionError, match="deviate"):
                    compared(text, {**honest, what: far}, honest)
    assert looked


@pytest.mark.parametrize("case_id", CASES)
def test_the_room_is_that_of_the_rule(case_id: str) -> None:
    """Of the rule itself, not of the script: 16 τ of a value pass, and no more of them."""
    one = judged(case_id, "keras-torch")
    told, honest = one.answer.expectation.calls[0].outputs, named(one, "values")
    for text in scripts(one, "values"):
        for at, expected in enumerate(told):
            if not expected.spread:
                continue
            truth = one.answer.arrays[expected.tensor]
            measure = scale(expected.dtype)
            spread = one.answer.arrays[expected.spread].astype(np.float64)
            room = np.where(np.isfinite(truth), 16 * (spread * measure.unit + measure.floor), 0)
            what = f"output {at}"
            compared(text, {**honest, what: truth + 0.9999 * room}, honest)
            with pytest.raises(AssertionError, match="deviate"):
                compared(text, {**honest, what: truth + 1.02 * room}, honest)


@pytest.mark.parametrize("case_id", CASES)
def test_a_script_of_a_deviation_fails_on_it_and_passes_on_an_honest_answer(case_id: str) -> None:
    honest, shown = judged(case_id, "keras-torch"), 0
    for fault in applicable(honest.case):
        wrong = judged(case_id, "keras-torch", fault)
        for facet in asked(case_id):
            verdict = next(one for one in wrong.verdict.facets if one.facet == facet)
            told = [one for one in verdict.comparisons if one.message]
            if verdict.outcome != "fail" or not told or not told[0].worst:
                continue
            shown += 1
            for text in scripts(wrong, facet):
                call = int(told[0].what[5]) if told[0].what.startswith("call ") else 0
                with pytest.raises(AssertionError):
                    compared(text, named(wrong, facet, call))
                compared(text, named(honest, facet, call))
    assert shown or case_id in EXACT


@pytest.mark.parametrize("facet", ["values", "gradients"])
def test_what_is_out_all_together_is_seen(facet: str) -> None:
    """Every number is off by half of what is admissible: none by itself, and all of them."""
    one = judged("documents/recurrent/gru", "keras-torch")
    honest = named(one, facet)
    limits = TRAINING if facet == "gradients" else VALUES
    told = one.answer.expectation
    pairs = {"output 0": told.calls[0].outputs[0]}
    if told.gradients and facet == "gradients":
        pairs = {"gradient of input x": told.gradients.inputs["x"]}
    ((what, expected),) = pairs.items()
    truth, spread = one.answer.arrays[expected.tensor], one.answer.arrays[expected.spread]
    target = Target(truth, spread, scale("float32"))
    room = limits.peak * (spread.astype(np.float64) * 2.0**-24 + 4 * 2.0**-126)
    off = truth + 0.5 * room
    found = compare(what, target, off, limits)
    assert "no number is out by itself" in found.message
    assert found.within
    facets = [
        replace(old, outcome="fail", comparisons=[found]) if old.facet == facet else old
        for old in one.verdict.facets
    ]
    wrong = one._replace(verdict=replace(one.verdict, outcome="fail", facets=facets))
    for text in scripts(wrong, facet):
        with pytest.raises(AssertionError, match="times its tolerance \\(rms\\)"):
            compared(text, {**honest, what: off}, honest)
        compared(text, honest)


def test_a_record_that_holds_too_few_of_such_numbers_gets_no_script() -> None:
    one = judged("documents/recurrent/gru", "keras-torch")
    values = next(facet for facet in one.verdict.facets if facet.facet == "values")
    cut = replace(values.comparisons[0], message="m", margin=0.5, rms=1.5, within=[1e-6], worst=[])
    facets = [replace(values, outcome="fail", comparisons=[cut])]
    wrong = one._replace(verdict=replace(one.verdict, outcome="fail", facets=facets))
    with pytest.raises(NoScript, match="the record doesn't hold all of them"):
        script(wrong.line, wrong.cell)


def test_an_older_record_tells_its_tolerances_by_how_far_numbers_are_off() -> None:
    case_id = "documents/recurrent/gru"
    honest = judged(case_id, "keras-torch")
    wrong = judged(case_id, "keras-torch", applicable(honest.case)[0])
    values = next(one for one in wrong.verdict.facets if one.facet == "values")
    assert values.outcome == "fail"
    old = [
        replace(found, within=None, worst=[replace(w, within=None) for w in found.worst])
        for found in values.comparisons
    ]
    facets = [replace(values, comparisons=old)]
    older = wrong._replace(verdict=replace(wrong.verdict, facets=facets))
    new, text = script(wrong.line, wrong.cell), script(older.line, older.cell)
    for one, other in zip(compared_with(new, honest), compared_with(text, honest), strict=True):
        assert one[:2] == other[:2]
        assert np.allclose(one[3], other[3], rtol=0.01)


def compared_with(text: str, honest: Judged) -> list[Any]:
    return compared(text, named(honest, "values"))


@given(
    st.floats(allow_nan=False, allow_infinity=False, width=64, min_value=-1e30, max_value=1e30),
    st.floats(min_value=1e-37, max_value=1e25),
)
def test_a_number_cut_short_is_never_held_to_less_room_and_hardly_to_more(
    number: float, within: float
) -> None:
    short, room = written(number, within)
    assert abs(short - number) + within <= room * (1 + 1e-15)
    assert room <= within * 1.02


def test_numbers_that_must_be_equal_keep_all_their_digits() -> None:
    assert written(0.1234567890123456, 0.0) == (0.1234567890123456, 0.0)
    assert written(float("inf"), 1.0) == (float("inf"), 0.0)
