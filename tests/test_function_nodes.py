"""Functions as nodes of a graph: from YAML to the reference, its rivals, reduction and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases_samples import deviations, load_body, load_case

from conformance.cases import json_schema
from conformance.reducing.smaller import smaller
from conformance.reference import evaluate
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.faults.applicable import applicable
from conformance.reference.faults.observe import observe
from conformance.reference.model.network import Network
from conformance.repro.keras import model_lines
from conformance.repro.native_steps import native_body
from conformance.repro.plan import Plan
from conformance.verdicts.facets import judge

if TYPE_CHECKING:
    from pathlib import Path

GATED = """
input: {shape: [null, 3], sizes: [4, 3]}
model:
  nodes:
    dense: {Dense: {units: 2}, of: x}
    gate: {ops.sigmoid: {}, of: dense}
    half: {ops.multiply: {x2: 0.5}, of: gate}
    gated: {ops.subtract: {}, of: [dense, half]}
    last: {Dense: {units: 1}, of: gated}
  outputs: [last, gated]
"""
OVER_ROWS = """
input: {shape: [3], batch: 3}
model:
  nodes:
    mean: {ops.mean: {axis: 0}, of: x}
    centred: {ops.subtract: {}, of: [x, mean]}
  outputs: [centred, mean]
"""
BEGIN = """
inputs: {a: {shape: [5]}, b: {shape: [5]}}
model: {nodes: {p: {Dense: {units: 5}, of: a}, """


@pytest.fixture
def case(tmp_path: Path) -> Any:
    return lambda body: load_case(tmp_path, body)


def test_arrays_fill_arguments_and_literals_stay_literals(case: Any) -> None:
    model = case(GATED).program.model
    named = {node.name: node for node in model.nodes}
    assert model.form == "functional"
    assert [node.name for node in model.layers] == ["dense", "last"]
    assert [node.name for node in model.functions] == ["gate", "half", "gated"]
    assert named["half"].tensors == {"x1": "gate"}
    assert named["half"].arguments == {"x2": 0.5}
    assert named["gated"].tensors == {"x1": "dense", "x2": "half"}
    assert not named["gated"].inputs


def test_the_schema_knows_the_functions_and_their_literals() -> None:
    found = json_schema()
    graph = next(one for one in found["$defs"]["model"]["anyOf"] if one.get("type") == "object")
    node = graph["properties"]["nodes"]["additionalProperties"]
    assert {"Dense", "ops.add", "activations.relu"} <= node["properties"].keys()
    assert "losses.Huber" not in node["properties"]
    assert set(found["$defs"]["ops.where" + "Arguments"]["properties"]) == {"condition", "x1", "x2"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("s: {ops.add: {}, of: [p, c]}}}\n", "'c' is neither an input nor a node"),
        ("s: {ops.add: {}}}}\n", "'of' is missing"),
        ("s: {ops.add: {x3: 1}, of: [p, b]}}}\n", "'x3' is no argument of ops.add"),
        ("s: {ops.add: {}, of: p}}}\n", "ops.add needs the argument 'x2'"),
        ("s: {ops.addd: {}, of: [p, b]}}}\n", "did you mean 'ops.add'?"),
        ("s: {losses.Huber: {}, of: [p, b]}}}\n", "'losses.Huber' is no node of a model"),
        ("s: {ops.add: {}, of: [p, b], with: {x2: 1}}}}\n", "put 'x2' into the mapping behind"),
        ("s: {ops.add: {}, of: [p, b]}, t: {again: s, of: p}}}\n", "'s' is a function"),
        (
            "add: {Dense: {units: 5}, of: b}, s: {ops.add: {}, of: [p, add]}}}\n",
            "call it otherwise",
        ),
        ("s: {ops.add: {}, Dense: {units: 1}, of: [p, b]}}}\n", "one layer or function"),
    ],
)
def test_mistakes(tmp_path: Path, body: str, message: str) -> None:
    assert any(message in str(one) for one in load_body(tmp_path, BEGIN + body).problems)


def test_a_sequential_model_has_no_functions(tmp_path: Path) -> None:
    body = "input: {shape: [5]}\nmodel: [{ops.exp: {}}]\n"
    assert "no name of a layer" in str(load_body(tmp_path, body).problems[0])


def test_an_open_size_stays_open_and_numbers_are_those_by_hand(case: Any) -> None:
    answer = evaluate(case(GATED))
    told = answer.expectation
    assert told.symbolic.outputs == [[None, None, 1], [None, None, 2]]
    assert told.symbolic.nodes["half"] == [None, None, 2]
    assert told.nodes == {"dense": 8, "last": 3}
    assert [row.layer for row in told.summary.rows] == ["Dense", "Dense"]
    x = answer.feeds["call/0/x"].astype(np.float64)
    dense = x @ answer.feeds["weight/dense/kernel"] + answer.feeds["weight/dense/bias"]
    gated = dense - 0.5 / (1 + np.exp(-dense))
    np.testing.assert_allclose(answer.arrays[told.calls[0].outputs[1].tensor], gated, rtol=1e-12)


def test_rows_that_depend_on_each_other_are_answered_alone_as_they_are_alone(case: Any) -> None:
    asked = case(OVER_ROWS)
    told = evaluate(asked).expectation
    assert told.symbolic.outputs == [[None, 3], [3]]
    alone = next(call for call in told.calls if call.facet == "batch")
    assert [one.shape for one in alone.outputs] == [[1, 3], [3]]
    answer = evaluate(asked)
    np.testing.assert_array_equal(answer.arrays[alone.outputs[0].tensor], 0)
    assert "batch" in asked.program.facets


@pytest.mark.parametrize("body", [GATED, OVER_ROWS])
def test_an_honest_answer_passes(case: Any, body: str) -> None:
    assert deviations(case(body)) == {}


@pytest.mark.parametrize(
    ("name", "facet"),
    [
        ("taken-for:ops.sigmoid.softmax", "values"),
        ("taken-for:ops.multiply.divide", "values"),
        ("exchanged:ops.subtract.x1.x2", "gradients"),
    ],
)
def test_a_function_that_is_another_is_out(case: Any, name: str, facet: str) -> None:
    asked = case(GATED)
    answer = evaluate(asked)
    fault = next(one for one in applicable(asked) if one.name == name)
    found = observe(asked, answer.feeds, fault)
    (verdict,) = judge([facet], answer.expectation, answer.arrays, *found)
    assert verdict.outcome == "fail"


def test_shapes_that_do_not_fit_are_refused_while_it_is_built(case: Any) -> None:
    body = BEGIN.replace("b: {shape: [5]}", "b: {shape: [4]}")
    asked = case(body + "s: {ops.add: {}, of: [p, b]}}}\nraises: build\n")
    with pytest.raises(Refused, match="do not broadcast") as refused:
        Network.build(asked.program.model)
    assert refused.value.at == "build"
    assert evaluate(asked).expectation.raises == "build"


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("t: {ops.add: {}, of: [l, p]}", "name one, l.0"),
        ("s: {ops.qr: {}, of: p}, t: {ops.add: {}, of: [s.0, l.0]}", "its answer is no array"),
    ],
)
def test_what_is_not_stated_is_told(case: Any, node: str, message: str) -> None:
    body = (
        "input: {shape: [2, 2]}\nmodel: {nodes: {"
        "l: {LSTM: {units: 2, return_state: true}, of: x}, p: {Dense: {units: 2}, of: x}, "
        f"{node}, u: {{ops.sum: {{}}, of: p}}}}, outputs: [t, l, u]}}\n"
    )
    with pytest.raises(Unsupported, match=message):
        Network.build(case(body).program.model)


def test_a_script_calls_the_function(case: Any) -> None:
    lines = model_lines(case(GATED).program.model)
    assert "t['half'] = keras.ops.multiply(t['gate'], x2=0.5)" in lines
    assert "t['gated'] = keras.ops.subtract(t['dense'], t['half'])" in lines


def test_a_native_framework_gets_a_reason(case: Any) -> None:
    program = case(GATED).program
    network = Network.build(program.model)
    plan = Plan(adapter="torch", facet="values", program=program, seed=0, call=0, network=network)
    with pytest.raises(Exception, match="a function among layers is not shown"):
        native_body(plan)


def test_what_is_made_smaller_names_only_what_is_there(case: Any) -> None:
    tried = [one.model for one in smaller(case(GATED).program)]
    assert any(len(model.functions) < 3 for model in tried)
    for model in tried:
        known = {"x"}
        for node in model.nodes:
            assert known.issuperset([*node.inputs, *node.tensors.values()])
            known.add(node.name)
