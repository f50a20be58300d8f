"""Detection: for each layer and argument, how many cases see a fault there."""

from __future__ import annotations

import json
import textwrap
import zlib
from typing import TYPE_CHECKING

import pytest

from conformance.cases import load
from conformance.coverage import read_exemptions
from conformance.detecting import command
from conformance.detecting.command import EXCUSES, detect, held
from conformance.detecting.counting import FLOOR, count

if TYPE_CHECKING:
    from pathlib import Path

CASE = """\
- id: {name}
  title: A case
  source: {{keras: keras.layers.Dense}}
  input: {{shape: [4, 3]}}
"""
PLAIN = "layer: Dense\nconfig: {units: 2}\n"
RELU = "layer: Dense\nconfig: {units: 2, activation: relu}\n"
WITHOUT_BIAS = "layer: Dense\nconfig: {units: 3, use_bias: false}\n"


@pytest.fixture
def counted(tmp_path: Path):
    """Counts the faults that cases see, by layer, argument and fault."""

    def run(*texts: str, **options):
        file = tmp_path / "cases" / "some.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            "".join(
                CASE.format(name=f"case-{place}") + textwrap.indent(text, "  ")
                for place, text in enumerate(texts)
            )
        )
        found = count(load([file]).checked(), **options)
        return {(one.layer, one.argument, one.fault): one for one in found}

    return run


def test_each_case_that_tells_a_fault_is_counted(counted) -> None:
    found = counted(PLAIN, RELU, RELU, WITHOUT_BIAS)
    ignored = found["Dense", "activation", "ignored"]
    assert (ignored.planted, ignored.seen, ignored.written) == (2, 2, 2)
    assert ignored.by == ["some/case-1", "some/case-2"]
    assert found["Dense", "activation", "default"].seen == 2
    assert found["Dense", "use_bias", "ignored"].seen == 1
    assert found["Dense", "use_bias", "default"].seen == 3


def test_an_argument_that_must_be_given_is_taken_for_another_value(counted) -> None:
    found = counted(PLAIN, WITHOUT_BIAS)
    assert found["Dense", "units", "ignored"].seen == 2
    assert ("Dense", "units", "default") not in found


def test_what_a_case_cannot_tell_is_not_counted(counted) -> None:
    """An activation that lets everything through, and a default that is given."""
    still = "layer: LeakyReLU\nconfig: {negative_slope: 1.0}\nexpect: {params: {total: 0}}\n"
    moving = "layer: LeakyReLU\nconfig: {negative_slope: 0.5}\n"
    said = "layer: Softmax\nconfig: {axis: -1}\n"
    other = "layer: Softmax\nconfig: {axis: 1}\n"
    found = counted(moving, moving, still, said, other, "layer: Softmax\n")
    axis = found["Softmax", "axis", "ignored"]
    assert (axis.planted, axis.seen) == (1, 1)
    assert axis.by == ["some/case-4"]


def test_what_acts_in_training_is_seen_where_a_case_trains(counted) -> None:
    regular = "layer: Dense\nconfig: {units: 2, kernel_regularizer: l2}\n"
    trained = f"{regular}train: {{optimizer: SGD, loss: mean_squared_error, steps: 2}}\n"
    found = counted(regular, trained, PLAIN)
    ignored = found["Dense", "kernel_regularizer", "ignored"]
    assert (ignored.planted, ignored.by) == (2, ["some/case-1"])


def test_a_layer_within_another_is_one_of_its_kind(counted) -> None:
    inner = "layer: TimeDistributed\nconfig: {layer: {Dense: {units: 2, activation: tanh}}}\n"
    found = counted(inner, PLAIN)
    assert found["Dense", "activation", "ignored"].by == ["some/case-0"]
    assert found["Dense", "activation", "default"].by == ["some/case-1"]


def test_arguments_of_the_call_are_asked_of_too(counted) -> None:
    rest = "layer: Dropout\nconfig: {rate: 0.0, seed: 1}\ncall: {training: true}\n"
    moving = "layer: BatchNormalization\ncall: {training: true}\n"
    found = counted(rest, moving)
    assert found["BatchNormalization", "call.training", "ignored"].seen == 1
    assert found["Dropout", "call.training", "ignored"].seen == 0


def test_a_refusal_sees_nothing(counted) -> None:
    assert counted("layer: Dense\nconfig: {units: 0}\nraises: build\n") == {}


def test_enough_is_enough(counted) -> None:
    texts = [PLAIN, *[RELU] * 4]
    found = counted(*texts, enough=2)
    assert found["Dense", "activation", "ignored"].seen == 2
    assert counted(*texts)["Dense", "activation", "ignored"].seen == 4


def test_one_case_is_below_the_floor_unless_a_reason_is_given(counted, tmp_path: Path) -> None:
    found = list(counted(PLAIN, PLAIN, RELU).values())
    told = {(one.argument, one.fault) for one in held(found, [], []).below}
    assert told == {("activation", "ignored"), ("units", "ignored")}
    file = tmp_path / "excused.yaml"
    file.write_text(
        "- {layers: Dense, arguments: ['ignored:activation'], reason: It is a test.}\n"
        "- {layers: Dense, arguments: ['default:activation'], reason: Two see it.}\n"
    )
    own, problems = read_exemptions(file)
    assert not problems
    detection = held(found, [], own)
    assert [one.argument for one in detection.below] == ["units"]
    assert detection.excused == {"Dense.activation: ignored": "It is a test."}
    assert [line.partition(": ")[0] for line in detection.stale] == ["excused.yaml:2"]
    assert held(found, [], own, whole=False).stale == []


def test_every_fault_in_an_argument_of_a_layer_is_seen_by_two_cases(*, whole: bool) -> None:
    """Of a fifth of the layers, by their names, where not the whole is asked."""
    known, _ = read_exemptions()
    own, problems = read_exemptions(EXCUSES)
    assert not problems
    found = count(
        load().checked(),
        enough=FLOOR,
        wanted=lambda argument: whole or zlib.crc32(argument.layer.encode()) % 5 == 0,
    )
    detection = held(found, known, own, whole=whole)
    assert [command.name_of(one) for one in detection.below] == []
    assert detection.stale == []
    assert len(detection.faults) > (1000 if whole else 200)


def test_the_command_says_who_sees_what(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert detect(["Permut*", "RepeatVector"], enough=2) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "faults in arguments of 2 layers are seen by 2 cases or more" in line
    assert detect(["RepeatVector"], enough=2, everything=True) == 0
    out = capsys.readouterr().out
    assert "RepeatVector" in out
    assert "2+" in out
    assert detect(["RepeatVector"], enough=2, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["floor"] == FLOOR
    assert {one["layer"] for one in told["faults"]} == {"RepeatVector"}
    assert detect(["NoSuchLayer"]) == 2
    assert "no case has a layer NoSuchLayer" in capsys.readouterr().err
