"""keras.activations as functions of JAX, those with arguments among them. Data only."""

from __future__ import annotations

from conformance.adapters.jax.tables.layers import ACTIVATIONS as OF_LAYERS
from conformance.adapters.native.functions import Direct, Row, of_activations

ACTIVATIONS: dict[str, list[Row]] = {
    **of_activations(OF_LAYERS),
    "activations.leaky_relu": [Direct("jax.nn.leaky_relu", keywords={"negative_slope": 0.2})],
    "activations.elu": [Direct("jax.nn.elu", keywords={"alpha": 1.0})],
    "activations.celu": [Direct("jax.nn.celu", keywords={"alpha": 1.0})],
    "activations.gelu": [Direct("jax.nn.gelu", keywords={"approximate": False})],
    "activations.softmax": [Direct("jax.nn.softmax", keywords={"axis": -1})],
    "activations.log_softmax": [Direct("jax.nn.log_softmax", keywords={"axis": -1})],
}
"""By Keras's symbol."""
