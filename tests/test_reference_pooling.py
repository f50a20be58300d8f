"""Poolings against naive loops and known numbers."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from reference_cases import case, chain, of_layer, spec

from conformance.cases.model import Call, Data
from conformance.reference.answer.answer import evaluate
from conformance.reference.errors import Refused
from conformance.reference.model.network import Network

FEW = ["values", "shape"]


def first(layer: str, shape: list[int], config: dict[str, Any]) -> tuple[Any, Any]:
    answer = evaluate(of_layer(layer, shape, config, facets=FEW))
    return answer.arrays[answer.expectation.calls[0].outputs[0].tensor], answer.feeds["call/0/x"]


@pytest.mark.parametrize("strides", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("n", [7, 8])
@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_windows_at_the_edge_hold_the_numbers_that_are_there(
    kind: str, n: int, size: int, strides: int
) -> None:
    config = {"pool_size": size, "strides": strides, "padding": "same"}
    y, x = first(f"{kind}Pooling1D", [n, 2], config)
    count = math.ceil(n / strides)
    before = max((count - 1) * strides + size - n, 0) // 2
    for i in range(count):
        start = i * strides - before
        window = x[:, max(start, 0) : start + size].astype(float)
        expected = window.max(1) if kind == "Max" else window.mean(1)
        np.testing.assert_allclose(y[:, i], expected, rtol=0, atol=1e-12)


def test_the_mean_of_10_and_20_is_15() -> None:
    given = spec([2, 1], data=Data(kind="values", values=[[[10], [20]]]))
    config = {"pool_size": 3, "strides": 2, "padding": "same"}

    answer = evaluate(
        case(chain(("AveragePooling1D", config), given=given), calls=[Call(batch=1)], facets=FEW)
    )
    assert answer.arrays[answer.expectation.calls[0].outputs[0].tensor].tolist() == [[[15]]]


@pytest.mark.parametrize("kind", ["Max", "Average"])
@pytest.mark.parametrize("size", [[2, 3, 1], [3, 5, 2], [4, 2, 3]])
@pytest.mark.parametrize("channels_first", [False, True])
def test_adaptive_windows_cover_everything(
    kind: str, size: list[int], *, channels_first: bool
) -> None:
    space = (3, 5, 2)
    shape = [2, *space] if channels_first else [*space, 2]
    config = {"output_size": size}
    if channels_first:
        config["data_format"] = "channels_first"  # type: ignore[assignment] # JSON of any type
    y, x = first(f"Adaptive{kind}Pooling3D", shape, config)
    if channels_first:
        x, y = np.moveaxis(x, 1, -1), np.moveaxis(y, 1, -1)
    assert y.shape == (2, *size, 2)
    for place in itertools.product(*map(range, size)):
        ends = [
            slice(math.floor(i * n / m), math.ceil((i + 1) * n / m))
            for i, n, m in zip(place, space, size, strict=True)
        ]
        window = x[(slice(None), *ends)].astype(float)
        pooled = window.max((1, 2, 3)) if kind == "Max" else window.mean((1, 2, 3))
        np.testing.assert_allclose(y[(slice(None), *place)], pooled, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("layer", "shape", "config"),
    [
        ("AdaptiveMaxPooling1D", [5, 2], {"output_size": 0}),
        ("AdaptiveMaxPooling2D", [5, 4, 2], {"output_size": [2]}),
        ("AdaptiveAveragePooling3D", [5, 4, 2], {"output_size": 2}),
        ("AdaptiveAveragePooling1D", [5, 2], {}),
        ("AveragePooling2D", [5, 3, 2], {"pool_size": 4}),
        ("MaxPooling1D", [5, 2], {"padding": "causal"}),
        ("GlobalMaxPooling2D", [5, 2], {}),
    ],
)
def test_what_keras_refuses_is_refused(layer: str, shape: Any, config: Any) -> None:
    with pytest.raises(Refused):
        Network.build(chain((layer, config), given=spec(shape)))
