"""The tape against the complex step, and float64 against longdouble."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reference_cases import case, of_layer

from conformance.cases.model import Case, InputSpec, Model, Node
from conformance.reference.answer.answer import evaluate
from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.model.execution import execute
from conformance.reference.model.functions import made
from conformance.reference.model.network import Network
from conformance.reference.spec import table
from conformance.reference.spec.activations import ACTIVATIONS
from conformance.reference.spec.layers.base import Context, Drawing

SAMPLES: dict[str, list[tuple[list[int], dict[str, Any]]]] = {
    "ActivityRegularization": [([3, 4], {"l1": 0.3, "l2": 0.2})],
    "Activation": [([3, 4], {"activation": name}) for name in ACTIVATIONS],
    "AdaptiveAveragePooling1D": [([7, 2], {"output_size": 3})],
    "AdaptiveAveragePooling2D": [([5, 4, 2], {"output_size": [2, 6]})],
    "AdaptiveAveragePooling3D": [
        ([2, 5, 3, 4], {"output_size": 2, "data_format": "channels_first"})
    ],
    "AdaptiveMaxPooling1D": [([7, 2], {"output_size": 3})],
    "AdaptiveMaxPooling2D": [([5, 4, 2], {"output_size": [2, 3]})],
    "AdaptiveMaxPooling3D": [([3, 4, 3, 2], {"output_size": 2})],
    "AveragePooling1D": [([7, 2], {"pool_size": 3, "strides": 2, "padding": "same"})],
    "AveragePooling2D": [([5, 6, 2], {"pool_size": [2, 3], "strides": 1})],
    "AveragePooling3D": [([3, 4, 3, 2], {"padding": "same"})],
    "CenterCrop": [
        ([5, 6, 2], {"height": 3, "width": 4}),
        ([2, 4, 5], {"height": 6, "width": 3, "data_format": "channels_first"}),
    ],
    "BatchNormalization": [([3, 4], {"axis": 1}), ([3], {"epsilon": 0.1, "center": False})],
    "Conv1D": [([8, 3], {"filters": 2, "kernel_size": 3, "padding": "causal", "dilation_rate": 2})],
    "Conv1DTranspose": [
        ([4, 2], {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}),
        ([4, 2], {"filters": 3, "kernel_size": 2, "strides": 3}),
    ],
    "Conv2D": [
        ([5, 6, 4], {"filters": 6, "kernel_size": [3, 2], "strides": [2, 1], "padding": "same"}),
        ([4, 5, 6], {"filters": 2, "kernel_size": 2, "groups": 2, "data_format": "channels_first"}),
    ],
    "Conv3D": [([3, 4, 3, 2], {"filters": 2, "kernel_size": 2, "padding": "same"})],
    "Conv2DTranspose": [
        ([3, 4, 2], {"filters": 3, "kernel_size": [2, 3], "strides": 2, "output_padding": [1, 0]}),
        (
            [2, 4, 3],
            {"filters": 1, "kernel_size": 2, "dilation_rate": 2, "data_format": "channels_first"},
        ),
    ],
    "Conv3DTranspose": [([2, 3, 2, 2], {"filters": 2, "kernel_size": 2, "padding": "same"})],
    "Cropping1D": [([5, 2], {})],
    "Cropping2D": [([4, 5, 2], {"cropping": [[1, 0], [0, 2]]})],
    "Cropping3D": [([3, 4, 3, 2], {"cropping": [1, 1, 0]})],
    "Dense": [([5], {"units": 3}), ([2, 5], {"units": 3, "use_bias": False})],
    "DepthwiseConv1D": [([6, 3], {"kernel_size": 2, "depth_multiplier": 2, "padding": "same"})],
    "DepthwiseConv2D": [([4, 5, 2], {"kernel_size": [3, 2], "strides": [1, 2]})],
    "ELU": [([6], {"alpha": 0.5})],
    "EinsumDense": [
        ([4, 3], {"equation": "abc,cde->abde", "output_shape": [None, 2, 5], "bias_axes": "d"}),
        ([4, 3], {"equation": "...x,xy->...y", "output_shape": 2, "bias_axes": "y"}),
    ],
    "Flatten": [([2, 3, 4], {"data_format": "channels_first"})],
    "GRU": [
        ([4, 3], {"units": 2, "reset_after": True, "return_sequences": True}),
        ([4, 3], {"units": 2, "reset_after": False, "go_backwards": True}),
    ],
    "GlobalAveragePooling1D": [([4, 3], {})],
    "GlobalAveragePooling2D": [([4, 3, 2], {"keepdims": True})],
    "GlobalAveragePooling3D": [([2, 4, 3, 2], {})],
    "GlobalMaxPooling1D": [([4, 3], {})],
    "GlobalMaxPooling2D": [([4, 3, 2], {"data_format": "channels_first"})],
    "GlobalMaxPooling3D": [([2, 4, 3, 2], {})],
    "GroupNormalization": [([3, 4], {"groups": 2}), ([4, 3], {"groups": -1, "axis": 1})],
    "Identity": [([3], {})],
    "LSTM": [([4, 3], {"units": 2, "return_sequences": True})],
    "Lambda": [([3], {"function": "probe"})],
    "LayerNormalization": [([3, 4], {"axis": [1, 2]}), ([3, 4], {"axis": 1, "scale": False})],
    "LeakyReLU": [([6], {})],
    "Masking": [([3, 2], {"mask_value": 0.5})],
    "MaxPooling1D": [([7, 2], {"pool_size": 3, "strides": 1, "padding": "same"})],
    "MaxPooling2D": [([5, 6, 2], {"pool_size": [2, 3], "strides": [1, 2]})],
    "MaxPooling3D": [([3, 4, 3, 2], {"padding": "same"})],
    "PReLU": [([3, 4], {}), ([3, 4], {"shared_axes": [1]})],
    "MelSpectrogram": [
        (
            [20],
            {
                "fft_length": 8,
                "sequence_stride": 3,
                "sampling_rate": 100,
                "num_mel_bins": 3,
                "min_freq": 1.0,
                "power_to_db": to_db,
                "mag_exp": exponent,
                "top_db": top,
            },
        )
        for to_db, exponent, top in ((True, 2.0, 80.0), (False, 1.0, 80.0), (True, 1.0, 6.0))
    ],
    "Normalization": [
        ([3, 2], {"mean": [0.5, -1.0], "variance": [2.0, 0.3]}),
        ([3, 2], {"axis": None, "mean": 0.5, "variance": 2.0, "invert": True}),
    ],
    "Pipeline": [([3, 2], {"layers": [{"Rescaling": {"scale": 0.3}}, "Flatten"]})],
    "Permute": [([2, 3, 4], {"dims": [3, 1, 2]})],
    "RMSNormalization": [([3, 4], {}), ([3, 4], {"axis": 1, "epsilon": 0.1})],
    "ReLU": [([6], {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.25})],
    "RepeatVector": [([3], {"n": 2})],
    "Rescaling": [([3, 2], {"scale": [0.5, -3.0], "offset": 1.5})],
    "Resizing": [
        ([5, 3, 2], {"height": 3, "width": 4, "interpolation": name, "antialias": antialias})
        for name in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        for antialias in (False, True)
    ],
    "Reshape": [([2, 6], {"target_shape": [4, -1]})],
    "SeparableConv1D": [([6, 3], {"filters": 2, "kernel_size": 2, "depth_multiplier": 2})],
    "SeparableConv2D": [
        ([2, 5, 4], {"filters": 3, "kernel_size": 2, "data_format": "channels_first"})
    ],
    "STFTSpectrogram": [
        ([11, 2], {"mode": mode, "frame_length": 5, "frame_step": 3, "padding": "same"})
        for mode in ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
    ],
    "SimpleRNN": [([4, 3], {"units": 2})],
    "RNN": [
        ([3, 2], {"cell": [{"LSTMCell": {"units": 2}}, {"GRUCell": {"units": 3}}]}),
        ([3, 2], {"cell": {"SimpleRNNCell": {"units": 2}}, "return_sequences": True}),
    ],
    "Bidirectional": [
        ([3, 2], {"layer": {"LSTM": {"units": 2, "return_sequences": True}}}),
        ([3, 2], {"layer": {"GRU": {"units": 2}}, "merge_mode": "mul"}),
    ],
    "ConvLSTM1D": [([3, 4, 2], {"filters": 2, "kernel_size": 3, "padding": "same"})],
    "ConvLSTM2D": [
        ([2, 2, 4, 3], {"filters": 2, "kernel_size": 2, "data_format": "channels_first"}),
    ],
    "ConvLSTM3D": [([2, 3, 2, 3, 1], {"filters": 1, "kernel_size": 2, "dilation_rate": [2, 1, 1]})],
    "SpectralNormalization": [([4], {"layer": {"Dense": {"units": 3}}})],
    "Softmax": [([3, 4], {"axis": 1}), ([3, 4, 2], {"axis": [-1, 1]})],
    "TimeDistributed": [([3, 4], {"layer": {"Dense": {"units": 2}}})],
    "Solarization": [
        ([3, 4, 2], {"value_range": [-4, 4]}),
        (
            [3, 4, 2],
            {
                "addition_factor": [0.25, 0.25],
                "threshold_factor": [0.5, 0.5],
                "value_range": [-4, 4],
            },
        ),
    ],
    "UnitNormalization": [([3, 4], {}), ([3, 4], {"axis": [1, 2]})],
    "UpSampling1D": [([4, 2], {"size": 3})],
    "UpSampling2D": [
        ([3, 4, 2], {"size": [2, 3], "interpolation": name})
        for name in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
    ],
    "UpSampling3D": [([2, 3, 2, 2], {"size": [1, 2, 3], "data_format": "channels_first"})],
    "ZeroPadding1D": [([4, 2], {"padding": [1, 2]})],
    "ZeroPadding2D": [([3, 4, 2], {"padding": [[1, 0], [2, 1]]})],
    "ZeroPadding3D": [([3, 2, 2, 2], {"padding": [[1, 0], [2, 1], [0, 0]]})],
}
WITHOUT_SLOPE = {
    "AutoContrast",  # its extremes always lie at the kinks of the range that it is clipped to
    "CategoryEncoding",
    "Discretization",
    "Embedding",  # of whole numbers; the table's gradient is in test_reference_elementary
    "Equalization",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "ReversibleEmbedding",  # likewise
    "StringLookup",
    "TextVectorization",
}
"""Layers that answer in steps, or whose answers meet a kink whatever they are fed."""
ALIASES = {"MaxPool", "AvgPool", "Convolution"}
MERGING: dict[str, dict[str, Any]] = {
    "Add": {},
    "AdditiveAttention": {},
    "Attention": {"use_scale": True, "score_mode": "concat"},
    "GroupQueryAttention": {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 3, "value_dim": 2, "use_gate": True},
    "Average": {},
    "Concatenate": {},
    "Dot": {"axes": 2, "normalize": True},
    "Maximum": {},
    "Minimum": {},
    "Multiply": {},
    "Subtract": {},
}


INSIDE = {"GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells", "Sequential"}
"""Proved inside RNN, or by the layers that it holds."""


def merging(layer: str) -> Case:
    inputs = [InputSpec(name=name, shape=[2, 3]) for name in ("a", "b")]
    node = Node(name="both", layer=layer, config=MERGING[layer], inputs=["a", "b"])
    model = Model(form="functional", inputs=inputs, nodes=[node], outputs=["both"])
    return case(model, facets=["values", "gradients"])


def every_case() -> list[Any]:
    cases = [
        pytest.param(
            of_layer(layer, shape, config, facets=["values", "gradients"]),
            id=f"{layer}-{config.get('activation', i)}",
        )
        for layer, samples in SAMPLES.items()
        for i, (shape, config) in enumerate(samples)
    ]
    return [*cases, *(pytest.param(merging(layer), id=layer) for layer in MERGING)]


def test_every_layer_is_proved() -> None:
    layers = table.known("layers")
    named = {name for name in layers if not any(name.startswith(alias) for alias in ALIASES)} | {
        name for name in SAMPLES if name in layers
    }
    plain = {name for name in named if not (name.startswith("MaxPool") and "ing" not in name)}
    # Without training they are the identity.
    drawing = {name for name in layers if issubclass(table.find(f"layers.{name}"), Drawing)}
    assert plain - WITHOUT_SLOPE - INSIDE - drawing == {*SAMPLES, *MERGING}


def total(one: Case, feeds: dict[str, Any], dtype: type[np.generic]) -> Any:
    """sum(cotangent * output) of call 0."""
    network = Network.build(one.program.model)
    arithmetic = Arithmetic(dtype)
    inputs = {s.name: arithmetic.leaf(feeds[f"call/0/{s.name}"]) for s in one.program.model.inputs}
    weights = {name: arithmetic.leaf(feeds[f"weight/{name}"]) for name in network.variables}
    outputs = network.run(inputs, weights, Context(arithmetic)).outputs
    return sum((o.value * feeds[f"cotangent/{j}"]).sum() for j, o in enumerate(outputs))


@pytest.mark.parametrize("one", every_case())
def test_the_complex_step_confirms_every_gradient(one: Case) -> None:
    answer = evaluate(one)
    gradients = answer.expectation.gradients
    assert gradients is not None
    stated = {f"call/0/{name}": e for name, e in gradients.inputs.items()}
    stated |= {f"weight/{name}": e for name, e in gradients.weights.items()}
    random = np.random.default_rng(5)
    for key, expected in stated.items():
        direction = random.standard_normal(answer.feeds[key].shape)
        moved = dict(answer.feeds) | {key: answer.feeds[key] + 1e-40j * direction}
        slope = total(one, moved, np.complex128).imag / 1e-40
        truth = answer.arrays[expected.tensor]
        scale = np.abs(truth * direction).sum()
        # A gradient that is zero because everything cancels, as that of a key's bias, is compared
        # with the rounding error of what cancels.
        slack = 0.0
        if expected.spread:
            slack = 1e-6 * 2.0**-24 * np.abs(answer.arrays[expected.spread] * direction).sum()
        assert abs(slope - (truth * direction).sum()) <= 1e-13 * scale + slack, key


@pytest.mark.parametrize("one", every_case())
def test_longdouble_agrees_with_float64(one: Case) -> None:
    answer = evaluate(one)
    network = Network.build(one.program.model)
    run = execute(network, one.program, answer.feeds, Context(Arithmetic(np.longdouble)))
    gradients = answer.expectation.gradients
    assert run.gradients is not None
    assert gradients is not None
    pairs = [
        (run.calls[0].outputs[0], answer.expectation.calls[0].outputs[0]),  # type: ignore[union-attr] # no refusal here
        *((run.gradients.inputs[n], e) for n, e in gradients.inputs.items()),
        *((run.gradients.weights[n], e) for n, e in gradients.weights.items()),
    ]
    for precise, expected in pairs:
        truth = answer.arrays[expected.tensor]
        if expected.spread:
            tau = 2.0**-24 * answer.arrays[expected.spread]
            assert np.all(np.abs(precise.value - truth) <= 1e-6 * tau + 1e-300)
        else:
            assert np.array_equal(precise.value, truth)


def _pair_for(name: str, random: Any) -> tuple[Any, Any]:
    """A target and a prediction that a loss or its function has an answer for."""
    flat = name.lower().replace("_", "")
    if flat == "ctc":
        return np.array([[1.0, 2.0], [2.0, 2.0]]), random.standard_normal((2, 4, 3))
    if flat == "circle":
        return np.array([0.0, 1.0, 0.0, 1.0]), random.uniform(-0.9, 0.9, (4, 3)) / 8
    if flat.startswith("sparse") or "generalized" in flat:
        return np.array([0.0, 2.0, 1.0, 1.0]), random.uniform(0.1, 0.9, (4, 3))
    if any(word in flat for word in ("entropy", "logarithmic", "divergence", "poisson")):
        return tuple(random.uniform(0.1, 0.9, (2, 4, 3)))
    return tuple(random.standard_normal((2, 4, 3)))


@pytest.mark.parametrize("name", table.known("losses"))
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
def test_the_complex_step_confirms_every_loss(name: str, reduction: str) -> None:
    from conformance.reference.engine.array import gradients

    random = np.random.default_rng(2)
    target, prediction = _pair_for(name, random)
    direction = random.standard_normal(prediction.shape)
    plain = Arithmetic()

    def loss(y_true: Any, y_pred: Any) -> Any:
        if name.islower():
            told = {"q": 0.3} if "generalized" in name else {}
            return table.find(f"losses.{name}")(y_true, y_pred, **told).sum()
        made_loss = made(f"losses.{name}", {"reduction": reduction}, y_pred.arithmetic)
        return made_loss(y_true, y_pred)

    watched = plain.leaf(prediction).watched()
    (gradient,) = gradients([loss(plain.leaf(target), watched)], [plain.constant(1.0)], [watched])
    assert np.any(gradient.value)
    stepped = Arithmetic(np.complex128)
    moved = loss(stepped.leaf(target), stepped.leaf(prediction + 1e-40j * direction))
    slope = float(moved.value.imag) / 1e-40
    assert slope == pytest.approx(float((gradient.value * direction).sum()), rel=1e-13)


def test_slices_of_one_array_are_laid_side_by_side() -> None:
    # Were the gradients of slices added to zeros, every addition would seem to round.
    from conformance.reference.engine.arithmetic import Variance
    from conformance.reference.engine.array import gradients
    from conformance.reference.engine.structure import take

    random = np.random.default_rng(3)
    variance = Variance()
    x = variance.leaf(random.standard_normal((2, 5)).astype(np.float32)).watched()
    slices = [take(x, 1, 0, 2), take(x, 1, 2, 3), take(x, 1, 4, 5)]
    cotangents = [variance.leaf(random.standard_normal(s.shape).astype(np.float32)) for s in slices]
    (gradient,) = gradients(slices, cotangents, [x])
    assert np.array_equal(gradient.value[:, 3], [0, 0])
    for part, place in zip(cotangents, (slice(0, 2), slice(2, 3), slice(4, 5)), strict=True):
        assert np.array_equal(gradient.value[:, place], part.value)
        assert np.array_equal(gradient.variance[:, place], part.variance)


def test_overlapping_slices_are_added() -> None:
    from conformance.reference.engine.array import gradients
    from conformance.reference.engine.structure import take

    plain = Arithmetic()
    x = plain.leaf(np.zeros(4)).watched()
    slices = [take(x, 0, 0, 3), take(x, 0, 1, 4), take(x, 0, 1, 4)]
    cotangents = [plain.leaf(np.full(3, c)) for c in (1.0, 10.0, 100.0)]
    (gradient,) = gradients(slices, cotangents, [x])
    assert gradient.value.tolist() == [1, 111, 111, 110]
