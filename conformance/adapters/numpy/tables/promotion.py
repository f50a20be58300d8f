"""Pairs of dtypes that NumPy promotes otherwise than Keras.

To NumPy, an integer of 32 bits does not fit into a float of 32 bits: they meet in float64. To Keras
a float stays the float that it is.
"""

from __future__ import annotations

PROMOTION = {
    # In NumPy these meet in float64, int and bool in int64.
    ("bool", "int"): "int32",
    ("bool", "float"): "float32",
    ("float", "int8"): "float32",
    ("float", "int16"): "float32",
    ("float", "int32"): "float32",
    ("float", "int64"): "float32",
    ("float", "uint8"): "float32",
    ("float", "uint16"): "float32",
    ("float", "uint32"): "float32",
    ("float", "uint64"): "float32",
    # In NumPy these meet in float32,
    ("float16", "int16"): "float16",
    ("float16", "uint16"): "float16",
    # and these in float64.
    ("float16", "int32"): "float16",
    ("float16", "int64"): "float16",
    ("float16", "uint32"): "float16",
    ("float16", "uint64"): "float16",
    ("float32", "int32"): "float32",
    ("float32", "int64"): "float32",
    ("float32", "uint32"): "float32",
    ("float32", "uint64"): "float32",
    ("int8", "uint64"): "float32",
    ("int16", "uint64"): "float32",
    ("int32", "uint64"): "float32",
    ("int64", "uint64"): "float32",
    # In NumPy these meet in complex128.
    ("complex64", "int32"): "complex64",
    ("complex64", "int64"): "complex64",
    ("complex64", "uint32"): "complex64",
    ("complex64", "uint64"): "complex64",
}
"""By the names in order; ``int`` and ``float`` are numbers of Python's. To Keras's dtype."""
