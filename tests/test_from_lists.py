"""Functions and metrics that are called on Python lists: who is asked, and what is right."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases_samples import load_body
from msgspec.structs import replace
from seeded import answered

from conformance.adapters.keras.subjects.parts import as_lists
from conformance.adapters.shared.functions import is_made
from conformance.cases import names
from conformance.cases.listed import FUNCTIONS, METRICS

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.cases.model import Case

HEAD = "- id: a\n  title: Something holds\n"

MEAN = """\
object: metrics.Mean
inputs: {y: {values: [1.0, 3.0]}}
steps:
  - update_state: [y]
  - result
  - update_state: [y]
  - result
"""


@pytest.fixture
def cases(tmp_path: Path) -> Any:
    """Loads the cases of one written case, which must be sound."""

    def read(body: str) -> list[Case]:
        found = load_body(tmp_path, textwrap.dedent(body), HEAD)
        assert [str(problem) for problem in found.problems] == []
        return found.cases

    return read


TWO = "inputs: {a: {shape: [2, 3]}, b: {shape: [2, 3]}}\n"


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("function: ops.deg2rad\ninput: {shape: [2, 3]}\n", True),
        ("function: ops.deg2rad\ninput: {values: 2.5}\n", True),
        (f"function: losses.huber\n{TWO}", True),
        (MEAN, True),
        ("function: ops.sum\ninput: {shape: [2, 3]}\n", False),
        (f"function: losses.Huber\n{TWO}", False),
        ("function: ops.deg2rad\ninput: {shape: [2, 3], dtype: float16}\n", False),
        ("function: ops.deg2rad\ninput: {shape: [0, 3]}\n", False),
        ("function: ops.linspace\nconfig: {start: 0.0, stop: 1.0}\n", False),
        (MEAN.replace("Mean", "R2Score").replace("[y]", "[y, y]"), False),
        (MEAN + "without: {from_lists: So it is}\n", False),
        (MEAN.replace("3.0]", "3.0], dtype: float16"), False),
    ],
)
def test_what_is_documented_to_take_lists_is_asked(cases: Any, body: str, asked: bool) -> None:  # noqa: FBT001 - a column of the table
    (case,) = cases(body)
    assert ("from_lists" in case.program.facets) == asked


def test_what_is_named_is_keras_s() -> None:
    for symbol in FUNCTIONS:
        assert names.unfit_symbol(symbol, "function") is None, symbol
    for symbol in METRICS:
        assert names.unfit_symbol(symbol, "object") is None, symbol
        assert is_made(symbol)


@pytest.mark.parametrize(
    ("array", "dtype", "listed"),
    [
        ([[1, 2]], "int32", [[1, 2]]),
        ([[1, 2]], "float32", [[1.0, 2.0]]),
        (2.5, "float32", 2.5),
        ([1, 0], "bool", [True, False]),
    ],
)
def test_lists_hold_numbers_of_python(array: Any, dtype: str, listed: Any) -> None:
    made = as_lists(np.asarray(array), dtype)
    assert made == listed
    assert {type(one) for one in np.ravel(np.array(made, object))} == {
        type(one) for one in np.ravel(np.array(listed, object))
    }


def judged(case: Case, *answers: Any) -> tuple[str, str]:
    """The facet's outcome and message, were the results of lists these."""
    one = answered(case)
    told, tensors = [], dict(one.honest.tensors)
    honest = one.honest.observation.from_lists
    for index, array in enumerate(answers):
        tensors[f"given/{index}"] = array
        output = honest[min(index, len(honest) - 1)]
        told.append(
            replace(output, shape=[*array.shape], dtype=array.dtype.name, tensor=f"given/{index}")
        )
    observation = replace(one.honest.observation, from_lists=told)
    cell = one.judged(one.honest._replace(observation=observation, tensors=tensors))
    (facet,) = [facet for facet in cell.facets if facet.facet == "from_lists"]
    return facet.outcome, facet.message


def test_the_same_numbers_pass_in_any_dtype(cases: Any) -> None:
    (case,) = cases("function: activations.relu\ninput: {values: [-1.0, 2.0]}\n")
    assert judged(case, np.array([0.0, 2.0], np.float32)) == ("pass", "")
    assert judged(case, np.array([0.0, 2.0], np.float64)) == ("pass", "")


def test_other_numbers_and_shapes_fail(cases: Any) -> None:
    (case,) = cases("function: activations.relu\ninput: {values: [-1.0, 2.0]}\n")
    outcome, said = judged(case, np.array([0.0, 3.0], np.float32))
    assert outcome == "fail"
    assert "output 0 at [1]: expected 2" in said
    assert judged(case, np.array([[0.0, 2.0]], np.float32))[0] == "fail"


def test_each_result_of_a_metric_is_judged(cases: Any) -> None:
    (case,) = cases(MEAN)
    right = np.float32(2.0)
    assert judged(case, np.asarray(right), np.asarray(right)) == ("pass", "")
    outcome, said = judged(case, np.asarray(right), np.asarray(np.float32(3.0)))
    assert outcome == "fail"
    assert said.startswith("call 3 output 0: expected 2")
    assert judged(case, np.asarray(right))[0] == "fail"
