"""Which simple layer of Keras is which function of torch: core, activation, merging, reshaping."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry, Function
from conformance.adapters.native.conditions import FORMATS

_F = "torch.nn.functional."
_UPSAMPLE = "torch.nn.Upsample"


def _merging(function: str, symbol: str) -> list[Entry]:
    return [Entry("merging", function, symbol)]


def _border(function: str, symbol: str) -> list[Entry]:
    return [Entry("borders", function, symbol, only=FORMATS)]


LAYERS = {
    "ELU": [Entry("activation_layers", "elu", "torch.nn.ELU")],
    "LeakyReLU": [Entry("activation_layers", "leaky_relu", "torch.nn.LeakyReLU")],
    "PReLU": [
        Entry("activation_layers", "prelu", "torch.where", {"alpha": "as it is"}, composed=True)
    ],
    "ReLU": [
        Entry(
            "activation_layers",
            "relu",
            "torch.nn.ReLU, torch.nn.ReLU6",
            only={
                "max_value": (None, 6, 6.0),
                "negative_slope": (0.0, 0),
                "threshold": (0.0, 0),
            },
        ),
        Entry("activation_layers", "relu_in_pieces", "torch.where", composed=True),
    ],
    "Softmax": [
        Entry(
            "activation_layers",
            "softmax",
            "torch.nn.Softmax",
            only={"axis": (-1, *range(8), *range(-8, -1))},
        ),
        Entry("activation_layers", "softmax_of_axes", "torch.nn.Softmax", composed=True),
    ],
    "EinsumDense": [
        Entry("core", "einsum_dense", "torch.einsum", {"kernel": "as it is", "bias": "added"})
    ],
    "Embedding": [
        Entry(
            "core",
            "embedding",
            "torch.nn.Embedding",
            {"embeddings": "weight = embeddings"},
            mask="embedding_mask",
        )
    ],
    "Masking": [Entry("core", "masking", "torch.where", composed=True, mask="masking_mask")],
    "ReversibleEmbedding": [
        Entry(
            "core",
            "reversible_embedding",
            "torch.nn.functional.embedding, torch.matmul",
            {"embeddings": "as it is, or embeddings.T", "reverse_embeddings": "as it is"},
            composed=True,
        )
    ],
    "Identity": [Entry("core", "identity", "torch.nn.Identity")],
    "Concatenate": _merging("concatenate", "torch.cat"),
    "Add": _merging("add", "torch.add"),
    "Subtract": _merging("subtract", "torch.sub"),
    "Multiply": _merging("multiply", "torch.mul"),
    "Average": _merging("average", "torch.add"),
    "Maximum": _merging("maximum", "torch.maximum"),
    "Minimum": _merging("minimum", "torch.minimum"),
    "Dot": _merging("dot", "torch.bmm"),
    "Flatten": [Entry("reshaping", "flatten", "torch.nn.Flatten", only=FORMATS)],
    "Reshape": [Entry("reshaping", "reshape", "torch.reshape")],
    "Permute": [Entry("reshaping", "permute", "torch.permute")],
    "RepeatVector": [Entry("reshaping", "repeat_vector", "torch.Tensor.expand")],
    "Cropping1D": [Entry("borders", "cropping1d", _F + "pad")],
    "Cropping2D": _border("cropping2d", _F + "pad"),
    "Cropping3D": _border("cropping3d", _F + "pad"),
    "ZeroPadding1D": _border("zero_padding", _F + "pad"),
    "ZeroPadding2D": _border("zero_padding", _F + "pad"),
    "ZeroPadding3D": _border("zero_padding", _F + "pad"),
    "UpSampling1D": _border("upsampling", _UPSAMPLE),
    "UpSampling2D": [
        Entry(
            "borders",
            "upsampling2d",
            _UPSAMPLE,
            only={"interpolation": ("nearest", "bilinear"), **FORMATS},
        ),
        Entry(
            "borders",
            "upsampling2d",
            _F + "interpolate",
            only={"interpolation": ("bicubic",), **FORMATS},
        ),
    ],
    "UpSampling3D": _border("upsampling", _UPSAMPLE),
}

ACTIVATIONS = {
    "glu": Function("glu", _F + "glu"),
    "sparse_plus": Function("sparse_plus", "torch.where"),
    "sparse_sigmoid": Function("sparse_sigmoid", "torch.clamp"),
    "sparsemax": Function("sparsemax", "torch.sort"),
    "squareplus": Function("squareplus", "torch.sqrt"),
}
