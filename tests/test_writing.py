"""What is said to whoever writes cases: all that is wrong, and what can't fail."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def validated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Writes a file of cases, checks it, returns the exit code and the lines without the file."""
    monkeypatch.chdir(tmp_path)

    def validate(text: str, *options: str) -> tuple[int, list[str]]:
        (tmp_path / "mine.yaml").write_text(textwrap.dedent(text))
        code = main(["validate", "mine.yaml", *options])
        out = capsys.readouterr().out
        return code, [line.removeprefix("mine.yaml:") for line in out.splitlines()]

    return validate


@pytest.fixture
def held(validated: Any) -> Any:
    """The same, held against the reference."""
    return lambda text: validated(text, "--reference")


FLATTEN = """\
- id: flat
  title: Flatten keeps every number
  layer: Flatten
  input: {shape: [4, 2]}
"""


def test_every_contradiction_of_a_file_is_told_with_its_place(held: Any) -> None:
    code, lines = held(
        FLATTEN
        + """\
  expect:
    output_shape: [null, 9]
    values: [[1, 2], [2, 3]]
    dtype: int32
    params: {total: 5}
- id: accepted
  title: Flatten refuses
  layer: Flatten
  input: {shape: [4, 2]}
  raises: build
- id: refused
  title: Reshape loses numbers
  layer: Reshape
  config: {target_shape: [3]}
  input: {shape: [4, 2]}
- id: differs
  title: ReLU is tanh
  layer: ReLU
  input: {shape: [4]}
  equals: {model: [{Activation: {activation: tanh}}]}
- id: far
  title: A number changes all others
  layer: ReLU
  input: {shape: [4]}
  expect: {influence: [{change: [1], changes: [2]}]}
"""
    )
    assert code == 1
    assert lines[:6] == [
        "6:19: expect.output_shape: the case states [None, 9], the reference computes [[None, 8]]",
        "7:13: expect.values: the case states shape [2, 2], the reference computes [2, 8]",
        "8:12: expect.dtype: the case states int32, the reference computes ['float32']",
        "9:21: expect.params.total: the case states 5, the reference computes 0",
        (
            "14:11: raises: the case states a refusal at build, the reference accepts and answers "
            "[[None, 8]]"
        ),
        (
            "15:3: the case expects an answer, the reference refuses at build: node reshape: "
            "Reshape: 8 numbers can't take the shape [3]"
        ),
    ]
    assert lines[6].startswith("24:11: equals: the twin must give the model's answer")
    assert lines[7].startswith("29:24: expect.influence.0: changing the input at [1] changes")
    assert lines[8:] == ["8 problems, 0 sound cases"]


def test_without_the_reference_nothing_is_computed(validated: Any) -> None:
    text = FLATTEN + "  expect: {output_shape: [null, 9]}\n"
    assert validated(text) == (0, ["1 case, no problem"])


def test_what_holds_passes(held: Any) -> None:
    text = FLATTEN + "  expect: {output_shape: [null, 8], params: {total: 0}}\n"
    assert held(text) == (0, ["1 case, no problem"])


def test_what_the_reference_can_not_answer_is_told(held: Any) -> None:
    code, lines = held(
        """\
        - id: pieces
          title: shape tells the sizes
          function: ops.shape
          input: {shape: [4]}
        """
    )
    assert code == 1
    assert lines[0].startswith("1:3: the reference has no answer: ops.shape is not in the")


def test_a_contradiction_of_variants_stands_where_it_varies(held: Any) -> None:
    code, lines = held(
        """\
        - id: dense
          title: Dense counts its weights
          layer: Dense
          input: {shape: [3]}
          vary:
            "use_bias, expect.params.total": [[true, 8], [false, 7]]
            units: [2]
            activation: [tanh, relu]
        """
    )
    assert code == 1
    assert lines == [
        (
            "6:58: expect.params.total: the case states 7, the reference computes 6; in "
            "dense[use_bias=false,units=2,activation=tanh] and 1 more"
        ),
        "1 problem, 2 sound cases",
    ]


def test_a_twin_that_can_not_be_fed_hides_nothing(held: Any) -> None:
    code, lines = held(
        FLATTEN
        + """\
  expect: {params: {total: 3}}
  equals: {model: [Flatten, {Dense: {units: 2}}]}
"""
    )
    assert code == 1
    assert [line.partition(": ")[0] for line in lines[:2]] == ["5:28", "6:11"]
    assert "6:11: equals: the twin must have the model's weights" in lines[1]


def test_weights_that_fit_nothing_are_mistakes_without_the_reference(validated: Any) -> None:
    code, lines = validated(
        """\
        - id: dense
          title: Dense multiplies
          layer: Dense
          config: {units: 2}
          input: {shape: [3]}
          weights:
            dense/kernl: [1]
            dense/bias: [1]
        """
    )
    assert code == 1
    assert lines == [
        (
            "7:18: weights.dense/kernl: no weight has this name; expected one of dense/kernel, "
            "dense/bias; did you mean 'dense/kernel'?"
        ),
        "8:17: weights.dense/bias: has the shape [1]; expected [2]",
        "2 problems, 0 sound cases",
    ]


# --- what can't fail ----------------------------------------------------------------------------


def warned(lines: list[str]) -> list[str]:
    return [line for line in lines if ": warning: " in line]


BLIND = {
    "an argument of a layer": (
        """\
        - id: a
          title: ReLU ends at 10
          layer: ReLU
          config: {max_value: 10}
          input: {values: [[1, 2, %s]]}
        """,
        ("3", "30"),
        "4:12: warning: config.max_value: max_value of ReLU moves nothing that is asked",
    ),
    "a regularizer": (
        """\
        - id: a
          title: A regularizer counts in training
          source: {keras: keras.layers.Dense}
          input: {shape: [2]}
          model: [{Dense: {units: 2, kernel_regularizer: l2}}]
          %s
        """,
        ("why: x", "train: {optimizer: SGD, loss: mean_squared_error, steps: 2}"),
        "5:30: warning: model.0.Dense.kernel_regularizer: kernel_regularizer of Dense moves",
    ),
    "a rate": (
        """\
        - id: a
          title: Dropout drops
          layer: Dropout
          config: {rate: 0.5, seed: 3}
          input: {shape: [16]}
          %s
        """,
        ("why: x", "random: {rows: 4096}"),
        "4:12: warning: config.rate: rate of Dropout moves nothing that is asked",
    ),
    "an argument of a function": (
        """\
        - id: a
          title: sum adds up one axis
          function: ops.sum
          config: {keepdims: true}
          input: {values: %s}
        """,
        ("5", "[5, 6]"),
        "4:12: warning: config.keepdims: keepdims of ops.sum moves nothing that is asked",
    ),
    "an argument of a call": (
        """\
        - id: a
          title: Dropout drops in training only
          layer: BatchNormalization
          call: {training: %s}
          input: {shape: [3]}
        """,
        ("false", "true"),
        "4:10: warning: call.training: training of BatchNormalization moves nothing",
    ),
    "an answer of one number": (
        """\
        - id: a
          title: ReLU cuts off
          layer: ReLU
          input: {values: [[-1, %s]]}
        """,
        ("-2", "2"),
        "1:3: warning: every number of output 0 is 0.0",
    ),
    "a twin that differs": (
        """\
        - id: a
          title: ReLU is a leaky one
          layer: ReLU
          input: {values: [[1, 2]]}
          equals: {model: [{%s}]}
        """,
        ("LeakyReLU: {negative_slope: 0.5}", "Activation: {activation: relu}"),
        "5:11: warning: equals: the two models differ, and these data don't show it",
    ),
    "a twin that is the same": (
        """\
        - id: a
          title: ReLU is ReLU
          layer: ReLU
          input: {shape: [16]}
          equals: {model: [%s]}
        """,
        ("ReLU", "{Activation: {activation: relu}}"),
        "5:11: warning: equals: is the same model once more",
    ),
}


@pytest.mark.parametrize("kind", BLIND)
def test_what_can_not_fail_is_warned_of(held: Any, kind: str) -> None:
    text, (blind, _), said = BLIND[kind]
    code, lines = held(text % blind)
    (warning,) = warned(lines)
    assert warning.startswith(said)
    assert code == 0
    assert lines[-1] == "1 case, no problem, 1 warning"


@pytest.mark.parametrize("kind", BLIND)
def test_what_can_fail_is_not(held: Any, kind: str) -> None:
    text, (_, sighted), _ = BLIND[kind]
    assert held(text % sighted) == (0, ["1 case, no problem"])


def test_one_variant_that_sees_an_argument_is_enough(held: Any) -> None:
    text = BLIND["an argument of a layer"][0] % "3"
    vary = "\n          vary: {input.values: [[[1, 2]], %s]}\n        "
    blind = text.rstrip() + vary % "[[2, 3]]"
    assert len(warned(held(blind)[1])) == 1
    assert "in a[values=#0] and 1 more" not in warned(held(blind)[1])[0]
    assert warned(held(text.rstrip() + vary % "[[20, 3]]")[1]) == []


def test_what_is_too_large_to_look_at_is_named(held: Any) -> None:
    text = BLIND["an answer of one number"][0] % "2"
    text = text.replace("{values: [[-1, 2]]}", "{shape: [600, 600], batch: 1}")
    assert held(text) == (
        0,
        ["1 case too large to look for warnings: mine/a", "1 case, no problem"],
    )
