"""Which normalizing and attending layer of Keras is which function of torch."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry

_AFFINE = {"gamma": "weight = gamma", "beta": "bias = beta"}
_STATISTICS = {
    "moving_mean": "running_mean = moving_mean",
    "moving_variance": "running_var = moving_variance",
}
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
            "torch.nn.functional.batch_norm (torch.nn.BatchNorm1d, 2d, 3d)",
            {**_AFFINE, **_STATISTICS},
            frozen=("moving_mean", "moving_variance"),
        )
    ],
    "LayerNormalization": [
        Entry(
            "normalization",
            "layer_normalization",
            "torch.nn.functional.layer_norm (torch.nn.LayerNorm)",
            _AFFINE,
        )
    ],
    "GroupNormalization": [
        Entry(
            "normalization",
            "group_normalization",
            "torch.nn.functional.group_norm (torch.nn.GroupNorm)",
            _AFFINE,
        )
    ],
    "RMSNormalization": [
        Entry(
            "normalization",
            "rms_normalization",
            "torch.nn.functional.rms_norm (torch.nn.RMSNorm)",
            {"scale": "weight = scale"},
        )
    ],
    "UnitNormalization": [
        Entry("normalization", "unit_normalization", "torch.nn.functional.normalize")
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
            "torch.nn.functional.scaled_dot_product_attention",
            {"scale": "as it is", "concat_score_weight": "as it is"},
        )
    ],
    "AdditiveAttention": [
        Entry(
            "attention", "additive_attention", "torch.softmax", {"scale": "as it is"}, composed=True
        )
    ],
    "MultiHeadAttention": [
        Entry(
            "attention",
            "multi_head_attention",
            "torch.nn.functional.scaled_dot_product_attention",
            _HEADS,
            composed=True,
        )
    ],
    "GroupQueryAttention": [
        Entry(
            "attention",
            "group_query_attention",
            "torch.nn.functional.scaled_dot_product_attention",
            _HEADS,
            composed=True,
        )
    ],
}
