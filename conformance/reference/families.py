"""Every family of layers; importing this module fills the table of layers."""

from __future__ import annotations

from conformance.reference import (
    activation,
    adaptive_pooling,
    convolutional,
    core,
    depthwise,
    merging,
    normalization,
    pooling,
    recurrent,
    recurrent_convolutional,
    recurrent_wrappers,
    reshaping,
    transposed,
)

__all__ = [
    "activation",
    "adaptive_pooling",
    "convolutional",
    "core",
    "depthwise",
    "merging",
    "normalization",
    "pooling",
    "recurrent",
    "recurrent_convolutional",
    "recurrent_wrappers",
    "reshaping",
    "transposed",
]
