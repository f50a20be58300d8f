"""keras.ops as functions of JAX, whose jax.numpy Keras follows. Data only: no JAX is imported."""

from __future__ import annotations

from conformance.adapters.jax.tables import functions_linalg, functions_nn
from conformance.adapters.jax.tables.elementwise import ELEMENTWISE
from conformance.adapters.jax.tables.ops_moves import MAKING, MOVES, PICKING, VECTORS
from conformance.adapters.jax.tables.statistics import STATISTICS
from conformance.adapters.native.functions import (
    REQUIRED,
    Direct,
    Dtypes,
    Own,
    Row,
)

_OVER = {"axis": None, "keepdims": False}
_INT32 = Dtypes(answer={"*": "int32"})
"""With 64 bits, JAX counts places in int64."""
_TO_FLOAT = dict.fromkeys(
    ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"), "float32"
)
_FORMATS = (None, "channels_last", "channels_first")


def _one(name: str, note: str = "", **given: str) -> list[Row]:
    """A function of one array."""
    return [Direct(f"jax.numpy.{name}", dtypes=Dtypes(given={"x": given}), note=note)]


def _two(name: str, x1: str = "x1", x2: str = "x2") -> list[Row]:
    """A function of two arrays that are promoted, or of one and a number of Python's."""
    names = (x1, x2)
    return [Direct(f"jax.numpy.{name}", names, numbers=names, dtypes=Dtypes(meet=names))]


_ELEMENTWISE: dict[str, list[Row]] = {
    "ops.add": _two("add"),
    "ops.subtract": _two("subtract"),
    "ops.multiply": _two("multiply"),
    "ops.divide": _two("divide"),
    "ops.power": _two("power"),
    "ops.maximum": _two("maximum"),
    "ops.minimum": _two("minimum"),
    "ops.equal": _two("equal"),
    "ops.greater": _two("greater"),
    "ops.logical_and": _two("logical_and"),
    "ops.bitwise_and": _two("bitwise_and", "x", "y"),
    "ops.absolute": _one("abs"),
    "ops.sign": _one("sign"),
    "ops.floor": _one("floor", "integers are answered as integers", **_TO_FLOAT),
    "ops.exp": _one("exp"),
    "ops.log1p": _one("log1p"),
    "ops.expm1": _one("expm1"),
    "ops.sin": _one("sin"),
    "ops.arcsin": _one("arcsin"),
    "ops.sqrt": _one("sqrt"),
    "ops.square": _one("square", bool="int32"),
    "ops.negative": _one("negative"),
    "ops.where": [
        Direct(
            "jax.numpy.where",
            ("condition", "x1", "x2"),
            numbers=("x1", "x2"),
            dtypes=Dtypes(meet=("x1", "x2")),
        ),
    ],
    "ops.cast": [Direct("jax.numpy.astype", keywords={"dtype": REQUIRED}, place=("dtype",))],
    "ops.relu": [Direct("jax.nn.relu")],
}


def _reduced(name: str, dtypes: Dtypes = Dtypes(), **more: None) -> list[Row]:  # noqa: B008
    return [Direct(f"jax.numpy.{name}", keywords={**_OVER, **more}, dtypes=dtypes)]


_REDUCTIONS: dict[str, list[Row]] = {
    "ops.sum": _reduced("sum"),
    "ops.mean": _reduced("mean"),
    "ops.var": _reduced("var"),
    "ops.max": _reduced("max", initial=None),
    "ops.prod": _reduced("prod", dtype=None),
    "ops.any": _reduced("any"),
    "ops.argmax": _reduced("argmax", _INT32),
    "ops.cumsum": [Direct("jax.numpy.cumsum", keywords={"axis": None, "dtype": None})],
    "ops.logsumexp": [Direct("jax.nn.logsumexp", keywords=_OVER)],
    "ops.norm": [Direct("jax.numpy.linalg.norm", keywords={"ord": None, **_OVER})],
}


def _listed(name: str, array: str) -> list[Row]:
    return [
        Direct(f"jax.numpy.{name}", (array,), keywords={"axis": 0}, dtypes=Dtypes(meet=(array,)))
    ]


_SHAPES: dict[str, list[Row]] = {
    "ops.reshape": [
        Direct("jax.numpy.reshape", keywords={"newshape": REQUIRED}, rename={"newshape": "shape"})
    ],
    "ops.transpose": [Direct("jax.numpy.transpose", keywords={"axes": None})],
    "ops.expand_dims": [Direct("jax.numpy.expand_dims", keywords={"axis": REQUIRED})],
    "ops.concatenate": _listed("concatenate", "xs"),
    "ops.stack": _listed("stack", "x"),
    "ops.pad": [
        Direct(
            "jax.numpy.pad",
            keywords={"pad_width": REQUIRED, "mode": "constant", "constant_values": None},
            instead={"constant_values": {None: 0}},
            only={"mode": ("constant",)},
        ),
        Direct(
            "jax.numpy.pad",
            keywords={"pad_width": REQUIRED, "mode": REQUIRED},
            only={"mode": ("reflect", "symmetric"), "constant_values": (None,)},
        ),
    ],
    "ops.flip": [Direct("jax.numpy.flip", keywords={"axis": None})],
}

_INDEXING: dict[str, list[Row]] = {
    "ops.take": [Direct("jax.numpy.take", ("x", "indices"), keywords={"axis": None})],
    "ops.take_along_axis": [
        Direct("jax.numpy.take_along_axis", ("x", "indices"), keywords={"axis": None})
    ],
    "ops.one_hot": [
        Direct(
            "jax.nn.one_hot",
            keywords={"num_classes": REQUIRED, "axis": -1, "dtype": None},
            instead={"dtype": {None: "float32"}},
            only={"sparse": (False,)},
            why={"sparse": "a sparse answer is another kind of array"},
        )
    ],
    "ops.sort": [Direct("jax.numpy.sort", keywords={"axis": -1})],
    "ops.argsort": [Direct("jax.numpy.argsort", keywords={"axis": -1}, dtypes=_INT32)],
    "ops.top_k": [
        Direct(
            "jax.lax.top_k",
            keywords={"k": REQUIRED},
            only={"sorted": (True, False)},
            note="always in falling order",
        )
    ],
    "ops.segment_sum": [
        Direct(
            "jax.ops.segment_sum",
            ("data", "segment_ids"),
            keywords={"num_segments": None, "sorted": False},
            rename={"sorted": "indices_are_sorted"},
        )
    ],
}

_PRODUCTS: dict[str, list[Row]] = {
    "ops.matmul": [
        Direct(
            "jax.numpy.matmul",
            ("x1", "x2"),
            dtypes=Dtypes(meet=("x1", "x2"), pairs={("int8", "int8"): "int32"}),
            note="products of int8 are int8 unless JAX is told a preferred_element_type",
        )
    ],
    "ops.dot": [
        Direct(
            "jax.numpy.dot",
            ("x1", "x2"),
            dtypes=Dtypes(meet=("x1", "x2"), pairs={("int8", "int8"): "int32"}),
        )
    ],
    "ops.einsum": [
        Direct(
            "jax.numpy.einsum",
            ("*operands",),
            keywords={"subscripts": REQUIRED},
            front=("subscripts",),
            dtypes=Dtypes(meet=("*operands",)),
        )
    ],
}

_LINALG: dict[str, list[Row]] = {
    "ops.qr": [Direct("jax.numpy.linalg.qr", keywords={"mode": "reduced"})],
    "ops.svd": [
        Direct("jax.numpy.linalg.svd", keywords={"full_matrices": True, "compute_uv": True})
    ],
    "ops.cholesky": [Direct("jax.numpy.linalg.cholesky", keywords={"upper": False})],
    "ops.eigh": [Direct("jax.numpy.linalg.eigh")],
    "ops.fft": [Own("ops.fft", "fft", "jax.numpy.fft.fft, jax.lax.complex")],
}

_NN: dict[str, list[Row]] = {
    "ops.softmax": [Direct("jax.nn.softmax", keywords={"axis": -1})],
    "ops.conv": [
        Own("ops.nn", "conv", "jax.lax.conv_general_dilated", only={"data_format": _FORMATS})
    ],
    "ops.image.resize": [
        Own(
            "ops.image",
            "resize",
            "jax.image.resize",
            only={
                "interpolation": ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"),
                "fill_mode": ("constant",),
                "data_format": _FORMATS,
            },
        )
    ],
    "ops.image.rgb_to_grayscale": [
        Own(
            "ops.image",
            "rgb_to_grayscale",
            "jax.numpy.tensordot",
            composed=True,
            only={"data_format": _FORMATS},
        )
    ],
}

_CREATION: dict[str, list[Row]] = {
    "ops.zeros": [Direct("jax.numpy.zeros", (), {"shape": REQUIRED, "dtype": None})],
    "ops.ones": [Direct("jax.numpy.ones", (), {"shape": REQUIRED, "dtype": None})],
    "ops.full": [
        Direct(
            "jax.numpy.full",
            (),
            {"shape": REQUIRED, "fill_value": REQUIRED, "dtype": None},
            instead={"dtype": {None: "float32"}},
            note="without a dtype it is that of the number",
        )
    ],
    "ops.arange": [
        Direct(
            "jax.numpy.arange", (), {"start": REQUIRED, "stop": None, "step": None, "dtype": None}
        )
    ],
    "ops.eye": [Direct("jax.numpy.eye", (), {"N": REQUIRED, "M": None, "k": 0, "dtype": None})],
    "ops.linspace": [
        Direct(
            "jax.numpy.linspace",
            (),
            {
                "start": REQUIRED,
                "stop": REQUIRED,
                "num": 50,
                "endpoint": True,
                "retstep": False,
                "dtype": None,
                "axis": 0,
            },
        )
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
