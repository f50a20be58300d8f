"""keras.ops of neural networks as functions of JAX. Data only: no JAX is imported."""

from __future__ import annotations

from conformance.adapters.jax.tables.activations import ACTIVATIONS
from conformance.adapters.native.functions import WHOLE, Direct, Dtypes, Own, Row

_FORMATS = (None, "channels_last", "channels_first")
_PADDING = ("valid", "same")


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
    "ops.gelu": [Direct("jax.nn.gelu", keywords={"approximate": True})],
}

_REDUCED = "jax.lax.reduce_window"
_CUT = "jax.lax.slice_in_dim"
_PATCHES = "jax.lax.conv_general_dilated_patches"

_WINDOWS: dict[str, list[Row]] = {
    "ops.max_pool": _windows("max_pool", _REDUCED),
    "ops.average_pool": _windows("average_pool", _REDUCED, composed=True),
    "ops.adaptive_max_pool": [
        Own(
            "ops.windows",
            "adaptive_max_pool",
            _CUT,
            composed=True,
            only={"data_format": _FORMATS},
        )
    ],
    "ops.adaptive_average_pool": [
        Own(
            "ops.windows",
            "adaptive_average_pool",
            _CUT,
            composed=True,
            only={"data_format": _FORMATS},
        )
    ],
    "ops.conv_transpose": _windows("conv_transpose", "jax.lax.conv_transpose"),
    "ops.depthwise_conv": _windows("depthwise_conv", "jax.lax.conv_general_dilated"),
    "ops.separable_conv": _windows("separable_conv", "jax.lax.conv_general_dilated", composed=True),
    "ops.unfold": [Own("ops.windows", "unfold", _PATCHES)],
    "ops.fold": [Own("ops.windows", "fold", "jax.linear_transpose", composed=True)],
    "ops.depth_to_space": [
        Own("ops.windows", "depth_to_space", "jax.numpy.reshape", composed=True)
    ],
    "ops.space_to_depth": [
        Own("ops.windows", "space_to_depth", "jax.numpy.reshape", composed=True)
    ],
    "ops.image.extract_patches": _windows("extract_patches", _PATCHES),
    "ops.image.extract_patches_3d": _windows("extract_patches_3d", _PATCHES),
}

_NORMALIZED: dict[str, list[Row]] = {
    "ops.batch_normalization": [
        Own("ops.normalization", "batch_normalization", "jax.nn.standardize")
    ],
    "ops.layer_normalization": [
        Own("ops.normalization", "layer_normalization", "jax.nn.standardize")
    ],
    "ops.rms_normalization": [
        Own("ops.normalization", "rms_normalization", "jax.lax.rsqrt", composed=True)
    ],
    "ops.normalize": [
        Own(
            "ops.normalization",
            "normalize",
            "jax.numpy.linalg.norm",
            composed=True,
            only={"axis": (WHOLE,)},
        )
    ],
}

_LOSSES: dict[str, list[Row]] = {
    "ops.binary_crossentropy": [
        Own("ops.losses", "binary_crossentropy", "jax.nn.log_sigmoid", composed=True)
    ],
    "ops.categorical_crossentropy": [
        Own("ops.losses", "categorical_crossentropy", "jax.nn.log_softmax", composed=True)
    ],
    "ops.sparse_categorical_crossentropy": [
        Own("ops.losses", "sparse_categorical_crossentropy", "jax.nn.log_softmax", composed=True)
    ],
    "ops.ctc_loss": [Own("ops.losses", "ctc_loss", "optax.ctc_loss", needs="optax")],
    "ops.dot_product_attention": [
        Direct(
            "jax.nn.dot_product_attention",
            ("query", "key", "value", "bias", "mask"),
            keywords={"scale": None, "is_causal": False},
        ),
        Direct(
            "jax.nn.dot_product_attention",
            ("query", "key", "value", "bias"),
            keywords={"scale": None, "is_causal": False},
        ),
        Direct(
            "jax.nn.dot_product_attention",
            ("query", "key", "value"),
            keywords={"scale": None, "is_causal": False},
        ),
        Own("ops.attention", "masked", "jax.nn.dot_product_attention"),
    ],
    "ops.multi_hot": [
        Own(
            "ops.losses",
            "multi_hot",
            "jax.nn.one_hot",
            composed=True,
            only={"num_classes": (WHOLE,)},
            why={"sparse": "a sparse answer is another kind of array"},
        )
    ],
    "ops.psnr": [
        Own(
            "ops.losses",
            "psnr",
            "jax.numpy.log10",
            composed=True,
            dtypes=Dtypes(meet=("x1", "x2")),
        )
    ],
}

FUNCTIONS: dict[str, list[Row]] = {**_ACTIVATIONS, **_WINDOWS, **_NORMALIZED, **_LOSSES}
"""By Keras's symbol."""
