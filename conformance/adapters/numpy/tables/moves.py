"""keras.ops' functions that move, make, join and pick numbers, in NumPy. Data only."""

from __future__ import annotations

from typing import Any

from conformance.adapters.native.functions import (
    LIST,
    REQUIRED,
    TO_FLOAT,
    WHOLE,
    Direct,
    Dtypes,
    Own,
    Row,
)
from conformance.adapters.numpy.tables.dtypes import MEET, PLACES, SAME, SUMMED

_ENDS = ("start", "stop")
_SPACED = {"num": 50, "endpoint": True, "dtype": None, "axis": 0}
_SPACED_DTYPES = Dtypes(
    given=dict.fromkeys(_ENDS, TO_FLOAT),
    answer={"float16": "float16", "float32": "float32", "float": "float32", "int": "float32"},
)
_IN_FLOAT32 = {"dtype": {None: "float32"}}


def _one(name: str, **arguments: Any) -> list[Row]:
    """A function of one array and of arguments that are called alike."""
    return [Direct(f"numpy.{name}", keywords=arguments)]


def _joined(name: str, array: str = "xs", **arguments: Any) -> list[Row]:
    return [Direct(f"numpy.{name}", (array,), arguments, dtypes=Dtypes(meet=(array,)))]


def _made(name: str, **arguments: Any) -> list[Row]:
    """A function of numbers alone, which NumPy answers in float64."""
    return [Direct(f"numpy.{name}", (), {**arguments, "dtype": None}, instead=_IN_FLOAT32)]


def _cut(name: str, **arguments: Any) -> list[Row]:
    return [
        Direct(
            f"numpy.{name}",
            keywords={"indices_or_sections": REQUIRED, **arguments},
            place=("indices_or_sections",),
        )
    ]


def _window(name: str, *more: str) -> list[Row]:
    arguments = {"x": REQUIRED, **dict.fromkeys(more, REQUIRED)}
    return [
        Direct(
            f"numpy.{name}",
            (),
            arguments,
            place=("x", *more),
            dtypes=Dtypes(answer={"float64": "float32"}),
        )
    ]


def _spaced(name: str, **more: Any) -> list[Row]:
    """Numbers from one to another, of numbers or of arrays."""
    rest = {**_SPACED, **more}
    numbers = {**dict.fromkeys(_ENDS, REQUIRED), **rest}
    return [
        Direct(f"numpy.{name}", (), numbers, instead=_IN_FLOAT32),
        Direct(f"numpy.{name}", _ENDS, rest, numbers=_ENDS, dtypes=_SPACED_DTYPES),
    ]


def _segments(name: str, symbol: str) -> list[Row]:
    return [Own("ops.segments", name, symbol, composed=True)]


MOVES: dict[str, list[Row]] = {
    **{f"ops.{name}": _one(name) for name in ("copy", "ravel", "fliplr", "flipud")},
    "ops.reshape": [
        Direct("numpy.reshape", keywords={"newshape": REQUIRED}, rename={"newshape": "shape"})
    ],
    "ops.transpose": _one("transpose", axes=None),
    "ops.swapaxes": [
        Direct(
            "numpy.swapaxes",
            keywords={"axis1": REQUIRED, "axis2": REQUIRED},
        )
    ],
    "ops.moveaxis": _one("moveaxis", source=REQUIRED, destination=REQUIRED),
    "ops.expand_dims": _one("expand_dims", axis=REQUIRED),
    "ops.squeeze": _one("squeeze", axis=None),
    "ops.flip": _one("flip", axis=None),
    "ops.rot90": [Direct("numpy.rot90", ("array",), {"k": 1, "axes": [0, 1]})],
    "ops.roll": _one("roll", shift=REQUIRED, axis=None),
    "ops.repeat": [
        Direct(
            "numpy.repeat",
            keywords={"repeats": REQUIRED, "axis": None},
            only={"repeats": (WHOLE, LIST)},
        )
    ],
    "ops.tile": [Direct("numpy.tile", keywords={"repeats": REQUIRED}, rename={"repeats": "reps"})],
    "ops.broadcast_to": _one("broadcast_to", shape=REQUIRED),
    "ops.pad": [
        Direct(
            "numpy.pad",
            keywords={"pad_width": REQUIRED, "mode": "constant", "constant_values": None},
            instead={"constant_values": {None: 0}},
            only={"mode": ("constant",)},
        ),
        Direct(
            "numpy.pad",
            keywords={"pad_width": REQUIRED, "mode": REQUIRED},
            only={"mode": ("reflect", "symmetric"), "constant_values": (None,)},
        ),
    ],
    "ops.tril": _one("tril", k=0),
    "ops.triu": _one("triu", k=0),
    "ops.diag": _one("diag", k=0),
    "ops.diagflat": _one("diagflat", k=0),
    "ops.diagonal": _one("diagonal", offset=0, axis1=0, axis2=1),
    "ops.trace": [
        Direct("numpy.trace", keywords={"offset": 0, "axis1": 0, "axis2": 1}, dtypes=SUMMED)
    ],
    "ops.split": _cut("split", axis=0),
    "ops.array_split": _cut("array_split", axis=0),
    **{f"ops.{name}": _cut(name) for name in ("vsplit", "hsplit", "dsplit")},
    "ops.unstack": [Direct("numpy.unstack", keywords={"axis": 0}, only={"num": (None, WHOLE)})],
    "ops.concatenate": _joined("concatenate", axis=0),
    "ops.stack": _joined("stack", "x", axis=0),
    **{f"ops.{name}": _joined(name) for name in ("vstack", "hstack", "dstack")},
    "ops.append": [Direct("numpy.append", ("x1", "x2"), keywords={"axis": None}, dtypes=MEET)],
    "ops.meshgrid": [Direct("numpy.meshgrid", ("*x",), keywords={"indexing": "xy"})],
    "ops.extract_sequences": [
        Own(
            "ops.indexing",
            "extract_sequences",
            "numpy.lib.stride_tricks.sliding_window_view",
        )
    ],
}

MAKING: dict[str, list[Row]] = {
    "ops.array": _one("array", dtype=None),
    "ops.zeros": _made("zeros", shape=REQUIRED),
    "ops.ones": _made("ones", shape=REQUIRED),
    "ops.empty": _made("empty", shape=REQUIRED),
    "ops.full": [
        Direct(
            "numpy.full",
            (),
            {"shape": REQUIRED, "fill_value": REQUIRED, "dtype": None},
            instead=_IN_FLOAT32,
            note="without a dtype it is that of the number",
        )
    ],
    "ops.eye": _made("eye", N=REQUIRED, M=None, k=0),
    "ops.identity": _made("identity", n=REQUIRED),
    "ops.tri": _made("tri", N=REQUIRED, M=None, k=0),
    "ops.arange": [
        Direct(
            "numpy.arange",
            (),
            {"start": REQUIRED, "stop": None, "step": None, "dtype": None},
            place=("start", "stop", "step"),
            dtypes=Dtypes(answer={"int64": "int32", "float64": "float32"}),
        )
    ],
    "ops.linspace": _spaced("linspace", retstep=False),
    "ops.logspace": _spaced("logspace", base=10),
    "ops.geomspace": _spaced("geomspace"),
    "ops.zeros_like": _one("zeros_like", dtype=None),
    "ops.ones_like": _one("ones_like", dtype=None),
    "ops.empty_like": _one("empty_like", dtype=None),
    "ops.full_like": [
        Direct("numpy.full_like", keywords={"fill_value": REQUIRED, "dtype": None}),
        Direct(
            "numpy.full_like",
            ("x", "fill_value"),
            keywords={"dtype": None},
        ),
    ],
    "ops.vander": [
        Direct(
            "numpy.vander",
            keywords={"N": None, "increasing": False},
            dtypes=SAME,
            note="powers are int64 or float64, as they meet an int64",
        )
    ],
    **{f"ops.{name}": _window(name) for name in ("bartlett", "blackman", "hamming", "hanning")},
    "ops.kaiser": _window("kaiser", "beta"),
}
PICKING: dict[str, list[Row]] = {
    "ops.get_item": [Own("ops.indexing", "get_item", "x[key]", only={"key": (None, WHOLE)})],
    "ops.take": [Direct("numpy.take", ("x", "indices"), keywords={"axis": None})],
    "ops.take_along_axis": [
        Direct("numpy.take_along_axis", ("x", "indices"), keywords={"axis": None})
    ],
    "ops.select": [
        Direct(
            "numpy.select",
            ("condlist", "choicelist"),
            keywords={"default": 0},
            dtypes=Dtypes(meet=("choicelist",)),
        )
    ],
    "ops.sort": [Direct("numpy.sort", keywords={"axis": -1})],
    "ops.argsort": [Direct("numpy.argsort", keywords={"axis": -1}, dtypes=PLACES)],
    "ops.argpartition": [
        Direct("numpy.argpartition", keywords={"kth": REQUIRED, "axis": -1}, dtypes=PLACES)
    ],
    "ops.unravel_index": [
        Direct("numpy.unravel_index", ("indices",), {"shape": REQUIRED}, dtypes=SAME)
    ],
    "ops.nonzero": [Direct("numpy.nonzero", dtypes=PLACES)],
    "ops.unique": [
        Direct(
            "numpy.unique",
            keywords={
                "return_index": False,
                "return_inverse": False,
                "return_counts": False,
                "axis": None,
            },
            only={"sorted": (True,), "size": (None,), "fill_value": (None,)},
            dtypes=Dtypes(answer={"int64": "int32"}, which=(1, 2, 3)),
        )
    ],
    "ops.slice": [
        Own("ops.indexing", "slice_", "x[start:stop]"),
    ],
    "ops.slice_update": [
        Own("ops.indexing", "slice_update", "numpy.copy, x[start:stop] = updates")
    ],
    "ops.scatter": [
        Own("ops.indexing", "scatter", "numpy.zeros, x[places] = values", composed=True)
    ],
    "ops.scatter_update": [
        Own(
            "ops.indexing",
            "scatter_update",
            "numpy.copy, numpy.add.at, numpy.maximum.at, numpy.minimum.at, numpy.multiply.at",
        )
    ],
    "ops.one_hot": [
        Own(
            "ops.indexing",
            "one_hot",
            "numpy.equal, numpy.moveaxis",
            composed=True,
            only={"sparse": (False,)},
            why={"sparse": "a sparse answer is another kind of array"},
        )
    ],
    "ops.top_k": [
        Own("ops.indexing", "top_k", "numpy.argsort, numpy.take_along_axis", composed=True)
    ],
    "ops.segment_sum": _segments("segment_sum", "numpy.zeros, numpy.add.at"),
    "ops.segment_prod": _segments("segment_prod", "numpy.ones, numpy.multiply.at"),
    "ops.segment_max": _segments("segment_max", "numpy.full, numpy.maximum.at"),
    "ops.segment_min": _segments("segment_min", "numpy.full, numpy.minimum.at"),
}
