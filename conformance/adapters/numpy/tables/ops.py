"""keras.ops and keras.activations as functions of NumPy. Data only: no NumPy is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.numpy.tables.elementwise import ELEMENTWISE
from conformance.adapters.numpy.tables.linalg import LINALG, PRODUCTS, TRANSFORMS
from conformance.adapters.numpy.tables.moves import MAKING, MOVES, PICKING
from conformance.adapters.numpy.tables.networks import NETWORKS
from conformance.adapters.numpy.tables.statistics import STATISTICS

if TYPE_CHECKING:
    from conformance.adapters.native.functions import Row

OPS: dict[str, list[Row]] = {
    **ELEMENTWISE,
    **STATISTICS,
    **MOVES,
    **MAKING,
    **PICKING,
    **PRODUCTS,
    **LINALG,
    **TRANSFORMS,
    **NETWORKS,
}
"""By Keras's symbol."""

ABSENT = {
    "ops.stop_gradient": "NumPy has no gradients to stop",
    "constraints": "NumPy has no constraints",
    "initializers": "NumPy has no initializers",
    "layers": "NumPy has no layers",
    "losses": "NumPy has no losses",
    "metrics": "NumPy has no metrics",
    "optimizers": "NumPy has no optimizers",
    "random": "NumPy's generators draw other numbers, and are not made of a seed alone",
    "regularizers": "NumPy has no regularizers",
}
"""Why a symbol or a namespace has no rows."""
