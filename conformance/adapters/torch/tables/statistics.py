"""Functions of keras.ops that say something of many numbers, as torch's. Data only."""

from __future__ import annotations

from typing import Any

from conformance.adapters.native.functions import (
    ARRAY,
    TO_FLOAT,
    WHOLE,
    WHOLE_DTYPES,
    Direct,
    Dtypes,
    Own,
    Row,
)

_REDUCED = {"axis": "dim", "keepdims": "keepdim"}
_OVER = {"axis": None, "keepdims": False}
_ALL_AXES = {"axis": {None: ()}}
_PLACES = Dtypes(answer={"*": "int32"})
_PLACES_OF_BOOLEANS = Dtypes(given={"x": {"bool": "uint8"}}, answer={"*": "int32"})
_INT64_PLACES = "places are int64, Keras's are int32"
_FLOATS = Dtypes(given={"x": TO_FLOAT})
_SUMMED = {
    **dict.fromkeys(("bool", "int8", "int16", "int32"), "int32"),
    **dict.fromkeys(("uint8", "uint16", "uint32"), "uint32"),
    "uint64": "uint64",
}
_SAME = {dtype: dtype for dtype in WHOLE_DTYPES if dtype != "bool"} | {"bool": "int32"}


def _own(name: str, symbol: str, dtypes: Dtypes = Dtypes(), **more: Any) -> list[Row]:  # noqa: B008
    return [Own("ops.statistics", name, symbol, dtypes=dtypes, **more)]


def _composed(name: str, symbol: str, dtypes: Dtypes = Dtypes(), **more: Any) -> list[Row]:  # noqa: B008
    return _own(name, symbol, dtypes, composed=True, **more)


def _extreme(symbol: str) -> list[Row]:
    return [Direct(symbol, keywords=_OVER, rename=_REDUCED, instead=_ALL_AXES)]


def _cumulated(symbol: str, flat: str) -> list[Row]:
    dtypes = Dtypes(answer=_SAME)
    return [
        Direct(
            symbol,
            keywords={"axis": None, "dtype": None},
            rename={"axis": "dim"},
            only={"axis": (WHOLE,)},
            dtypes=dtypes,
        ),
        Own("ops.statistics", flat, symbol, only={"axis": (None,)}, dtypes=dtypes),
    ]


STATISTICS: dict[str, list[Row]] = {
    "ops.all": [
        Direct(
            "torch.all",
            keywords=_OVER,
            rename=_REDUCED,
            dtypes=Dtypes(answer={"uint8": "bool"}),
            note="uint8 is answered as uint8",
        )
    ],
    "ops.amax": _extreme("torch.amax"),
    "ops.amin": _extreme("torch.amin"),
    "ops.min": [
        Direct(
            "torch.amin",
            keywords=_OVER,
            rename=_REDUCED,
            instead=_ALL_AXES,
            only={"initial": (None,)},
            note="amin: torch.min answers places as well, and takes one axis",
        ),
        Own("ops.statistics", "smallest_from", "torch.amin, torch.clamp"),
    ],
    "ops.argmin": [
        Direct(
            "torch.argmin",
            keywords=_OVER,
            rename=_REDUCED,
            dtypes=_PLACES_OF_BOOLEANS,
            note=_INT64_PLACES,
        )
    ],
    "ops.average": [
        Direct(
            "torch.mean",
            keywords={"axis": None},
            rename={"axis": "dim"},
            only={"weights": (None,)},
            dtypes=_FLOATS,
        ),
        Own(
            "ops.statistics",
            "average",
            "torch.sum",
            composed=True,
            only={"weights": (ARRAY,)},
            dtypes=Dtypes(meet=("x", "weights"), alike=True, met=TO_FLOAT),
        ),
    ],
    "ops.bincount": [
        Direct(
            "torch.bincount",
            keywords={"minlength": 0},
            only={"weights": (None,), "sparse": (False,)},
            dtypes=_PLACES,
            why={"sparse": "a sparse answer is another kind of array"},
        ),
        Own(
            "ops.statistics",
            "weighted_bincount",
            "torch.bincount",
            only={"weights": (ARRAY,), "sparse": (False,)},
        ),
    ],
    "ops.corrcoef": _own("corrcoef", "torch.corrcoef", _FLOATS),
    "ops.correlate": _composed(
        "correlate",
        "torch.nn.functional.conv1d",
        Dtypes(meet=("x1", "x2"), alike=True, met=TO_FLOAT),
    ),
    "ops.count_nonzero": [
        Direct(
            "torch.count_nonzero",
            keywords={"axis": None},
            rename={"axis": "dim"},
            dtypes=_PLACES,
        )
    ],
    "ops.cumprod": _cumulated("torch.cumprod", "flat_cumprod"),
    "ops.diff": [
        Direct("torch.diff", ("a",), keywords={"n": 1, "axis": -1}, rename={"axis": "dim"})
    ],
    "ops.digitize": [
        Direct(
            "torch.bucketize",
            ("x", "bins"),
            fixed={"right": True, "out_int32": True},
            note="right means that the upper bound is not part of a bin",
        )
    ],
    "ops.histogram": _own("histogram", "torch.histogram", Dtypes(given={"x": TO_FLOAT})),
    "ops.median": _own(
        "median",
        "torch.quantile",
        _FLOATS,
    ),
    "ops.nanargmax": _composed("nanargmax", "torch.argmax, torch.where", _PLACES_OF_BOOLEANS),
    "ops.nanargmin": _composed("nanargmin", "torch.argmin, torch.where", _PLACES_OF_BOOLEANS),
    "ops.nancumprod": _composed("nancumprod", "torch.cumprod, torch.where", Dtypes(answer=_SAME)),
    "ops.nancumsum": _composed("nancumsum", "torch.cumsum, torch.where", Dtypes(answer=_SAME)),
    "ops.nanmax": _composed("nanmax", "torch.amax, torch.where"),
    "ops.nanmin": _composed("nanmin", "torch.amin, torch.where"),
    "ops.nanmean": [Direct("torch.nanmean", keywords=_OVER, rename=_REDUCED, dtypes=_FLOATS)],
    "ops.nanmedian": _own("nanmedian", "torch.nanquantile", _FLOATS),
    "ops.nanpercentile": _own("nanpercentile", "torch.nanquantile", _FLOATS),
    "ops.nanprod": _composed("nanprod", "torch.prod, torch.where", Dtypes(answer=_SUMMED)),
    "ops.nanquantile": _own("nanquantile", "torch.nanquantile", _FLOATS),
    "ops.nanstd": _composed("nanstd", "torch.nanmean, torch.sqrt", _FLOATS),
    "ops.nansum": [
        Direct(
            "torch.nansum",
            keywords=_OVER,
            rename=_REDUCED,
            dtypes=Dtypes(answer=_SUMMED),
        )
    ],
    "ops.nanvar": _composed("nanvar", "torch.nanmean", _FLOATS),
    "ops.percentile": _own("percentile", "torch.quantile", _FLOATS),
    "ops.quantile": _own("quantile", "torch.quantile", _FLOATS),
    "ops.ptp": _composed("ptp", "torch.amax, torch.amin"),
    "ops.std": [
        Direct(
            "torch.std",
            keywords=_OVER,
            rename=_REDUCED,
            fixed={"correction": 0},
            dtypes=_FLOATS,
            note="divided by one less than the count unless torch is told not to",
        )
    ],
    "ops.trapezoid": [
        Direct(
            "torch.trapezoid",
            ("y",),
            keywords={"dx": 1.0, "axis": -1},
            rename={"axis": "dim"},
            only={"x": (None,)},
            dtypes=Dtypes(given={"y": TO_FLOAT}),
        ),
        Own(
            "ops.statistics",
            "trapezoid_at",
            "torch.trapezoid",
            only={"x": (ARRAY,)},
            dtypes=Dtypes(meet=("y", "x"), alike=True, met=TO_FLOAT),
        ),
    ],
    "ops.in_top_k": _composed("in_top_k", "torch.gather, torch.sum"),
    "ops.searchsorted": [
        Direct(
            "torch.searchsorted",
            ("sorted_sequence", "values"),
            keywords={"side": "left"},
            fixed={"out_int32": True},
            dtypes=Dtypes(meet=("sorted_sequence", "values"), alike=True),
        )
    ],
    "ops.moments": _own("moments", "torch.var_mean", only={"synchronized": (False,)}),
}
