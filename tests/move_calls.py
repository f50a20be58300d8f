"""A call for each row of the native adapters that moves, makes, joins or picks numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from number_calls import Call

X: dict[str, Any] = {"x": ([3, 4], "float32")}
CUBE: dict[str, Any] = {"x": ([2, 3, 4], "float32")}
PAIR: dict[str, Any] = {"x1": ([2, 3], "float32"), "x2": ([2, 3], "float32")}
COUNTS: dict[str, Any] = {"x": ([[3, 1, 3], [0, 1, 5]], "int32")}

CALLS: list[Call] = [
    *((f"ops.{name}", CUBE, {}) for name in ("copy", "ravel", "fliplr", "flipud", "trace")),
    ("ops.swapaxes", CUBE, {"axis1": 0, "axis2": -1}),
    ("ops.moveaxis", CUBE, {"source": [0, 1], "destination": [2, 0]}),
    ("ops.rot90", {"array": ([2, 3], "float32")}, {"k": 3}),
    ("ops.roll", X, {"shift": 2, "axis": 1}),
    ("ops.repeat", X, {"repeats": 2, "axis": 1}),
    ("ops.tile", X, {"repeats": [2, 1]}),
    ("ops.tile", {"x": ([3], "float32")}, {"repeats": 2}),
    ("ops.broadcast_to", {"x": ([3, 1], "float32")}, {"shape": [2, 3, 4]}),
    ("ops.squeeze", {"x": ([1, 3, 1], "float32")}, {}),
    ("ops.squeeze", {"x": ([1, 3, 1], "float32")}, {"axis": 0}),
    *((f"ops.{name}", X, {"k": 1}) for name in ("tril", "triu", "diag", "diagflat")),
    ("ops.diagonal", CUBE, {"offset": 1, "axis1": 2, "axis2": 0}),
    ("ops.get_item", CUBE, {"key": -1}),
    ("ops.stop_gradient", {"variable": ([3, 4], "float32")}, {}),
    ("ops.split", X, {"indices_or_sections": 2, "axis": 1}),
    ("ops.split", X, {"indices_or_sections": [1, 3], "axis": 1}),
    ("ops.array_split", X, {"indices_or_sections": 3, "axis": 1}),
    *(
        (f"ops.{name}", CUBE, {"indices_or_sections": [1]})
        for name in ("vsplit", "hsplit", "dsplit")
    ),
    ("ops.unstack", CUBE, {"axis": 1}),
    ("ops.append", PAIR, {}),
    ("ops.append", PAIR, {"axis": 1}),
    ("ops.outer", PAIR, {}),
    ("ops.inner", PAIR, {}),
    ("ops.vdot", {"x1": ([4], "float32"), "x2": ([4], "float32")}, {}),
    ("ops.tensordot", {"x1": ([2, 3], "float32"), "x2": ([3, 4], "float32")}, {"axes": 1}),
    ("ops.cross", PAIR, {}),
    ("ops.identity", {}, {"n": 3}),
    ("ops.tri", {}, {"N": 3, "M": 4, "k": 1}),
    ("ops.array", X, {}),
    ("ops.array", X, {"dtype": "int32"}),
    ("ops.zeros_like", COUNTS, {}),
    ("ops.ones_like", COUNTS, {}),
    ("ops.full_like", COUNTS, {"fill_value": 7}),
    ("ops.logspace", {}, {"start": -1.0, "stop": 2.0, "num": 4}),
    ("ops.geomspace", {}, {"start": 1.0, "stop": 8.0, "num": 4}),
    *((f"ops.{name}", {}, {"x": 6}) for name in ("bartlett", "blackman", "hamming", "hanning")),
    ("ops.kaiser", {}, {"x": 6, "beta": 2.5}),
    ("ops.vander", {"x": ([3], "float32")}, {"N": 4}),
    ("ops.unravel_index", {"indices": ([[1, 11, 5]], "int32")}, {"shape": [3, 4]}),
    ("ops.unique", COUNTS, {}),
    ("ops.slice", {"inputs": ([4, 5], "float32")}, {"start_indices": [1, 2], "shape": [2, 3]}),
    (
        "ops.slice_update",
        {"inputs": ([4, 5], "float32"), "updates": ([2, 3], "float32")},
        {"start_indices": [1, 2]},
    ),
]
