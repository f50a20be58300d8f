"""Strings: in a case, on the wire, in the reference; and what layers are adapted to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases_samples import load_body

from conformance.adapters.shared.texts import decoded, encoded
from conformance.cases import load
from conformance.reference import evaluate
from conformance.reference.faults.applicable import applicable
from conformance.reference.faults.observe import observe
from conformance.verdicts.cell import judge_cell

FILE = Path(__file__).parents[1] / "cases" / "layers" / "preprocessing" / "strings.yaml"
WRITTEN = {case.id.split("[")[0]: case for case in reversed(load([FILE]).checked())}
"""The first concrete case of each written one."""
ANSWERED = [case for case in WRITTEN.values() if case.raises is None]

HEAD = """\
- id: one
  title: A case
  source: {keras: keras.layers.StringLookup}
"""
LOOKUP = "layer: StringLookup\nconfig: {vocabulary: [a]}\n"


@pytest.mark.parametrize("strings", [["a", "", "größer"], [["ab"], [" c "]], [], [""]])
def test_strings_come_back_from_the_wire(strings: Any) -> None:
    array = encoded(strings)
    assert array.dtype == np.uint8
    assert array.shape[:-1] == np.asarray(strings, object).shape
    back = decoded(array)
    assert [one.decode() for one in back.ravel()] == list(np.asarray(strings, object).ravel())


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 3), np.int64), np.zeros((), np.uint8), np.zeros((2, 0), np.uint8)],
    ids=["dtype", "axes", "places"],
)
def test_what_are_no_strings_on_the_wire_is_refused(array: Any) -> None:
    with pytest.raises(ValueError, match="strings travel as uint8"):
        decoded(array)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("input: {dtype: string, shape: [2]}\n" + LOOKUP, "has no strings"),
        ("input: {dtype: string, values: [[a, 1]]}\n" + LOOKUP, "expected a string"),
        ("input: {dtype: string, values: [[a, b], [c]]}\n" + LOOKUP, "a list of 2"),
        ('input: {dtype: string, values: [["a\\0"]]}\n' + LOOKUP, "can't be seen"),
        (f"input: {{dtype: string, values: [[{'a' * 5000}]]}}\n" + LOOKUP, "at most 4,096"),
        ("input: {values: [[a]]}\n" + LOOKUP, "expected a number"),
        ("input: {shape: [2]}\nadapt: 5\nlayer: Normalization", "a list of samples"),
        ("input: {shape: [2]}\nadapt: []\nlayer: Normalization", "a list of samples"),
        ("input: {shape: [2]}\nadapt: [a, 1]\nlayer: Normalization", "expected a string"),
        ("input: {shape: [2]}\nadapt: [1]\nmodel: [Flatten]", "says nothing beside `model`"),
        ("input: {shape: [2]}\nadapt: {}\nlayer: Normalization", "the key 'calls' is missing"),
        ("input: {shape: [2]}\nadapt: {call: [1]}\nlayer: Normalization", "did you mean 'calls'"),
        ("input: {shape: [2]}\nadapt: {calls: [[1]]}\nlayer: Normalization", "or more"),
        ("input: {shape: [2]}\nadapt: {calls: [[1], 2]}\nlayer: Normalization", "of samples"),
    ],
)
def test_mistakes_with_strings_and_adapt(tmp_path: Path, body: str, said: str) -> None:
    found = load_body(tmp_path, body, HEAD)
    assert not found.cases
    assert any(said in str(problem) for problem in found.problems), found.problems


BINS = "layer: Discretization\nconfig: {num_bins: 2}\nadapt: [[4, 1, 3, 2, 8, 7, 6, 5]]\n"
"""The boundary is at 4.5; to the tolerance, and whatever a quantile is, between 3 and 6."""


def test_a_number_where_a_learned_boundary_may_be_has_no_answer(tmp_path: Path) -> None:
    def answer(number: float) -> Any:
        body = f"input: {{values: [[{number}]]}}\n{BINS}"
        (case,) = load_body(tmp_path, body, HEAD).checked()
        return evaluate(case).expectation.calls[0].outputs[0].shape

    assert answer(2.9) == answer(6) == [1, 1]
    for number in (3, 4.5, 5.9):
        with pytest.raises(Exception, match="as near to a boundary as its tolerance"):
            answer(number)


def test_what_earlier_calls_of_adapt_are_given_stays_in_their_order(tmp_path: Path) -> None:
    body = (
        "input: {shape: [2]}\nadapt: {calls: [[[1, 2]], [[3, 4]], [[5, 6]]]}\nlayer: Normalization"
    )
    (case,) = load_body(tmp_path, body, HEAD).checked()
    (node,) = case.program.model.nodes
    assert (node.adapted_before, node.adapt) == ([[[1, 2]], [[3, 4]]], [[5, 6]])


def test_a_layer_that_takes_no_strings_is_none_for_the_reference(tmp_path: Path) -> None:
    body = "input: {dtype: string, values: [[a]]}\nlayer: Flatten"
    (case,) = load_body(tmp_path, body, HEAD).checked()
    with pytest.raises(Exception, match="strings among its inputs"):
        evaluate(case)


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case.id.rsplit("/", 1)[-1])
def test_every_case_of_strings_can_fail(case: Any) -> None:
    answer = evaluate(case)

    def outcome(fault: Any = None) -> str:
        seen = observe(case, answer.feeds, fault)
        return judge_cell(
            case,
            "reference",
            expectation=answer.expectation,
            truth=answer.arrays,
            observation=seen.observation,
            tensors=seen.tensors,
        ).outcome

    assert outcome() == "pass"
    assert any(outcome(fault) in {"fail", "error"} for fault in applicable(case))
