"""A layer that a graph calls more than once: from YAML to the reference, its rivals and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases_samples import deviations, load_body, load_case

from conformance.reducing.smaller import smaller
from conformance.reference import evaluate
from conformance.reference.errors import Refused
from conformance.reference.faults.observe import observe
from conformance.reference.model.network import Network
from conformance.repro.keras import model_lines
from conformance.verdicts.facets import judge

if TYPE_CHECKING:
    from pathlib import Path

TOWERS = """
inputs: {a: {shape: [3]}, b: {shape: [3]}}
model:
  nodes:
    left: {Dense: {units: 2, use_bias: true}, of: a}
    right: {again: left, of: b}
  outputs: [left, right]
"""
TRAINING = """
input: {shape: [3], batch: 4}
model:
  nodes:
    first: {BatchNormalization: {momentum: 0.5}, of: x, with: {training: true}}
    second: {again: first, of: first, with: {training: true}}
"""
BEGIN = "input: {shape: [5]}\nmodel: {nodes: {a: {Dense: {units: 5}, of: x}, "


@pytest.fixture
def case(tmp_path: Path) -> Any:
    return lambda body: load_case(tmp_path, body)


def test_it_is_the_layer_of_the_earlier_node(case: Any) -> None:
    model = case(TOWERS).program.model
    left, right = model.nodes
    assert (right.layer, right.config, right.inputs) == ("Dense", left.config, ["b"])
    assert (left.owner, right.owner) == ("left", "left")
    assert model.layers == [left]
    assert model.shared == {"left", "right"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (BEGIN + "b: {again: c, of: a}}}\n", "model.nodes.b.again: is the string 'c'"),
        (BEGIN + "b: {again: x, of: a}}}\n", "an earlier node that has a layer of its own"),
        (BEGIN + "b: {again: b, of: a}}}\n", "an earlier node that has a layer of its own"),
        (BEGIN + "b: {again: [a], of: a}}}\n", "an earlier node that has a layer of its own"),
        (BEGIN + "b: {again: a, of: a}, c: {again: b, of: b}}}\n", "'b' calls the layer of 'a'"),
        (BEGIN + "b: {again: a}}}\n", "'of' is missing"),
        (BEGIN + "b: {again: a, Dense: {units: 5}, of: a}}}\n", "not a key that is known here"),
        (BEGIN + "b: {again: a, of: a, with: {mask: c}}}}\n", "neither an input nor a node"),
    ],
)
def test_mistakes(tmp_path: Path, body: str, message: str) -> None:
    assert message in str(load_body(tmp_path, body).problems[0])


def test_it_has_one_set_of_variables_whose_gradient_is_the_sum(case: Any) -> None:
    asked = case(TOWERS)
    answer = evaluate(asked)
    assert [weight.name for weight in answer.expectation.weights] == ["left/kernel", "left/bias"]
    assert answer.expectation.params.total == 8
    assert answer.expectation.nodes == {"left": 8}
    assert [row.layer for row in answer.expectation.summary.rows] == ["Dense"]
    # No framework says what the shape of a layer's output is, where it is called twice.
    assert answer.expectation.symbolic.nodes == {}
    gradient = answer.arrays[answer.expectation.gradients.weights["left/kernel"].tensor]
    by_hand = sum(
        answer.feeds[f"call/0/{name}"].astype(np.float64).T @ answer.feeds[f"cotangent/{index}"]
        for index, name in enumerate("ab")
    )
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-12)


@pytest.mark.parametrize("body", [TOWERS, TRAINING])
def test_an_honest_answer_passes(case: Any, body: str) -> None:
    assert deviations(case(body)) == {}


def test_a_gradient_of_one_call_alone_is_out(case: Any) -> None:
    asked = case(TOWERS)
    answer = evaluate(asked)
    observed = observe(asked, answer.feeds)
    name = observed.observation.gradients.weights["left/kernel"]
    one = answer.feeds["call/0/b"].T @ answer.feeds["cotangent/1"]
    observed.tensors[name] = one.astype(np.float32)
    (found,) = judge(
        ["gradients"], answer.expectation, answer.arrays, observed.observation, observed.tensors
    )
    assert found.outcome == "fail"
    assert "gradient of left/kernel" in found.message


def test_its_second_call_finds_what_the_first_has_left(case: Any) -> None:
    answer = evaluate(case(TRAINING))
    x = answer.feeds["call/0/x"].astype(np.float64)
    moving = 0.5 * answer.feeds["weight/first/moving_mean"] + 0.5 * x.mean(0)
    gamma, beta = (answer.feeds[f"weight/first/{name}"] for name in ("gamma", "beta"))
    once = (x - x.mean(0)) / np.sqrt(x.var(0) + 0.001) * gamma + beta
    moving = 0.5 * moving + 0.5 * once.mean(0)
    state = answer.expectation.state
    np.testing.assert_allclose(
        answer.arrays[state.weights["first/moving_mean"].tensor], moving, rtol=1e-6
    )


def test_an_input_that_its_variables_do_not_fit_is_refused(case: Any) -> None:
    model = case(TOWERS.replace("b: {shape: [3]}", "b: {shape: [4]}") + "raises: build\n")
    with pytest.raises(Refused, match=r"kernel is \(3, 2\), not \(4, 2\)"):
        Network.build(model.program.model)


def test_a_script_makes_the_layer_once(case: Any) -> None:
    lines = model_lines(case(TOWERS).program.model)
    assert sum("keras.layers.Dense(" in line for line in lines) == 1
    assert "t['left'] = layers['left'](t['a'])" in lines
    assert "t['right'] = layers['left'](t['b'])" in lines


def test_what_is_made_smaller_stays_one_layer(case: Any) -> None:
    program = case(TOWERS).program
    tried = list(smaller(program))
    assert tried
    for one in tried:
        owners = {node.name: node.config for node in one.model.layers}
        assert all(node.config == owners[node.owner] for node in one.model.nodes)
