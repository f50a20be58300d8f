"""Pairs of dtypes that torch promotes otherwise than Keras, or not at all."""

from __future__ import annotations

PROMOTION = {
    ("bool", "int"): "int32",  # torch: int64
    # torch promotes no unsigned integers but uint8
    ("bool", "uint16"): "uint16",
    ("bool", "uint32"): "uint32",
    ("bool", "uint64"): "uint64",
    ("int16", "uint16"): "int32",
    ("int16", "uint32"): "int64",
    ("int16", "uint64"): "float32",
    ("int32", "uint16"): "int32",
    ("int32", "uint32"): "int64",
    ("int32", "uint64"): "float32",
    ("int64", "uint16"): "int64",
    ("int64", "uint32"): "int64",
    ("int64", "uint64"): "float32",
    ("int8", "uint16"): "int32",
    ("int8", "uint32"): "int64",
    ("int8", "uint64"): "float32",
    ("uint16", "uint32"): "uint32",
    ("uint16", "uint64"): "uint64",
    ("uint16", "uint8"): "uint16",
    ("uint32", "uint64"): "uint64",
    ("uint32", "uint8"): "uint32",
    ("uint64", "uint8"): "uint64",
}
"""By the names in order; ``int`` is a whole number of Python's. To Keras's dtype."""
