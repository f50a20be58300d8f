"""Who says that a layer is in training: from YAML to the reference, its faults and the adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from cases_samples import load_body, load_case
from catalogue import cases_of
from runs import answering
from seeded import answered

from conformance.adapters.host.host import AdapterProcess, Answered
from conformance.cases.model import to_json
from conformance.reference import evaluate
from conformance.reference.faults.applicable import applicable, find
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.adapters.host.observation import Observation
    from conformance.cases.model import Case

FLAGS = """
input: {shape: [2], batch: 3}
layer: BatchNormalization
config: {momentum: 0.5, center: false, scale: false}
training: [null, true, false, predict]
"""
TRAINING = """
input: {shape: [2], batch: 5}
model:
  - Dense: {units: 2, name: before, use_bias: false}
  - BatchNormalization: {momentum: 0.5, name: normal}
train: {optimizer: {SGD: {learning_rate: 0.1}}, loss: mean_squared_error, steps: 2}
"""


@pytest.fixture
def case(tmp_path: Path) -> Any:
    return lambda body: load_case(tmp_path, body)


def by_id(name: str) -> Case:
    wanted = f"layers/training_flags/{name}"
    return next(one for one in cases_of("layers") if one.id == wanted)


def training(changes: str) -> str:
    return TRAINING.replace("steps: 2", f"steps: 2, {changes}")


# --- the case language --------------------------------------------------------------------------


def test_each_flag_is_a_call(case: Any) -> None:
    calls = case(FLAGS).program.calls
    assert [call.training for call in calls] == [None, True, False, None]
    assert [call.predict for call in calls] == [False, False, False, True]
    assert {call.batch for call in calls} == {3}


def test_predict_may_go_in_batches(case: Any) -> None:
    calls = case(FLAGS.replace("predict]", "predict, {predict: 2}]")).program.calls
    assert [(call.predict, call.predict_rows) for call in calls[-2:]] == [(True, None), (True, 2)]


def test_flags_go_with_the_calls_that_are_listed(case: Any) -> None:
    body = FLAGS.replace("batch: 3", "batch: [3, 1, 2, 4]")
    assert [call.batch for call in case(body).program.calls] == [3, 1, 2, 4]


def test_a_call_that_is_told_nothing_is_written_as_before(case: Any) -> None:
    found = case("input: {shape: [2]}\nlayer: BatchNormalization\n")
    assert [{*to_json(call)} for call in found.program.calls] == [{"batch"}]


def test_a_model_in_training_has_states_and_no_row_by_itself(case: Any) -> None:
    assert "state" in case(FLAGS).program.facets
    at_rest = case(FLAGS.replace("true, false", "false, false"))
    assert "state" not in at_rest.program.facets
    assert "batch" in at_rest.program.facets
    assert "batch" not in case(FLAGS).program.facets


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (FLAGS.replace("[null, true, false, predict]", "true"), "a list of flags"),
        (FLAGS.replace("[null, true, false, predict]", "[]"), "is empty"),
        (FLAGS.replace("[null, true, false, predict]", f"[{'true, ' * 17}]"), "1 to 16"),
        (
            FLAGS.replace("false, predict", "false, fit"),
            "null, true, false, predict or {predict: 2}",
        ),
        (FLAGS.replace("false, predict", "0"), "null, true, false, predict or {predict: 2}"),
        (FLAGS.replace("false, predict", "predict, false"), "`predict` at the end"),
        (FLAGS.replace("false, predict", "{predict: 2}, false"), "`predict` at the end"),
        (FLAGS.replace("false, predict", "{predict: 0}"), "a number of rows"),
        (FLAGS.replace("false, predict", "{evaluate: 2}"), "predict"),
        (FLAGS.replace("[null, true, false, predict]", "[predict]"), "`predict` at the end"),
        (FLAGS.replace("batch: 3", "batch: [3, 1]"), "2: one a call"),
        ("function: ops.abs\ninputs: {x: {shape: [2]}}\ntraining: [true]\n", "says nothing beside"),
        (training("batch_size: 0"), "a number of rows"),
        (training("evaluate: yes"), "true or false"),
        (training("eager: 1"), "true or false"),
        (training("freeze: normal"), "names of nodes"),
        (training("freeze: [after]"), "no node of the model"),
        (training("freeze_late: [before, after]"), "no node of the model"),
        (training("class_weight: [1, 1], evaluate: true"), "evaluating knows no classes"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, body: str, said: str) -> None:
    found = load_body(tmp_path, body)
    assert not found.cases
    assert said in " ".join(map(str, found.problems))


# --- the reference ------------------------------------------------------------------------------


def told(found: Case) -> dict[str, Any]:
    """The truth, and what is fed."""
    answer = evaluate(found)
    fed = {name: np.asarray(array, np.float64) for name, array in answer.feeds.items()}
    return {**fed, **{name.removeprefix("truth/"): one for name, one in answer.arrays.items()}}


def test_a_flag_of_the_model_reaches_its_layers_and_ends(case: Any) -> None:
    found = told(case(FLAGS))
    mean, variance = (
        found[f"weight/batch_normalization/moving_{name}"] for name in ("mean", "variance")
    )
    for index, trains in enumerate([False, True, False, False]):
        x = found[f"call/{index}/x"]
        if trains:
            y = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)
            mean, variance = (mean + x.mean(0)) / 2, (variance + x.var(0)) / 2
        else:
            y = (x - mean) / np.sqrt(variance + 1e-3)
        np.testing.assert_allclose(found[f"call/{index}/0"], y, rtol=1e-6)
    left = found["state/weight/batch_normalization/moving_mean"]
    np.testing.assert_allclose(left, mean, rtol=1e-6)


@pytest.mark.parametrize("own", [True, False])
def test_what_a_layers_own_call_says_comes_first(case: Any, own: bool) -> None:  # noqa: FBT001
    said = str(own).lower()
    body = FLAGS.replace("training: [", f"call: {{training: {said}}}\ntraining: [")
    found = told(case(body))
    x = found["call/2/x"]
    at_rest = np.abs(found["call/2/0"].mean(0)).max() > 1e-3
    assert at_rest is not own
    assert x.shape == (3, 2)


def test_the_default_of_one_layer_says_nothing_to_the_next(case: Any) -> None:
    one = case("""
        input: {shape: [1, 2, 3], batch: 3, data: uniform, high: 255}
        model: [{RandomBrightness: {factor: 0}}, BatchNormalization]
        training: [null, predict]
    """)
    assert "state" not in one.program.facets
    found = told(one)
    assert np.abs(found["call/0/0"].mean((0, 1, 2))).max() > 1.0


def test_a_nested_model_hands_on_what_it_is_told(case: Any) -> None:
    body = """
        input: {shape: [2], batch: 3}
        model:
          nodes:
            inner:
              Sequential: {layers: [{Dense: {units: 2}}, BatchNormalization, {Dense: {units: 2}}]}
              of: x
        training: [null, true]
    """
    found = told(case(body))
    names = [name for name in found if name.startswith("weight/")]
    assert names == [
        "weight/inner/dense/kernel",
        "weight/inner/dense/bias",
        "weight/inner/batch_normalization/gamma",
        "weight/inner/batch_normalization/beta",
        "weight/inner/batch_normalization/moving_mean",
        "weight/inner/batch_normalization/moving_variance",
        "weight/inner/dense_1/kernel",
        "weight/inner/dense_1/bias",
    ]
    moved = "inner/batch_normalization/moving_mean"
    assert np.abs(found[f"state/weight/{moved}"] - found[f"weight/{moved}"]).max() > 1e-4
    frozen = told(case(body.replace("of: x\n", "of: x\n              with: {training: false}\n")))
    np.testing.assert_array_equal(frozen[f"state/weight/{moved}"], frozen[f"weight/{moved}"])


def test_batches_of_fit_are_taken_in_order_and_the_last_is_smaller(case: Any) -> None:
    found = told(
        case("""
        input: {shape: [2], batch: 5}
        model: [{Dense: {units: 1, use_bias: false}}]
        train: {optimizer: {SGD: {learning_rate: 0.1}}, loss: mean_squared_error, steps: 2,
                batch_size: 2, evaluate: true}
    """)
    )
    x, t, kernel = found["call/0/x"], found["target/0"], found["weight/dense/kernel"]
    losses = []
    for _ in range(2):
        total = 0.0
        for rows in (slice(0, 2), slice(2, 4), slice(4, 5)):
            off = x[rows] @ kernel - t[rows]
            total += (off**2).sum()
            kernel = kernel - 0.1 * 2 * x[rows].T @ off / len(off)
        losses.append(total / 5)
    losses.append(((x @ kernel - t) ** 2).mean())
    np.testing.assert_allclose(found["state/losses"], losses, rtol=1e-6)
    np.testing.assert_allclose(found["state/weight/dense/kernel"], kernel, rtol=1e-6)


def test_what_is_frozen_before_compile_stays_and_what_is_frozen_later_does_not(case: Any) -> None:
    for changes, still in (
        ("freeze: [before]", {"before/kernel"}),
        ("freeze: [normal]", {"normal/gamma", "normal/beta", "normal/moving_mean"}),
        ("freeze_late: [before, normal]", set()),
    ):
        found = told(case(training(changes)))
        names = {name.removeprefix("weight/") for name in found if name.startswith("weight/")}
        kept = {
            name
            for name in names
            if (found[f"state/weight/{name}"] == found[f"weight/{name}"]).all()
        }
        assert kept - {"normal/moving_variance"} == still, changes


# --- every check can fail -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fault", "facets"),
    [
        ("told-by-the-model[layer=Dropout]", "flags-ignored", set()),  # the default is to rest
        ("in-and-out-of-training[model=BatchNormalization]", "flags-ignored", {"values", "state"}),
        ("in-and-out-of-training[model=BatchNormalization]", "flags-kept", {"values", "state"}),
        ("says-to-train[layer=BatchNormalization]", "flag-of-the-model-first", None),
        ("fit-smallest", "flag-of-the-model-first", {"losses", "state"}),
        ("frozen[freeze=normal]", "ignored:freeze", {"losses", "state"}),
        ("frozen-too-late[freeze_late=before]", "frozen-after-compile", {"losses", "state"}),
    ],
)
def test_a_fault_of_flags_shows_where_it_should(
    name: str, fault: str, facets: set[str] | None
) -> None:
    one = by_id(name)
    failed = answered(one).failed(find(one, fault))
    assert failed == facets if facets is not None else {"values", "state"} <= failed


def test_a_flag_that_is_not_there_can_not_be_missed(case: Any) -> None:
    one = case("input: {shape: [2]}\nlayer: BatchNormalization\n")
    assert not {fault.name for fault in applicable(one)} & {
        "flags-ignored",
        "flags-kept",
        "flag-of-the-model-first",
    }


# --- with the frameworks ------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["keras-torch", "keras-jax", "keras-tensorflow", "tf-keras"])
def process(request: pytest.FixtureRequest) -> Iterator[AdapterProcess]:
    yield from answering(request.param)


def outcomes(process: AdapterProcess, one: Case, program: Any = None) -> dict[str, str]:
    """By facet; the adapter may be told another program than it is judged by."""
    answer = evaluate(one)
    got = process.run(program or one.program, answer.feeds, timeout=120)
    assert isinstance(got, Answered), got.message
    observation: Observation = got.observation
    verdict = judge_cell(
        one,
        process.spec.name,
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=observation,
        tensors=got.tensors,
    )
    return {facet.facet: facet.outcome for facet in verdict.facets}


@pytest.mark.frameworks
def test_a_framework_is_told_the_flags(process: AdapterProcess, case: Any) -> None:
    one = case(FLAGS)
    found = outcomes(process, one)
    assert {found[name] for name in ("values", "state", "gradients")} == {"pass"}
    deaf = [msgspec.structs.replace(call, training=None) for call in one.program.calls]
    otherwise = outcomes(process, one, msgspec.structs.replace(one.program, calls=deaf))
    assert otherwise["values"] == otherwise["state"] == "fail"


@pytest.mark.frameworks
def test_a_framework_is_fitted_in_batches_and_evaluated(process: AdapterProcess, case: Any) -> None:
    one = case(training("batch_size: 2, evaluate: true, freeze: [normal]"))
    assert {outcomes(process, one)[name] for name in ("losses", "state")} == {"pass"}
    for changes in ({"batch_size": None}, {"freeze": []}, {"freeze": ["normal", "before"]}):
        told = msgspec.structs.replace(one.program.train, **changes)
        program = msgspec.structs.replace(one.program, train=told)
        found = outcomes(process, one, program)
        assert found["losses"] == found["state"] == "fail", changes
