"""Functions that are called on arrays of NumPy: who is asked, and what is right."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases_samples import load_body
from msgspec.structs import replace
from seeded import answered

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.cases.model import Case

HEAD = "- id: a\n  title: Something holds\n"


@pytest.fixture
def cases(tmp_path: Path) -> Any:
    """Loads the cases of one written case, which must be sound."""

    def read(body: str) -> list[Case]:
        found = load_body(tmp_path, textwrap.dedent(body), HEAD)
        assert [str(problem) for problem in found.problems] == []
        return found.cases

    return read


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("function: ops.sum\ninput: {shape: [2, 3]}\n", True),
        ("function: ops.sum\ninput: {values: 2.5}\n", True),
        ("function: ops.sum\ninput: {shape: [2, 3], dtype: float16}\n", True),
        ("function: losses.Huber\ninputs: {a: {shape: [2, 3]}, b: {shape: [2, 3]}}\n", True),
        ("function: ops.sum\ninput: {shape: [2, 3], dtype: bfloat16}\n", False),
        (
            "function: ops.add\ninputs: {a: {shape: [3], dtype: bfloat16}, b: {shape: [3]}}\n",
            False,
        ),
        ("function: ops.eye\nconfig: {N: 3}\n", False),
        ("function: random.normal\nconfig: {shape: [3], seed: 7}\nrandom: {}\n", False),
        ("function: ops.sum\ninput: {shape: [2]}\nwithout: {from_numpy: So it is}\n", False),
    ],
)
def test_a_function_is_asked_where_numpy_has_its_inputs(cases: Any, body: str, asked: bool) -> None:  # noqa: FBT001 - a column of the table
    (case,) = cases(body)
    assert ("from_numpy" in case.program.facets) == asked


def test_few_cases_of_a_file_are_asked_and_no_other_facet_loses_any(cases: Any) -> None:
    found = cases("""\
        function: ops.sum
        input: {shape: [2, 3]}
        config: {axis: 0, keepdims: false}
        vary: {config.axis: [0, 1], config.keepdims: [true, false]}
        combine: product
        """)
    few = [case for case in found if "from_numpy" in case.program.facets]
    assert 2 <= len(few) < len(found)
    shown = {case.program.model.nodes[0].arguments["axis"] for case in few}
    assert shown == {0, 1}


@pytest.fixture
def negative(cases: Any) -> Any:
    """Judges an answer to arrays of NumPy, by the facet's outcome and message."""
    (case,) = cases("function: ops.negative\ninput: {values: [1.0, -2.0]}\n")
    one = answered(case)
    (output,) = one.honest.observation.from_numpy

    def judged(
        array: Any, dtype: str = "float32", changed: tuple[str, ...] = ()
    ) -> tuple[str, str]:
        told = replace(output, shape=[*array.shape], dtype=dtype)
        observation = replace(one.honest.observation, from_numpy=[told], changed=[*changed])
        tensors = {**one.honest.tensors, output.tensor: array}
        cell = one.judged(one.honest._replace(observation=observation, tensors=tensors))
        (facet,) = [facet for facet in cell.facets if facet.facet == "from_numpy"]
        return facet.outcome, facet.message

    return judged


def test_the_same_numbers_in_the_same_dtype_pass(negative: Any) -> None:
    assert negative(np.array([-1.0, 2.0], np.float32)) == ("pass", "")


def test_other_numbers_and_other_dtypes_fail(negative: Any) -> None:
    outcome, said = negative(np.array([-1.0, -2.0], np.float32))
    assert outcome == "fail"
    assert "output 0 at [1]: expected 2" in said
    outcome, said = negative(np.array([-1.0, 2.0]), "float64")
    assert (outcome, said) == ("fail", "output 0: expected float32, observed float64")
    assert negative(np.array([[-1.0, 2.0]], np.float32))[0] == "fail"


def test_what_was_given_stays_as_it_is(negative: Any) -> None:
    outcome, said = negative(np.array([-1.0, 2.0], np.float32), changed=("x", "\x1b[31m"))
    assert outcome == "fail"
    assert said.startswith("the call changed what it was given: x, ")
    assert "\x1b" not in said
