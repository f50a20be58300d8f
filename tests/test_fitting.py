"""One ``fit`` with callbacks: from YAML to the reference, and to a framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases_samples import load_body, load_case
from catalogue import cases_of
from runs import answering
from seeded import answered, trained

from conformance.adapters.shared.rate_schedules import schedule
from conformance.cases.model import Named
from conformance.reference import evaluate
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.adapters.host.host import AdapterProcess
    from conformance.cases.model import Case

FIT = """
input: {shape: [3], batch: 8}
model: [{Dense: {units: 2, use_bias: false}}]
train:
  optimizer: {SGD: {learning_rate: 0.1}}
  loss: mean_squared_error
  steps: 4
  batch_size: 2
  fit: {validation_split: 0.25}
  callbacks:
    - EarlyStopping: {patience: 2, min_delta: 10.0, restore_best_weights: true}
    - ModelCheckpoint: {filepath: "e{epoch:02d}.keras"}
"""


def changed(old: str, new: str) -> str:
    assert old in FIT
    return FIT.replace(old, new)


def without_callbacks(fit: str, more: str = "") -> str:
    return changed(FIT[FIT.index("  callbacks:") :], more).replace("{validation_split: 0.25}", fit)


SCHEDULER = "EarlyStopping: {patience: 2, min_delta: 10.0, restore_best_weights: true}"


@pytest.fixture
def case(tmp_path: Path) -> Any:
    return lambda body: load_case(tmp_path, body)


# --- the case language --------------------------------------------------------------------------


def test_a_fit_is_read(case: Any) -> None:
    found = case(FIT)
    train = found.program.train
    assert train.fit.validation_split == 0.25
    assert [one.name for one in train.callbacks] == ["EarlyStopping", "ModelCheckpoint"]
    assert {*found.program.facets} >= {"losses", "metrics", "checkpoint", "state"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (changed("  batch_size: 2\n", ""), "without `batch_size`"),
        (changed("EarlyStopping", "EarlyStoping"), "did you mean 'EarlyStopping'"),
        (changed("patience: 2", "patiense: 2"), "is no argument of EarlyStopping"),
        (changed("patience: 2", "patience: 2.5"), "a number of epochs"),
        (changed("patience: 2", "monitor: val_acc"), "one of loss, val_loss"),
        (changed("patience: 2", "mode: less"), "one of auto, min, max"),
        (changed("e{epoch:02d}.keras", "../e.keras"), "a file's name"),
        (changed("e{epoch:02d}.keras", "e{epoch:99999999d}.keras"), "a file's name"),
        (changed("e{epoch:02d}.keras", "e{model.__class__}.keras"), "a file's name"),
        (changed('filepath: "e{epoch:02d}.keras"', "save_freq: 2"), "without filepath"),
        (changed("0.25", "0.3"), "leaves a rest"),
        (changed("0.25", "1"), "a fraction between 0 and 1"),
        (changed("0.25", "0.25, validation_rows: 2"), "one of both"),
        (changed("0.25", "0.25, validation_steps: 1"), "`validation_rows` alone"),
        (changed("0.25", "0.25, initial_epoch: 4"), "begins at epoch 4 of 4"),
        (changed("0.25", "0.25, data: PyDataset"), "only they can be split"),
        (changed("0.25", "0.25, steps_per_epoch: 2"), "`data: generator`"),
        (without_callbacks("{validation_freq: 2}"), "without validation data"),
        (without_callbacks("{data: generator}"), "goes on for ever"),
        (without_callbacks("{data: batches}"), "one of generator, PyDataset"),
        (without_callbacks("{validation_rows: 8}"), "parts 8 rows into 0 to train on"),
        (
            changed(SCHEDULER, "LearningRateScheduler: {schedule: {listed: {rates: [0.1]}}}"),
            "a rate for each of 4 epochs",
        ),
        (changed(SCHEDULER, "LearningRateScheduler: {schedule: cosine}"), "hold_then_multiply"),
        (changed(SCHEDULER, "LearningRateScheduler"), "without schedule"),
        (changed(SCHEDULER, "TerminateOnNaN: {raise_error: true}"), "no training is left to judge"),
        (changed(SCHEDULER, "ModelCheckpoint: {filepath: a.keras}"), "several ModelCheckpoints"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, body: str, said: str) -> None:
    found = load_body(tmp_path, body)
    assert not found.cases
    assert said in " ".join(map(str, found.problems))


def test_the_schema_knows_the_keys() -> None:
    from conformance.cases.schema import json_schema

    train = json_schema()["$defs"]["case"]["properties"]["train"]["properties"]
    assert {"validation_split", "initial_epoch", "data"} <= train["fit"]["properties"].keys()
    named = train["callbacks"]["items"]["anyOf"][2]["properties"]
    assert "restore_best_weights" in named["EarlyStopping"]["properties"]


@pytest.mark.parametrize(
    ("named", "rates"),
    [
        ({"listed": {"rates": [0.1, 0.2, 0.3]}}, [0.1, 0.2, 0.3]),
        ({"hold_then_multiply": {"epochs": 1, "factor": 0.5}}, [1.0, 0.5, 0.25]),
    ],
)
def test_a_schedule_is_a_function_of_epoch_and_rate(named: Any, rates: list[float]) -> None:
    rate, found = 1.0, []
    for epoch in range(3):
        rate = schedule(named)(epoch, rate)
        found.append(rate)
    assert found == rates


def test_no_other_schedule_is_known() -> None:
    with pytest.raises(ValueError, match="no schedule"):
        schedule({"exec": {"code": "1"}})


# --- the reference ------------------------------------------------------------------------------


def test_the_reference_fits_as_the_formulas_say(case: Any) -> None:
    answer = evaluate(case(FIT))
    x, y, kernel = (
        np.asarray(answer.feeds[name], np.float64)
        for name in ("call/0/x", "target/0", "weight/dense/kernel")
    )
    losses, validated, kernels = [], [], []
    for _ in range(3):  # the first epoch is the best, two more go by without an improvement
        of_batches = []
        for at in range(0, 6, 2):
            error = x[at : at + 2] @ kernel - y[at : at + 2]
            of_batches.append((error**2).mean())
            kernel = kernel - 0.1 * 2 * x[at : at + 2].T @ error / error.size
        losses.append(np.mean(of_batches))
        validated.append(((x[6:] @ kernel - y[6:]) ** 2).mean())
        kernels.append(kernel)
    expected = {
        "losses": losses,
        "metric/val_loss": validated,
        "weight/dense/kernel": kernels[0],
        **{f"checkpoint/{at}/dense/kernel": one for at, one in enumerate(kernels, 1)},
    }
    found = {
        name.removeprefix("truth/state/"): array
        for name, array in answer.arrays.items()
        if name.startswith("truth/state/")
    }
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-6, err_msg=name)


def test_a_decision_that_rounding_might_turn_is_not_judged(case: Any) -> None:
    body = changed("patience: 2, min_delta: 10.0", "patience: 2").replace("0.1}", "1e-12}")
    with pytest.raises(NoAnswer, match="kink"):
        evaluate(case(body))


@pytest.mark.parametrize(
    ("case_id", "fault", "facets"),
    [
        ("callbacks/early-stopping[EarlyStopping=#1]", "ignored:EarlyStopping.patience", "losses"),
        ("callbacks/early-stopping[EarlyStopping=#7]", "ignored:EarlyStopping", "losses"),
        ("callbacks/cooldown[ReduceLROnPlateau=#0]", "ReduceLROnPlateau.cooldown=0", "metrics"),
        ("checkpoints/best[ModelCheckpoint=#3]", "ignored:ModelCheckpoint.mode", "checkpoint"),
        ("checkpoints/averages[callbacks=#1]", "ignored:SwapEMAWeights", "checkpoint"),
        ("fit/held-out[fit=#1]", "validation-trained-on", "metrics"),
        ("fit/rows[fit=#1]", "generator-begun-anew", "state"),
    ],
)
def test_a_fault_shows_where_it_should(case_id: str, fault: str, facets: str) -> None:
    one = next(one for one in cases_of("training") if one.id == f"training/{case_id}")
    assert facets in answered(one).failed(find(one, fault))


def test_restored_weights_alone_show_in_the_state() -> None:
    name = "training/callbacks/early-stopping[EarlyStopping=#8]"
    one = next(one for one in cases_of("training") if one.id == name)
    fault = find(one, "ignored:EarlyStopping.restore_best_weights")
    assert answered(one).failed(fault) == {"state"}


# --- with the frameworks ------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["keras-torch", "tf-keras"])
def process(request: pytest.FixtureRequest) -> Iterator[AdapterProcess]:
    yield from answering(request.param)


def outcomes(process: AdapterProcess, one: Case, **otherwise: Any) -> dict[str, str]:
    """By facet; the adapter may be told of another training than it is judged by."""
    return trained(process, one, ("losses", "metrics", "checkpoint", "state"), **otherwise)


@pytest.mark.frameworks
def test_a_framework_fits_and_its_files_are_read_back(process: AdapterProcess, case: Any) -> None:
    one = case(FIT)
    assert {*outcomes(process, one).values()} == {"pass"}
    stop, save = one.program.train.callbacks
    often = Named(name=save.name, config={**save.config, "save_freq": 2})
    assert outcomes(process, one, callbacks=[stop, often])["checkpoint"] != "pass"
    assert outcomes(process, one, callbacks=[save])["losses"] == "fail"
