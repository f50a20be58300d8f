"""Every family of layers; importing this module fills the table of layers."""

from __future__ import annotations

from conformance.reference import (
    activation,
    convolutional,
    core,
    merging,
    pooling,
    recurrent,
    reshaping,
)

__all__ = ["activation", "convolutional", "core", "merging", "pooling", "recurrent", "reshaping"]
