"""The native adapters against the reference, and what they say where they have no answer."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from conformance.adapters.host.observation import Observation
from conformance.adapters.native.binding import bind
from conformance.adapters.worker.failure import Unsupported
from conformance.cases import load
from conformance.cases.model import Case, to_json
from conformance.reference import evaluate
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    from conformance.verdicts.model import CellVerdict

Arrays = dict[str, Any]
TWO_BIASES = {"SimpleRNN", "LSTM"}
"""Layers whose torch module has a second bias, so that its parameter count is not Keras's."""

each_adapter = pytest.mark.parametrize("name", ["torch", "jax", "flax"])
pytestmark = pytest.mark.frameworks


@functools.cache
def adapter(name: str) -> Any:
    pytest.importorskip(name.removesuffix("-export"))
    module = importlib.import_module(f"conformance.adapters.{name.removesuffix('-export')}.adapter")
    made = module.create(name)
    made.hello()
    return made


@functools.cache
def catalogue() -> dict[str, Case]:
    return {case.id: case for case in load().cases}


def ask(name: str, program: dict[str, Any], tensors: Arrays) -> tuple[dict[str, Any], Arrays]:
    answer: tuple[dict[str, Any], Arrays] = adapter(name).run(program, tensors)
    return answer


def judged(name: str, case: Case) -> CellVerdict:
    answer = evaluate(case)
    feeds = {key: np.array(value) for key, value in answer.feeds.items()}
    observation, tensors = ask(name, to_json(case.program), feeds)
    return judge_cell(
        case,
        name,
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=msgspec.convert(msgspec.to_builtins(observation), Observation),
        tensors={key: np.asarray(value) for key, value in tensors.items()},
    )


def program(*layers: tuple[str, dict[str, Any]], shape: tuple[int, ...], **more: Any) -> Any:
    nodes = [
        {
            "name": f"n{i}",
            "layer": layer,
            "config": config,
            "inputs": ["x" if i == 0 else f"n{i - 1}"],
        }
        for i, (layer, config) in enumerate(layers)
    ]
    return {
        "case": "t",
        "model": {
            "form": "sequential",
            "inputs": [{"name": "x", "shape": list(shape)}],
            "nodes": nodes,
            "outputs": [nodes[-1]["name"]],
        },
        "calls": [{"batch": 2}],
        "facets": ["shape", "values"],
        **more,
    }


def dense_feeds() -> Arrays:
    return {
        "call/0/x": numbers(2, 3),
        "weight/n0/kernel": numbers(3, 2),
        "weight/n0/bias": numbers(2),
    }


def numbers(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(7).standard_normal(shape).astype(np.float32)


DOCUMENTS = [
    "documents/dense/last-axis",
    "documents/convolution/padding-same[strides=2x3]",
    "documents/recurrent/conv1d-causal",
    "documents/recurrent/lstm-backwards",
    "documents/recurrent/gru-sequences",
    "documents/recurrent/gru-reset-before",
    "documents/time_distributed/equals-dense",
    "documents/functional/two-branches",
    "documents/training/sgd[steps=10]",
]


@each_adapter
@pytest.mark.parametrize("case", DOCUMENTS)
def test_documents_cases_conform(name: str, case: str) -> None:
    verdict = judged(name, catalogue()[case])
    two = any(node.layer in TWO_BIASES for node in catalogue()[case].program.model.nodes)
    for facet in verdict.facets:
        if name == "torch" and two and facet.facet == "params":
            assert facet.outcome == "fail", "nn.LSTM and nn.RNN have a second bias"
            continue
        assert facet.outcome in {"pass", "unsupported"}, (facet.facet, facet.message)
    values = next(facet for facet in verdict.facets if facet.facet == "values")
    assert values.outcome == "pass"


DTYPES = [
    "layers/dtypes/dense[dtype=float16]",
    "layers/dtypes/dense[dtype=float64]",
    "layers/dtypes/dense[dtype=mixed_float16]",
    "layers/dtypes/input[input.dtype=float64,config.dtype=float32]",
    "layers/dtypes/autocast-off-inputs[dtype=float32]",
    "layers/dtypes/autocast-off-weights",
]


@pytest.mark.parametrize("name", ["torch", "jax"])
@pytest.mark.parametrize("case", DTYPES)
def test_layers_compute_in_the_dtypes_of_their_policies(name: str, case: str) -> None:
    verdict = judged(name, catalogue()[case])
    assert verdict.outcome == "pass", verdict.message


@each_adapter
@pytest.mark.parametrize(
    ("layer", "config", "named"),
    [
        ("Dense", {"units": 2, "kernel_regularizer": "l2"}, "kernel_regularizer"),
        ("Dense", {"units": 2, "activation": "unheard_of"}, "unheard_of"),
        ("Dense", {"units": 2, "dtype": "int8"}, "dtype"),
        ("TimeDistributed", {"layer": {"Dense": {"units": 2}}, "dtype": "float16"}, "dtype"),
        ("Dense", {}, "units"),
        ("LSTM", {"units": 2, "stateful": True}, "stateful"),
        ("LSTM", {"units": 2, "dropout": 0.5}, "dropout"),
        ("Conv2D", {"filters": 2, "kernel_size": 2, "padding": "reflect"}, "padding"),
        ("Lambda", {"function": "square"}, "square"),
        ("TimeDistributed", {"layer": {"Dense": {"unit": 2}}}, "unit"),
        ("FancyAttention", {}, "FancyAttention"),
    ],
)
def test_what_is_not_handled_is_named(
    name: str, layer: str, config: dict[str, Any], named: str
) -> None:
    with pytest.raises(Unsupported, match=named):
        ask(name, program((layer, config), shape=(3, 4, 5)), {"call/0/x": numbers(2, 3, 4, 5)})


@each_adapter
def test_arguments_without_effect_and_neutral_ones_are_accepted(name: str) -> None:
    config = {
        "units": 2,
        "kernel_initializer": "he_normal",
        "bias_constraint": None,
        "trainable": True,
        "input_shape": [3],
        "name": "n0",
    }
    feeds = {
        "call/0/x": numbers(2, 3),
        "weight/n0/kernel": numbers(3, 2),
        "weight/n0/bias": numbers(2),
    }
    observation, tensors = ask(name, program(("Dense", config), shape=(3,)), feeds)
    found = tensors[observation["calls"][0]["outputs"][0]["tensor"]]
    expected = feeds["call/0/x"] @ feeds["weight/n0/kernel"] + feeds["weight/n0/bias"]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@each_adapter
def test_a_refusal_of_keras_is_not_asked_of_another_framework(name: str) -> None:
    asked = program(("Flatten", {}), shape=(3,), facets=["raises"])
    with pytest.raises(Unsupported, match="said of Keras"):
        ask(name, asked, {"call/0/x": numbers(7, 3)})


@each_adapter
def test_an_error_belongs_to_the_call_that_raised_it(name: str) -> None:
    asked = program(
        ("Dense", {"units": 2}), shape=(3,), calls=[{"batch": 2}, {"batch": 2}, {"batch": 1}]
    )
    feeds = {
        "call/0/x": numbers(2, 3),
        "call/1/x": numbers(2, 5),
        "call/2/x": numbers(1, 3),
        "weight/n0/kernel": numbers(3, 2),
        "weight/n0/bias": numbers(2),
    }
    observation, _ = ask(name, asked, feeds)
    calls = observation["calls"]
    assert [sorted(call) for call in calls[::2]] == [["nodes", "outputs", "probes"]] * 2
    assert calls[1]["error"]["stage"] == "call"


@each_adapter
def test_the_probe_sees_the_batch(name: str) -> None:
    asked = program(("Lambda", {"function": "probe"}), shape=(5, 4), calls=[{"batch": 3}])
    observation, _ = ask(name, asked, {"call/0/x": numbers(3, 5, 4)})
    assert observation["calls"][0]["probes"] == {"n0": [3, 5, 4]}
    assert observation["calls"][0]["nodes"] == {"n0": [3, 5, 4]}


@each_adapter
def test_native_tells_the_symbol_its_arguments_and_the_layout(name: str) -> None:
    layer = ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"})
    feeds = {
        "call/0/x": numbers(2, 8, 8, 3),
        "weight/n0/kernel": numbers(3, 3, 3, 4),
        "weight/n0/bias": numbers(4),
    }
    observation, _ = ask(name, program(layer, shape=(8, 8, 3)), feeds)
    (native,) = observation["native"]
    symbol, strides = {
        "torch": ("torch.nn.Conv2d", {"stride": [2, 2]}),
        "jax": ("jax.lax.conv_general_dilated", {"window_strides": [2, 2]}),
        "flax": ("flax.nnx.Conv", {"strides": [2, 2]}),
    }[name]
    assert native["symbol"] == symbol
    assert {key: native["arguments"][key] for key in strides} == strides
    assert set(native["weights"]) == {"kernel", "bias"}
    assert not native["composed"]


@pytest.mark.parametrize("name", ["jax", "flax"])
def test_jax_states_shapes_before_it_sees_data(name: str) -> None:
    layers = [("Conv2D", {"filters": 4, "kernel_size": 2}), ("Flatten", {})]
    asked = program(*layers, shape=(5, 6, 3), facets=["symbolic_shape", "values"])
    feeds = {
        "call/0/x": numbers(2, 5, 6, 3),
        "weight/n0/kernel": numbers(2, 2, 3, 4),
        "weight/n0/bias": numbers(4),
    }
    observation, _ = ask(name, asked, feeds)
    assert observation["symbolic"] == {
        "inputs": [[None, 5, 6, 3]],
        "outputs": [[None, 80]],
        "nodes": {"n0": [None, 4, 5, 4], "n1": [None, 80]},
    }


def test_flax_makes_modules_with_these_arguments_and_knows_their_defaults() -> None:
    feeds = {
        "call/0/x": numbers(2, 3),
        **{f"weight/n0/{name}": numbers(3) for name in ("gamma", "beta")},
        **{f"weight/n0/moving_{name}": np.ones(3, np.float32) for name in ("mean", "variance")},
    }
    observation, _ = ask("flax", program(("BatchNormalization", {}), shape=(3,)), feeds)
    (call,) = observation["native"][0]["calls"]
    assert call["symbol"] == "flax.nnx.BatchNorm"
    assert call["arguments"]["epsilon"] == 1e-3
    assert call["defaults"]["epsilon"] == 1e-5
    assert "momentum" not in call["arguments"], "both mean the old statistics' weight, 0.99"


def test_flax_takes_jax_s_functions_by_their_names() -> None:
    nnx, nn = pytest.importorskip("flax.nnx"), pytest.importorskip("jax.nn")
    from conformance.adapters.flax.tables.layers import EXPORTED

    assert [name for name in EXPORTED if getattr(nnx, name) is not getattr(nn, name)] == []


def test_flax_has_a_gru_without_bias_only() -> None:
    from conformance.adapters.flax.tables.layers import TABLE

    def parameters(_entry: Any) -> tuple[list[str], list[str]]:
        return ["units", "use_bias", "reset_after"], ["units"]

    own = bind(TABLE, "GRU", {"units": 2, "use_bias": False}, parameters)
    assert own.entry.symbol == "flax.nnx.RNN, flax.nnx.GRUCell"
    for config in ({}, {"use_bias": True}, {"use_bias": False, "reset_after": False}):
        assert bind(TABLE, "GRU", {"units": 2, **config}, parameters).entry.composed


def test_torch_counts_what_its_modules_have() -> None:
    units, features = 4, 3
    feeds = {
        "call/0/x": numbers(2, 5, features),
        "weight/n0/kernel": numbers(features, 4 * units),
        "weight/n0/recurrent_kernel": numbers(units, 4 * units),
        "weight/n0/bias": numbers(4 * units),
    }
    asked = program(("LSTM", {"units": units}), shape=(5, features), facets=["params", "values"])
    observation, _ = ask("torch", asked, feeds)
    keras = 4 * units * (features + units + 1)
    assert observation["params"]["total"] == keras + 4 * units


def test_torch_answers_compiled_under_the_name_torch_export() -> None:
    feeds = {
        "call/0/x": numbers(2, 3),
        "weight/n0/kernel": numbers(3, 2),
        "weight/n0/bias": numbers(2),
    }
    asked = program(("Dense", {"units": 2}), shape=(3,), facets=["values", "compiled"])
    plain, _ = ask("torch", asked, feeds)
    assert "torch.export" in plain["unsupported"]["compiled"]
    exported, tensors = ask("torch-export", asked, feeds)
    (eager,), (graph,) = exported["calls"][0]["outputs"], exported["compiled"]
    np.testing.assert_allclose(tensors[graph["tensor"]], tensors[eager["tensor"]], atol=1e-6)


@each_adapter
@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "SGD", "config": {"learning_rate": 0.004, "momentum": 0.5}},
        {"name": "SGD", "config": {"learning_rate": 0.004, "momentum": 0.5, "nesterov": True}},
        {"name": "Adam", "config": {"epsilon": 0.25}},
    ],
)
def test_optimizers_are_kerass(name: str, optimizer: dict[str, Any]) -> None:
    case = catalogue()["documents/training/sgd[steps=10]"]
    changed = msgspec.to_builtins(case)
    changed["program"]["train"]["optimizer"] = optimizer
    changed["program"]["facets"] = ["values", "state"]
    verdict = judged(name, msgspec.convert(changed, Case))
    assert {facet.facet: facet.outcome for facet in verdict.facets} == {
        "values": "pass",
        "state": "pass",
    }, verdict.message


@each_adapter
def test_a_wrong_layout_would_show(name: str) -> None:
    case = catalogue()["documents/dense/square-kernel"]
    answer = evaluate(case)
    feeds = {key: np.array(value) for key, value in answer.feeds.items()}
    feeds["weight/dense/kernel"] = feeds["weight/dense/kernel"].T.copy()
    observation, tensors = ask(name, to_json(case.program), feeds)
    verdict = judge_cell(
        case,
        name,
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=msgspec.convert(msgspec.to_builtins(observation), Observation),
        tensors={key: np.asarray(value) for key, value in tensors.items()},
    )
    assert verdict.outcome == "fail"


def test_true_is_not_one() -> None:
    from conformance.adapters.torch.tables.layers import TABLE

    def parameters(_entry: Any) -> tuple[list[str], list[str]]:
        return ["units"], ["units"]

    assert bind(TABLE, "Dense", {"units": 2, "trainable": True}, parameters).arguments == {
        "units": 2
    }
    with pytest.raises(Unsupported, match="trainable"):
        bind(TABLE, "Dense", {"units": 2, "trainable": 1}, parameters)
