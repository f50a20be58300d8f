"""Symbolic calls of functions while sizes are not known: who is asked, and what is right."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from cases_samples import load_body
from msgspec.structs import replace
from seeded import answered

from conformance.adapters.host.observation import Failure, Symbolic
from conformance.adapters.shared.open_sizes import opened
from conformance.cases import load
from conformance.facets import OPEN

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


def asked(case: Case) -> set[str]:
    return {*OPEN} & {*case.program.facets}


# --- which sizes are open -----------------------------------------------------------------------


def test_no_size_is_known_or_a_batchs_is_not() -> None:
    shapes = [[], [2, 3], [3], [2, 5]]
    assert opened("symbolic_shape", shapes) == shapes
    assert opened("open_sizes", shapes) == [[], [None, None], [None], [None, None]]
    # The batch is the first size that there is; a mean of three, or a kernel, isn't of it.
    assert opened("open_batch", shapes) == [[], [None, 3], [3], [None, 5]]
    assert opened("open_batch", [[]]) == [[]]


# --- who is asked -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "facets"),
    [
        ("function: ops.sum\ninput: {shape: [2, 3]}\n", {*OPEN}),
        ("function: ops.sum\ninput: {shape: [3]}\n", {"open_sizes"}),
        ("function: ops.negative\ninput: {values: 2.5}\n", set()),
        ("function: activations.relu\ninput: {shape: [2, 3]}\n", {*OPEN}),
        # Not called symbolically at all.
        ("function: losses.Huber\ninputs: {a: {shape: [2, 3]}, b: {shape: [2, 3]}}\n", set()),
        (
            "function: ops.sum\ninput: {shape: [2, 3]}\nwithout: {symbolic_shape: It has none}\n",
            set(),
        ),
        ("function: ops.sum\ninput: {shape: [2, 3]}\nwithout: {open_sizes: So}\n", {"open_batch"}),
        # How many answers there are.
        ("function: ops.unstack\ninput: {shape: [2, 3]}\n", set()),
        ("function: ops.unstack\nconfig: {num: 2}\ninput: {shape: [2, 3]}\n", {*OPEN}),
        ("function: ops.unstack\nconfig: {axis: -1}\ninput: {shape: [2, 3]}\n", {"open_batch"}),
        # Which axes are left.
        ("function: ops.squeeze\ninput: {shape: [2, 1]}\n", set()),
        ("function: ops.squeeze\nconfig: {axis: 1}\ninput: {shape: [2, 1]}\n", {*OPEN}),
        # Whether a vector comes out, or a number.
        (
            "function: ops.cross\ninputs: {a: {shape: [2, 3]}, b: {shape: [2, 3]}}\n",
            {"open_batch"},
        ),
        (
            (
                "function: ops.cross\ninputs: {a: {shape: [3, 2]}, b: {shape: [3, 2]}}\n"
                "config: {axis: 0}\n"
            ),
            set(),
        ),
    ],
)
def test_a_function_is_asked_unless_its_answer_hangs_on_a_size(
    cases: Any, body: str, facets: set[str]
) -> None:
    (case,) = cases(body)
    assert asked(case) == facets


def test_nearly_all_functions_of_keras_ops_are_asked() -> None:
    """The rule lets few go, so that a mistake in it would not take the facets away unseen."""
    let_go = set()
    for case in load().cases:
        model, facets = case.program.model, case.program.facets
        has_axes = model.form == "function" and any(spec.shape for spec in model.inputs)
        if has_axes and "symbolic_shape" in facets and "open_sizes" not in facets:
            let_go |= {node.layer for node in model.nodes}
    assert let_go == {"ops.unstack", "ops.squeeze", "ops.cross"}


def test_few_cases_of_a_file_are_asked_for_an_open_batch(cases: Any) -> None:
    found = cases("""\
        function: ops.sum
        input: {shape: [2, 3]}
        config: {axis: 0, keepdims: false}
        vary: {config.axis: [0, 1], config.keepdims: [true, false]}
        combine: product
        """)
    assert len(found) == 4
    assert all("open_sizes" in case.program.facets for case in found)
    assert 2 <= sum("open_batch" in case.program.facets for case in found) < 4


# --- what is right ------------------------------------------------------------------------------


@pytest.fixture
def softmax(cases: Any) -> Any:
    """Judges what is stated of the softmax of a (2, 3), by the facet's outcome and message."""
    (case,) = cases("function: ops.softmax\ninput: {shape: [2, 3]}\n")
    one = answered(case)

    def judged(told: Symbolic | None, **more: Any) -> tuple[str, str]:
        observation = replace(one.honest.observation, open_sizes=told, **more)
        cell = one.judged(one.honest._replace(observation=observation))
        (facet,) = [facet for facet in cell.facets if facet.facet == "open_sizes"]
        return facet.outcome, facet.message

    return judged


@pytest.mark.parametrize("shape", [[None, None], [2, None], [None, 3], [2, 3]])
def test_a_size_is_its_own_or_none(softmax: Any, shape: list[int | None]) -> None:
    assert softmax(Symbolic(outputs=[shape], dtypes=["float32"])) == ("pass", "")


@pytest.mark.parametrize(
    ("shapes", "dtypes", "message"),
    [
        ([[3, None]], ["float32"], "output 0: expected (2, 3), each size or None, observed (3, "),
        ([[None]], ["float32"], "each size or None, observed (None,)"),
        ([[None, None, None]], ["float32"], "each size or None, observed (None, None, None)"),
        ([[None, None]], ["float16"], "output 0: expected float32, observed float16"),
        ([[None, None]] * 2, ["float32"] * 2, "outputs: expected 1 of them, observed 2 with 2"),
        ([[None, None]], [], "outputs: expected 1 of them, observed 1 with 0 dtypes"),
        ([], [], "outputs: expected 1 of them, observed 0"),
    ],
)
def test_another_answer_fails(
    softmax: Any, shapes: list[list[int | None]], dtypes: list[str], message: str
) -> None:
    outcome, said = softmax(Symbolic(outputs=shapes, dtypes=dtypes))
    assert outcome == "fail"
    assert message in said


def test_no_answer_is_the_adapters_error(softmax: Any) -> None:
    outcome, said = softmax(None)
    assert outcome == "error"
    assert "missing from its answer" in said


def test_what_the_call_with_every_size_says_as_well_is_its_fault(softmax: Any) -> None:
    wrong = Symbolic(inputs=[[2, 3]], outputs=[[2, 3]], dtypes=["float16"])
    alike = Symbolic(outputs=[[None, None]], dtypes=["float16"])
    outcome, said = softmax(alike, symbolic=wrong)
    assert outcome == "blocked"
    assert said.startswith("blocked by symbolic_shape: output 0: expected float32")
    # Another fault is the facet's own, and so is a size that goes against both.
    assert softmax(replace(alike, dtypes=["float64"]), symbolic=wrong)[0] == "fail"
    assert softmax(replace(alike, outputs=[[None, 9]]), symbolic=wrong)[0] == "fail"
    assert softmax(replace(alike, dtypes=["float32"]), symbolic=wrong)[0] == "pass"


def test_where_the_call_with_every_size_raises_nobody_is_asked_further(softmax: Any) -> None:
    failure = Failure(stage="symbolic_shape", type="ValueError", message="no")
    outcome, said = softmax(None, symbolic=None, errors={"symbolic_shape": failure})
    assert (outcome, said) == ("blocked", "blocked by symbolic_shape: symbolic_shape raised")


def test_a_size_that_only_the_data_tell_may_not_be_stated(cases: Any) -> None:
    (case,) = cases("function: ops.nonzero\ninput: {values: [1.0, 0.0, 2.0]}\n")
    one = answered(case)
    (dtype,) = {output.dtype for call in one.answer.expectation.calls for output in call.outputs}
    for size, outcome in ((None, "pass"), (2, "fail")):
        told = Symbolic(outputs=[[size]], dtypes=[dtype])
        observation = replace(one.honest.observation, open_sizes=told)
        cell = one.judged(one.honest._replace(observation=observation))
        assert [f.outcome for f in cell.facets if f.facet == "open_sizes"] == [outcome]
