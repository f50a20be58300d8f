"""Training with targets, weights of samples, metrics: from YAML to the reference and adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases_samples import load_body, load_case
from catalogue import cases_of
from runs import answering
from seeded import answered, trained

from conformance.cases.model import Named, to_json
from conformance.reference import evaluate
from conformance.reference.answer.version import symbols
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import applicable, find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.adapters.host.host import AdapterProcess
    from conformance.cases.model import Case

CLASSES = """
input: {shape: [3], batch: 4}
targets: {values: [0, 2, 1, 1], dtype: int32}
model: [{Dense: {units: 3, activation: softmax}}]
train:
  optimizer: {SGD: {learning_rate: 0.1, momentum: 0.5}}
  loss: sparse_categorical_crossentropy
  class_weight: [1.0, 0.5, 2]
  metrics: [{SparseCategoricalAccuracy: {name: plain}}]
  weighted_metrics: [sparse_categorical_accuracy]
  optimizer_variables: true
  steps: 2
"""
WEIGHTS = np.array([1.0, 0.5, 2.0])
LABELS = np.array([0, 2, 1, 1])
TRAINED = ("losses", "metrics", "optimizer", "state")


@pytest.fixture
def case(tmp_path: Path) -> Any:
    return lambda body: load_case(tmp_path, body)


def by_id(case_id: str) -> Case:
    return next(one for one in cases_of("training") if one.id == case_id)


# --- the case language --------------------------------------------------------------------------


def test_a_training_is_read(case: Any) -> None:
    found = case(CLASSES)
    train = found.program.train
    assert train.class_weight == [1.0, 0.5, 2.0]
    assert [one.dtype for one in train.targets] == ["int32"]
    assert train.every_metric == [
        Named(name="SparseCategoricalAccuracy", config={"name": "plain"}),
        Named(name="sparse_categorical_accuracy"),
    ]
    assert set(found.program.facets) >= {*TRAINED}


def test_a_training_that_says_nothing_new_is_written_as_before(case: Any) -> None:
    found = case("""
        input: {shape: [3]}
        model: [{Dense: {units: 3}}]
        train: {optimizer: SGD, loss: mean_squared_error, steps: 2}
    """)
    assert {*to_json(found.program.train)} == {"optimizer", "loss", "steps"}
    assert not {"metrics", "optimizer"} & {*found.program.facets}


def changed(old: str, new: str) -> str:
    assert old in CLASSES
    return CLASSES.replace(old, new)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (changed("[1.0, 0.5, 2]", "[1.0, 0.5]"), "one for each class of the targets"),
        (changed("[1.0, 0.5, 2]", "[1.0, -0.5, 2]"), "finite numbers from 0 on"),
        (changed("[1.0, 0.5, 2]", "[1.0, .nan, 2]"), "finite numbers from 0 on"),
        (changed("[1.0, 0.5, 2]", "{0: 1.0}"), "class_weight"),
        (changed("[1.0, 0.5, 2]", "[1.0, 0.5, 2]\n  sample_weight: [1, 1, 1, 1]"), "one of both"),
        (changed("class_weight: [1.0, 0.5, 2]", "sample_weight: [1, 1]"), "4: one a row"),
        (changed("class_weight: [1.0, 0.5, 2]", "loss_weights: [1, 1]"), "1: one an output"),
        (changed(", dtype: int32", ""), "without targets that are classes"),
        (changed("[0, 2, 1, 1]", "[0, 2, 1]"), "4, as the first call is fed"),
        (changed("targets:", "target:"), "targets"),
        (changed("{SparseCategoricalAccuracy: {name: plain}}", "sparse_acuracy"), "not in Keras"),
        (changed(": {name: plain}", ": "), "two metrics named sparse_categorical_accuracy"),
        (changed("optimizer_variables: true", "optimizer_variables: yes"), "true or false"),
        (
            "input: {shape: [3]}\nmodel: [{Dense: {units: 3}}]\ntargets: {data: normal}\n",
            "without `train`",
        ),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, body: str, said: str) -> None:
    found = load_body(tmp_path, body)
    assert not found.cases
    assert said in " ".join(map(str, found.problems))


def test_the_schema_knows_the_keys() -> None:
    from conformance.cases.schema import json_schema

    train = json_schema()["$defs"]["case"]["properties"]["train"]["properties"]
    known = {"class_weight", "sample_weight", "loss_weights", "metrics", "weighted_metrics"}
    assert known <= train.keys()


# --- the reference ------------------------------------------------------------------------------


def by_hand(x: Any, kernel: Any, bias: Any) -> dict[str, Any]:
    """Two steps of SGD with momentum, written out in NumPy."""
    losses, plain, weighted = [], [], []
    moved = [np.zeros_like(kernel), np.zeros_like(bias)]
    weights = WEIGHTS[LABELS]
    for _ in range(2):
        scores = np.exp(x @ kernel + bias)
        shares = scores / scores.sum(-1, keepdims=True)
        losses.append((-np.log(shares[range(4), LABELS]) * weights).sum() / 4)
        right = shares.argmax(-1) == LABELS
        plain.append(right.mean())
        weighted.append((right * weights).sum() / weights.sum())
        slope = (shares - np.eye(3)[LABELS]) * weights[:, None] / 4
        moved = [0.5 * moved[0] - 0.1 * x.T @ slope, 0.5 * moved[1] - 0.1 * slope.sum(0)]
        kernel, bias = kernel + moved[0], bias + moved[1]
    return {
        "losses": losses,
        "metric/plain": plain,
        "metric/sparse_categorical_accuracy": weighted,
        "weight/dense/kernel": kernel,
        "weight/dense/bias": bias,
        "optimizer/dense/kernel/momentum": moved[0],
        "optimizer/dense/bias/momentum": moved[1],
        "optimizer/iteration": 2,
        "optimizer/learning_rate": 0.1,
    }


def test_the_reference_trains_as_the_formulas_say(case: Any) -> None:
    answer = evaluate(case(CLASSES))
    fed = {name: np.asarray(array, np.float64) for name, array in answer.feeds.items()}
    expected = by_hand(fed["call/0/x"], fed["weight/dense/kernel"], fed["weight/dense/bias"])
    found = {
        name.removeprefix("truth/state/"): array
        for name, array in answer.arrays.items()
        if name.startswith("truth/state/")
    }
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-6, err_msg=name)
    assert answer.feeds["target/0"].dtype == np.int32


def losses(found: Case) -> Any:
    return evaluate(found).arrays["truth/state/losses"]


def test_classes_are_told_by_their_number_in_a_column_or_by_a_one(case: Any) -> None:
    column = changed("[0, 2, 1, 1]", "[[0], [2], [1], [1]]")
    one_hot = changed("[0, 2, 1, 1]", "[[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]]")
    one_hot = one_hot.replace("sparse_categorical", "categorical").replace("SparseC", "C")
    plain = losses(case(CLASSES))
    np.testing.assert_allclose(losses(case(column)), plain, rtol=1e-6)
    np.testing.assert_allclose(losses(case(one_hot)), plain, rtol=1e-6)


def test_losses_of_several_outputs_are_weighed(case: Any) -> None:
    body = """
        input: {shape: [3], batch: 4}
        model:
          nodes: {left: {Dense: {units: 2}, of: x}, right: {Dense: {units: 2}, of: x}}
          outputs: [left, right]
        train: {optimizer: SGD, loss: mean_squared_error, loss_weights: WEIGHTS, steps: 1}
    """
    left, right, both = (
        losses(case(body.replace("WEIGHTS", one)))[0] for one in ("[1, 0]", "[0, 1]", "[0.25, 2]")
    )
    np.testing.assert_allclose(both, left / 4 + right * 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("targets", "units", "metric"),
    [
        ("[0, 2, 1, 1]", 3, "SparseCategoricalAccuracy"),
        ("[[0], [2], [1], [1]]", 3, "SparseCategoricalAccuracy"),
        ("[[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]]", 3, "CategoricalAccuracy"),
        ("[[0], [1], [1], [0]]", 1, "BinaryAccuracy"),
    ],
)
def test_accuracy_is_the_one_that_the_shapes_ask_for(
    case: Any, targets: str, units: int, metric: str
) -> None:
    body = f"""
        input: {{shape: [3], batch: 4}}
        targets: {{values: {targets}, dtype: int32}}
        model: [{{Dense: {{units: {units}, activation: sigmoid}}}}]
        train: {{optimizer: SGD, loss: LOSS, metrics: [accuracy], steps: 2}}
    """.replace(
        "LOSS",
        "sparse_categorical_crossentropy" if metric.startswith("Sparse") else "mean_squared_error",
    )
    named = body.replace("[accuracy]", f"[{{{metric}: {{name: accuracy}}}}]")
    found, expected = (
        evaluate(case(one)).arrays["truth/state/metric/accuracy"] for one in (body, named)
    )
    np.testing.assert_array_equal(found, expected)


def test_a_loss_that_is_scaled_is_told_and_moves_as_it_is(case: Any) -> None:
    plain = changed("learning_rate: 0.1,", "learning_rate: 0.1, loss_scale_factor: 8.0,")
    np.testing.assert_allclose(losses(case(plain)), losses(case(CLASSES)), rtol=1e-6)


def test_an_answer_depends_on_the_loss_that_is_named_by_its_function(case: Any) -> None:
    used = symbols(case(CLASSES))
    assert {"losses.SparseCategoricalCrossentropy", "metrics.SparseCategoricalAccuracy"} <= used


def test_whole_targets_leave_out_the_axis_of_their_classes(case: Any) -> None:
    drawn = changed(
        "{values: [0, 2, 1, 1], dtype: int32}", "{data: indices, high: 3, dtype: int32}"
    )
    target = evaluate(case(drawn)).feeds["target/0"]
    assert (target.shape, target.dtype) == ((4,), np.int32)
    assert ((target >= 0) & (target < 3)).all()


# --- every check can fail -----------------------------------------------------------------------


@pytest.mark.parametrize("one", cases_of("training"), ids=lambda case: case.id)
def test_an_honest_answer_passes_and_each_facet_can_fail(one: Case) -> None:
    seen = answered(one)
    honest = seen.judged(seen.honest)
    assert honest.outcome == "pass", honest.message
    failed: set[str] = set()
    for fault in applicable(one):
        if fault.edit is not None:
            failed |= seen.failed(fault)
    assert {*one.program.facets} <= failed


@pytest.mark.parametrize(
    ("case_id", "fault", "facets"),
    [
        ("class-weights", "ignored:class_weight", {"losses", "metrics", "state"}),
        ("class-weights", "weights-by-position", {"losses", "metrics", "state"}),
        ("class-weights", "weights-normalized", {"losses", "state"}),
        ("class-weights", "metrics-unweighted", {"metrics"}),
        ("sample-weights", "ignored:sample_weight", {*TRAINED}),
        ("sample-weights", "metrics-weighted", {"metrics"}),
        ("sample-weights", "ignored:SGD.momentum", {"optimizer", "state"}),
        ("losses[loss=Huber]", "ignored:Huber.delta", {"losses", "optimizer", "state"}),
    ],
)
def test_a_fault_of_training_shows_where_it_should(
    case_id: str, fault: str, facets: set[str]
) -> None:
    one = by_id(f"training/weights/{case_id}")
    assert answered(one).failed(find(one, fault)) == facets


def test_every_argument_of_a_training_moves_something(*, whole: bool) -> None:
    for one in cases_of("training")[:: 1 if whole else 4]:
        for fault in applicable(one):
            undone = fault.name.endswith(".loss_scale_factor")  # its gradients are divided again
            if fault.name.startswith("ignored:") and fault.train is not None and not undone:
                try:
                    assert answered(one).failed(fault), (one.id, fault.name)
                except NoAnswer:  # there is none without it
                    continue


# --- with the frameworks ------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["keras-torch", "keras-jax", "keras-tensorflow", "torch"])
def process(request: pytest.FixtureRequest) -> Iterator[AdapterProcess]:
    yield from answering(request.param)


def outcomes(process: AdapterProcess, one: Case, **otherwise: Any) -> dict[str, str]:
    """By facet; the adapter may be told of another training than it is judged by."""
    return trained(process, one, TRAINED, **otherwise)


@pytest.mark.frameworks
def test_a_framework_trains_with_weights(process: AdapterProcess, case: Any) -> None:
    one = case(CLASSES)
    found = outcomes(process, one)
    alone = {"metrics", "optimizer"} if process.spec.name == "torch" else set()
    assert found == {name: "unsupported" if name in alone else "pass" for name in TRAINED}
    otherwise = outcomes(process, one, class_weight=[1.0, 2.0, 0.5])
    assert otherwise["losses"] == otherwise["state"] == "fail"


@pytest.mark.frameworks
def test_a_framework_is_trained_towards_each_of_two_outputs(process: AdapterProcess) -> None:
    one = by_id("training/weights/two-outputs")
    assert outcomes(process, one) == {"losses": "pass", "state": "pass"}
    summed = Named(name="MeanSquaredError", config={"reduction": "sum"})
    assert outcomes(process, one, loss=summed) == {"losses": "fail", "state": "fail"}
