"""Keywords of calls, several outputs, open sizes, masks and state: from YAML to the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases_samples import deviations, load_body, load_case

from conformance.adapters.shared.calling import chosen, positional
from conformance.reference import evaluate
from conformance.reference.engine.dtypes import held, unit
from conformance.reference.faults.observe import observe
from conformance.verdicts.facets import judge

if TYPE_CHECKING:
    from pathlib import Path

MASKED = """
input: {shape: [4], dtype: int32, data: indices, high: 3}
model:
  nodes:
    e: {Embedding: {input_dim: 3, output_dim: 2, mask_zero: true}, of: x}
    d: {Dense: {units: 2}, of: e}
    f: {Flatten: {}, of: d}
  outputs: [d, f]
"""
TRAINING = """
input: {shape: [null, 4], sizes: [5, 4], batch: [2, 3]}
layer: BatchNormalization
call: {training: true}
"""
SIZES = """
input: {shape: [null, 4], sizes: [[5, 4], [2, 4]], batch: [2, 3]}
layer: Conv1D
config: {filters: 2, kernel_size: 3, padding: same, strides: 2}
"""


@pytest.fixture
def case(tmp_path: Path) -> Any:
    return lambda body: load_case(tmp_path, body)


@pytest.fixture
def said(tmp_path: Path) -> Any:
    return lambda body: str(load_body(tmp_path, body).problems[0])


def test_names_in_a_call_are_inputs_and_everything_else_is_literal(case: Any) -> None:
    node = case("""
inputs: {x: {shape: [5, 3]}, m: {shape: [5], dtype: bool}, h: {shape: [2]}, c: {shape: [2]}}
layer: LSTM
config: {units: 2}
call: {mask: m, initial_state: [h, c], training: false}
""").program.model.nodes[0]
    assert node.inputs == ["x"]
    assert node.tensors == {"mask": "m", "initial_state": ["h", "c"]}
    assert node.arguments == {"training": False}


def test_an_output_of_a_node_is_referred_to_by_its_number(case: Any) -> None:
    model = case("""
input: {shape: [5, 3]}
model:
  nodes:
    l: {LSTM: {units: 2, return_state: true}, of: x}
    d: {Dense: {units: 2}, of: l.2}
  outputs: [l.0, d]
""").program.model
    assert model.nodes[1].inputs == ["l.2"]
    assert model.outputs == ["l.0", "d"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "input: {shape: [3]}\nlayer: Dense\nconfig: {units: 1}\ncall: {mask: y}\n",
            "neither an input",
        ),
        (
            "input: {shape: [3]}\nmodel: [Flatten]\ncall: {training: true}\n",
            "says nothing beside `model`",
        ),
        ("input: {shape: [3]}\nlayer: Flatten\ncall: {mask: {a: 1}}\n", "a number, true, false"),
        ("input: {shape: [3]}\nlayer: Flatten\ncall: {mask: x}\n", "passes every input by keyword"),
        ("input: {shape: [null], sizes: [3, 4]}\nlayer: Flatten\n", "a number for each axis"),
        ("input: {shape: [null], sizes: [[3], [3, 4]]}\nlayer: Flatten\n", "sizes.1: is [3, 4]"),
        ("input: {shape: [2], sizes: [[2], [2]]}\nlayer: Flatten\n", "where one is open"),
        (
            "input: {shape: [null], sizes: [[3], [4]], batch: [1, 2, 3]}\nlayer: Flatten\n",
            "lists 2 sizes; expected as many for every input that lists several, and for `batch`",
        ),
        (
            (
                "inputs: {a: {shape: [null], sizes: [[3], [4]]}, b: {shape: [null], sizes: "
                "[[3], [4], [5]]}}\nlayer: Add\n"
            ),
            "as many for every input",
        ),
        (
            (
                "input: {shape: [null], sizes: [[3], [4]]}\nlayer: Flatten\n"
                "equals: {model: [Flatten]}\n"
            ),
            "several sizes beside `equals`",
        ),
        (
            "input: {shape: [null], sizes: [[3], [4]], values: [[1, 2, 3]]}\nlayer: Flatten\n",
            "several beside `values`",
        ),
        ("input: {sizes: [3]}\nlayer: Flatten\n", "without `shape`"),
        ("input: {shape: [3], data: indices}\nlayer: Flatten\n", "without `high`"),
        ("input: {shape: [3], high: 2}\nlayer: Flatten\n", "no use to normal data"),
        ("input: {shape: [3], data: uniform, low: 2}\nlayer: Flatten\n", "empty range"),
        ("input: {shape: [3], dtype: int32, data: normal}\nlayer: Flatten\n", "can't be held"),
        ("input: {shape: [3], data: boolean}\nlayer: Flatten\n", "can't be held"),
    ],
)
def test_mistakes_in_calls_and_inputs(said: Any, body: str, message: str) -> None:
    assert message in said(body)


def test_one_model_is_called_with_one_size_after_the_other(case: Any) -> None:
    one = case("""
inputs:
  a: {shape: [null, 3], sizes: [[4, 3], [7, 3], [1, 3]], batch: [2, 1, 5]}
  b: {shape: [null, 3], sizes: [2, 3], batch: [2, 1, 5]}
layer: Concatenate
config: {axis: 1}
""")
    assert one.program.model.inputs[0].shape == [4, 3]
    ordinary = one.program.calls
    assert [call.sizes for call in ordinary] == [None, {"a": [7, 3]}, {"a": [1, 3]}]
    evaluated = evaluate(one)
    assert evaluated.feeds["call/2/a"].shape == (5, 1, 3)
    assert evaluated.feeds["call/2/b"].shape == (5, 2, 3)
    shapes = [call.outputs[0].shape for call in evaluated.expectation.calls[:3]]
    assert shapes == [[2, 6, 3], [1, 9, 3], [5, 3, 3]]


def test_a_second_size_has_an_answer_of_its_own(case: Any) -> None:
    """An answer that was made with what the first call left is wrong for the second."""
    asked = case("input: {shape: [null, 3], sizes: [[4, 3], [7, 3]]}\nlayer: LayerNormalization\n")
    answer = evaluate(asked)
    observed = observe(asked, answer.feeds)
    first, second = (call.outputs[0].tensor for call in observed.observation.calls[:2])
    observed.tensors[second][:, :4] = observed.tensors[first]
    found = judge(
        ["values"], answer.expectation, answer.arrays, observed.observation, observed.tensors
    )
    assert found[0].outcome == "fail"
    assert found[0].message.startswith("call 1 output 0 at [0, ")


def test_data_keep_to_their_kind_and_dtype(case: Any) -> None:
    feeds = evaluate(
        case("""
inputs:
  u: {shape: [40], data: uniform, low: -2, high: 3}
  i: {shape: [40], dtype: int32, data: indices, low: 2, high: 5}
  b: {shape: [40], dtype: bool}
model:
  nodes:
    fu: {Flatten: {}, of: u}
    fi: {Flatten: {}, of: i}
    fb: {Flatten: {}, of: b}
  outputs: [fu, fi, fb]
""")
    ).feeds
    assert -2 <= feeds["call/0/u"].min() < 0
    assert 2 < feeds["call/0/u"].max() < 3
    assert feeds["call/0/i"].dtype == np.int32
    assert set(np.unique(feeds["call/0/i"])) == {2, 3, 4}
    assert set(np.unique(feeds["call/0/b"])) == {False, True}


def test_a_mask_goes_on_to_where_a_layer_ends_it(case: Any) -> None:
    masked = case(MASKED)
    assert "mask" in masked.program.facets
    answer = evaluate(masked)
    kept, ended = answer.expectation.calls[0].masks
    assert kept is not None
    np.testing.assert_array_equal(answer.arrays[kept.tensor], answer.feeds["call/0/x"] != 0)
    assert ended is None


def test_what_calls_change_holds_for_the_calls_that_follow(case: Any) -> None:
    training = case(TRAINING)
    assert "state" in training.program.facets
    assert "batch" not in training.program.facets
    answer = evaluate(training)
    name = "batch_normalization/moving_mean"
    moving = answer.feeds[f"weight/{name}"].astype(np.float64)
    for index in range(2):
        moving = 0.99 * moving + 0.01 * answer.feeds[f"call/{index}/x"].mean(axis=(0, 1))
    state = answer.expectation.state
    assert state is not None
    assert state.losses is None
    np.testing.assert_allclose(answer.arrays[state.weights[name].tensor], moving, rtol=1e-6)
    assert answer.expectation.symbolic.inputs == [[None, None, 4]]


@pytest.mark.parametrize("body", [MASKED, TRAINING, SIZES])
def test_an_honest_answer_passes(case: Any, body: str) -> None:
    assert deviations(case(body)) == {}


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"]
)
def test_honest_work_in_a_dtype_passes_and_float32_is_no_float64(case: Any, dtype: str) -> None:
    asked = case(f"""
input: {{shape: [5]}}
model:
  - Dense: {{units: 4, activation: tanh, dtype: {dtype}}}
  - Dense: {{units: 3}}
""")
    assert deviations(asked) == {}


def test_float64_that_is_silently_float32_is_out(case: Any) -> None:
    asked = case(
        "input: {shape: [5]}\nmodel: [{Dense: {units: 4, activation: tanh, dtype: float64}}]\n"
    )
    answer = evaluate(asked)
    observed = observe(asked, answer.feeds)
    for name, array in observed.tensors.items():
        if name.startswith("call/"):
            observed.tensors[name] = array.astype(np.float32).astype(np.float64)
    found = judge(
        ["values"], answer.expectation, answer.arrays, observed.observation, observed.tensors
    )
    assert found[0].outcome == "fail"


def test_bfloat16_rounds_to_the_nearest_and_ties_to_even() -> None:
    step = 2 * unit("bfloat16")
    numbers = np.asarray([1 + step / 2, 1 + 1.5 * step, 1 + 0.6 * step, -1 - step / 2])
    np.testing.assert_array_equal(held(numbers, "bfloat16"), [1, 1 + 2 * step, 1 + step, -1])


def test_references_stand_for_outputs() -> None:
    known = {"x": ["x"], "l": ["l0", "l1"], "a.1": ["a"]}
    assert chosen(["l.1", "x", "l", "a.1"], known) == ["l1", "x", "l0", "l1", "a"]
    assert positional("Add", ["a", "b"]) == [["a", "b"]]
    assert positional("MultiHeadAttention", ["q", "v"]) == ["q", "v"]
    assert positional("Dense", ["x"]) == ["x"]
