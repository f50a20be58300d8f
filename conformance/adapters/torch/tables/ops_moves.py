"""keras.ops' functions that move, make, join and pick numbers, in torch. Data only."""

from __future__ import annotations

from conformance.adapters.native.functions import (
    LIST,
    REQUIRED,
    WHOLE,
    Direct,
    Dtypes,
    Own,
    Row,
)

_PLACES = Dtypes(answer={"*": "int32"})
_LONG = Dtypes(given={"indices": {"*": "int64"}})
_LIKE = {"dtype": None}
_MEET = Dtypes(meet=("x1", "x2"))
_PRODUCT = Dtypes(meet=("x1", "x2"), alike=True)
_SUMMED = Dtypes(
    answer={
        **dict.fromkeys(("bool", "int8", "int16", "int32"), "int32"),
        **dict.fromkeys(("uint8", "uint16", "uint32"), "uint32"),
    }
)


def _moved(symbol: str, **arguments: object) -> list[Row]:
    """A function of one array and of arguments that are called alike."""
    return [Direct(symbol, keywords=arguments)]


def _joined(symbol: str) -> list[Row]:
    return [Direct(symbol, ("xs",), dtypes=Dtypes(meet=("xs",)))]


def _cut(name: str) -> list[Row]:
    return [
        Direct(
            f"torch.{name}",
            keywords={"indices_or_sections": REQUIRED},
            place=("indices_or_sections",),
        )
    ]


MOVES: dict[str, list[Row]] = {
    "ops.copy": [Direct("torch.clone")],
    "ops.ravel": [Direct("torch.ravel")],
    "ops.swapaxes": [
        Direct(
            "torch.swapaxes",
            keywords={"axis1": REQUIRED, "axis2": REQUIRED},
            rename={"axis1": "axis0", "axis2": "axis1"},
        )
    ],
    "ops.moveaxis": _moved("torch.moveaxis", source=REQUIRED, destination=REQUIRED),
    "ops.fliplr": [Direct("torch.fliplr")],
    "ops.flipud": [Direct("torch.flipud")],
    "ops.rot90": [
        Direct("torch.rot90", ("array",), {"k": 1, "axes": [0, 1]}, rename={"axes": "dims"})
    ],
    "ops.roll": [
        Direct(
            "torch.roll",
            keywords={"shift": REQUIRED, "axis": None},
            rename={"shift": "shifts", "axis": "dims"},
            note="",
        )
    ],
    "ops.repeat": [
        Direct(
            "torch.repeat_interleave",
            keywords={"repeats": REQUIRED, "axis": None},
            rename={"axis": "dim"},
            only={"repeats": (WHOLE,)},
            note="torch.Tensor.repeat is ops.tile",
        ),
    ],
    "ops.tile": [
        Direct(
            "torch.tile",
            keywords={"repeats": REQUIRED},
            rename={"repeats": "dims"},
            only={"repeats": (LIST,)},
        ),
        Own("ops.moves", "tile", "torch.tile", only={"repeats": (WHOLE,)}),
    ],
    "ops.broadcast_to": [
        Direct(
            "torch.broadcast_to",
            keywords={"shape": REQUIRED},
            rename={"shape": "size"},
            only={"shape": (LIST,)},
        ),
        Own("ops.moves", "broadcast_to", "torch.broadcast_to", only={"shape": (WHOLE,)}),
    ],
    "ops.squeeze": [
        Direct("torch.squeeze", only={"axis": (None,)}),
        Direct("torch.squeeze", keywords={"axis": REQUIRED}, rename={"axis": "dim"}),
    ],
    "ops.tril": [Direct("torch.tril", keywords={"k": 0}, rename={"k": "diagonal"})],
    "ops.triu": [Direct("torch.triu", keywords={"k": 0}, rename={"k": "diagonal"})],
    "ops.diag": [Direct("torch.diag", keywords={"k": 0}, rename={"k": "diagonal"})],
    "ops.diagflat": [Direct("torch.diagflat", keywords={"k": 0}, rename={"k": "offset"})],
    "ops.diagonal": [
        Direct(
            "torch.diagonal",
            keywords={"offset": 0, "axis1": 0, "axis2": 1},
            rename={"axis1": "dim1", "axis2": "dim2"},
        )
    ],
    "ops.trace": [
        Own("ops.moves", "trace", "torch.diagonal, torch.sum", composed=True, dtypes=_SUMMED)
    ],
    "ops.get_item": [Own("ops.moves", "get_item", "x[key]", only={"key": (None, WHOLE)})],
    "ops.stop_gradient": [Direct("torch.Tensor.detach", ("variable",))],
    "ops.split": [
        Own("ops.moves", "split", "torch.tensor_split", only={"indices_or_sections": (WHOLE,)}),
        Direct(
            "torch.tensor_split",
            keywords={"indices_or_sections": REQUIRED, "axis": 0},
            rename={"axis": "dim"},
            place=("indices_or_sections",),
            note="torch.split takes the sizes of the parts",
        ),
    ],
    "ops.array_split": [
        Direct(
            "torch.tensor_split",
            keywords={"indices_or_sections": REQUIRED, "axis": 0},
            rename={"axis": "dim"},
            place=("indices_or_sections",),
        )
    ],
    "ops.vsplit": _cut("vsplit"),
    "ops.hsplit": _cut("hsplit"),
    "ops.dsplit": _cut("dsplit"),
    "ops.unstack": [
        Direct(
            "torch.unbind",
            keywords={"axis": 0},
            rename={"axis": "dim"},
            only={"num": (None, WHOLE)},
        )
    ],
    "ops.append": [
        Own("ops.moves", "append", "torch.cat", dtypes=_MEET),
    ],
    "ops.vstack": _joined("torch.vstack"),
    "ops.hstack": _joined("torch.hstack"),
    "ops.dstack": _joined("torch.dstack"),
    "ops.meshgrid": [
        Direct("torch.meshgrid", ("*x",), keywords={"indexing": "xy"}),
    ],
}

MAKING: dict[str, list[Row]] = {
    "ops.identity": [Direct("torch.eye", (), {"n": REQUIRED, "dtype": None})],
    "ops.tri": [Own("ops.moves", "tri", "torch.ones, torch.tril", composed=True)],
    "ops.array": [
        Direct("torch.clone", only={"dtype": (None,)}),
        Direct("torch.Tensor.to", keywords={"dtype": REQUIRED}),
    ],
    "ops.zeros_like": [Direct("torch.zeros_like", keywords=_LIKE)],
    "ops.ones_like": [Direct("torch.ones_like", keywords=_LIKE)],
    "ops.full_like": [
        Direct("torch.full_like", keywords={"fill_value": REQUIRED, "dtype": None}),
    ],
    "ops.empty": [Direct("torch.empty", (), {"shape": REQUIRED, "dtype": None}, {"shape": "size"})],
    "ops.empty_like": [Direct("torch.empty_like", keywords=_LIKE)],
    "ops.logspace": [
        Direct(
            "torch.logspace",
            (),
            {"start": REQUIRED, "stop": REQUIRED, "num": 50, "base": 10, "dtype": None},
            rename={"stop": "end", "num": "steps"},
            only={"endpoint": (True,), "axis": (0,)},
        )
    ],
    "ops.geomspace": [
        Own("ops.moves", "geomspace", "torch.logspace", composed=True, only={"axis": (0,)})
    ],
    "ops.bartlett": [
        Direct(
            "torch.bartlett_window", (), {"x": REQUIRED}, place=("x",), fixed={"periodic": False}
        )
    ],
    "ops.blackman": [
        Direct(
            "torch.blackman_window", (), {"x": REQUIRED}, place=("x",), fixed={"periodic": False}
        )
    ],
    "ops.hamming": [
        Direct("torch.hamming_window", (), {"x": REQUIRED}, place=("x",), fixed={"periodic": False})
    ],
    "ops.hanning": [
        Direct("torch.hann_window", (), {"x": REQUIRED}, place=("x",), fixed={"periodic": False})
    ],
    "ops.kaiser": [
        Direct(
            "torch.kaiser_window",
            (),
            {"x": REQUIRED, "beta": REQUIRED},
            place=("x",),
            fixed={"periodic": False},
        )
    ],
    "ops.vander": [
        Direct(
            "torch.vander",
            keywords={"N": None, "increasing": False},
            dtypes=Dtypes(answer={"int32": "int32"}),
            note="powers of integers are int64",
        ),
    ],
}

PICKING: dict[str, list[Row]] = {
    "ops.select": [
        Own(
            "ops.moves", "select", "torch.where", composed=True, dtypes=Dtypes(meet=("choicelist",))
        )
    ],
    "ops.unravel_index": [
        Direct(
            "torch.unravel_index",
            ("indices",),
            {"shape": REQUIRED},
            place=("shape",),
            dtypes=Dtypes(answer={"int32": "int32", "int64": "int64"}),
        )
    ],
    "ops.nonzero": [Direct("torch.nonzero", fixed={"as_tuple": True}, dtypes=_PLACES)],
    "ops.argpartition": [
        Own("ops.moves", "argpartition", "torch.argsort", dtypes=_PLACES, only={"axis": (WHOLE,)})
    ],
    "ops.unique": [
        Own(
            "ops.moves",
            "unique",
            "torch.unique",
            only={"size": (None,), "return_index": (False,), "fill_value": (None,)},
        )
    ],
    "ops.slice": [Own("ops.moves", "slice_", "torch.narrow")],
    "ops.slice_update": [Own("ops.moves", "slice_update", "torch.Tensor.copy_", composed=True)],
    "ops.scatter": [Own("ops.moves", "scatter", "torch.index_put", dtypes=_LONG, composed=True)],
    "ops.scatter_update": [
        Own(
            "ops.moves",
            "scatter_update",
            "torch.index_put",
            dtypes=_LONG,
            only={"reduction": (None, "add")},
        )
    ],
    "ops.segment_max": [
        Own("ops.moves", "segment_max", "torch.Tensor.scatter_reduce", composed=True)
    ],
    "ops.segment_min": [
        Own("ops.moves", "segment_min", "torch.Tensor.scatter_reduce", composed=True)
    ],
    "ops.segment_prod": [
        Own("ops.moves", "segment_prod", "torch.Tensor.scatter_reduce", composed=True)
    ],
}

VECTORS: dict[str, list[Row]] = {
    "ops.outer": [Own("ops.moves", "outer", "torch.outer", dtypes=_MEET)],
    "ops.inner": [Direct("torch.inner", ("x1", "x2"), dtypes=_PRODUCT)],
    "ops.vdot": [Own("ops.moves", "vdot", "torch.vdot", dtypes=_PRODUCT)],
    "ops.tensordot": [
        Direct(
            "torch.tensordot", ("x1", "x2"), {"axes": 2}, rename={"axes": "dims"}, dtypes=_PRODUCT
        )
    ],
    "ops.cross": [
        Own("ops.moves", "cross", "torch.linalg.cross", dtypes=_PRODUCT),
    ],
}
