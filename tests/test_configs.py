"""The facet ``config``: what a config may say of an argument, and that it must say it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from catalogue import cases_of
from msgspec.structs import replace
from reference_cases import case, chain, spec

from conformance.reference import evaluate
from conformance.reference.faults.configs import as_told, dressed_configs
from conformance.reference.faults.observe import observe
from conformance.reference.spec.configs.defaults import defaults
from conformance.reference.spec.configs.layers import layer_config
from conformance.verdicts.cell import judge_cell
from conformance.verdicts.configs import unlike

if TYPE_CHECKING:
    from conformance.verdicts.model import FacetVerdict

ROOT = Path(__file__).parents[1]


def given(layer: str, arguments: dict[str, Any], said: dict[str, Any], rank: int = 3) -> list[str]:
    """The arguments that a config gets wrong that says the honest thing, but for these."""
    expected = layer_config(layer, arguments, None, rank)
    return [where for where, _ in unlike(expected, {**as_told(expected), **said})]


SAME = [
    ("Conv2D", {"kernel_size": 3}, {"kernel_size": [3, 3]}),
    ("Conv1D", {"kernel_size": [3]}, {"kernel_size": 3}),
    ("Conv2D", {"padding": "SAME"}, {"padding": "same"}),
    ("Conv2D", {}, {"data_format": "channels_last"}),
    ("MaxPooling2D", {"pool_size": 3}, {"strides": [3, 3]}),
    ("ZeroPadding2D", {"padding": 1}, {"padding": [[1, 1], [1, 1]]}),
    ("Cropping2D", {"cropping": [1, 2]}, {"cropping": [[1, 1], [2, 2]]}),
    ("ZeroPadding1D", {"padding": 2}, {"padding": [2, 2]}),
    ("Dense", {"activation": "swish"}, {"activation": "silu"}),
    ("Dense", {"activation": None}, {"activation": "linear"}),
    ("Dense", {"dtype": "float16"}, {"dtype": "float16"}),
    (
        "Dense",
        {"kernel_regularizer": "l2"},
        {"kernel_regularizer": {"module": "keras", "class_name": "L2", "config": {"l2": 0.01}}},
    ),
    ("LayerNormalization", {"axis": [1, -1]}, {"axis": [-1, 1]}),
    ("MultiHeadAttention", {"key_dim": 3}, {"value_dim": 3}),
    ("MultiHeadAttention", {}, {"attention_axes": [1]}),
    ("RandomBrightness", {"factor": 0.5}, {"factor": [-0.5, 0.5]}),
    ("RandomHue", {"factor": 0.5}, {"factor": [0, 0.5]}),
    ("MelSpectrogram", {"sampling_rate": 100}, {"max_freq": 50}),
    ("Hashing", {"num_bins": 3}, {"dtype": "int64"}),
    ("Bidirectional", {"layer": {"GRU": {"units": 2}}}, {"backward_layer": None}),
]
OTHER = [
    ("Conv2D", {"kernel_size": 3}, {"kernel_size": [3]}),
    ("Conv2D", {"kernel_size": 3}, {"kernel_size": [3, 4]}),
    ("Conv2D", {"padding": "SAME"}, {"padding": "valid"}),
    ("Conv2D", {}, {"data_format": "channels_first"}),
    ("MaxPooling2D", {"pool_size": 3}, {"strides": [2, 2]}),
    ("ZeroPadding2D", {"padding": [1, 2]}, {"padding": [[2, 2], [1, 1]]}),
    ("Dense", {"activation": "swish"}, {"activation": "relu"}),
    ("Dense", {"dtype": "float16"}, {"dtype": "float32"}),
    ("Dense", {"units": 1}, {"units": True}),
    ("Dense", {"use_bias": True}, {"use_bias": 1}),
    ("Dense", {"units": 3}, {"units": "3"}),
    ("Dense", {}, {"kernel_initializer": {"class_name": "GlorotNormal", "config": {}}}),
    ("Dense", {}, {"kernel_initializer": None}),
    (
        "Dense",
        {"kernel_regularizer": {"L2": {"l2": 0.1}}},
        {"kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}}},
    ),
    (
        "Dense",
        {"kernel_regularizer": {"L2": {"l2": 0.1}}},
        {"kernel_regularizer": {"class_name": "L2", "config": {}}},
    ),
    ("BatchNormalization", {}, {"momentum": 0.9}),
    ("BatchNormalization", {}, {"axis": [-1]}),
    ("GroupNormalization", {"groups": -1}, {"groups": 6}),
    ("MultiHeadAttention", {}, {"attention_axes": [2]}),
    ("RandomBrightness", {"factor": 0.5}, {"factor": [0, 0.5]}),
    ("RandomHue", {"factor": 0.5}, {"factor": [-0.5, 0.5]}),
    ("Hashing", {"num_bins": 3}, {"dtype": "float32"}),
    ("TimeDistributed", {"layer": {"Dense": {"units": 2}}}, {"layer": None}),
    (
        "TimeDistributed",
        {"layer": {"Dense": {"units": 2}}},
        {"layer": {"class_name": "Dense", "config": {"units": 3}}},
    ),
    (
        "Bidirectional",
        {"layer": {"GRU": {"units": 2}}},
        {"backward_layer": {"class_name": "GRU", "config": {"units": 2, "go_backwards": False}}},
    ),
    ("RNN", {"cell": [{"GRUCell": {"units": 2}}]}, {"cell": {"class_name": "GRUCell"}}),
]


@pytest.mark.parametrize(("layer", "arguments", "said"), SAME)
def test_forms_that_are_documented_to_be_the_same(
    layer: str, arguments: dict[str, Any], said: dict[str, Any]
) -> None:
    assert given(layer, arguments, said) == []


@pytest.mark.parametrize(("layer", "arguments", "said"), OTHER)
def test_what_is_not_the_same(layer: str, arguments: dict[str, Any], said: dict[str, Any]) -> None:
    (where,) = given(layer, arguments, said)
    assert where.split(".")[0] == next(iter(said))


def test_what_is_not_given_may_be_left_out_and_what_is_given_may_not() -> None:
    expected = layer_config("Dense", {"units": 3, "use_bias": True}, "d")
    told = as_told(expected)
    assert {"units", "use_bias", "activation", "trainable", "dtype", "name"} <= told.keys()
    left_out = []
    for key in told:
        rest = {other: value for other, value in told.items() if other != key}
        if [*unlike(expected, rest)]:
            left_out.append(key)
    assert {*left_out} == {"units", "use_bias", "name"}


def kinds_of_layers() -> dict[str, tuple[str, dict[str, Any]]]:
    """Every layer of the catalogue with each of its configs, once."""
    found = {}
    for one in cases_of("layers"):
        if "config" in one.program.facets:
            for node in one.program.model.layers:
                found[f"{node.layer} {json.dumps(node.config)}"] = (node.layer, node.config)
    return found


def test_no_argument_of_the_catalogue_can_be_lost_or_changed() -> None:
    unseen, accused = set(), set()
    layers = kinds_of_layers()
    assert len(layers) > 1000
    for layer, config in layers.values():
        expected = layer_config(layer, config, "a")
        told = as_told(expected)
        accused |= {layer for _ in unlike(expected, told)}
        for key in {*config, "name"} & told.keys():
            lost = {k: v for k, v in told.items() if k != key}
            changed = {**told, key: ["something else"]}
            if not [*unlike(expected, lost)] or not [*unlike(expected, changed)]:
                unseen.add((layer, key))
    assert accused == set()
    assert unseen == set()


ASKED = ["config", "config_round_trip", "save_round_trip"]
TWO = case(
    chain(("Dense", {"units": 2}), ("Dropout", {"rate": 0.5, "seed": 7}), given=spec([3])),
    facets=ASKED,
)
DROPOUT = TWO.program.model.nodes[1].name


def verdict_on(**ways: Any) -> FacetVerdict:
    """The verdict on honest configs, but for those of some ways."""
    answer = evaluate(TWO)
    seen = observe(TWO, answer.feeds)
    told = seen.observation.config
    assert told is not None
    observation = replace(seen.observation, config=replace(told, **ways))
    verdict = judge_cell(
        TWO,
        "reference",
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=observation,
        tensors=seen.tensors,
    )
    return next(facet for facet in verdict.facets if facet.facet == "config")


def without_seed() -> dict[str, dict[str, Any]]:
    told = dressed_configs(TWO.graph).made
    del told[DROPOUT]["seed"]
    return told


def test_honest_configs_pass() -> None:
    assert verdict_on().outcome == "pass"


@pytest.mark.parametrize("way", ["made", "rebuilt", "loaded"])
def test_each_of_the_three_configs_is_judged(way: str) -> None:
    verdict = verdict_on(**{way: without_seed()})
    assert verdict.outcome == "fail"
    said = "" if way == "made" else f"{way} "
    assert verdict.message == f"{said}{DROPOUT}.seed: expected 7, missing"
    assert verdict.expected == {way: {DROPOUT: {"seed": [7]}}}
    assert verdict.observed == {way: {DROPOUT: {"seed": None}}}


@pytest.mark.parametrize("way", ["rebuilt", "loaded"])
def test_a_way_round_that_was_gone_has_configs(way: str) -> None:
    verdict = verdict_on(**{way: None})
    assert verdict.outcome == "error"
    assert f"the configs {way} are missing" in verdict.message


def test_the_defaults_are_known_of_every_layer_that_a_case_can_write() -> None:
    names = json.loads((ROOT / "conformance/cases/keras_names.json").read_text("utf-8"))["layers"]
    unknown = {name for name in names if defaults("layers", name) is None}
    assert unknown <= {"FlaxLayer", "Input", "InputLayer", "JaxLayer", "Layer", "TFSMLayer"} | {
        "TorchModuleWrapper",
        "Wrapper",
    }


@pytest.mark.frameworks
def test_the_defaults_are_those_of_the_signatures() -> None:
    keras = pytest.importorskip("keras")
    stated = json.loads(
        (ROOT / "conformance/reference/spec/configs/defaults.json").read_text("utf-8")
    )["source"]
    if not stated.endswith(f" {keras.__version__}"):
        pytest.skip(f"they are of {stated}")
    tool = str(ROOT / "tools" / "keras_defaults.py")
    ran = subprocess.run(
        [sys.executable, tool, "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
