"""keras.ops of neural networks as functions of torch. Data only: no torch is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import REQUIRED, WHOLE, Direct, Dtypes, Own, Row
from conformance.adapters.torch.tables.activations import ACTIVATIONS

_F = "torch.nn.functional."
_FORMATS = (None, "channels_last", "channels_first")
_PADDING = ("valid", "same")


def _spatial(name: str) -> str:
    """``torch.nn.functional.conv1d`` and its sisters."""
    return ", ".join(f"{_F}{name}{n}d" for n in (1, 2, 3))


def _windows(function: str, symbol: str, *, composed: bool = False) -> list[Row]:
    only = {"padding": _PADDING, "data_format": _FORMATS}
    return [Own("ops.windows", function, symbol, composed=composed, only=only)]


_SHARED = (
    "celu",
    "elu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh_shrink",
    "threshold",
)
"""Activations that are functions of ``keras.ops`` under the same name."""

_ACTIVATIONS: dict[str, list[Row]] = {
    **{f"ops.{name}": ACTIVATIONS[f"activations.{name}"] for name in _SHARED},
    "ops.gelu": [
        Direct(
            _F + "gelu",
            keywords={"approximate": True},
            instead={"approximate": {False: "none", True: "tanh"}},
            note="exact unless torch is told otherwise, and Keras's is not",
        )
    ],
}

_WINDOWS: dict[str, list[Row]] = {
    "ops.max_pool": _windows("max_pool", "torch.nn.MaxPool1d, torch.nn.MaxPool2d"),
    "ops.average_pool": _windows("average_pool", "torch.nn.AvgPool1d, torch.nn.AvgPool2d"),
    "ops.adaptive_max_pool": [
        Own(
            "ops.windows",
            "adaptive_max_pool",
            "torch.nn.AdaptiveMaxPool2d",
            only={"data_format": _FORMATS},
        )
    ],
    "ops.adaptive_average_pool": [
        Own(
            "ops.windows",
            "adaptive_average_pool",
            "torch.nn.AdaptiveAvgPool2d",
            only={"data_format": _FORMATS},
        )
    ],
    "ops.conv_transpose": _windows("conv_transpose", _spatial("conv_transpose")),
    "ops.depthwise_conv": _windows("depthwise_conv", f"{_F}conv1d, {_F}conv2d"),
    "ops.separable_conv": _windows("separable_conv", f"{_F}conv1d, {_F}conv2d", composed=True),
    "ops.unfold": [
        Direct(
            _F + "unfold",
            keywords={"kernel_size": REQUIRED, "dilation": 1, "padding": 0, "stride": 1},
        )
    ],
    "ops.fold": [
        Direct(
            _F + "fold",
            keywords={
                "output_size": REQUIRED,
                "kernel_size": REQUIRED,
                "dilation": 1,
                "padding": 0,
                "stride": 1,
            },
        )
    ],
    "ops.depth_to_space": [Own("ops.windows", "depth_to_space", _F + "pixel_shuffle")],
    "ops.space_to_depth": [Own("ops.windows", "space_to_depth", _F + "pixel_unshuffle")],
    "ops.image.extract_patches": [
        Own(
            "ops.windows",
            "extract_patches",
            _F + "unfold",
            only={"data_format": _FORMATS, "padding": _PADDING},
        )
    ],
    "ops.image.extract_patches_3d": [
        Own(
            "ops.windows",
            "extract_patches_3d",
            "torch.Tensor.unfold",
            composed=True,
            only={"data_format": _FORMATS, "padding": _PADDING, "dilation_rate": (1,)},
            why={"dilation_rate": "torch cuts windows without gaps out of volumes"},
        )
    ],
}

_NORMALIZED: dict[str, list[Row]] = {
    "ops.batch_normalization": [
        Own("ops.normalization", "batch_normalization", "torch.rsqrt", composed=True)
    ],
    "ops.layer_normalization": [Own("ops.normalization", "layer_normalization", _F + "layer_norm")],
    "ops.rms_normalization": [Own("ops.normalization", "rms_normalization", _F + "rms_norm")],
    "ops.normalize": [
        Direct(
            _F + "normalize",
            keywords={"order": 2, "axis": -1, "epsilon": None},
            rename={"order": "p", "axis": "dim", "epsilon": "eps"},
            instead={"epsilon": {None: 1e-7}},
            note="torch's epsilon is 1e-12",
        )
    ],
}

_LOSSES: dict[str, list[Row]] = {
    "ops.binary_crossentropy": [
        Own(
            "ops.losses",
            "binary_crossentropy",
            f"{_F}binary_cross_entropy, {_F}binary_cross_entropy_with_logits",
        )
    ],
    "ops.categorical_crossentropy": [
        Own("ops.losses", "categorical_crossentropy", _F + "log_softmax", composed=True)
    ],
    "ops.sparse_categorical_crossentropy": [
        Own("ops.losses", "sparse_categorical_crossentropy", _F + "nll_loss")
    ],
    "ops.ctc_loss": [Own("ops.losses", "ctc_loss", _F + "ctc_loss")],
    "ops.dot_product_attention": [
        Own(
            "ops.losses",
            "dot_product_attention",
            _F + "scaled_dot_product_attention",
            why={"flash_attention": "torch chooses by itself"},
        )
    ],
    "ops.multi_hot": [
        Own(
            "ops.losses",
            "multi_hot",
            _F + "one_hot",
            composed=True,
            only={"num_classes": (WHOLE,)},
            why={"sparse": "a sparse answer is another kind of array"},
        )
    ],
    "ops.psnr": [
        Own(
            "ops.losses",
            "psnr",
            _F + "mse_loss",
            composed=True,
            dtypes=Dtypes(meet=("x1", "x2"), alike=True),
        )
    ],
}

FUNCTIONS: dict[str, list[Row]] = {**_ACTIVATIONS, **_WINDOWS, **_NORMALIZED, **_LOSSES}
"""By Keras's symbol."""
