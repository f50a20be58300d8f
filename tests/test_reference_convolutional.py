"""Transposed, depthwise and separable convolutions against naive loops and known numbers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from reference_cases import chain, of_layer, spec

from conformance.reference.answer.answer import evaluate
from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.errors import Refused
from conformance.reference.model.network import Network
from conformance.reference.spec.layers.base import Context

FEW = ["values", "shape"]


def answered(layer: str, config: dict[str, Any], x: Any, **weights: Any) -> Any:
    """The reference's answer to one layer's given numbers."""
    config = {**config, "use_bias": "bias" in weights, "name": "n"}
    network = Network.build(chain((layer, config), given=spec(list(np.shape(x)[1:]))))
    arithmetic = Arithmetic()
    given = {f"n/{name}": arithmetic.leaf(np.array(v, float)) for name, v in weights.items()}
    fed = {"x": arithmetic.leaf(np.array(x, float))}
    return network.run(fed, given, Context(arithmetic)).outputs[0].value


def along(config: dict[str, Any], x: list[float], kernel: list[float]) -> list[float]:
    """Conv1DTranspose of one channel and one filter."""
    config = {"filters": 1, "kernel_size": len(kernel), **config}
    y = answered("Conv1DTranspose", config, [[[v] for v in x]], kernel=[[[w]] for w in kernel])
    return [float(v) for v in y[0, :, 0]]


SPREAD = [
    # All of [1, 2, 3] at 0 and ten times it at 2: the whole is [1, 2, 13, 20, 30].
    ({"strides": 2}, [1, 2, 3], [1, 2, 13, 20, 30]),
    ({"strides": 2, "padding": "same"}, [1, 2, 3], [1, 2, 13, 20]),
    ({"strides": 2, "output_padding": 1}, [1, 2, 3], [1, 2, 13, 20, 30, 0]),
    ({"strides": 2, "output_padding": 0, "padding": "same"}, [1, 2, 3], [2, 13, 20]),
    ({"strides": 2, "output_padding": 1, "padding": "same"}, [1, 2, 3], [1, 2, 13, 20]),
    # A stride beyond the window ends in zeros, unless output_padding says how many.
    ({"strides": 3}, [1, 2], [1, 2, 0, 10, 20, 0]),
    ({"strides": 3, "padding": "same"}, [1, 2], [1, 2, 0, 10, 20, 0]),
    ({"strides": 3, "output_padding": 0}, [1, 2], [1, 2, 0, 10, 20]),
    # An even window: three numbers beyond the stride lose one before and two after.
    ({"strides": 1, "padding": "same"}, [1, 2, 3, 4], [12, 23]),
    ({"strides": 2, "padding": "same"}, [1, 2, 3, 4], [2, 13, 24, 30]),
    # A dilated window of 2 reaches as far as 3.
    ({"dilation_rate": 2}, [1, 2], [1, 10, 2, 20]),
    ({"dilation_rate": 2, "padding": "same"}, [1, 2], [10, 2]),
]


@pytest.mark.parametrize(("config", "kernel", "expected"), SPREAD)
def test_what_a_transposed_convolution_spreads(
    config: dict[str, Any], kernel: list[float], expected: list[float]
) -> None:
    assert along(config, [1, 10], kernel) == expected


@pytest.mark.parametrize("strides", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_it_is_the_adjoint_of_the_convolution_that_it_turns_back(
    padding: str, size: int, strides: int
) -> None:
    # sum(conv(a) * b) = sum(a * transposed(b)), where the convolution reads as many as it answers.
    random = np.random.default_rng(1)
    shared = {"kernel_size": size, "strides": strides, "padding": padding}
    b = random.standard_normal((1, 4, 2))
    kernel = random.standard_normal((size, 3, 2))
    back = answered("Conv1DTranspose", {"filters": 3, **shared}, b, kernel=kernel)
    a = random.standard_normal(back.shape)
    forth = answered("Conv1D", {"filters": 2, **shared}, a, kernel=kernel)
    assert forth.shape == b.shape
    assert float((forth * b).sum()) == pytest.approx(float((a * back).sum()), rel=1e-12)


def test_a_transposed_convolution_spreads_along_two_axes() -> None:
    config = {
        "filters": 2, "kernel_size": [3, 2], "strides": [1, 3], "padding": "same", "name": "t",
    }  # fmt: skip
    one = of_layer("Conv2DTranspose", [4, 3, 2], config, facets=FEW)
    answer = evaluate(one)
    x, kernel = answer.feeds["call/0/x"], answer.feeds["weight/t/kernel"]
    whole = np.zeros((2, 6, 9, 2))
    for b, i, j in itertools.product(range(2), range(4), range(3)):
        for p, q, f, c in itertools.product(range(3), range(2), range(2), range(2)):
            whole[b, i + p, 3 * j + q, f] += float(x[b, i, j, c]) * float(kernel[p, q, f, c])
    naive = whole[:, 1:5] + answer.feeds["weight/t/bias"]
    y = answer.arrays[answer.expectation.calls[0].outputs[0].tensor]
    np.testing.assert_allclose(y, naive, rtol=0, atol=1e-12)


@pytest.mark.parametrize("first", [False, True])
def test_a_depthwise_convolution_sorts_its_filters_by_channel(*, first: bool) -> None:
    random = np.random.default_rng(2)
    x, kernel, bias = (random.standard_normal(s) for s in ((2, 5, 4, 3), (2, 3, 3, 2), (6,)))
    naive = np.zeros((2, 4, 2, 6))
    for b, i, j, c, m in itertools.product(range(2), range(4), range(2), range(3), range(2)):
        window = x[b, i : i + 2, j : j + 3, c] * kernel[:, :, c, m]
        naive[b, i, j, 2 * c + m] = window.sum() + bias[2 * c + m]
    config = {"kernel_size": [2, 3], "depth_multiplier": 2}
    fed = x
    if first:
        config["data_format"], fed = "channels_first", x.transpose(0, 3, 1, 2)
    y = answered("DepthwiseConv2D", config, fed, kernel=kernel, bias=bias)
    np.testing.assert_allclose(y.transpose(0, 2, 3, 1) if first else y, naive, atol=1e-12)


def test_a_separable_convolution_is_a_depthwise_one_and_then_a_mix() -> None:
    random = np.random.default_rng(3)
    shapes = ((2, 9, 3), (3, 3, 2), (1, 6, 4), (4,))
    x, depthwise, pointwise, bias = (random.standard_normal(s) for s in shapes)
    shared = {"kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2}
    middle = answered("DepthwiseConv1D", shared, x, kernel=depthwise)
    y = answered(
        "SeparableConv1D",
        {**shared, "filters": 4, "activation": "tanh"},
        x,
        depthwise_kernel=depthwise,
        pointwise_kernel=pointwise,
        bias=bias,
    )
    np.testing.assert_allclose(y, np.tanh(middle @ pointwise[0] + bias), atol=1e-12)


@pytest.mark.parametrize(
    ("layer", "shape", "config"),
    [
        ("Conv1DTranspose", [5, 2], {"filters": 2, "kernel_size": 2, "output_padding": 1}),
        ("Conv1DTranspose", [5, 2], {"filters": 2, "kernel_size": 2, "output_padding": [0, 0]}),
        ("Conv1DTranspose", [5, 2], {"filters": 2, "kernel_size": 2, "padding": "causal"}),
        ("Conv2DTranspose", [5, 2], {"filters": 2, "kernel_size": 2}),
        (
            "Conv2DTranspose",
            [5, 4, 2],
            {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": [1, 2]},
        ),
        ("DepthwiseConv1D", [5, 2], {"kernel_size": 2, "strides": 2, "dilation_rate": 2}),
        ("DepthwiseConv2D", [5, 4, 2], {"kernel_size": 2, "depth_multiplier": 0}),
        ("DepthwiseConv2D", [5, 2, 2], {"kernel_size": 3}),
        ("SeparableConv1D", [5, 2], {"kernel_size": 2}),
        ("SeparableConv2D", [None, 5, 2], {"filters": 0, "kernel_size": 2}),
    ],
)
def test_what_keras_refuses_is_refused(layer: str, shape: Any, config: Any) -> None:
    with pytest.raises(Refused):
        Network.build(chain((layer, config), given=spec(shape)))
