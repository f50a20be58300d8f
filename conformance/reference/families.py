"""Every family of layers; importing this module fills the table of layers."""

from __future__ import annotations

from conformance.reference import (
    activation_layers,
    adaptive_pooling,
    convolutional,
    core,
    cropping,
    depthwise,
    dot,
    einsum_dense,
    embedding,
    merging,
    normalization,
    pooling,
    recurrent,
    recurrent_convolutional,
    recurrent_wrappers,
    reshaping,
    transposed,
    upsampling,
)

__all__ = [
    "activation_layers",
    "adaptive_pooling",
    "convolutional",
    "core",
    "cropping",
    "depthwise",
    "dot",
    "einsum_dense",
    "embedding",
    "merging",
    "normalization",
    "pooling",
    "recurrent",
    "recurrent_convolutional",
    "recurrent_wrappers",
    "reshaping",
    "transposed",
    "upsampling",
]
