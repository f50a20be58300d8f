"""Products, linear algebra and transforms of keras.ops, in NumPy. Data only."""

from __future__ import annotations

from typing import Any

from conformance.adapters.native.functions import NUMBER, REQUIRED, Direct, Dtypes, Own, Row
from conformance.adapters.numpy.tables.dtypes import MEET, X, floating

_PRODUCT = Dtypes(meet=X, pairs={("int8", "int8"): "int32"})


def _two(name: str, dtypes: Dtypes = MEET, **arguments: Any) -> list[Row]:
    return [Direct(f"numpy.{name}", X, arguments, dtypes=dtypes)]


def _linalg(name: str, dtypes: Dtypes = Dtypes(), **arguments: Any) -> list[Row]:  # noqa: B008
    return [Direct(f"numpy.linalg.{name}", keywords=arguments, dtypes=dtypes)]


def _transform(name: str) -> list[Row]:
    return [Own("ops.fft", name, f"numpy.fft.{name}")]


PRODUCTS: dict[str, list[Row]] = {
    "ops.matmul": _two("matmul", _PRODUCT),
    "ops.dot": _two("dot", _PRODUCT),
    "ops.outer": _two("outer"),
    "ops.inner": _two("inner"),
    "ops.vdot": _two("vdot"),
    "ops.tensordot": _two("tensordot", axes=2),
    "ops.cross": [
        Direct(
            "numpy.cross",
            X,
            {"axisa": -1, "axisb": -1, "axisc": -1, "axis": None},
            dtypes=MEET,
            note="vectors of two numbers are deprecated since NumPy 2.0",
        )
    ],
    "ops.einsum": [
        Direct(
            "numpy.einsum",
            ("*operands",),
            keywords={"subscripts": REQUIRED},
            front=("subscripts",),
            dtypes=Dtypes(meet=("*operands",)),
        )
    ],
}

LINALG: dict[str, list[Row]] = {
    "ops.norm": _linalg("norm", floating(), ord=None, axis=None, keepdims=False),
    "ops.qr": _linalg("qr", mode="reduced"),
    "ops.svd": _linalg("svd", full_matrices=True, compute_uv=True),
    "ops.cholesky": _linalg("cholesky", upper=False),
    "ops.cholesky_inverse": [
        Direct("numpy.linalg.inv", only={"upper": (False, True)}, note="one way for both")
    ],
    "ops.eigh": _linalg("eigh"),
    "ops.eig": [
        Direct(
            "numpy.linalg.eig",
            dtypes=Dtypes(answer={"float32": "complex64", "float64": "complex128"}),
            note="real numbers where all eigenvalues are",
        )
    ],
    "ops.inv": _linalg("inv"),
    "ops.det": _linalg("det"),
    "ops.slogdet": _linalg("slogdet"),
    "ops.logdet": [Own("ops.linalg", "logdet", "numpy.linalg.slogdet")],
    "ops.solve": [Own("ops.linalg", "solve", "numpy.linalg.solve")],
    "ops.solve_triangular": [
        Own("ops.linalg", "solve_triangular", "numpy.linalg.solve, numpy.tril, numpy.triu")
    ],
    "ops.cdist": [Own("ops.linalg", "cdist", "numpy.linalg.norm", composed=True)],
    "ops.lstsq": [Own("ops.linalg", "lstsq", "numpy.linalg.lstsq")],
    "ops.pinv": [Direct("numpy.linalg.pinv", keywords={"rcond": None}, rename={"rcond": "rtol"})],
    "ops.matrix_rank": [
        Direct(
            "numpy.linalg.matrix_rank",
            only={"tol": (None,)},
            dtypes=Dtypes(answer={"*": "int32"}),
        ),
        Direct(
            "numpy.linalg.matrix_rank",
            keywords={"tol": REQUIRED},
            only={"tol": (NUMBER,)},
            dtypes=Dtypes(answer={"*": "int32"}),
        ),
    ],
}

TRANSFORMS: dict[str, list[Row]] = {
    f"ops.{name}": _transform(name) for name in ("fft", "fft2", "ifft2", "rfft", "irfft")
}
