"""Layers against naive loops, shapes, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from reference_cases import case, chain, exact, of_layer, spec

from conformance.adapters.shared import calling
from conformance.cases.model import Call, InputSpec, Model, Node
from conformance.reference.answer.answer import evaluate
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.model.network import Network
from conformance.reference.spec.layers import base

FEW = ["values", "shape"]


def first(one: Any) -> tuple[Any, dict[str, Any]]:
    answer = evaluate(one)
    return answer.arrays[answer.expectation.calls[0].outputs[0].tensor], answer.feeds


def same_padding(n: int, k: int, s: int, d: int) -> tuple[int, int]:
    out = -(-n // s)
    need = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
    return need // 2, out


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("strides", "dilation"), [((1, 1), (1, 1)), ((2, 3), (1, 1)), ((1, 1), (2, 1))]
)
@pytest.mark.parametrize("groups", [1, 2])
def test_conv2d_is_the_sum_over_its_windows(
    padding: str, strides: tuple[int, int], dilation: tuple[int, int], groups: int
) -> None:
    config = {
        "filters": 4,
        "kernel_size": [3, 2],
        "strides": list(strides),
        "dilation_rate": list(dilation),
        "padding": padding,
        "groups": groups,
        "name": "c",
    }
    y, feeds = first(of_layer("Conv2D", [6, 7, 4], config, facets=FEW))
    x, kernel, bias = feeds["call/0/x"], feeds["weight/c/kernel"], feeds["weight/c/bias"]
    size, inner, outer = (3, 2), 4 // groups, 4 // groups
    before, counts = [], []
    for axis in range(2):
        n, k, s, d = x.shape[1 + axis], size[axis], strides[axis], dilation[axis]
        offset, out = same_padding(n, k, s, d)
        before.append(offset if padding == "same" else 0)
        counts.append(out if padding == "same" else (n - (k - 1) * d - 1) // s + 1)
    naive = np.zeros((2, *counts, 4))
    for b, i, j, f in itertools.product(range(2), range(counts[0]), range(counts[1]), range(4)):
        total = float(bias[f])
        for p, q, c in itertools.product(range(3), range(2), range(inner)):
            row = i * strides[0] + p * dilation[0] - before[0]
            column = j * strides[1] + q * dilation[1] - before[1]
            if 0 <= row < 6 and 0 <= column < 7:
                channel = (f // outer) * inner + c
                total += float(x[b, row, column, channel]) * float(kernel[p, q, c, f])
        naive[b, i, j, f] = total
    np.testing.assert_allclose(y, naive, rtol=0, atol=1e-12)


def test_channels_first_is_channels_last_moved() -> None:
    last = {"filters": 3, "kernel_size": 2, "padding": "same", "strides": 2, "name": "c"}
    y, feeds = first(of_layer("Conv2D", [4, 5, 2], last, facets=FEW))
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.spec.layers.base import Context

    arithmetic = Arithmetic()
    model = chain(("Conv2D", {**last, "data_format": "channels_first"}), given=spec([2, 4, 5]))
    x = arithmetic.leaf(feeds["call/0/x"].transpose(0, 3, 1, 2))
    weights = {n: arithmetic.leaf(feeds[f"weight/{n}"]) for n in ("c/kernel", "c/bias")}
    trace = Network.build(model).run({"x": x}, weights, Context(arithmetic))
    np.testing.assert_allclose(trace.outputs[0].value.transpose(0, 2, 3, 1), y, atol=1e-12)


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def dot(row: Any, column: Any) -> float:
    return float(sum(float(a) * float(b) for a, b in zip(row, column, strict=True)))


def test_lstm_is_its_equations_number_by_number() -> None:
    y, feeds = first(
        of_layer("LSTM", [3, 2], {"units": 2, "return_sequences": True, "name": "r"}, facets=FEW)
    )
    x = feeds["call/0/x"]
    k, r, b = (feeds[f"weight/r/{n}"] for n in ("kernel", "recurrent_kernel", "bias"))
    for n in range(2):
        h, c = [0.0, 0.0], [0.0, 0.0]
        for t in range(3):
            z = [dot(x[n, t], k[:, g]) + dot(h, r[:, g]) + float(b[g]) for g in range(8)]
            i, f, o = ([sigmoid(v) for v in z[a : a + 2]] for a in (0, 2, 6))
            g = [float(np.tanh(v)) for v in z[4:6]]
            c = [f[u] * c[u] + i[u] * g[u] for u in range(2)]
            h = [o[u] * float(np.tanh(c[u])) for u in range(2)]
            np.testing.assert_allclose(y[n, t], h, atol=1e-14)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
def test_gru_is_its_equations_number_by_number(reset_after: bool, backwards: bool) -> None:  # noqa: FBT001
    config = {"units": 2, "reset_after": reset_after, "go_backwards": backwards, "name": "r"}
    y, feeds = first(of_layer("GRU", [3, 2], config, facets=FEW))
    x = feeds["call/0/x"]
    k, r, b = (feeds[f"weight/r/{n}"] for n in ("kernel", "recurrent_kernel", "bias"))
    inner = b[1] if reset_after else np.zeros(6)
    outer = b[0] if reset_after else b
    for n in range(2):
        h = [0.0, 0.0]
        for t in (2, 1, 0) if backwards else (0, 1, 2):
            a = [dot(x[n, t], k[:, g]) + float(outer[g]) for g in range(6)]
            m = [dot(h, r[:, g]) + float(inner[g]) for g in range(6)]
            z = [sigmoid(a[u] + m[u]) for u in range(2)]
            q = [sigmoid(a[2 + u] + m[2 + u]) for u in range(2)]
            if reset_after:
                w = [float(np.tanh(a[4 + u] + q[u] * m[4 + u])) for u in range(2)]
            else:
                held = [q[u] * h[u] for u in range(2)]
                w = [float(np.tanh(a[4 + u] + dot(held, r[:, 4 + u]))) for u in range(2)]
            h = [z[u] * h[u] + (1 - z[u]) * w[u] for u in range(2)]
        np.testing.assert_allclose(y[n], h, atol=1e-14)


def test_pooling_ignores_padding() -> None:
    given = spec([3, 3, 1])
    for layer, reduce in (("MaxPooling2D", np.max), ("AveragePooling2D", np.mean)):
        y, feeds = first(case(chain((layer, {"padding": "same"}), given=given), facets=FEW))
        x = feeds["call/0/x"].astype(float)
        assert y[0, 1, 1, 0] == x[0, 2, 2, 0]
        assert y[0, 0, 1, 0] == pytest.approx(reduce(x[0, 0:2, 2, 0]), abs=1e-15)


@pytest.mark.parametrize(
    ("data_format", "expected"),
    [("channels_last", range(6)), ("channels_first", [0, 3, 1, 4, 2, 5])],
)
def test_flatten_takes_channels_last_order(data_format: str, expected: Any) -> None:
    from conformance.cases.model import Data

    given = spec([2, 3], data=Data(kind="arange"))
    model = chain(("Flatten", {"data_format": data_format}), given=given)
    y, _ = first(case(model, calls=[Call(batch=1)], facets=FEW))
    assert y.tolist() == [list(expected)]


UNKNOWN = [
    ("Dense", [None, None, 3], {"units": 4}, [None, None, 4]),
    ("Flatten", [None, None, 3], {}, [None, None]),
    ("Flatten", [None, 2, 3], {}, [None, 6]),
    (
        "Conv2D",
        [None, None, 9, 2],
        {"filters": 3, "kernel_size": 2, "strides": 2},
        [None, None, 4, 3],
    ),
    ("Conv1D", [4, None, 2], {"filters": 3, "kernel_size": 2, "padding": "causal"}, [4, None, 3]),
    ("MaxPooling2D", [None, 7, None, 2], {"padding": "same"}, [None, 4, None, 2]),
    ("LSTM", [None, None, 2], {"units": 3, "return_sequences": True}, [None, None, 3]),
    ("TimeDistributed", [None, None, 2], {"layer": {"Dense": {"units": 3}}}, [None, None, 3]),
    ("Reshape", [None, None, 6], {"target_shape": [3, -1]}, [None, 3, None]),
    ("Permute", [None, None, 6], {"dims": [2, 1]}, [None, 6, None]),
    ("GlobalAveragePooling2D", [None, None, 6, 2], {}, [None, 2]),
    ("ZeroPadding1D", [None, None, 2], {"padding": 2}, [None, None, 2]),
]


@pytest.mark.parametrize(("layer", "shape", "config", "expected"), UNKNOWN)
def test_unknown_sizes_stay_unknown(layer: str, shape: Any, config: Any, expected: Any) -> None:
    from conformance.reference.spec.layers.base import make

    assert make(layer, config).output_shape([shape]) == expected


def test_concatenate_adds_sizes_along_its_axis() -> None:
    from conformance.reference.spec.layers.base import make

    layer = make("Concatenate", {"axis": 1})
    assert layer.output_shape([[None, 2, 3], [None, 5, 3]]) == [None, 7, 3]
    assert layer.output_shape([[None, None, 3], [4, 5, None]]) == [4, None, 3]
    with pytest.raises(Refused, match="differ"):
        layer.output_shape([[None, 2, 3], [None, 5, 4]])


@pytest.mark.parametrize(
    ("layer", "shape", "config", "words"),
    [
        ("NoSuchLayer", [3], {}, "NoSuchLayer"),
        ("Dense", [3], {"units": 2, "kernel_regularizer": "wobble"}, "wobble"),
        ("Dense", [3], {"units": 2, "lora_rank": 1}, "lora_rank"),
        ("Dense", [3], {"units": 2, "colour": "red"}, "colour"),
        ("Dense", [3], {"units": 2, "activation": "wobble"}, "wobble"),
        ("Dense", [3], {"units": 2, "dtype": "int8"}, "int8"),
        ("Activation", [3], {"activation": "threshold"}, "threshold"),
        ("Lambda", [3], {"function": "exec"}, "exec"),
        (
            "TimeDistributed",
            [3, 2],
            {"layer": {"Dense": {"units": 2, "trainable": False}}},
            "trainable",
        ),
    ],
)
def test_what_is_not_implemented_is_named(layer: str, shape: Any, config: Any, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        Network.build(chain((layer, config), given=spec(shape)))


@pytest.mark.parametrize(
    ("layer", "shape", "config"),
    [
        ("Dense", [3], {"units": 0}),
        ("Dense", [3], {}),
        ("Conv2D", [5, 5, 2], {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": 2}),
        ("Conv2D", [5, 5, 3], {"filters": 4, "kernel_size": 2, "groups": 2}),
        ("Conv2D", [5, 5], {"filters": 4, "kernel_size": 2}),
        ("Conv2D", [5, 5, 2], {"filters": 4, "kernel_size": 6}),
        ("Conv2D", [5, 5, 2], {"filters": 4, "kernel_size": 2, "padding": "causal"}),
        ("Reshape", [5], {"target_shape": [2, 3]}),
        ("Permute", [5, 2], {"dims": [0, 1]}),
        ("LSTM", [5], {"units": 2}),
        ("Add", [5], {}),
    ],
)
def test_what_keras_refuses_is_refused(layer: str, shape: Any, config: Any) -> None:
    with pytest.raises(Refused):
        Network.build(chain((layer, config), given=spec(shape)))


def test_frozen_layers_count_as_non_trainable_and_get_no_gradient() -> None:
    model = chain(
        ("Dense", {"units": 4, "trainable": False}), ("Dense", {"units": 2}), given=spec([3])
    )
    answer = evaluate(case(model))
    params, gradients = answer.expectation.params, answer.expectation.gradients
    assert (params.total, params.trainable, params.non_trainable) == (26, 10, 16)
    assert gradients is not None
    assert set(gradients.weights) == {"dense_1/kernel", "dense_1/bias"}


def test_integers_stay_exact_until_something_rounds() -> None:
    exactly = chain(
        ("Conv2D", {"filters": 3, "kernel_size": 2}),
        ("Activation", {"activation": "relu"}),
        ("MaxPooling2D", {}),
        ("Flatten", {}),
        ("Dense", {"units": 2}),
        given=exact([5, 5, 2]),
    )
    one = case(exactly, facets=FEW, weights="integers")
    output = evaluate(one).expectation.calls[0].outputs[0]
    assert output.spread == ""
    rounded = chain(("Dense", {"units": 2, "activation": "tanh"}), given=exact([5]))
    output = evaluate(case(rounded, facets=FEW, weights="integers")).expectation.calls[0].outputs[0]
    assert output.spread != ""


def test_too_many_terms_are_not_exact() -> None:
    from conformance.reference.engine.arithmetic import Variance
    from conformance.reference.engine.contraction import matmul

    variance = Variance()
    for width, wanted in ((16, True), (2**10, False)):
        a = variance.leaf(np.full((1, width), 2.0**10, np.float32) + 1)
        b = variance.leaf(np.full((width, 1), 2.0**5, np.float32) + 1)
        assert (matmul(a, b).quantum is not None) is wanted


def test_moved_numbers_are_exact_whatever_they_are() -> None:
    model = chain(("Permute", {"dims": [2, 1]}), ("Flatten", {}), given=spec([3, 4]))
    answer = evaluate(case(model, facets=["values", "gradients"]))
    assert answer.expectation.calls[0].outputs[0].spread == ""
    gradients = answer.expectation.gradients
    assert gradients is not None
    assert gradients.inputs["x"].spread == ""


def test_several_inputs_and_outputs() -> None:
    model = Model(
        form="functional",
        inputs=[InputSpec(name="a", shape=[3]), InputSpec(name="b", shape=[3])],
        nodes=[
            Node(name="sum", layer="Add", config={}, inputs=["a", "b"]),
            Node(name="difference", layer="Subtract", config={}, inputs=["a", "b"]),
        ],
        outputs=["sum", "difference"],
    )
    answer = evaluate(case(model))
    a, b = answer.feeds["call/0/a"], answer.feeds["call/0/b"]
    outputs = [answer.arrays[o.tensor] for o in answer.expectation.calls[0].outputs]
    assert np.array_equal(outputs[0], a.astype(float) + b)
    assert np.array_equal(outputs[1], a.astype(float) - b)


def test_adapters_hand_on_masks_in_the_layers_that_the_reference_does() -> None:
    assert calling.PASSES_MASK == base.PASSES_MASK
