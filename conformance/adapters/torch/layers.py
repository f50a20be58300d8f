"""Which layer of Keras is which module of torch. Imports no torch: the report reads it too."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry, Function, Table

_POOLING = {
    "padding": ("valid", "same"),
    "data_format": ("channels_last", "channels_first"),
}
_CONVOLUTION = {"bias": "bias = bias"}
_FORMATS = {"data_format": ("channels_last", "channels_first")}
_ROWS = {
    "kernel": "weight_ih_l0 = kernel.T",
    "recurrent_kernel": "weight_hh_l0 = recurrent_kernel.T",
}
_BIAS = {"bias": "bias_ih_l0 = bias, bias_hh_l0 = 0"}
_AS_IT_IS = {"kernel": "as it is", "recurrent_kernel": "as it is", "bias": "as it is"}
_FUSED = {"activation": ("tanh",), "recurrent_activation": ("sigmoid",)}

LAYERS = {
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
    "Conv1D": [
        Entry(
            "convolutional",
            "conv1d",
            "torch.nn.Conv1d",
            {"kernel": "weight = kernel.permute(2, 1, 0)", **_CONVOLUTION},
            only={"padding": ("valid", "same", "causal"), **_FORMATS},
        )
    ],
    "Conv2D": [
        Entry(
            "convolutional",
            "conv2d",
            "torch.nn.Conv2d",
            {"kernel": "weight = kernel.permute(3, 2, 0, 1)", **_CONVOLUTION},
            only={"padding": ("valid", "same"), **_FORMATS},
        )
    ],
    "MaxPooling1D": [Entry("pooling", "max_pooling1d", "torch.nn.MaxPool1d", only=_POOLING)],
    "MaxPooling2D": [Entry("pooling", "max_pooling2d", "torch.nn.MaxPool2d", only=_POOLING)],
    "AveragePooling1D": [
        Entry("pooling", "average_pooling1d", "torch.nn.AvgPool1d", only=_POOLING)
    ],
    "AveragePooling2D": [
        Entry("pooling", "average_pooling2d", "torch.nn.AvgPool2d", only=_POOLING)
    ],
    "SimpleRNN": [
        Entry(
            "recurrent",
            "simple_rnn",
            "torch.nn.RNN",
            {**_ROWS, **_BIAS},
            only={"activation": ("tanh", "relu")},
        ),
        Entry("recurrent", "simple_rnn_by_steps", "torch.matmul", _AS_IT_IS, composed=True),
    ],
    "LSTM": [
        Entry("recurrent", "lstm", "torch.nn.LSTM", {**_ROWS, **_BIAS}, only=_FUSED),
        Entry("recurrent", "lstm_by_steps", "torch.matmul", _AS_IT_IS, composed=True),
    ],
    "GRU": [
        Entry(
            "recurrent",
            "gru",
            "torch.nn.GRU",
            {
                "kernel": "weight_ih_l0 = (z, r, h to r, z, h of kernel).T",
                "recurrent_kernel": "weight_hh_l0 = (z, r, h to r, z, h of recurrent_kernel).T",
                "bias": "bias_ih_l0, bias_hh_l0 = (z, r, h to r, z, h of bias)",
            },
            only={**_FUSED, "reset_after": (True,)},
        ),
        Entry("recurrent", "gru_by_steps", "torch.matmul", _AS_IT_IS, composed=True),
    ],
    "TimeDistributed": [
        Entry("recurrent", "time_distributed", "torch.flatten, torch.unflatten", composed=True)
    ],
    "Concatenate": [Entry("merging", "concatenate", "torch.cat")],
    "Add": [Entry("merging", "add", "torch.add")],
    "Flatten": [Entry("reshaping", "flatten", "torch.nn.Flatten", only=_FORMATS)],
    "Reshape": [Entry("reshaping", "reshape", "torch.reshape")],
    "Permute": [Entry("reshaping", "permute", "torch.permute")],
}

_F = "torch.nn.functional."

ACTIVATIONS = {
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

TABLE = Table("conformance.adapters.torch", LAYERS, ACTIVATIONS)
