"""Which layer of Keras is which module of Flax NNX. Imports no Flax: the report reads it too.

Flax is a library on top of JAX: what it has no module for, its users write with ``jax.numpy`` and
``jax.lax``, so those rows are the jax adapter's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.jax.tables.layers import TABLE as JAX
from conformance.adapters.native.binding import Entry, Function, Table
from conformance.adapters.native.conditions import FORMATS, PADDING, WINDOWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXPORTED = frozenset(
    {
        "celu",
        "elu",
        "gelu",
        "glu",
        "hard_sigmoid",
        "hard_silu",
        "hard_tanh",
        "leaky_relu",
        "log_sigmoid",
        "log_softmax",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_sign",
        "softmax",
        "softplus",
        "standardize",
    }
)
"""Functions of ``jax.nn`` that are ``flax.nnx``'s under the same name: the very same objects."""

_KERNEL = {"kernel": "kernel = kernel", "bias": "bias = bias"}
_AFFINE = {"gamma": "scale = gamma", "beta": "bias = beta"}
_FLAT = {"gamma": "scale = gamma.reshape(-1)", "beta": "bias = beta.reshape(-1)"}
_HEADS = {
    f"{theirs}/{variable}": f"{ours}.{variable} = {theirs}/{variable}"
    for theirs, ours in (
        ("query", "query"),
        ("key", "key"),
        ("value", "value"),
        ("attention_output", "out"),
    )
    for variable in ("kernel", "bias")
}
_ONE_HEAD = {"use_gate": (False,), "return_attention_scores": (False,)}
_SIMPLE = {
    "kernel": "cell.dense_i.kernel = kernel",
    "recurrent_kernel": "cell.dense_h.kernel = recurrent_kernel",
    "bias": "cell.dense_i.bias = bias",
}
_LSTM = {**_SIMPLE, "bias": "cell.dense_h.bias = bias"}
_GRU = {
    "kernel": "cell.dense_i.kernel = (z, r, h to r, z, h of kernel)",
    "recurrent_kernel": "cell.dense_h.kernel = (z, r, h to r, z, h of recurrent_kernel)",
}


def lent(entry: Entry) -> Entry:
    """The jax adapter's row in this table, under Flax's names where it has the same function."""
    symbol = ", ".join(_named(name) for name in entry.symbol.split(", "))
    return entry._replace(package=entry.package or JAX.package, symbol=symbol)


def _named(symbol: str) -> str:
    module, _, name = symbol.rpartition(".")
    return f"flax.nnx.{name}" if module == "jax.nn" and name in EXPORTED else symbol


def _conv(*paddings: str) -> list[Entry]:
    only = {"padding": (*PADDING, *paddings), **FORMATS}
    return [Entry("convolutional", "conv", "flax.nnx.Conv", _KERNEL, only=only)]


def _pool(function: str, symbol: str) -> list[Entry]:
    return [Entry("pooling", function, symbol, only=WINDOWS)]


def _or_lent(layer: str, *entries: Entry) -> list[Entry]:
    """Flax's own ways of doing a layer, then those that are put together with JAX."""
    return [*entries, *(lent(entry)._replace(composed=True) for entry in JAX.layers[layer])]


_DEPTHWISE = [
    Entry(
        "convolutional",
        "depthwise_conv",
        "flax.nnx.Conv",
        {**_KERNEL, "kernel": "kernel = kernel.reshape(*size, 1, channels * multiplier)"},
        only=WINDOWS,
    )
]
_SEPARABLE = [
    Entry(
        "convolutional",
        "separable_conv",
        "flax.nnx.Conv",
        {
            "depthwise_kernel": (
                "first kernel = depthwise_kernel.reshape(*size, 1, channels * multiplier)"
            ),
            "pointwise_kernel": "second kernel = pointwise_kernel",
            "bias": "second bias = bias",
        },
        composed=True,
        only=WINDOWS,
    )
]
_TRANSPOSED = [
    Entry("convolutional", "conv_transpose", "flax.nnx.ConvTranspose", _KERNEL, only=WINDOWS)
]
_SPATIAL = [Entry("regularization", "spatial_dropout", "flax.nnx.Dropout", only=FORMATS)]

_OWN: Mapping[str, Sequence[Entry]] = {
    "Dense": [Entry("core", "dense", "flax.nnx.Linear", _KERNEL)],
    "EinsumDense": [
        Entry(
            "core",
            "einsum_dense",
            "flax.nnx.Einsum",
            {"kernel": "kernel = kernel", "bias": "added behind the module"},
        )
    ],
    "Embedding": [
        Entry(
            "core",
            "embedding",
            "flax.nnx.Embed",
            {"embeddings": "embedding = embeddings"},
            mask="embedding_mask",
        )
    ],
    "ReversibleEmbedding": [
        Entry(
            "core",
            "reversible_embedding",
            "flax.nnx.Embed",
            {
                "embeddings": "embedding = embeddings",
                "reverse_embeddings": "embedding = reverse_embeddings.T, of a second module",
            },
        )
    ],
    "Conv1D": _conv("causal", "CAUSAL"),
    "Conv2D": _conv(),
    "Conv3D": _conv(),
    "Conv1DTranspose": _TRANSPOSED,
    "Conv2DTranspose": _TRANSPOSED,
    "Conv3DTranspose": _TRANSPOSED,
    "DepthwiseConv1D": _DEPTHWISE,
    "DepthwiseConv2D": _DEPTHWISE,
    "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    "MaxPooling1D": _pool("max_pooling", "flax.nnx.max_pool"),
    "MaxPooling2D": _pool("max_pooling", "flax.nnx.max_pool"),
    "MaxPooling3D": _pool("max_pooling", "flax.nnx.max_pool"),
    "AveragePooling1D": _pool("average_pooling", "flax.nnx.avg_pool"),
    "AveragePooling2D": _pool("average_pooling", "flax.nnx.avg_pool"),
    "AveragePooling3D": _pool("average_pooling", "flax.nnx.avg_pool"),
    "BatchNormalization": [
        Entry(
            "normalization",
            "batch_normalization",
            "flax.nnx.BatchNorm",
            {
                **_AFFINE,
                "moving_mean": "mean = moving_mean",
                "moving_variance": "var = moving_variance",
            },
            frozen=("moving_mean", "moving_variance"),
        )
    ],
    "LayerNormalization": [
        Entry("normalization", "layer_normalization", "flax.nnx.LayerNorm", _FLAT)
    ],
    "GroupNormalization": [
        Entry("normalization", "group_normalization", "flax.nnx.GroupNorm", _AFFINE)
    ],
    "RMSNormalization": [
        Entry(
            "normalization",
            "rms_normalization",
            "flax.nnx.RMSNorm",
            {"scale": "scale = scale.reshape(-1)"},
        )
    ],
    "Dropout": [Entry("regularization", "dropout", "flax.nnx.Dropout")],
    "SpatialDropout1D": [Entry("regularization", "spatial_dropout1d", "flax.nnx.Dropout")],
    "SpatialDropout2D": _SPATIAL,
    "SpatialDropout3D": _SPATIAL,
    "SimpleRNN": _or_lent(
        "SimpleRNN",
        Entry("recurrent", "simple_rnn", "flax.nnx.RNN, flax.nnx.SimpleCell", _SIMPLE),
    ),
    "LSTM": _or_lent(
        "LSTM",
        Entry("recurrent", "lstm", "flax.nnx.RNN, flax.nnx.OptimizedLSTMCell", _LSTM),
    ),
    "GRU": _or_lent(
        "GRU",
        Entry(
            "recurrent",
            "gru",
            "flax.nnx.RNN, flax.nnx.GRUCell",
            _GRU,
            only={"reset_after": (True,)},
            given={"use_bias": (False,)},
        ),
    ),
    "SimpleRNNCell": [Entry("recurrent", "simple_rnn_cell", "flax.nnx.SimpleCell", _SIMPLE)],
    "LSTMCell": [Entry("recurrent", "lstm_cell", "flax.nnx.OptimizedLSTMCell", _LSTM)],
    "GRUCell": _or_lent(
        "GRUCell",
        Entry(
            "recurrent",
            "gru_cell",
            "flax.nnx.GRUCell",
            _GRU,
            only={"reset_after": (True,)},
            given={"use_bias": (False,)},
        ),
    ),
    "MultiHeadAttention": _or_lent(
        "MultiHeadAttention",
        Entry(
            "attention",
            "multi_head_attention",
            "flax.nnx.MultiHeadAttention",
            _HEADS,
            only={**_ONE_HEAD, "value_dim": (None,), "attention_axes": (None,)},
        ),
    ),
    "GroupQueryAttention": _or_lent(
        "GroupQueryAttention",
        Entry(
            "attention",
            "group_query_attention",
            "flax.nnx.MultiHeadAttention",
            _HEADS,
            only=_ONE_HEAD,
        ),
    ),
}

LAYERS = {
    **{layer: [lent(entry) for entry in entries] for layer, entries in JAX.layers.items()},
    **_OWN,
}

ACTIVATIONS = {
    name: Function(one.name, _named(one.symbol), JAX.package)
    for name, one in JAX.activations.items()
}

TABLE = Table("conformance.adapters.flax.layers", LAYERS, ACTIVATIONS)
