"""Which normalizing and attending layer of Keras is which function of JAX."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry

_AFFINE = {"gamma": "multiplied along the axis", "beta": "added along the axis"}
_STATISTICS = {"moving_mean": "mean", "moving_variance": "variance"}
_HEADS = {
    f"{name}/{variable}": "as it is"
    for name in ("query", "key", "gate", "value", "attention_output")
    for variable in ("kernel", "bias")
}

LAYERS = {
    "BatchNormalization": [
        Entry(
            "normalization",
            "batch_normalization",
            "jax.nn.standardize",
            {**_AFFINE, **_STATISTICS},
            frozen=("moving_mean", "moving_variance"),
        )
    ],
    "LayerNormalization": [
        Entry("normalization", "layer_normalization", "jax.nn.standardize", _AFFINE)
    ],
    "GroupNormalization": [
        Entry("normalization", "group_normalization", "jax.nn.standardize", _AFFINE)
    ],
    "RMSNormalization": [
        Entry(
            "normalization",
            "rms_normalization",
            "jax.lax.rsqrt",
            {"scale": "multiplied along the axis"},
            composed=True,
        )
    ],
    "UnitNormalization": [
        Entry("normalization", "unit_normalization", "jax.lax.rsqrt", composed=True)
    ],
    "SpectralNormalization": [
        Entry(
            "normalization",
            "spectral_normalization",
            "the layer as it is",
            frozen=("vector_u",),
            composed=True,
        )
    ],
    "Attention": [
        Entry(
            "attention",
            "attention",
            "jax.nn.softmax",
            {"scale": "as it is", "concat_score_weight": "as it is"},
        )
    ],
    "AdditiveAttention": [
        Entry(
            "attention",
            "additive_attention",
            "jax.nn.softmax",
            {"scale": "as it is"},
            composed=True,
        )
    ],
    "MultiHeadAttention": [
        Entry("attention", "multi_head_attention", "jax.nn.softmax", _HEADS, composed=True)
    ],
    "GroupQueryAttention": [
        Entry(
            "attention",
            "group_query_attention",
            "jax.nn.dot_product_attention",
            _HEADS,
            composed=True,
        )
    ],
}
