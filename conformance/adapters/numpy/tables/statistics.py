"""Functions of keras.ops of many numbers, as NumPy's. Data only: no NumPy is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import (
    ARRAY,
    REQUIRED,
    TO_FLOAT,
    Direct,
    Dtypes,
    Own,
    Row,
)
from conformance.adapters.numpy.tables.dtypes import (
    ALIKE,
    FLOATS,
    PLACES,
    SUMMED,
    floating,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_OVER: Mapping[str, Any] = {"axis": None, "keepdims": False}
_ALONG: Mapping[str, Any] = {"axis": None, "dtype": None}


def _reduced(name: str, dtypes: Dtypes = Dtypes(), **more: Any) -> list[Row]:  # noqa: B008
    return [Direct(f"numpy.{name}", keywords={**_OVER, **more}, dtypes=dtypes)]


def _along(name: str) -> list[Row]:
    return [Direct(f"numpy.{name}", keywords=_ALONG, dtypes=ALIKE)]


def _levels(name: str) -> list[Row]:
    keywords = {"q": REQUIRED, "axis": None, "method": "linear", "keepdims": False}
    dtypes = Dtypes(given={"x": TO_FLOAT}, answer={"float16": "float16", "float32": "float32"})
    note = "levels are float64, and so may be the answer"
    return [Direct(f"numpy.{name}", keywords=keywords, dtypes=dtypes, note=note)]


STATISTICS: dict[str, list[Row]] = {
    **{f"ops.{name}": _reduced(name) for name in ("all", "any", "amax", "amin", "ptp")},
    **{f"ops.{name}": _reduced(name) for name in ("nanmax", "nanmin")},
    **{f"ops.{name}": _reduced(name, initial=None) for name in ("max", "min")},
    **{f"ops.{name}": _reduced(name, SUMMED) for name in ("sum", "nansum", "nanprod")},
    "ops.prod": _reduced("prod", SUMMED, dtype=None),
    **{
        f"ops.{name}": _reduced(name, floating())
        for name in (
            "mean",
            "median",
            "std",
            "var",
            "nanmean",
            "nanmedian",
            "nanstd",
            "nanvar",
        )
    },
    **{
        f"ops.{name}": _reduced(name, PLACES)
        for name in ("argmax", "argmin", "nanargmax", "nanargmin")
    },
    **{
        f"ops.{name}": _levels(name)
        for name in ("percentile", "quantile", "nanpercentile", "nanquantile")
    },
    **{f"ops.{name}": _along(name) for name in ("cumsum", "cumprod", "nancumsum", "nancumprod")},
    "ops.average": [
        Direct(
            "numpy.average",
            keywords={"axis": None},
            only={"weights": (None,)},
            dtypes=floating(),
        ),
        Own(
            "ops.statistics",
            "average",
            "numpy.average",
            only={"weights": (ARRAY,)},
            dtypes=Dtypes(meet=("x", "weights"), alike=True, met=TO_FLOAT),
        ),
    ],
    "ops.bincount": [
        Direct(
            "numpy.bincount",
            keywords={"minlength": 0},
            only={"weights": (None,), "sparse": (False,)},
            dtypes=PLACES,
            why={"sparse": "a sparse answer is another kind of array"},
        ),
        Own(
            "ops.statistics",
            "weighted_bincount",
            "numpy.bincount",
            only={"weights": (ARRAY,), "sparse": (False,)},
        ),
    ],
    "ops.corrcoef": [Own("ops.statistics", "corrcoef", "numpy.corrcoef")],
    "ops.correlate": [
        Direct(
            "numpy.correlate",
            ("x1", "x2"),
            keywords={"mode": "valid"},
            dtypes=FLOATS,
        )
    ],
    "ops.count_nonzero": [Direct("numpy.count_nonzero", keywords={"axis": None}, dtypes=PLACES)],
    "ops.diff": [Direct("numpy.diff", ("a",), keywords={"n": 1, "axis": -1})],
    "ops.digitize": [Direct("numpy.digitize", ("x", "bins"), dtypes=PLACES)],
    "ops.histogram": [
        Direct(
            "numpy.histogram",
            keywords={"bins": 10, "range": None},
            dtypes=Dtypes(answer={"int64": "int32"}, which=(0,)),
        )
    ],
    "ops.trapezoid": [
        Direct(
            "numpy.trapezoid",
            ("y",),
            keywords={"dx": 1.0, "axis": -1},
            only={"x": (None,)},
            dtypes=floating("y"),
        ),
        Direct(
            "numpy.trapezoid",
            ("y", "x"),
            keywords={"axis": -1},
            only={"dx": (1.0,)},
            dtypes=Dtypes(meet=("y", "x"), alike=True, met=TO_FLOAT),
        ),
    ],
    "ops.searchsorted": [
        Direct(
            "numpy.searchsorted",
            ("sorted_sequence", "values"),
            keywords={"side": "left"},
            dtypes=PLACES._replace(meet=("sorted_sequence", "values")),
        )
    ],
    "ops.moments": [
        Own(
            "ops.statistics",
            "moments",
            "numpy.mean, numpy.var",
            only={"synchronized": (False,)},
        )
    ],
    "ops.logsumexp": [
        Own("ops.statistics", "logsumexp", "numpy.logaddexp.reduce", dtypes=floating())
    ],
    "ops.size": [Direct("numpy.size")],
    "ops.ndim": [Direct("numpy.ndim")],
}
"""By Keras's symbol."""
