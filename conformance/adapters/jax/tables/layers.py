"""Which layer of Keras is which function of JAX. Imports no JAX: the report reads it too."""

from __future__ import annotations

from conformance.adapters.jax.tables import core as elementary
from conformance.adapters.jax.tables import normalization as normalized
from conformance.adapters.jax.tables import preprocessing as preprocessed
from conformance.adapters.jax.tables import recurrent as recurrence
from conformance.adapters.jax.tables import regularization as regularizing
from conformance.adapters.native.binding import Entry, Function, Table
from conformance.adapters.native.conditions import FORMATS, PADDING, WINDOWS

_KERNEL = {"kernel": "as it is", "bias": "added on the last axis"}
_FILTERS = {"kernel": "as it is", "bias": "added on the channels' axis"}


_TRANSPOSED = [
    Entry("transposed", "conv_transpose", "jax.lax.conv_transpose", _FILTERS, only=WINDOWS)
]
_DEPTHWISE = [
    Entry(
        "depthwise",
        "depthwise_conv",
        "jax.lax.conv_general_dilated",
        {**_FILTERS, "kernel": "kernel.reshape(*size, 1, channels * multiplier)"},
        only=WINDOWS,
    )
]
_SEPARABLE = [
    Entry(
        "depthwise",
        "separable_conv",
        "jax.lax.conv_general_dilated",
        {
            "depthwise_kernel": "depthwise_kernel.reshape(*size, 1, channels * multiplier)",
            "pointwise_kernel": "as it is",
            "bias": "added on the channels' axis",
        },
        composed=True,
        only=WINDOWS,
    )
]


def _convolution(*paddings: str) -> list[Entry]:
    symbol, only = "jax.lax.conv_general_dilated", {"padding": (*PADDING, *paddings), **FORMATS}
    return [Entry("convolutional", "conv", symbol, _FILTERS, only=only)]


def _pooling(function: str) -> list[Entry]:
    return [Entry("pooling", function, "jax.lax.reduce_window", only=WINDOWS)]


def _whole(function: str, symbol: str) -> list[Entry]:
    return [Entry("pooling", function, symbol, only=FORMATS)]


def _composed(function: str, symbol: str) -> list[Entry]:
    return [Entry("pooling", function, symbol, composed=True, only=FORMATS)]


LAYERS = {
    **elementary.LAYERS,
    **normalized.LAYERS,
    **preprocessed.LAYERS,
    **regularizing.LAYERS,
    "Dense": [Entry("core", "dense", "jax.numpy.matmul", _KERNEL)],
    "Lambda": [Entry("core", "probe", "the identity", only={"function": ("probe",)})],
    "Activation": [Entry("activation", "activation", "jax.nn")],
    "Conv1D": _convolution("causal", "CAUSAL"),
    "Conv2D": _convolution(),
    "Conv3D": _convolution(),
    "Conv1DTranspose": _TRANSPOSED,
    "Conv2DTranspose": _TRANSPOSED,
    "Conv3DTranspose": _TRANSPOSED,
    "DepthwiseConv1D": _DEPTHWISE,
    "DepthwiseConv2D": _DEPTHWISE,
    "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    "MaxPooling1D": _pooling("max_pooling"),
    "MaxPooling2D": _pooling("max_pooling"),
    "MaxPooling3D": _pooling("max_pooling"),
    "AveragePooling1D": _pooling("average_pooling"),
    "AveragePooling2D": _pooling("average_pooling"),
    "AveragePooling3D": _pooling("average_pooling"),
    "GlobalMaxPooling1D": _whole("global_max_pooling", "jax.numpy.max"),
    "GlobalMaxPooling2D": _whole("global_max_pooling", "jax.numpy.max"),
    "GlobalMaxPooling3D": _whole("global_max_pooling", "jax.numpy.max"),
    "GlobalAveragePooling1D": [
        *_whole("global_average_pooling", "jax.numpy.mean"),
        *_composed("mean_of_steps", "jax.numpy.sum"),
    ],
    "GlobalAveragePooling2D": _whole("global_average_pooling", "jax.numpy.mean"),
    "GlobalAveragePooling3D": _whole("global_average_pooling", "jax.numpy.mean"),
    "AdaptiveMaxPooling1D": _composed("adaptive_max_pooling", "jax.numpy.max"),
    "AdaptiveMaxPooling2D": _composed("adaptive_max_pooling", "jax.numpy.max"),
    "AdaptiveMaxPooling3D": _composed("adaptive_max_pooling", "jax.numpy.max"),
    "AdaptiveAveragePooling1D": _composed("adaptive_average_pooling", "jax.numpy.mean"),
    "AdaptiveAveragePooling2D": _composed("adaptive_average_pooling", "jax.numpy.mean"),
    "AdaptiveAveragePooling3D": _composed("adaptive_average_pooling", "jax.numpy.mean"),
    **recurrence.LAYERS,
}

ACTIVATIONS = {
    **elementary.ACTIVATIONS,
    "linear": Function("linear", "the identity"),
    "relu": Function("relu", "jax.nn.relu"),
    "relu6": Function("relu6", "jax.nn.relu6"),
    "leaky_relu": Function("leaky_relu", "jax.nn.leaky_relu"),
    "elu": Function("elu", "jax.nn.elu"),
    "celu": Function("celu", "jax.nn.celu"),
    "selu": Function("selu", "jax.nn.selu"),
    "gelu": Function("gelu", "jax.nn.gelu"),
    "silu": Function("silu", "jax.nn.silu"),
    "swish": Function("silu", "jax.nn.silu"),
    "mish": Function("mish", "jax.nn.mish"),
    "softplus": Function("softplus", "jax.nn.softplus"),
    "softsign": Function("softsign", "jax.nn.soft_sign"),
    "softmax": Function("softmax", "jax.nn.softmax"),
    "log_softmax": Function("log_softmax", "jax.nn.log_softmax"),
    "sigmoid": Function("sigmoid", "jax.nn.sigmoid"),
    "log_sigmoid": Function("log_sigmoid", "jax.nn.log_sigmoid"),
    "hard_sigmoid": Function("hard_sigmoid", "jax.nn.hard_sigmoid"),
    "hard_silu": Function("hard_silu", "jax.nn.hard_silu"),
    "hard_swish": Function("hard_silu", "jax.nn.hard_silu"),
    "tanh": Function("tanh", "jax.numpy.tanh"),
    "hard_tanh": Function("hard_tanh", "jax.nn.hard_tanh"),
    "tanh_shrink": Function("tanh_shrink", "jax.numpy.tanh"),
    "soft_shrink": Function("soft_shrink", "jax.numpy.maximum"),
    "hard_shrink": Function("hard_shrink", "jax.numpy.where"),
    "exponential": Function("exponential", "jax.numpy.exp"),
}

TABLE = Table("conformance.adapters.jax.layers", LAYERS, ACTIVATIONS)
