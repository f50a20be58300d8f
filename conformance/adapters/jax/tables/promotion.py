"""Pairs of dtypes that JAX promotes otherwise than Keras."""

from __future__ import annotations

PROMOTION = {
    # With a uint32, JAX answers int32 where it is not told to have 64 bits.
    ("int16", "uint32"): "int64",
    ("int32", "uint32"): "int64",
    ("int8", "uint32"): "int64",
    # A float that comes of 64 bits has 64 of them in JAX, once it is told to have any.
    ("float", "int64"): "float32",
    ("float", "uint64"): "float32",
    ("int16", "uint64"): "float32",
    ("int32", "uint64"): "float32",
    ("int64", "uint64"): "float32",
    ("int8", "uint64"): "float32",
}
"""By the names in order; ``float`` is a number of Python's. To Keras's dtype."""
