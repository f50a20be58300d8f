"""keras.activations as functions of torch, those with arguments among them. Data only."""

from __future__ import annotations

from conformance.adapters.native.functions import (
    REQUIRED,
    WHOLE,
    Direct,
    Own,
    Row,
    of_activations,
)
from conformance.adapters.torch.tables.layers import ACTIVATIONS as OF_LAYERS

_F = "torch.nn.functional."
_AXIS = {"axis": -1}


def _along(symbol: str) -> list[Row]:
    """A function along one axis."""
    return [Direct(symbol, keywords=_AXIS, rename={"axis": "dim"}, only={"axis": (WHOLE,)})]


ACTIVATIONS: dict[str, list[Row]] = {
    **of_activations(OF_LAYERS),
    "activations.leaky_relu": [Direct(_F + "leaky_relu", keywords={"negative_slope": 0.2})],
    "activations.elu": [Direct(_F + "elu", keywords={"alpha": 1.0})],
    "activations.celu": [Direct(_F + "celu", keywords={"alpha": 1.0})],
    "activations.gelu": [
        Direct(
            _F + "gelu",
            keywords={"approximate": False},
            instead={"approximate": {False: "none", True: "tanh"}},
        )
    ],
    "activations.glu": _along(_F + "glu"),
    "activations.hard_shrink": [
        Direct(_F + "hardshrink", keywords={"threshold": 0.5}, rename={"threshold": "lambd"})
    ],
    "activations.soft_shrink": [
        Direct(_F + "softshrink", keywords={"threshold": 0.5}, rename={"threshold": "lambd"})
    ],
    "activations.threshold": [
        Direct(
            _F + "threshold",
            keywords={"threshold": REQUIRED, "default_value": REQUIRED},
            rename={"default_value": "value"},
        )
    ],
    "activations.relu": [
        Direct(
            _F + "relu", only={"negative_slope": (0.0,), "max_value": (None,), "threshold": (0.0,)}
        ),
        Own("ops.activation", "relu", "torch.where, torch.clamp", composed=True),
    ],
    "activations.sparsemax": [
        Own("ops.activation", "sparsemax", "torch.sort, torch.cumsum", composed=True)
    ],
    "activations.squareplus": [Own("ops.activation", "squareplus", "torch.sqrt", composed=True)],
    "activations.softmax": _along(_F + "softmax"),
    "activations.log_softmax": _along(_F + "log_softmax"),
}
"""By Keras's symbol."""
