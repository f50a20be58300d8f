"""keras.activations as functions of JAX, those with arguments among them. Data only."""

from __future__ import annotations

from conformance.adapters.jax.tables.layers import ACTIVATIONS as OF_LAYERS
from conformance.adapters.native.functions import Direct, Own, Row, of_activations

ACTIVATIONS: dict[str, list[Row]] = {
    **of_activations(OF_LAYERS),
    "activations.leaky_relu": [Direct("jax.nn.leaky_relu", keywords={"negative_slope": 0.2})],
    "activations.elu": [Direct("jax.nn.elu", keywords={"alpha": 1.0})],
    "activations.celu": [Direct("jax.nn.celu", keywords={"alpha": 1.0})],
    "activations.gelu": [Direct("jax.nn.gelu", keywords={"approximate": False})],
    "activations.glu": [Direct("jax.nn.glu", keywords={"axis": -1})],
    "activations.squareplus": [Direct("jax.nn.squareplus", keywords={"b": 4})],
    "activations.hard_shrink": [
        Own("ops.activation", "hard_shrink", "jax.numpy.where", composed=True)
    ],
    "activations.soft_shrink": [
        Own("ops.activation", "soft_shrink", "jax.numpy.maximum", composed=True)
    ],
    "activations.threshold": [Own("ops.activation", "threshold", "jax.numpy.where", composed=True)],
    "activations.relu": [
        Direct(
            "jax.nn.relu",
            only={"negative_slope": (0.0,), "max_value": (None,), "threshold": (0.0,)},
        ),
        Own("ops.activation", "relu", "jax.numpy.where, jax.numpy.minimum", composed=True),
    ],
    "activations.sparsemax": [
        Own("ops.activation", "sparsemax", "jax.numpy.sort, jax.numpy.cumsum", composed=True)
    ],
    "activations.softmax": [Direct("jax.nn.softmax", keywords={"axis": -1})],
    "activations.log_softmax": [Direct("jax.nn.log_softmax", keywords={"axis": -1})],
}
"""By Keras's symbol."""
