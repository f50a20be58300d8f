"""keras.ops as functions of torch. Data only: no torch is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import (
    LIST,
    REQUIRED,
    TO_FLOAT,
    WHOLE,
    WHOLE_DTYPES,
    Direct,
    Dtypes,
    Own,
    Row,
)
from conformance.adapters.torch.tables import functions_linalg, functions_nn
from conformance.adapters.torch.tables.elementwise import ELEMENTWISE
from conformance.adapters.torch.tables.ops_moves import MAKING, MOVES, PICKING, VECTORS
from conformance.adapters.torch.tables.statistics import STATISTICS

_SUMMED = Dtypes(
    answer={
        **dict.fromkeys(("bool", "int8", "int16", "int32"), "int32"),
        **dict.fromkeys(("uint8", "uint16", "uint32"), "uint32"),
        "uint64": "uint64",
    }
)
"""torch adds up every integer in int64."""
_PLACES = Dtypes(answer={"*": "int32"})
"""torch counts places in int64."""
_SAME = Dtypes(
    answer={dtype: dtype for dtype in WHOLE_DTYPES if dtype != "bool"} | {"bool": "int32"}
)

_REDUCED = {"axis": "dim", "keepdims": "keepdim"}
_OVER = {"axis": None, "keepdims": False}
_ALL_AXES = {"axis": {None: ()}}
"""torch's word for all axes where it does not take None."""


def _one(symbol: str, given: dict[str, str] | None = None, note: str = "") -> list[Row]:
    """A function of one array."""
    return [Direct(symbol, dtypes=Dtypes(given={"x": given or {}}), note=note)]


def _two(symbol: str, numbers: tuple[str, ...] = ("x2",)) -> list[Row]:
    """A function of two arrays that are promoted; of Python's numbers torch takes ``numbers``."""
    return [Direct(symbol, ("x1", "x2"), numbers=numbers, dtypes=Dtypes(meet=("x1", "x2")))]


_ELEMENTWISE: dict[str, list[Row]] = {
    "ops.add": _two("torch.add"),
    "ops.subtract": _two("torch.subtract"),
    "ops.multiply": _two("torch.multiply"),
    "ops.divide": _two("torch.divide"),
    "ops.power": _two("torch.pow", ("x1", "x2")),
    "ops.maximum": _two("torch.maximum", ()),
    "ops.minimum": _two("torch.minimum", ()),
    "ops.equal": _two("torch.eq"),
    "ops.greater": _two("torch.gt"),
    "ops.logical_and": [Direct("torch.logical_and", ("x1", "x2"))],
    "ops.bitwise_and": [Direct("torch.bitwise_and", ("x", "y"), dtypes=Dtypes(meet=("x", "y")))],
    "ops.absolute": _one("torch.abs"),
    "ops.sign": _one("torch.sign"),
    "ops.floor": _one("torch.floor", TO_FLOAT, "integers are answered as integers"),
    "ops.exp": _one("torch.exp"),
    "ops.log1p": _one("torch.log1p"),
    "ops.expm1": _one("torch.expm1"),
    "ops.sin": _one("torch.sin"),
    "ops.arcsin": _one("torch.arcsin"),
    "ops.sqrt": _one("torch.sqrt"),
    "ops.square": _one("torch.square", {"bool": "int32"}),
    "ops.negative": _one("torch.negative"),
    "ops.where": [
        Direct(
            "torch.where",
            ("condition", "x1", "x2"),
            numbers=("x1", "x2"),
            dtypes=Dtypes(
                meet=("x1", "x2"),
                given={"condition": {"*": "bool"}},
            ),
            why={"x1": "without branches it answers places, which torch.nonzero does"},
        )
    ],
    "ops.cast": [Direct("torch.Tensor.to", keywords={"dtype": REQUIRED})],
    "ops.relu": _one("torch.nn.functional.relu"),
}

_REDUCTIONS: dict[str, list[Row]] = {
    "ops.sum": [
        Direct(
            "torch.sum",
            keywords=_OVER,
            rename=_REDUCED,
            dtypes=_SUMMED,
            note="integers are added up in int64, Keras's answer is int32 or uint32",
        )
    ],
    "ops.mean": [
        Direct(
            "torch.mean",
            keywords=_OVER,
            rename=_REDUCED,
            dtypes=Dtypes(given={"x": TO_FLOAT}),
            note="integers have to be cast first",
        )
    ],
    "ops.var": [
        Direct(
            "torch.var",
            keywords=_OVER,
            rename=_REDUCED,
            fixed={"correction": 0},
            dtypes=Dtypes(given={"x": TO_FLOAT}),
            note="divided by one less than the count unless torch is told not to",
        )
    ],
    "ops.max": [
        Direct(
            "torch.amax",
            keywords=_OVER,
            rename=_REDUCED,
            instead=_ALL_AXES,
            only={"initial": (None,)},
            note="amax: torch.max answers places as well, and takes one axis",
        ),
        Own("ops.statistics", "largest_from", "torch.amax, torch.clamp"),
    ],
    "ops.prod": [
        Direct(
            "torch.prod",
            keywords={"dtype": None},
            only={"axis": (None,), "keepdims": (False,)},
            dtypes=_SUMMED,
        ),
        Direct(
            "torch.prod",
            keywords={**_OVER, "dtype": None},
            rename=_REDUCED,
            only={"axis": (WHOLE,)},
            dtypes=_SUMMED,
            note="along one axis or over everything; integers in int64",
        ),
        Own("ops.reductions", "prod", "torch.prod", dtypes=_SUMMED),
    ],
    "ops.any": [
        Direct(
            "torch.any",
            keywords=_OVER,
            rename=_REDUCED,
            dtypes=Dtypes(answer={"uint8": "bool"}),
            note="uint8 is answered as uint8",
        )
    ],
    "ops.argmax": [
        Direct(
            "torch.argmax",
            keywords=_OVER,
            rename=_REDUCED,
            dtypes=_PLACES,
            note="places are int64, Keras's are int32",
        )
    ],
    "ops.cumsum": [
        Direct(
            "torch.cumsum",
            keywords={"axis": None, "dtype": None},
            rename={"axis": "dim"},
            only={"axis": (WHOLE,)},
            dtypes=_SAME,
        ),
        Own("ops.reductions", "flat_cumsum", "torch.cumsum", only={"axis": (None,)}, dtypes=_SAME),
    ],
    "ops.logsumexp": [
        Direct("torch.logsumexp", keywords=_OVER, rename=_REDUCED, only={"axis": (WHOLE, LIST)}),
        Own("ops.reductions", "logsumexp_of_all", "torch.logsumexp", only={"axis": (None,)}),
    ],
    "ops.norm": [
        Direct(
            "torch.linalg.norm",
            keywords={"ord": None, **_OVER},
            rename=_REDUCED,
            dtypes=Dtypes(given={"x": TO_FLOAT}),
        )
    ],
}

_SHAPES: dict[str, list[Row]] = {
    "ops.reshape": [
        Direct("torch.reshape", keywords={"newshape": REQUIRED}, rename={"newshape": "shape"})
    ],
    "ops.transpose": [
        Direct(
            "torch.permute",
            keywords={"axes": REQUIRED},
            rename={"axes": "dims"},
            only={"axes": (LIST,)},
            note="permute: torch.transpose exchanges two axes",
        ),
        Own("ops.shapes", "transpose", "torch.permute", only={"axes": (None,)}),
    ],
    "ops.expand_dims": [
        Direct(
            "torch.unsqueeze",
            keywords={"axis": REQUIRED},
            rename={"axis": "dim"},
            only={"axis": (WHOLE,)},
        ),
        Own("ops.shapes", "expand_dims", "torch.reshape", only={"axis": (LIST,)}),
    ],
    "ops.concatenate": [
        Direct(
            "torch.cat",
            ("xs",),
            keywords={"axis": 0},
            rename={"axis": "dim"},
            dtypes=Dtypes(meet=("xs",)),
        )
    ],
    "ops.stack": [
        Direct(
            "torch.stack",
            ("x",),
            keywords={"axis": 0},
            rename={"axis": "dim"},
            dtypes=Dtypes(meet=("x",)),
        )
    ],
    "ops.pad": [
        Own("ops.shapes", "pad", "torch.nn.functional.pad", only={"mode": ("constant",)}),
        Own(
            "ops.shapes",
            "mirrored",
            "torch.index_select",
            composed=True,
            only={"mode": ("reflect", "symmetric"), "constant_values": (None,)},
        ),
    ],
    "ops.flip": [
        Direct(
            "torch.flip",
            keywords={"axis": REQUIRED},
            rename={"axis": "dims"},
            only={"axis": (LIST,)},
        ),
        Own("ops.shapes", "flip", "torch.flip", only={"axis": (None, WHOLE)}),
    ],
}

_INDEXING: dict[str, list[Row]] = {
    "ops.take": [
        Direct(
            "torch.take",
            ("x", "indices"),
            only={"axis": (None,)},
            dtypes=Dtypes(given={"indices": {"*": "int64"}}),
            note="take knows no axis in torch; along one, an array is indexed",
        ),
        Own("ops.indexing", "take", "x[:, indices]", only={"axis": (WHOLE,)}),
    ],
    "ops.take_along_axis": [
        Own(
            "ops.indexing",
            "take_along_axis",
            "torch.take_along_dim",
            dtypes=Dtypes(given={"indices": {"*": "int64"}}),
        )
    ],
    "ops.one_hot": [
        Own(
            "ops.indexing",
            "one_hot",
            "torch.nn.functional.one_hot",
            only={"sparse": (False,)},
            dtypes=Dtypes(given={"x": {"*": "int64"}}),
            why={"sparse": "a sparse answer is another kind of array"},
        )
    ],
    "ops.sort": [Own("ops.indexing", "sort", "torch.sort")],
    "ops.argsort": [
        Direct(
            "torch.argsort",
            keywords={"axis": -1},
            rename={"axis": "dim"},
            only={"axis": (WHOLE,)},
            fixed={"stable": True},
            dtypes=_PLACES,
            note="equals are in any order unless torch is told to keep theirs; places are int64",
        )
    ],
    "ops.top_k": [
        Direct(
            "torch.topk",
            keywords={"k": REQUIRED, "sorted": True},
            fixed={"dim": -1},
            dtypes=Dtypes(answer={"int64": "int32"}, which=(1,)),
            note="places are int64, Keras's are int32",
        )
    ],
    "ops.segment_sum": [
        Own(
            "ops.indexing",
            "segment_sum",
            "torch.index_add",
            composed=True,
            dtypes=Dtypes(given={"segment_ids": {"*": "int64"}}),
        )
    ],
}

_PRODUCT = Dtypes(meet=("x1", "x2"), pairs={("int8", "int8"): "int32"}, alike=True)

_PRODUCTS: dict[str, list[Row]] = {
    "ops.matmul": [
        Direct(
            "torch.matmul",
            ("x1", "x2"),
            dtypes=_PRODUCT,
            note="nothing is promoted in products: both need one dtype",
        )
    ],
    "ops.dot": [Own("ops.products", "dot", "torch.tensordot, torch.matmul", dtypes=_PRODUCT)],
    "ops.einsum": [
        Direct(
            "torch.einsum",
            ("*operands",),
            keywords={"subscripts": REQUIRED},
            front=("subscripts",),
            dtypes=Dtypes(meet=("*operands",), alike=True),
        )
    ],
}

_LINALG: dict[str, list[Row]] = {
    "ops.qr": [Direct("torch.linalg.qr", keywords={"mode": "reduced"})],
    "ops.svd": [
        Direct("torch.linalg.svd", keywords={"full_matrices": True}, only={"compute_uv": (True,)}),
        Direct(
            "torch.linalg.svdvals", only={"compute_uv": (False,), "full_matrices": (True, False)}
        ),
    ],
    "ops.cholesky": [Direct("torch.linalg.cholesky", keywords={"upper": False})],
    "ops.eigh": [Direct("torch.linalg.eigh")],
    "ops.fft": [Own("ops.fft", "fft", "torch.fft.fft, torch.complex")],
}

_NN: dict[str, list[Row]] = {
    "ops.softmax": [
        Direct(
            "torch.nn.functional.softmax",
            keywords={"axis": -1},
            rename={"axis": "dim"},
            only={"axis": (WHOLE,)},
            dtypes=Dtypes(given={"x": TO_FLOAT}),
        ),
        Own(
            "ops.nn",
            "softmax",
            "torch.nn.functional.softmax",
            only={"axis": (LIST, None)},
            dtypes=Dtypes(given={"x": TO_FLOAT}),
        ),
    ],
    "ops.conv": [
        Own(
            "ops.nn",
            "conv",
            "torch.nn.functional.conv1d, torch.nn.functional.conv2d, torch.nn.functional.conv3d",
            only={"data_format": (None, "channels_last", "channels_first")},
        )
    ],
    "ops.image.resize": [
        Own(
            "ops.image",
            "resize",
            "torch.nn.functional.interpolate",
            only={
                "interpolation": ("bilinear", "nearest"),
                "fill_mode": ("constant",),
                "data_format": (None, "channels_last", "channels_first"),
            },
            why={"interpolation": "torch's bicubic kernel has a = -0.75, Keras's a = -0.5"},
        ),
        Own(
            "ops.image",
            "resize",
            "torch.nn.functional.interpolate",
            only={
                "interpolation": ("bicubic",),
                "antialias": (True,),
                "fill_mode": ("constant",),
                "data_format": (None, "channels_last", "channels_first"),
            },
        ),
    ],
    "ops.image.rgb_to_grayscale": [
        Own("ops.image", "rgb_to_grayscale", "torch.tensordot", composed=True)
    ],
}

_INTEGERS = Dtypes(answer={"int64": "int32"})

_CREATION: dict[str, list[Row]] = {
    "ops.zeros": [Direct("torch.zeros", (), {"shape": REQUIRED, "dtype": None}, {"shape": "size"})],
    "ops.ones": [Direct("torch.ones", (), {"shape": REQUIRED, "dtype": None}, {"shape": "size"})],
    "ops.full": [
        Direct(
            "torch.full",
            (),
            {"shape": REQUIRED, "fill_value": REQUIRED, "dtype": None},
            {"shape": "size"},
            only={"shape": (LIST,)},
            instead={"dtype": {None: "float32"}},
            note="without a dtype it is that of the number",
        )
    ],
    "ops.arange": [
        Direct(
            "torch.arange",
            (),
            {"start": REQUIRED, "dtype": None},
            place=("start",),
            only={"stop": (None,), "step": (None, 1)},
            dtypes=_INTEGERS,
        ),
        Direct(
            "torch.arange",
            (),
            {"start": REQUIRED, "stop": REQUIRED, "step": None, "dtype": None},
            instead={"step": {None: 1}},
            place=("start", "stop", "step"),
            dtypes=_INTEGERS,
        ),
    ],
    "ops.eye": [
        Direct(
            "torch.eye",
            (),
            {"N": REQUIRED, "dtype": None},
            {"N": "n"},
            only={"M": (None,), "k": (0,)},
        ),
        Direct(
            "torch.eye",
            (),
            {"N": REQUIRED, "M": REQUIRED, "dtype": None},
            {"N": "n", "M": "m"},
            only={"k": (0,)},
        ),
        Own("ops.creation", "eye", "torch.ones, torch.triu, torch.tril", composed=True),
    ],
    "ops.linspace": [
        Direct(
            "torch.linspace",
            (),
            {"start": REQUIRED, "stop": REQUIRED, "num": 50, "dtype": None},
            {"stop": "end", "num": "steps"},
            only={"endpoint": (True,), "retstep": (False,), "axis": (0, -1)},
            why={"retstep": "torch answers no step"},
        ),
        Own(
            "ops.creation",
            "linspace",
            "torch.linspace",
            only={"endpoint": (False,), "retstep": (False,), "axis": (0, -1)},
        ),
    ],
}

OPS: dict[str, list[Row]] = {
    **_ELEMENTWISE,
    **_REDUCTIONS,
    **_SHAPES,
    **_INDEXING,
    **_PRODUCTS,
    **_LINALG,
    **_NN,
    **_CREATION,
    **MOVES,
    **MAKING,
    **PICKING,
    **VECTORS,
    **ELEMENTWISE,
    **STATISTICS,
    **functions_nn.FUNCTIONS,
    **functions_linalg.FUNCTIONS,
}
"""By Keras's symbol."""
