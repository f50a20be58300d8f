"""Which layer of Keras is which function of JAX. Imports no JAX: the report reads it too."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry, Function, Table

_FORMATS = {"data_format": ("channels_last", "channels_first")}
_WINDOWS = {"padding": ("valid", "same"), **_FORMATS}
_KERNEL = {"kernel": "as it is", "bias": "added on the last axis"}
_FILTERS = {"kernel": "as it is", "bias": "added on the channels' axis"}
_GATES = {"kernel": "as it is", "recurrent_kernel": "as it is", "bias": "as it is"}


def _recurrent(function: str) -> list[Entry]:
    return [Entry("recurrent", function, "jax.lax.scan", _GATES, composed=True)]


def _pooling(function: str) -> list[Entry]:
    return [Entry("pooling", function, "jax.lax.reduce_window", only=_WINDOWS)]


LAYERS = {
    "Dense": [Entry("core", "dense", "jax.numpy.matmul", _KERNEL)],
    "Lambda": [Entry("core", "probe", "the identity", only={"function": ("probe",)})],
    "Activation": [Entry("activation", "activation", "jax.nn")],
    "Conv1D": [
        Entry(
            "convolutional",
            "conv1d",
            "jax.lax.conv_general_dilated",
            _FILTERS,
            only={"padding": ("valid", "same", "causal"), **_FORMATS},
        )
    ],
    "Conv2D": [
        Entry("convolutional", "conv2d", "jax.lax.conv_general_dilated", _FILTERS, only=_WINDOWS)
    ],
    "MaxPooling1D": _pooling("max_pooling1d"),
    "MaxPooling2D": _pooling("max_pooling2d"),
    "AveragePooling1D": _pooling("average_pooling1d"),
    "AveragePooling2D": _pooling("average_pooling2d"),
    "SimpleRNN": _recurrent("simple_rnn"),
    "LSTM": _recurrent("lstm"),
    "GRU": _recurrent("gru"),
    "TimeDistributed": [Entry("recurrent", "time_distributed", "jax.vmap", composed=True)],
    "Concatenate": [Entry("merging", "concatenate", "jax.numpy.concatenate")],
    "Add": [Entry("merging", "add", "jax.numpy.add")],
    "Flatten": [Entry("reshaping", "flatten", "jax.numpy.reshape", only=_FORMATS)],
    "Reshape": [Entry("reshaping", "reshape", "jax.numpy.reshape")],
    "Permute": [Entry("reshaping", "permute", "jax.numpy.transpose")],
}

ACTIVATIONS = {
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

TABLE = Table("conformance.adapters.jax", LAYERS, ACTIVATIONS)
