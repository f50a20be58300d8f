"""Reducing a failing case: what is tried, what is kept, and the script of what is left."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from msgspec.structs import replace

from conformance.cases import load
from conformance.cases.model import Data, InputSpec, Model, Node
from conformance.reducing.bench import Trial
from conformance.reducing.reduction import reduce
from conformance.reducing.smaller import smaller
from conformance.repro.keras import model_lines
from conformance.verdicts.model import CellVerdict, FacetVerdict

AVERAGE = "layers/pooling/average-pooling1d-of-two"

CASE = """\
- id: deep
  title: Three layers
  source: {keras: keras.layers.Dense}
  input: {shape: [7, 5], batch: [4, 2]}
  model:
    - Dense: {units: 9, activation: relu}
    - Conv1D: {filters: 8, kernel_size: 3, padding: same, strides: 2}
    - Dense: {units: 6}
  expect: {output_shape: [null, 4, 6]}
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "cases" / "fakes.yaml"
    path.parent.mkdir()
    path.write_text(CASE)
    (found,) = load([path]).checked()
    return found


def judge_by(fails, message="output 0 at [0]: off"):
    """A judge that says ``fail`` or ``error`` where a program makes it."""
    asked = []

    def judge(case):
        asked.append(case)
        outcome = fails(case.program)
        facets = [FacetVerdict(facet="values", outcome=outcome, message=message)]
        return Trial(CellVerdict(case=case.id, adapter="a", outcome=outcome, facets=facets), None)

    return judge, asked


def convolves(program):
    strided = [node for node in program.model.nodes if node.config.get("strides", 1) != 1]
    return "fail" if strided and program.model.inputs[0].shape[0] >= 3 else "pass"


def test_what_is_left_is_what_makes_it_fail(case):
    judge, _ = judge_by(convolves)
    found = reduce(case, judge, 30)
    program = found.case.program
    assert found.facet == "values"
    assert [node.config for node in program.model.nodes] == [{"strides": 2}]
    assert program.model.inputs[0].shape == [3, 1]
    assert [call.batch for call in program.calls] == [1]
    assert program.weights == "integers"
    assert program.model.inputs[0].data.kind == "integers"
    assert found.case.digest != case.digest


def test_a_call_of_another_size_becomes_the_only_one(case):
    """What fails at the second size alone is reduced to a model that is fed that size."""
    spec = replace(case.program.model.inputs[0], shape=[3, 5], declared=[None, 5])
    longer = replace(case.program.calls[1], sizes={"x": [8, 5]})
    program = replace(
        case.program,
        model=replace(case.program.model, inputs=[spec]),
        calls=[case.program.calls[0], longer],
    )

    def fails(program):
        lengths = [call.shape(program.model.inputs[0])[0] for call in program.calls]
        return "fail" if max(lengths) >= 6 else "pass"

    judge, _ = judge_by(fails)
    left = reduce(replace(case, program=program), judge, 30).case.program
    assert [(call.batch, call.sizes) for call in left.calls] == [(1, None)]
    assert left.model.inputs[0].shape[0] == 6


def test_what_passes_is_not_reduced(case):
    judge, asked = judge_by(lambda _: "pass")
    found = reduce(case, judge, 30)
    assert (found.case, found.facet) == (case, "")
    assert len(asked) == 1


def test_the_failure_of_a_facet_that_is_named_is_kept(case):
    def judge(case):
        outcome = convolves(case.program)
        facets = [
            FacetVerdict(facet=name, outcome=outcome, message=f"{name} is off")
            for name in case.program.facets
            if name in {"values", "gradients"}
        ]
        return Trial(CellVerdict(case=case.id, adapter="a", outcome=outcome, facets=facets), None)

    found = reduce(case, judge, 30, "gradients")
    assert found.facet == "gradients"
    assert "gradients" in found.case.program.facets
    assert [node.config for node in found.case.program.model.nodes] == [{"strides": 2}]
    passing = reduce(case, judge, 30, "batch")
    assert (passing.case, passing.facet) == (case, "")


def test_literal_numbers_lose_the_rows_that_are_not_fed(case):
    spec = replace(
        case.program.model.inputs[0], shape=[2], data=Data(kind="values", values=[[1, 2]] * 4)
    )
    model = replace(case.program.model, inputs=[spec])
    program = replace(case.program, model=model, calls=case.program.calls[:1])
    fed = [
        (len(one.model.inputs[0].data.values), one.calls[0].batch)
        for one in smaller(program)
        if one.model.inputs[0].data.kind == "values"
    ]
    assert (1, 1) in fed
    assert all(rows == batch for rows, batch in fed)


def test_a_shape_that_is_an_argument_stays_a_list(case):
    node = replace(case.program.model.nodes[0], config={"input_shape": [3, 3], "strides": [2, 2]})
    model = replace(case.program.model, nodes=[node])
    found = [one.model.nodes[0].config for one in smaller(replace(case.program, model=model))]
    assert {"input_shape": [3, 3], "strides": 2} in found
    assert all(isinstance(config.get("input_shape", []), list) for config in found)


def test_another_exception_is_another_failure(case):
    def judge(case):
        deep = len(case.program.model.nodes) > 1
        message = "ValueError: shapes 3 and 4" if deep else "TypeError: no such thing"
        facets = [FacetVerdict(facet="values", outcome="error", message=message)]
        return Trial(CellVerdict(case=case.id, adapter="a", outcome="error", facets=facets), None)

    found = reduce(case, judge, 30)
    assert len(found.case.program.model.nodes) == 2


def test_a_case_without_answer_has_no_reduction(case):
    assert reduce(case, lambda _: None, 30) is None


def test_time_is_kept(case):
    judge, asked = judge_by(convolves)
    found = reduce(case, judge, 0)
    assert found.tried == 0
    assert len(asked) == 2


def test_every_proposal_is_smaller():
    """By layers, sizes, calls, or the roundness of its numbers; so the search comes to an end."""

    def size(program):
        kinds = sum(spec.data.kind in {"normal", "uniform"} for spec in program.model.inputs)
        shapes = sum(sum(spec.shape) for spec in program.model.inputs)
        calls = sum(1 + call.batch for call in program.every_call)
        model = len(repr([node.config for node in program.model.nodes])) + len(program.model.nodes)
        return shapes, calls, kinds + (program.weights == "normal"), model, _total(program)

    def _total(program):
        text = repr([node.config for node in program.model.nodes])
        digits = "".join(c if c.isdigit() else " " for c in text)
        return sum(int(part) for part in digits.split())

    cases = [one for one in load().checked() if one.id.startswith(("documents/", "layers/pool"))]
    for case in cases[:200]:
        before = size(case.program)
        for program in smaller(case.program):
            after = size(program)
            assert all(a <= b for a, b in zip(after, before, strict=True)), (case.id, program)
            assert after != before, (case.id, program)


def test_a_model_without_names_holds_strings_and_no_code_of_a_case():
    config = {"units": 1, "name": "mine", "a": "x, name='", "b": '" + evil() + "'}
    node = Node(name="dense", layer="Dense", config=config, inputs=["x"])
    inputs = [InputSpec(name="x", shape=[2])]
    model = Model(form="sequential", inputs=inputs, nodes=[node], outputs=["dense"])
    tree = ast.parse("\n".join(model_lines(model, named=False)))
    assert "evil" not in {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
    given = {one.arg: one.value for one in ast.walk(tree) if isinstance(one, ast.keyword)}
    assert {name: ast.literal_eval(value) for name, value in given.items()} == {
        "units": 1,
        "a": config["a"],
        "b": config["b"],
    }


@pytest.mark.frameworks
def test_the_script_is_short_and_shows_it(tmp_path):
    command = [sys.executable, "-m", "conformance.cli", "repro", AVERAGE, "--adapter"]
    made = subprocess.run(
        [*command, "keras-torch"], capture_output=True, text=True, timeout=300, check=False
    )
    assert made.returncode == 0, made.stderr
    assert len(made.stdout.splitlines()) <= 25
    assert "conformance" not in made.stdout.replace(AVERAGE, "")
    path = tmp_path / "script.py"
    path.write_text(made.stdout)
    shown = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=300, check=False
    )
    assert shown.returncode == 1
    assert "AssertionError: [[[" in shown.stderr


# --- functions and steps ------------------------------------------------------------------------

SUBJECTS = """\
- id: sum
  title: A function with literals and an array more than it takes to fail
  function: losses.Huber
  inputs: {a: {shape: [4, 6]}, b: {shape: [4, 6]}, w: {shape: [4], data: uniform}}
  of: [a, b]
  with: {sample_weight: w}
  config: {delta: 2.0, reduction: none}
- id: adam
  title: An object with more steps and variables than it takes to fail
  object: optimizers.Adam
  config: {learning_rate: 0.5, amsgrad: true}
  variables: {v: {shape: [4]}, w: {shape: [3, 2]}}
  inputs: {g: {shape: [4]}, h: {shape: [3, 2]}}
  steps:
    - apply: {v: g, w: h}
      times: 2
    - set: {learning_rate: 0.25}
    - apply: {v: g, w: h}
"""


@pytest.fixture
def subjects(tmp_path):
    path = tmp_path / "cases" / "some.yaml"
    path.parent.mkdir()
    path.write_text(SUBJECTS)
    return {case.id.rpartition("/")[2]: case for case in load([path]).checked()}


def test_a_function_loses_what_it_does_not_take_to_fail(subjects):
    def fails(program):
        (node,) = program.model.nodes
        shapes = {spec.name: spec.shape for spec in program.model.inputs}
        sound = {"y_true", "y_pred"} <= node.tensors.keys() and shapes["a"] == shapes["b"]
        return "fail" if sound and node.config.get("reduction") == "none" else "pass"

    judge, _ = judge_by(fails)
    program = reduce(subjects["sum"], judge, 30).case.program
    (node,) = program.model.nodes
    assert node.config == {"reduction": "none"}
    assert [*node.tensors] == ["y_true", "y_pred"]
    # Sizes that belong together get smaller together, and an array that nothing takes is gone.
    assert {spec.name: spec.shape for spec in program.model.inputs} == {"a": [1, 1], "b": [1, 1]}
    assert {spec.data.kind for spec in program.model.inputs} == {"integers"}


def test_an_object_loses_steps_variables_and_arguments(subjects):
    def fails(program):
        applied = [step for step in program.steps if "w" in step.tensors]
        shapes = {spec.name: spec.shape for spec in (*program.variables, *program.inputs)}
        sound = len(applied) >= 2 and shapes["w"] == shapes["h"]
        return "fail" if sound and program.object.config.get("amsgrad") else "pass"

    judge, _ = judge_by(fails)
    program = reduce(subjects["adam"], judge, 30).case.program
    assert [step.call for step in program.steps] == ["apply", "apply"]
    assert program.object.config == {"amsgrad": True}
    assert [(spec.name, spec.shape) for spec in program.variables] == [("w", [1, 1])]
    assert [(spec.name, spec.shape) for spec in program.inputs] == [("h", [1, 1])]


def test_a_fault_of_the_reference_is_none_to_be_shown(subjects):
    """Where it states no gradients, say, there is nothing that a framework does wrong."""

    def judge(case):
        broken = FacetVerdict(facet="gradients", outcome="error", broken="reference")
        return Trial(CellVerdict(case=case.id, adapter="a", outcome="error", facets=[broken]), None)

    assert reduce(subjects["sum"], judge, 30).facet == ""


@pytest.mark.frameworks
def test_the_keepdims_of_a_sum_on_torch_is_a_script_of_a_few_lines(tmp_path):
    path = tmp_path / "sum.yaml"
    path.write_text(
        "- id: sum\n  title: t\n  function: ops.sum\n  input: {shape: [3, 4, 2]}\n"
        "  config: {axis: null, keepdims: true}\n"
    )
    program = [sys.executable, "-m", "conformance.cli", "repro", str(path)]
    done = subprocess.run(
        [*program, "--adapter", "keras-torch"], capture_output=True, text=True, check=True
    )
    if "nothing deviates" in done.stderr:
        pytest.skip("this Keras keeps the dimensions")
    assert done.stdout.splitlines()[-2:] == [
        "y = keras.ops.sum(x, keepdims=True)",
        "assert tuple(y.shape) == (1, 1, 1), y.shape",
    ]
    again = subprocess.run(
        [sys.executable, "-c", done.stdout], capture_output=True, text=True, check=False
    )
    assert "AssertionError: torch.Size([])" in again.stderr
