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
    ],
)
def test_mistakes_with_strings_and_adapt(tmp_path: Path, body: str, said: str) -> None:
    found = load_body(tmp_path, body, HEAD)
    assert not found.cases
    assert any(said in str(problem) for problem in found.problems), found.problems


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
