"""Weights that a case writes out, or takes from initializers, and numbers by their digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases_samples import deviations, load_body, load_case
from repro_cells import judged_case

from conformance.cases import load
from conformance.cases.model import decimals
from conformance.reference import Contradiction, evaluate
from conformance.reference.faults.applicable import find
from conformance.repro.script import script

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.reference import Answer

LAYER = "layer: Dense\nconfig: {units: 2}\ninput: {values: [[1, 2, 3]]}\n"
KERNEL = "dense/kernel: [[1, 0], [0, 1], [0.5, 0.25]]"
BOTH = f"weights: {{{KERNEL}, dense/bias: [0, 0.5]}}\n"
ONES = "config: {units: 2, kernel_initializer: ones}\n"
HEAVY = ("documents/vgg16/",)


def answer(folder: Path, body: str) -> Answer:
    return evaluate(load_case(folder, body))


def contradicted(folder: Path, body: str) -> list[str]:
    with pytest.raises(Contradiction) as caught:
        answer(folder, body)
    return [str(one) for one in caught.value.statements]


def refused(folder: Path, body: str) -> str:
    found = load_body(folder, body)
    assert not found.cases
    return "\n".join(map(str, found.problems))


# --- weights that are written out ---------------------------------------------------------------


def test_weights_that_are_written_out_are_those_that_count(tmp_path: Path) -> None:
    given = answer(tmp_path, LAYER + BOTH + "expect: {values: [[2.5, 3.25]]}\n")
    assert given.feeds["weight/dense/kernel"].tolist() == [[1, 0], [0, 1], [0.5, 0.25]]
    assert given.feeds["weight/dense/bias"].dtype == np.float32
    assert deviations(load_case(tmp_path, LAYER + BOTH)) == {}


def test_another_number_among_them_is_seen(tmp_path: Path) -> None:
    other = BOTH.replace("0.25", "0.125")
    said = contradicted(tmp_path, LAYER + other + "expect: {values: [[2.5, 3.25]]}\n")
    assert said == [
        "expect.values.0.1: the case states 3.25, the reference computes 2.875",
    ]


def test_what_is_not_written_out_is_drawn_as_ever(tmp_path: Path) -> None:
    drawn = answer(tmp_path, LAYER).feeds
    mixed = answer(tmp_path, f"{LAYER}weights: {{{KERNEL}}}\n").feeds
    assert np.array_equal(mixed["weight/dense/bias"], drawn["weight/dense/bias"])
    assert not np.array_equal(mixed["weight/dense/kernel"], drawn["weight/dense/kernel"])


def test_they_are_kept_in_the_dtype_of_the_variable(tmp_path: Path) -> None:
    body = LAYER.replace("units: 2", "units: 2, dtype: bfloat16")
    given = answer(tmp_path, f"{body}weights: {{dense/bias: [0.1, .inf]}}\n")
    assert given.feeds["weight/dense/bias"].tolist() == [0.10009765625, np.inf]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("{dense/kernl: [1]}", "weights.dense/kernl: no weight has this name; expected one of"),
        ("{dense/kernl: [1]}", "dense/kernel, dense/bias; did you mean 'dense/kernel'?"),
        ("{dense/bias: [1]}", "weights.dense/bias: has the shape [1]; expected [2]"),
        ("{dense/bias: [true, false]}", "holds true and false; expected numbers of float32"),
        ("{dense/bias: [1, 1e39]}", "holds 1e+39, which is beyond the largest number of float32"),
    ],
)
def test_weights_that_fit_no_variable_are_a_contradiction(
    tmp_path: Path, weights: str, said: str
) -> None:
    assert said in "\n".join(contradicted(tmp_path, f"{LAYER}weights: {weights}\n"))


def test_every_weight_that_fits_nothing_is_told_at_once(tmp_path: Path) -> None:
    said = contradicted(tmp_path, f"{LAYER}weights: {{dense/bias: [1], dense/gamma: [1]}}\n")
    assert len(said) == 2


def test_what_a_layer_learns_can_not_be_written_out(tmp_path: Path) -> None:
    body = "layer: Normalization\ninput: {shape: [2]}\nadapt: [[1, 2], [3, 5]]\n"
    said = contradicted(tmp_path, f"{body}weights: {{normalization/mean: [1, 2]}}\n")
    assert said == [
        "weights.normalization/mean: the layer learns it from what it is adapted to (`adapt`)"
    ]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("{dens/kernel: [1]}", "expected <node>/<variable>, node one of dense; did you mean"),
        ("{kernel: [1]}", "names no weight of the model"),
        ("{dense/kernel: [[1, 2], [3]]}", "expected a list of 2, like its neighbours"),
        ("{dense/kernel: intial}", "did you mean 'initial'?"),
        ("{}", "expected a mapping such as {dense/kernel: [[1, 2], [3, 4]]}"),
        ("5", "expected one of normal, integers, initial, or a mapping such as"),
        ("random", "expected one of normal, integers, initial"),
    ],
)
def test_mistakes_in_weights_have_their_place(tmp_path: Path, weights: str, said: str) -> None:
    found = refused(tmp_path, f"{LAYER}weights: {weights}\n")
    assert ":7:" in found
    assert said in found


def test_a_script_carries_them_however_many_there_are(tmp_path: Path) -> None:
    body = LAYER.replace("[[1, 2, 3]]", f"[{list(range(300))}]")
    kernel = [[float(i), -0.625] for i in range(300)]
    case = load_case(tmp_path, f"{body}weights: {{dense/kernel: {kernel}}}\n")
    cell = judged_case(case, "torch", find(case, "inputs-doubled"))
    text = script(cell.line, cell.cell)
    assert "[299.0, -0.625]" in text
    assert "draw(0, 'weight/dense/bias'" in text
    assert "draw(0, 'weight/dense/kernel'" not in text


# --- initializers -------------------------------------------------------------------------------


def test_initial_weights_are_what_initializers_give(tmp_path: Path) -> None:
    body = f"layer: Dense\n{ONES}input: {{values: [[1, 2, 3]]}}\nweights: initial\n"
    assert answer(tmp_path, body + "expect: {values: [[6, 6]]}\n").feeds[
        "weight/dense/bias"
    ].tolist() == [0, 0]
    assert contradicted(tmp_path, body + "expect: {values: [[6, 7]]}\n") == [
        "expect.values.0.1: the case states 7, the reference computes 6.0"
    ]


def test_the_gates_of_an_initial_bias_differ(tmp_path: Path) -> None:
    body = (
        "layer: LSTM\n"
        "config: {units: 1, kernel_initializer: ones, recurrent_initializer: ones}\n"
        "input: {shape: [2, 1]}\nweights: initial\n"
    )
    assert answer(tmp_path, body).feeds["weight/lstm/bias"].tolist() == [0, 1, 0, 0]


def test_one_variable_may_be_initial(tmp_path: Path) -> None:
    given = answer(tmp_path, f"{LAYER}weights: {{{KERNEL}, dense/bias: initial}}\n")
    assert given.feeds["weight/dense/bias"].tolist() == [0, 0]


def test_what_is_drawn_at_random_is_no_initial_number(tmp_path: Path) -> None:
    (said,) = contradicted(tmp_path, f"{LAYER}weights: initial\n")
    assert said.startswith("weights: dense/kernel is drawn at random by glorot_uniform")


def test_numbers_beside_an_initializer_that_nobody_looks_at_are_refused(tmp_path: Path) -> None:
    body = f"layer: Dense\n{ONES}input: {{values: [[1, 2, 3]]}}\nexpect: {{values: [[6, 6]]}}\n"
    said = refused(tmp_path, body)
    assert "x.yaml:7:12: expect.values: states numbers beside `kernel_initializer`" in said
    assert "`weights: initial`" in said
    assert load_body(tmp_path, body + "weights: normal\n").problems == []


# --- numbers by their digits --------------------------------------------------------------------

THIRDS = "layer: AveragePooling1D\nconfig: {pool_size: 3}\ninput: {values: [[[1], [0], [0]]]}\n"


def test_a_number_means_what_rounds_to_its_digits(tmp_path: Path) -> None:
    found = answer(tmp_path, THIRDS + "expect: {values: [[[0.3333]]]}\n")
    (output,) = found.expectation.calls[0].outputs
    truth = found.arrays[output.tensor]
    assert truth.tolist() == [[[pytest.approx(1 / 3, abs=1e-9)]]]  # and no framework gets more room
    assert not output.stated


@pytest.mark.parametrize("number", ["0.3334", "0.33340", "0.3330", "0.33300"])
def test_a_number_that_does_not_round_to_them_is_a_contradiction(
    tmp_path: Path, number: str
) -> None:
    (said,) = contradicted(tmp_path, f"{THIRDS}expect: {{values: [[[{number}]]]}}\n")
    assert said.startswith(f"expect.values.0.0.0: the case states {number.rstrip('0')}")


def test_noughts_behind_the_point_count(tmp_path: Path) -> None:
    body = THIRDS.replace("[1]", "[0.9]")  # 0.3 in float32's rounding of 0.9
    assert answer(tmp_path, body + "expect: {values: [[[0.30]]]}\n")
    near = THIRDS.replace("[1]", "[0.96]")
    assert answer(tmp_path, near + "expect: {values: [[[0.3]]]}\n")
    assert contradicted(tmp_path, near + "expect: {values: [[[0.30]]]}\n")


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("0.3333", 4),
        ("0.50", 2),
        ("-.5", 1),
        ("5.", 0),
        ("1.0", 1),
        (0.25, 2),
        ("2.50e-3", 5),
        (1e-05, 5),
        ("1.5e3", 0),
        (1e22, 0),
        ("nan", 0),
        ("-inf", 0),
        ("1e-99999999999999999999", 0),
        ("0.0e-9999", 10000),
    ],
)
def test_digits_behind_the_point(number: float | str, digits: int) -> None:
    assert decimals(number) == digits


def test_numbers_of_any_length_are_read(tmp_path: Path) -> None:
    for number in ("1e-99999999999999999999", "0.0e-9999999999", f"0.{'0' * 5_000}"):
        assert contradicted(tmp_path, f"{THIRDS}expect: {{values: [[[{number}]]]}}\n")


@pytest.mark.parametrize("number", ["0", "1"])
def test_a_number_without_a_point_is_exact(tmp_path: Path, number: str) -> None:
    assert contradicted(tmp_path, f"{THIRDS}expect: {{values: [[[{number}]]]}}\n")


def test_whole_numbers_and_booleans_are_exact_however_they_are_written(tmp_path: Path) -> None:
    whole = "function: ops.argmax\ninput: {values: [1, 5, 2]}\nexpect: {values: %s}\n"
    assert answer(tmp_path, whole % "1")
    assert contradicted(tmp_path, whole % "1.4")
    truth = "function: ops.greater\ninput: {values: [1, 3]}\nconfig: {x2: 2}\n"
    truth += "expect: {values: %s}\n"
    assert answer(tmp_path, truth % "[false, true]")
    assert contradicted(tmp_path, truth % "[0.4, 1.0]")


def test_all_numbers_that_differ_are_counted(tmp_path: Path) -> None:
    (said,) = contradicted(tmp_path, LAYER + BOTH + "expect: {values: [[2.6, 3.35]]}\n")
    assert said.endswith("2.5 (2 of 2 numbers differ)")


STATED: list[Any] = [
    case
    for case in load().checked()
    if case.expect.values is not None and not case.id.startswith(HEAVY)
]


@pytest.mark.parametrize("case", STATED, ids=lambda case: case.id)
def test_the_packaged_cases_state_numbers_as_exactly_as_they_are_known(case: Any) -> None:
    outputs = evaluate(case).expectation.calls[0].outputs
    assert all(output.stated for output in outputs)
