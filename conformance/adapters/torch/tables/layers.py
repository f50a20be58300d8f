"""Which layer of Keras is which module of torch. Imports no torch: the report reads it too."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry, Function, Table
from conformance.adapters.native.conditions import FORMATS, PADDING, WINDOWS
from conformance.adapters.torch.tables import core as elementary
from conformance.adapters.torch.tables import normalization as normalized
from conformance.adapters.torch.tables import preprocessing as preprocessed
from conformance.adapters.torch.tables import recurrent as recurrence
from conformance.adapters.torch.tables import regularization as regularizing

_CONVOLUTION = {"bias": "bias = bias"}


def _convolution(module: str, order: str, *paddings: str) -> list[Entry]:
    return [
        Entry(
            "convolutional",
            "conv",
            module,
            {"kernel": f"weight = kernel.permute({order})", **_CONVOLUTION},
            only={"padding": (*PADDING, *paddings), **FORMATS},
        )
    ]


def _transposed(symbol: str, order: str) -> list[Entry]:
    layout = {"kernel": f"weight = kernel.permute({order})", **_CONVOLUTION}
    return [Entry("transposed", "conv_transpose", symbol, layout, only=WINDOWS)]


def _depthwise(symbol: str, order: str) -> list[Entry]:
    layout = {"kernel": f"weight = kernel.permute({order}).flatten(0, 1)[:, None]", **_CONVOLUTION}
    return [Entry("depthwise", "depthwise_conv", symbol, layout, only=WINDOWS)]


def _separable(symbol: str, depthwise: str, pointwise: str) -> list[Entry]:
    layout = {
        "depthwise_kernel": (
            f"first weight = depthwise_kernel.permute({depthwise}).flatten(0, 1)[:, None]"
        ),
        "pointwise_kernel": f"second weight = pointwise_kernel.permute({pointwise})",
        "bias": "second bias = bias",
    }
    return [Entry("depthwise", "separable_conv", symbol, layout, composed=True, only=WINDOWS)]


def _pooling(function: str, symbol: str) -> list[Entry]:
    return [Entry("pooling", function, symbol, only=WINDOWS)]


def _whole(function: str, symbol: str) -> list[Entry]:
    """A pooling without windows of its own."""
    return [Entry("pooling", function, symbol, only=FORMATS)]


def _composed(function: str, symbol: str) -> list[Entry]:
    return [Entry("pooling", function, symbol, composed=True, only=FORMATS)]


LAYERS = {
    **elementary.LAYERS,
    **normalized.LAYERS,
    **preprocessed.LAYERS,
    **regularizing.LAYERS,
    **recurrence.LAYERS,
    "Dense": [
        Entry(
            "core",
            "dense",
            "torch.nn.Linear",
            {"kernel": "weight = kernel.T", "bias": "bias = bias"},
        )
    ],
    "Lambda": [Entry("core", "probe", "torch.nn.Identity", only={"function": ("probe",)})],
    "Activation": [Entry("activation", "activation", "torch.nn.functional")],
    "Conv1D": _convolution("torch.nn.Conv1d", "2, 1, 0", "causal", "CAUSAL"),
    "Conv2D": _convolution("torch.nn.Conv2d", "3, 2, 0, 1"),
    "Conv3D": _convolution("torch.nn.Conv3d", "4, 3, 0, 1, 2"),
    "Conv1DTranspose": _transposed("torch.nn.ConvTranspose1d", "2, 1, 0"),
    "Conv2DTranspose": _transposed("torch.nn.ConvTranspose2d", "3, 2, 0, 1"),
    "Conv3DTranspose": _transposed("torch.nn.ConvTranspose3d", "4, 3, 0, 1, 2"),
    "DepthwiseConv1D": _depthwise("torch.nn.Conv1d", "1, 2, 0"),
    "DepthwiseConv2D": _depthwise("torch.nn.Conv2d", "2, 3, 0, 1"),
    "SeparableConv1D": _separable("torch.nn.Conv1d", "1, 2, 0", "2, 1, 0"),
    "SeparableConv2D": _separable("torch.nn.Conv2d", "2, 3, 0, 1", "3, 2, 0, 1"),
    "MaxPooling1D": _pooling("max_pooling", "torch.nn.MaxPool1d"),
    "MaxPooling2D": _pooling("max_pooling", "torch.nn.MaxPool2d"),
    "MaxPooling3D": _pooling("max_pooling", "torch.nn.MaxPool3d"),
    "AveragePooling1D": _pooling("average_pooling", "torch.nn.AvgPool1d"),
    "AveragePooling2D": _pooling("average_pooling", "torch.nn.AvgPool2d"),
    "AveragePooling3D": _pooling("average_pooling", "torch.nn.AvgPool3d"),
    "GlobalMaxPooling1D": _whole("global_max_pooling", "torch.amax"),
    "GlobalMaxPooling2D": _whole("global_max_pooling", "torch.amax"),
    "GlobalMaxPooling3D": _whole("global_max_pooling", "torch.amax"),
    "GlobalAveragePooling1D": [
        *_whole("global_average_pooling", "torch.mean"),
        *_composed("mean_of_steps", "torch.sum"),
    ],
    "GlobalAveragePooling2D": _whole("global_average_pooling", "torch.mean"),
    "GlobalAveragePooling3D": _whole("global_average_pooling", "torch.mean"),
    "AdaptiveMaxPooling1D": _whole("adaptive_max_pooling", "torch.nn.AdaptiveMaxPool1d"),
    "AdaptiveMaxPooling2D": _whole("adaptive_max_pooling", "torch.nn.AdaptiveMaxPool2d"),
    "AdaptiveMaxPooling3D": _whole("adaptive_max_pooling", "torch.nn.AdaptiveMaxPool3d"),
    "AdaptiveAveragePooling1D": _whole("adaptive_average_pooling", "torch.nn.AdaptiveAvgPool1d"),
    "AdaptiveAveragePooling2D": _whole("adaptive_average_pooling", "torch.nn.AdaptiveAvgPool2d"),
    "AdaptiveAveragePooling3D": _whole("adaptive_average_pooling", "torch.nn.AdaptiveAvgPool3d"),
}

_F = "torch.nn.functional."

ACTIVATIONS = {
    **elementary.ACTIVATIONS,
    "linear": Function("linear", "torch.nn.Identity"),
    "relu": Function("relu", _F + "relu"),
    "relu6": Function("relu6", _F + "relu6"),
    "leaky_relu": Function("leaky_relu", _F + "leaky_relu"),
    "elu": Function("elu", _F + "elu"),
    "celu": Function("celu", _F + "celu"),
    "selu": Function("selu", _F + "selu"),
    "gelu": Function("gelu", _F + "gelu"),
    "silu": Function("silu", _F + "silu"),
    "swish": Function("silu", _F + "silu"),
    "mish": Function("mish", _F + "mish"),
    "softplus": Function("softplus", _F + "softplus"),
    "softsign": Function("softsign", _F + "softsign"),
    "softmax": Function("softmax", _F + "softmax"),
    "log_softmax": Function("log_softmax", _F + "log_softmax"),
    "sigmoid": Function("sigmoid", "torch.sigmoid"),
    "log_sigmoid": Function("log_sigmoid", _F + "logsigmoid"),
    "hard_sigmoid": Function("hard_sigmoid", _F + "hardsigmoid"),
    "hard_silu": Function("hard_silu", _F + "hardswish"),
    "hard_swish": Function("hard_silu", _F + "hardswish"),
    "tanh": Function("tanh", "torch.tanh"),
    "hard_tanh": Function("hard_tanh", _F + "hardtanh"),
    "tanh_shrink": Function("tanh_shrink", _F + "tanhshrink"),
    "soft_shrink": Function("soft_shrink", _F + "softshrink"),
    "hard_shrink": Function("hard_shrink", _F + "hardshrink"),
    "exponential": Function("exponential", "torch.exp"),
}

TABLE = Table("conformance.adapters.torch.layers", LAYERS, ACTIVATIONS)
