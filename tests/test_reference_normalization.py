"""Normalizing layers of the reference against a few lines of NumPy and known values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reference_cases import case, chain, of_layer, spec

from conformance.cases.model import Call, Data, InputSpec, Model, Node
from conformance.reference.answer.answer import evaluate


def answered(layer: str, shape: list[int], config: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Input, weights by variable and output of call 0."""
    answer = evaluate(of_layer(layer, shape, config, facets=["values"]))
    weights = {k.split("/")[-1]: v for k, v in answer.feeds.items() if k.startswith("weight/")}
    expected = answer.expectation.calls[0].outputs[0]
    return answer.feeds["call/0/x"].astype(float), weights, answer.arrays[expected.tensor]


@pytest.mark.parametrize("axis", [-1, 1, 2, [1, 2], [2, 1], [1, -1], [1, 2, 3]])
def test_layer_normalization_goes_by_its_axes(axis: Any) -> None:
    x, weights, y = answered("LayerNormalization", [4, 3, 5], {"axis": axis, "epsilon": 0.1})
    axes = tuple(sorted(i % 4 for i in ([axis] if isinstance(axis, int) else axis)))
    along = [x.shape[i] if i in axes else 1 for i in range(4)]
    mean = x.mean(axis=axes, keepdims=True)
    plain = (x - mean) / np.sqrt(x.var(axis=axes, keepdims=True) + 0.1)
    gamma, beta = (weights[name].reshape(along) for name in ("gamma", "beta"))
    assert np.allclose(y, plain * gamma + beta, rtol=1e-12)


@pytest.mark.parametrize(("axis", "groups"), [(3, 2), (1, 4), (1, -1), (2, 1)])
def test_group_normalization_takes_neighbouring_channels(axis: int, groups: int) -> None:
    config = {"axis": axis, "groups": groups, "center": False, "scale": False}
    x, _, y = answered("GroupNormalization", [4, 3, 6], config)
    size = 1 if groups == -1 else x.shape[axis] // groups
    for row in range(len(x)):
        for first in range(0, x.shape[axis], size):
            place = [slice(None)] * 3
            place[axis - 1] = slice(first, first + size)
            part = x[row][tuple(place)]
            expected = (part - part.mean()) / np.sqrt(part.var() + 1e-3)
            assert np.allclose(y[row][tuple(place)], expected, rtol=1e-12)


def test_rms_normalization_scales_along_its_axis() -> None:
    x, weights, y = answered("RMSNormalization", [4, 4], {"axis": 1, "epsilon": 0.5})
    root = np.sqrt((x**2).mean(axis=1, keepdims=True) + 0.5)
    assert np.allclose(y, x / root * weights["scale"][:, None], rtol=1e-12)


def test_unit_normalization_has_a_slope_at_zero() -> None:
    zeros = InputSpec(name="x", shape=[2], data=Data(kind="values", values=[[0, 0], [3, 4]]))
    model = chain(("UnitNormalization", {}), given=zeros)
    answer = evaluate(case(model, facets=["values", "gradients"]))
    y = answer.arrays[answer.expectation.calls[0].outputs[0].tensor]
    assert np.allclose(y, [[0, 0], [0.6, 0.8]])
    assert answer.expectation.gradients is not None
    slope = answer.arrays[answer.expectation.gradients.inputs["x"].tensor]
    assert np.allclose(slope[0], answer.feeds["cotangent/0"][0] * 1e12)


def training(
    layer: str, shape: list[int], config: dict[str, Any], *, calls: int = 1
) -> tuple[dict[str, Any], dict[str, Any], list[Any]]:
    """Feeds, variables after the calls, and outputs of a layer called in training."""
    node = Node(name="n", layer=layer, config=config, inputs=["x"], arguments={"training": True})
    model = Model(form="functional", inputs=[spec(shape)], nodes=[node], outputs=["n"])
    answer = evaluate(case(model, calls=[Call(batch=3)] * calls, facets=["values", "state"]))
    assert answer.expectation.state is not None
    left = {
        name.split("/")[1]: answer.arrays[expected.tensor]
        for name, expected in answer.expectation.state.weights.items()
    }
    outputs = [answer.arrays[call.outputs[0].tensor] for call in answer.expectation.calls]
    return answer.feeds, left, outputs


def test_batch_normalization_moves_its_statistics_with_every_call() -> None:
    feeds, left, outputs = training("BatchNormalization", [4], {"momentum": 0.75}, calls=2)
    mean = feeds["weight/n/moving_mean"].astype(float)
    variance = feeds["weight/n/moving_variance"].astype(float)
    for index in range(2):
        x = feeds[f"call/{index}/x"].astype(float)
        mean = 0.75 * mean + 0.25 * x.mean(axis=0)
        variance = 0.75 * variance + 0.25 * x.var(axis=0)
        plain = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-3)
        expected = plain * feeds["weight/n/gamma"] + feeds["weight/n/beta"]
        assert np.allclose(outputs[index], expected, rtol=1e-12)
    assert np.allclose(left["moving_mean"], mean, rtol=1e-12)
    assert np.allclose(left["moving_variance"], variance, rtol=1e-12)


def test_a_frozen_batch_normalization_keeps_its_statistics() -> None:
    feeds, left, outputs = training("BatchNormalization", [4], {"trainable": False})
    assert np.array_equal(left["moving_mean"], feeds["weight/n/moving_mean"])
    x, mean = feeds["call/0/x"].astype(float), feeds["weight/n/moving_mean"]
    plain = (x - mean) / np.sqrt(feeds["weight/n/moving_variance"].astype(float) + 1e-3)
    expected = plain * feeds["weight/n/gamma"] + feeds["weight/n/beta"]
    assert np.allclose(outputs[0], expected, rtol=1e-12)


def test_renormalization_clips_its_corrections() -> None:
    clipping = {"rmax": 1.25, "rmin": 0.75, "dmax": 0.5}
    config = {"renorm": True, "renorm_clipping": clipping, "center": False, "scale": False}
    feeds, left, outputs = training("BatchNormalization", [4], config)
    x = feeds["call/0/x"].astype(float)
    deviation = np.sqrt(x.var(axis=0) + 1e-3)
    old = np.maximum(feeds["weight/n/renorm_stddev"].astype(float), np.sqrt(1e-3))
    factor = np.clip(deviation / old, 0.75, 1.25)
    shift = np.clip((x.mean(axis=0) - feeds["weight/n/renorm_mean"]) / old, -0.5, 0.5)
    assert np.allclose(outputs[0], (x - x.mean(axis=0)) / deviation * factor + shift, rtol=1e-12)
    expected = 0.99 * feeds["weight/n/renorm_stddev"].astype(float) + 0.01 * deviation
    assert np.allclose(left["renorm_stddev"], expected, rtol=1e-7)


def test_many_power_iterations_find_the_largest_singular_value() -> None:
    config = {"layer": {"Dense": {"units": 3}}, "power_iterations": 200}
    feeds, left, _ = training("SpectralNormalization", [4], config)
    norm = np.linalg.norm(feeds["weight/n/kernel"].astype(float), 2)
    assert np.allclose(left["kernel"], feeds["weight/n/kernel"] / norm, rtol=1e-9)
    assert np.linalg.norm(left["vector_u"]) == pytest.approx(1)
