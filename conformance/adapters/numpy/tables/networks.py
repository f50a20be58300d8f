"""Activations of Keras that are one call of NumPy's. Data only: no NumPy is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import Direct, Own, Row
from conformance.adapters.numpy.tables.dtypes import floating

_TANH: list[Row] = [Direct("numpy.tanh", dtypes=floating())]
_RELU6: list[Row] = [Direct("numpy.clip", fixed={"min": 0, "max": 6})]
_HARD_TANH: list[Row] = [Direct("numpy.clip", fixed={"min": -1, "max": 1})]
_SOFTPLUS: list[Row] = [Own("ops.elementwise", "softplus", "numpy.logaddexp", dtypes=floating())]

NETWORKS: dict[str, list[Row]] = {
    "ops.relu": [Direct("numpy.clip", fixed={"min": 0, "max": None})],
    "ops.relu6": _RELU6,
    "ops.hard_tanh": _HARD_TANH,
    "ops.softplus": _SOFTPLUS,
    "activations.exponential": [Direct("numpy.exp", dtypes=floating())],
    "activations.linear": [Direct("numpy.positive")],
    "activations.relu": [
        Direct(
            "numpy.clip",
            fixed={"min": 0, "max": None},
            only={"negative_slope": (0.0,), "max_value": (None,), "threshold": (0.0,)},
        )
    ],
    "activations.relu6": _RELU6,
    "activations.hard_tanh": _HARD_TANH,
    "activations.softplus": _SOFTPLUS,
    "activations.tanh": _TANH,
}
"""By Keras's symbol."""
