"""Functions of keras.ops that say something of many numbers, as JAX's. Data only."""

from __future__ import annotations

from typing import Any

from conformance.adapters.native.functions import ARRAY, TO_FLOAT, Direct, Dtypes, Own, Row

_OVER = {"axis": None, "keepdims": False}
_ALONG = {"axis": None, "dtype": None}
_INT32 = Dtypes(answer={"*": "int32"})
"""With 64 bits, JAX counts in int64."""


def _reduced(name: str, dtypes: Dtypes = Dtypes(), **more: Any) -> list[Row]:  # noqa: B008
    return [Direct(f"jax.numpy.{name}", keywords={**_OVER, **more}, dtypes=dtypes)]


def _levels(name: str) -> list[Row]:
    return [Own("ops.statistics", name, f"jax.numpy.{name}")]


def _along(name: str) -> list[Row]:
    return [Direct(f"jax.numpy.{name}", keywords=_ALONG)]


STATISTICS: dict[str, list[Row]] = {
    "ops.all": _reduced("all"),
    "ops.amax": _reduced("max"),
    "ops.amin": _reduced("min"),
    "ops.min": _reduced("min", initial=None),
    "ops.argmin": _reduced("argmin", _INT32),
    "ops.average": [
        Direct("jax.numpy.average", keywords={"axis": None}, only={"weights": (None,)}),
        Own(
            "ops.statistics",
            "average",
            "jax.numpy.average",
            only={"weights": (ARRAY,)},
            dtypes=Dtypes(meet=("x", "weights")),
        ),
    ],
    "ops.bincount": [
        Direct(
            "jax.numpy.bincount",
            keywords={"minlength": 0},
            only={"weights": (None,), "sparse": (False,)},
            dtypes=_INT32,
            why={"sparse": "a sparse answer is another kind of array"},
        ),
        Own(
            "ops.statistics",
            "weighted_bincount",
            "jax.numpy.bincount",
            only={"weights": (ARRAY,), "sparse": (False,)},
        ),
    ],
    "ops.corrcoef": [Own("ops.statistics", "corrcoef", "jax.numpy.corrcoef")],
    "ops.correlate": [
        Direct(
            "jax.numpy.correlate",
            ("x1", "x2"),
            keywords={"mode": "valid"},
            dtypes=Dtypes(meet=("x1", "x2"), given={"x1": TO_FLOAT, "x2": TO_FLOAT}),
        )
    ],
    "ops.count_nonzero": [
        Direct("jax.numpy.count_nonzero", keywords={"axis": None}, dtypes=_INT32)
    ],
    "ops.cumprod": _along("cumprod"),
    "ops.diff": [Direct("jax.numpy.diff", ("a",), keywords={"n": 1, "axis": -1})],
    "ops.digitize": [Direct("jax.numpy.digitize", ("x", "bins"), dtypes=_INT32)],
    "ops.histogram": [Own("ops.statistics", "histogram", "jax.numpy.histogram")],
    "ops.median": _reduced("median"),
    "ops.nanargmax": _reduced("nanargmax", _INT32),
    "ops.nanargmin": _reduced("nanargmin", _INT32),
    "ops.nancumprod": _along("nancumprod"),
    "ops.nancumsum": _along("nancumsum"),
    "ops.nanmax": _reduced("nanmax"),
    "ops.nanmin": _reduced("nanmin"),
    "ops.nanmean": _reduced("nanmean"),
    "ops.nanmedian": _reduced("nanmedian"),
    "ops.nanpercentile": _levels("nanpercentile"),
    "ops.nanprod": _reduced("nanprod"),
    "ops.nanquantile": _levels("nanquantile"),
    "ops.nanstd": _reduced("nanstd"),
    "ops.nansum": _reduced("nansum"),
    "ops.nanvar": _reduced("nanvar"),
    "ops.percentile": _levels("percentile"),
    "ops.quantile": _levels("quantile"),
    "ops.ptp": _reduced("ptp"),
    "ops.std": _reduced("std"),
    "ops.trapezoid": [
        Direct(
            "jax.numpy.trapezoid",
            ("y",),
            keywords={"dx": 1.0, "axis": -1},
            only={"x": (None,)},
        ),
        Direct(
            "jax.numpy.trapezoid",
            ("y", "x"),
            keywords={"axis": -1},
            only={"dx": (1.0,)},
            dtypes=Dtypes(meet=("y", "x")),
        ),
    ],
    "ops.in_top_k": [Own("ops.statistics", "in_top_k", "jax.numpy.take_along_axis", composed=True)],
    "ops.searchsorted": [
        Direct(
            "jax.numpy.searchsorted",
            ("sorted_sequence", "values"),
            keywords={"side": "left"},
            dtypes=_INT32._replace(meet=("sorted_sequence", "values")),
        )
    ],
    "ops.moments": [
        Own(
            "ops.statistics",
            "moments",
            "jax.numpy.mean, jax.numpy.var",
            only={"synchronized": (False,)},
        )
    ],
}
