"""Which simple layer of Keras is which function of JAX: core, activation, merging, reshaping."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry, Function
from conformance.adapters.native.conditions import FORMATS


def _merging(function: str, symbol: str) -> list[Entry]:
    return [Entry("merging", function, symbol)]


def _border(function: str, symbol: str) -> list[Entry]:
    return [Entry("borders", function, symbol, only=FORMATS)]


LAYERS = {
    "ELU": [Entry("activation_layers", "elu", "jax.nn.elu")],
    "LeakyReLU": [Entry("activation_layers", "leaky_relu", "jax.nn.leaky_relu")],
    "PReLU": [
        Entry("activation_layers", "prelu", "jax.numpy.where", {"alpha": "as it is"}, composed=True)
    ],
    "ReLU": [
        Entry(
            "activation_layers",
            "relu",
            "jax.nn.relu, jax.nn.relu6",
            only={
                "max_value": (None, 6, 6.0),
                "negative_slope": (0.0, 0),
                "threshold": (0.0, 0),
            },
        ),
        Entry("activation_layers", "relu_in_pieces", "jax.numpy.where", composed=True),
    ],
    "Softmax": [Entry("activation_layers", "softmax", "jax.nn.softmax")],
    "EinsumDense": [
        Entry("core", "einsum_dense", "jax.numpy.einsum", {"kernel": "as it is", "bias": "added"})
    ],
    "Embedding": [
        Entry(
            "core",
            "embedding",
            "jax.numpy.take",
            {"embeddings": "as it is"},
            mask="embedding_mask",
        )
    ],
    "Masking": [Entry("core", "masking", "jax.numpy.where", composed=True, mask="masking_mask")],
    "ReversibleEmbedding": [
        Entry(
            "core",
            "reversible_embedding",
            "jax.numpy.take, jax.numpy.matmul",
            {"embeddings": "as it is, or embeddings.T", "reverse_embeddings": "as it is"},
            composed=True,
        )
    ],
    "Identity": [Entry("core", "identity", "the identity")],
    "Concatenate": _merging("concatenate", "jax.numpy.concatenate"),
    "Add": _merging("add", "jax.numpy.add"),
    "Subtract": _merging("subtract", "jax.numpy.subtract"),
    "Multiply": _merging("multiply", "jax.numpy.multiply"),
    "Average": _merging("average", "jax.numpy.add"),
    "Maximum": _merging("maximum", "jax.numpy.maximum"),
    "Minimum": _merging("minimum", "jax.numpy.minimum"),
    "Dot": _merging("dot", "jax.lax.dot_general"),
    "Flatten": [Entry("reshaping", "flatten", "jax.numpy.reshape", only=FORMATS)],
    "Reshape": [Entry("reshaping", "reshape", "jax.numpy.reshape")],
    "Permute": [Entry("reshaping", "permute", "jax.numpy.transpose")],
    "RepeatVector": [Entry("reshaping", "repeat_vector", "jax.numpy.repeat")],
    "Cropping1D": [Entry("borders", "cropping1d", "jax.lax.slice")],
    "Cropping2D": _border("cropping2d", "jax.lax.slice"),
    "Cropping3D": _border("cropping3d", "jax.lax.slice"),
    "ZeroPadding1D": _border("zero_padding", "jax.numpy.pad"),
    "ZeroPadding2D": _border("zero_padding", "jax.numpy.pad"),
    "ZeroPadding3D": _border("zero_padding", "jax.numpy.pad"),
    "UpSampling1D": _border("upsampling", "jax.numpy.repeat"),
    "UpSampling2D": [
        Entry(
            "borders",
            "upsampling2d",
            "jax.image.resize",
            only={
                "interpolation": ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"),
                **FORMATS,
            },
        )
    ],
    "UpSampling3D": _border("upsampling", "jax.numpy.repeat"),
}

ACTIVATIONS = {
    "glu": Function("glu", "jax.nn.glu"),
    "sparse_plus": Function("sparse_plus", "jax.nn.sparse_plus"),
    "sparse_sigmoid": Function("sparse_sigmoid", "jax.nn.sparse_sigmoid"),
    "sparsemax": Function("sparsemax", "jax.numpy.sort"),
    "squareplus": Function("squareplus", "jax.nn.squareplus"),
}
