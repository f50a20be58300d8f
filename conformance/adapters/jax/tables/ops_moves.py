"""keras.ops' functions that move, make, join and pick numbers, in JAX. Data only."""

from __future__ import annotations

from conformance.adapters.native.functions import (
    REQUIRED,
    WHOLE,
    Direct,
    Dtypes,
    Own,
    Row,
)

_INT32 = Dtypes(answer={"*": "int32"})
_MEET = Dtypes(meet=("x1", "x2"))


def _one(name: str, **arguments: object) -> list[Row]:
    """A function of one array and of arguments that are called alike."""
    return [Direct(f"jax.numpy.{name}", keywords=arguments)]


def _two(name: str, **arguments: object) -> list[Row]:
    return [Direct(f"jax.numpy.{name}", ("x1", "x2"), keywords=arguments, dtypes=_MEET)]


def _joined(name: str) -> list[Row]:
    return [Direct(f"jax.numpy.{name}", ("xs",), dtypes=Dtypes(meet=("xs",)))]


def _window(name: str, *more: str) -> list[Row]:
    arguments = {"x": REQUIRED, **dict.fromkeys(more, REQUIRED)}
    return [
        Direct(
            f"jax.numpy.{name}",
            (),
            arguments,
            place=("x", *more),
            dtypes=Dtypes(answer={"float64": "float32"}),
        )
    ]


def _segments(name: str) -> list[Row]:
    return [
        Direct(
            f"jax.ops.{name}",
            ("data", "segment_ids"),
            keywords={"num_segments": None, "sorted": False},
            rename={"sorted": "indices_are_sorted"},
        )
    ]


MOVES: dict[str, list[Row]] = {
    "ops.copy": _one("copy"),
    "ops.ravel": _one("ravel"),
    "ops.swapaxes": _one("swapaxes", axis1=REQUIRED, axis2=REQUIRED),
    "ops.moveaxis": _one("moveaxis", source=REQUIRED, destination=REQUIRED),
    "ops.fliplr": _one("fliplr"),
    "ops.flipud": _one("flipud"),
    "ops.rot90": [Direct("jax.numpy.rot90", ("array",), {"k": 1, "axes": [0, 1]})],
    "ops.roll": _one("roll", shift=REQUIRED, axis=None),
    "ops.repeat": [
        Direct(
            "jax.numpy.repeat",
            keywords={"repeats": REQUIRED, "axis": None},
            only={"repeats": (WHOLE,)},
        ),
    ],
    "ops.tile": [
        Direct("jax.numpy.tile", keywords={"repeats": REQUIRED}, rename={"repeats": "reps"})
    ],
    "ops.broadcast_to": _one("broadcast_to", shape=REQUIRED),
    "ops.squeeze": _one("squeeze", axis=None),
    "ops.tril": _one("tril", k=0),
    "ops.triu": _one("triu", k=0),
    "ops.diag": _one("diag", k=0),
    "ops.diagflat": _one("diagflat", k=0),
    "ops.diagonal": _one("diagonal", offset=0, axis1=0, axis2=1),
    "ops.trace": _one("trace", offset=0, axis1=0, axis2=1),
    "ops.get_item": [Own("ops.moves", "get_item", "x[key]", only={"key": (None, WHOLE)})],
    "ops.stop_gradient": [Direct("jax.lax.stop_gradient", ("variable",))],
    "ops.split": _one("split", indices_or_sections=REQUIRED, axis=0),
    "ops.array_split": _one("array_split", indices_or_sections=REQUIRED, axis=0),
    "ops.vsplit": _one("vsplit", indices_or_sections=REQUIRED),
    "ops.hsplit": _one("hsplit", indices_or_sections=REQUIRED),
    "ops.dsplit": _one("dsplit", indices_or_sections=REQUIRED),
    "ops.unstack": [Direct("jax.numpy.unstack", keywords={"axis": 0}, only={"num": (None, WHOLE)})],
    "ops.append": [Direct("jax.numpy.append", ("x1", "x2"), keywords={"axis": None}, dtypes=_MEET)],
    "ops.vstack": _joined("vstack"),
    "ops.hstack": _joined("hstack"),
    "ops.dstack": _joined("dstack"),
    "ops.meshgrid": [Direct("jax.numpy.meshgrid", ("*x",), keywords={"indexing": "xy"})],
}

MAKING: dict[str, list[Row]] = {
    "ops.identity": [Direct("jax.numpy.identity", (), {"n": REQUIRED, "dtype": None})],
    "ops.tri": [Direct("jax.numpy.tri", (), {"N": REQUIRED, "M": None, "k": 0, "dtype": None})],
    "ops.array": _one("array", dtype=None),
    "ops.zeros_like": _one("zeros_like", dtype=None),
    "ops.ones_like": _one("ones_like", dtype=None),
    "ops.full_like": _one("full_like", fill_value=REQUIRED, dtype=None),
    "ops.empty": [Direct("jax.numpy.empty", (), {"shape": REQUIRED, "dtype": None})],
    "ops.empty_like": _one("empty_like", dtype=None),
    "ops.logspace": [
        Direct(
            "jax.numpy.logspace",
            (),
            {
                "start": REQUIRED,
                "stop": REQUIRED,
                "num": 50,
                "endpoint": True,
                "base": 10,
                "dtype": None,
                "axis": 0,
            },
        )
    ],
    "ops.geomspace": [
        Direct(
            "jax.numpy.geomspace",
            (),
            {
                "start": REQUIRED,
                "stop": REQUIRED,
                "num": 50,
                "endpoint": True,
                "dtype": None,
                "axis": 0,
            },
        )
    ],
    "ops.bartlett": _window("bartlett"),
    "ops.blackman": _window("blackman"),
    "ops.hamming": _window("hamming"),
    "ops.hanning": _window("hanning"),
    "ops.kaiser": _window("kaiser", "beta"),
    "ops.vander": _one("vander", N=None, increasing=False),
}

PICKING: dict[str, list[Row]] = {
    "ops.select": [
        Direct(
            "jax.numpy.select",
            ("condlist", "choicelist"),
            keywords={"default": 0},
            dtypes=Dtypes(meet=("choicelist",)),
        )
    ],
    "ops.unravel_index": [Direct("jax.numpy.unravel_index", ("indices",), {"shape": REQUIRED})],
    "ops.nonzero": [Direct("jax.numpy.nonzero", dtypes=_INT32)],
    "ops.argpartition": [
        Direct(
            "jax.numpy.argpartition",
            keywords={"kth": REQUIRED, "axis": -1},
            only={"kth": (WHOLE,), "axis": (WHOLE,)},
            dtypes=_INT32,
        )
    ],
    "ops.unique": [Own("ops.moves", "unique", "jax.numpy.unique", only={"sorted": (True,)})],
    "ops.slice": [
        Direct(
            "jax.lax.dynamic_slice",
            ("inputs",),
            {"start_indices": REQUIRED, "shape": REQUIRED},
            place=("start_indices", "shape"),
        )
    ],
    "ops.slice_update": [Own("ops.moves", "slice_update", "jax.lax.dynamic_update_slice")],
    "ops.scatter": [Own("ops.moves", "scatter", "x.at[places].set", composed=True)],
    "ops.scatter_update": [
        Own("ops.moves", "scatter_update", "x.at[places].set, add, max, min, multiply")
    ],
    "ops.segment_max": _segments("segment_max"),
    "ops.segment_min": _segments("segment_min"),
    "ops.segment_prod": _segments("segment_prod"),
}

VECTORS: dict[str, list[Row]] = {
    "ops.outer": _two("outer"),
    "ops.inner": _two("inner"),
    "ops.vdot": _two("vdot"),
    "ops.tensordot": _two("tensordot", axes=2),
    "ops.cross": _two("cross", axisa=-1, axisb=-1, axisc=-1, axis=None),
}
