"""Coverage: a layer or argument of Keras that no case exercises is told by name."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from conformance.cases import load
from conformance.coverage import (
    Argument,
    Inventory,
    InventoryError,
    LayerInfo,
    measure,
    read_exemptions,
    take,
)
from conformance.coverage import command as coverage_command
from conformance.coverage.inventory import kept

if TYPE_CHECKING:
    from pathlib import Path

X = Argument("inputs")
CASE = """\
- id: one
  title: A case
  source: {keras: keras.layers.Dense}
  input: {shape: [4, 3]}
"""


def inventory(**layers):
    return Inventory("9.0", {name: LayerInfo(*info) for name, info in layers.items()})


DENSE = ([Argument("units"), Argument("use_bias", default=True)], [X])


@pytest.fixture
def cases(tmp_path: Path):
    def write(text: str):
        file = tmp_path / "cases" / "some.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(CASE + textwrap.indent(textwrap.dedent(text), "  "))
        return load([file]).checked()

    return write


def only(coverage):
    (layer,) = coverage.layers
    return layer


def test_a_layer_that_no_case_builds_is_told_by_name(cases) -> None:
    found = measure(
        inventory(Dense=DENSE, Brandnew=([], [X])),
        cases("layer: Dense\nconfig: {use_bias: false}\nvary: {units: [1, 2]}"),
        [],
    )
    assert [(layer.layer, layer.complete) for layer in found.layers] == [
        ("Dense", True),
        ("Brandnew", False),
    ]
    assert not found.complete


def test_an_argument_that_no_case_gives_is_told_by_name(cases) -> None:
    constructor = [*DENSE[0], Argument("novelty", default=None)]
    found = measure(
        inventory(Dense=(constructor, [X, Argument("flag", default=False)])),
        cases("layer: Dense\nconfig: {use_bias: false}\nvary: {units: [1, 2]}"),
        [],
    )
    assert only(found).uncovered == ["novelty", "call.flag"]


@pytest.mark.parametrize(
    ("config", "uncovered"),
    [
        ("{units: 4, use_bias: true}", ["units", "use_bias"]),  # one value, and the default
        ("{units: 4, use_bias: false}", ["units"]),
    ],
)
def test_the_default_or_a_single_required_value_exercises_nothing(cases, config, uncovered) -> None:
    found = measure(inventory(Dense=DENSE), cases(f"layer: Dense\nconfig: {config}"), [])
    assert only(found).uncovered == uncovered


@pytest.mark.parametrize("same", ["1", "[1]", "[1, 1]", "1.0"])
def test_another_spelling_of_the_default_is_no_other_value(cases, same) -> None:
    info = ([Argument("filters"), Argument("strides", default=[1, 1])], [X])
    text = f"layer: Conv2D\nconfig: {{kernel_size: 1, strides: {same}}}\nvary: {{filters: [1, 2]}}"
    found = measure(inventory(Conv2D=info), cases(text), [])
    assert only(found).uncovered == ["strides"]


def test_the_channels_format_that_none_means_is_no_other_value(cases) -> None:
    info = ([Argument("data_format", default=None)], [X])
    last = cases("layer: Flatten\nconfig: {data_format: channels_last}")
    assert only(measure(inventory(Flatten=info), last, [])).uncovered == ["data_format"]
    first = cases("layer: Flatten\nconfig: {data_format: channels_first}")
    assert only(measure(inventory(Flatten=info), first, [])).uncovered == []


def test_layers_inside_wrappers_count(cases) -> None:
    text = """
    layer: TimeDistributed
    vary:
      config.layer:
        - {Dense: {units: 1, use_bias: false}}
        - {Dense: {units: 2, use_bias: false}}
    """
    found = measure(inventory(Dense=DENSE), cases(text), [])
    assert only(found).complete


def test_what_every_layer_takes_is_asked_of_any(cases) -> None:
    base = ([Argument("trainable", default=True), Argument("autocast", default=True)], [])
    given = cases("layer: Dense\nconfig: {units: 2, trainable: false}")
    assert only(measure(inventory(Layer=base), given, [])).uncovered == ["autocast"]


def test_a_refusal_exercises_nothing(cases) -> None:
    text = "layer: Dense\nconfig: {use_bias: false, units: -1}\nraises: build"
    layer = only(measure(inventory(Dense=DENSE), cases(text), []))
    assert (layer.cases, layer.uncovered) == (0, ["units", "use_bias"])


def test_an_exemption_needs_a_reason_and_takes_one_argument_out(cases, tmp_path: Path) -> None:
    file = tmp_path / "exempt.yaml"
    file.write_text("- {layers: 'Den*', arguments: use_bias, reason: because}\n")
    exemptions, problems = read_exemptions(file)
    assert problems == []
    given = cases("layer: Dense\nvary: {units: [1, 2]}")
    found = measure(inventory(Dense=DENSE), given, exemptions)
    assert found.complete
    assert only(found).exempt == {"use_bias": "because"}

    file.write_text("- {layers: Dense, arguments: use_bias}\n")
    exemptions, problems = read_exemptions(file)
    assert exemptions == []
    assert "'reason' is missing" in str(problems[0])


def test_a_layer_out_of_scope_is_none_that_is_missing(cases, tmp_path: Path) -> None:
    file = tmp_path / "exempt.yaml"
    file.write_text("- {layers: Foreign, reason: not ours}\n")
    exemptions, _ = read_exemptions(file)
    found = measure(inventory(Foreign=([X], [X])), cases("layer: Flatten"), exemptions)
    assert found.complete
    assert only(found).out_of_scope == "not ours"


def test_an_exemption_about_nothing_is_a_mistake(cases, tmp_path: Path) -> None:
    file = tmp_path / "exempt.yaml"
    file.write_text("- {layers: Gone, reason: it was there once}\n")
    exemptions, _ = read_exemptions(file)
    given = cases("layer: Dense\nconfig: {use_bias: false}\nvary: {units: [1, 2]}")
    found = measure(inventory(Dense=DENSE), given, exemptions)
    assert not found.complete
    assert "exempt.yaml:1" in found.stale[0]


def test_the_suites_own_exemptions_can_be_read() -> None:
    exemptions, problems = read_exemptions()
    assert problems == []
    assert exemptions


def test_an_interpreter_without_keras_is_told(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec {sys.executable} -I -S -c 'import keras'\n")
    python.chmod(0o755)
    with pytest.raises(InventoryError, match="No module named 'keras'"):
        take(str(python))


def test_the_command_tells_what_is_missing_and_fails(monkeypatch, capsys) -> None:
    doctored = inventory(Dense=DENSE, Brandnew=([Argument("strange", default=1)], [X]))
    monkeypatch.setattr(coverage_command, "take", lambda _: doctored)
    monkeypatch.setattr(coverage_command, "read_exemptions", lambda: ([], []))
    assert coverage_command.coverage() == 1
    shown = capsys.readouterr().out
    assert "Brandnew" in shown
    assert "strange" in shown
    assert "1 of 2 layers and 2 of 3 arguments" in shown
    assert coverage_command.coverage(as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["complete"] is False
    assert told["layers"][1]["uncovered"] == ["strange"]


@pytest.mark.frameworks
def test_the_installed_keras_tells_its_layers() -> None:
    found = take()
    assert len(found.layers) > 140
    dense = found.layers["Dense"]
    assert [one.name for one in dense.constructor][:3] == ["units", "activation", "use_bias"]
    assert dense.constructor[0].required
    assert not dense.constructor[1].required
    assert "MaxPool2D" not in found.layers


@pytest.mark.frameworks
def test_what_is_kept_of_keras_is_what_it_tells() -> None:
    assert take() == kept(), "python tools/keras_inventory.py"


@pytest.mark.frameworks
def test_every_layer_and_argument_of_the_installed_keras_is_exercised(capsys) -> None:
    assert coverage_command.coverage() == 0, capsys.readouterr().out


# --- functions and objects ------------------------------------------------------------------------

SYMBOLS = {
    "ops.sum": LayerInfo(
        [], [Argument("x"), Argument("axis", None), Argument("keepdims", default=False)]
    ),
    "ops.cond": LayerInfo([], [Argument("pred")]),
    "ops.abs": LayerInfo([], [Argument("x")]),
    "losses.Huber": LayerInfo([Argument("delta", 1.0)], [Argument("y_true"), Argument("y_pred")]),
    "metrics.Mean": LayerInfo(
        [Argument("dtype", None)], [Argument("values"), Argument("sample_weight", None)]
    ),
    "optimizers.SGD": LayerInfo([Argument("learning_rate", 0.01)], []),
    "optimizers.schedules.ExponentialDecay": LayerInfo([Argument("decay_rate")], []),
}
OF_SYMBOLS = """
- id: sum
  title: One argument of two, and the array
  function: ops.sum
  input: {shape: [2]}
  vary: {axis: [null, 0]}
- id: mean
  title: An update with weights
  object: metrics.Mean
  inputs: {v: {shape: [2]}, w: {shape: [2]}}
  steps:
    - update_state: {of: [v], with: {sample_weight: w}}
    - result
- id: sgd
  title: An optimizer with a schedule
  object: optimizers.SGD
  config: {learning_rate: {ExponentialDecay: {initial_learning_rate: 1.0, decay_steps: 2, decay_rate: 0.5}}}
  variables: {w: {shape: [2]}}
  inputs: {g: {shape: [2]}}
  steps: [apply: {w: g}]
"""  # noqa: E501


@pytest.fixture
def beside(tmp_path: Path):
    file = tmp_path / "cases" / "some.yaml"
    file.parent.mkdir()
    file.write_text(OF_SYMBOLS)
    exempt = tmp_path / "exempt.yaml"
    exempt.write_text("- symbols: ops.cond\n  reason: It takes functions\n")
    exemptions, problems = read_exemptions(exempt)
    assert not problems
    return measure(Inventory("9.0", {}, SYMBOLS), load([file]).checked(), exemptions)


def test_symbols_are_told_by_namespace_and_miss_without_failing(beside) -> None:
    found = {one.namespace: one for one in beside.namespaces}
    assert [*found] == ["losses", "metrics", "ops", "optimizers", "optimizers.schedules"]
    assert found["ops"].cases == 2
    assert found["ops"].untouched == ["abs"]
    assert found["ops"].exempt == {"ops.cond": "It takes functions"}
    assert found["losses"].cases == 0
    assert beside.complete


def test_arguments_of_symbols_that_no_case_gives_are_told(beside) -> None:
    missing = {one.symbol: one.uncovered for some in beside.namespaces for one in some.touched}
    assert missing == {
        "ops.sum": ["axis left out", "keepdims"],
        "metrics.Mean": ["dtype", "update_state.sample_weight left out"],
        "optimizers.SGD": ["learning_rate left out"],
        "optimizers.schedules.ExponentialDecay": ["decay_rate"],  # of one value
    }


def test_an_exemption_of_a_symbol_that_is_not_there_is_stale(tmp_path: Path) -> None:
    exempt = tmp_path / "exempt.yaml"
    exempt.write_text("- symbols: ops.gone\n  reason: It was\n")
    found = measure(Inventory("9.0", {}, SYMBOLS), [], read_exemptions(exempt)[0])
    assert len(found.stale) == 1
    assert not found.complete
    exempt.write_text("- symbols: a\n  layers: b\n  reason: It was\n")
    assert "about nothing in particular" in str(read_exemptions(exempt)[1][0])


def test_a_namespace_without_cases_is_one_line(beside, capsys) -> None:
    coverage_command._show(beside, everything=False)
    told = capsys.readouterr().out
    assert [line.split() for line in told.splitlines() if line.startswith("losses")] == [
        ["losses", "0", "0/1", "it", "has", "no", "cases", "yet"]
    ]
    coverage_command._show(beside, everything=True)
    told = capsys.readouterr().out
    assert "ops, no case touches: abs\n" in told
    assert "ops.sum: axis left out, keepdims\n" in told


# --- dictionaries of images -----------------------------------------------------------------------

OF_IMAGES = """
- id: flip
  title: Boxes and masks
  function: layers.RandomFlip
  config: {seed: 1, bounding_box_format: xyxy}
  inputs:
    x: {shape: [1, 2, 2, 3]}
    b: {shape: [1, 1, 4]}
    c: {shape: [1, 1]}
    m: {shape: [1, 2, 2, 1]}
  of: {images: x, bounding_boxes: {boxes: b, labels: c}, segmentation_masks: m}
- id: invert
  title: Labels
  function: layers.RandomInvert
  inputs: {x: {shape: [1, 2, 2, 3]}, l: {shape: [1, 3]}}
  of: {images: x, labels: l}
"""


def test_keys_of_a_dictionary_and_formats_of_boxes_that_no_case_gives_are_told(tmp_path) -> None:
    file = tmp_path / "cases" / "some.yaml"
    file.parent.mkdir()
    file.write_text(OF_IMAGES)
    data = [Argument("data"), Argument("training", default=True)]
    layers = {
        "RandomFlip": LayerInfo([Argument("seed", None)], data, dictionary=True),
        "RandomInvert": LayerInfo([], data[:1], dictionary=True),
        "Dense": LayerInfo([], [X]),
    }
    found = measure(Inventory("9.0", layers), load([file]).checked(), [])
    flip, invert, dense = found.layers
    assert flip.cases == invert.cases == 1
    assert {"seed", "data.images", "data.bounding_boxes", "data.segmentation_masks"} <= {
        *flip.exercised
    }
    assert "bounding_box_format=xyxy" in flip.exercised
    assert {"call.training", "data.labels", "bounding_box_format=rel_xywh"} <= {*flip.uncovered}
    # A layer that moves no box is asked for one format, whichever it is.
    assert invert.exercised == ["data.images", "data.labels"]
    assert invert.uncovered == [
        "data.bounding_boxes",
        "data.segmentation_masks",
        "bounding_box_format",
    ]
    assert not dense.exercised
    assert not dense.uncovered
