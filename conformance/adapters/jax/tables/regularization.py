"""Which regularizing layer of Keras is put together from which function of JAX. Imports no JAX."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry
from conformance.adapters.native.conditions import FORMATS

_ROOM = "regularization"
_MASK = "jax.random.bernoulli"
_NOISE = "jax.random.normal"

LAYERS = {
    "Dropout": [Entry(_ROOM, "dropout", _MASK, composed=True)],
    "SpatialDropout1D": [Entry(_ROOM, "spatial_dropout1d", _MASK, composed=True)],
    "SpatialDropout2D": [Entry(_ROOM, "spatial_dropout", _MASK, composed=True, only=FORMATS)],
    "SpatialDropout3D": [Entry(_ROOM, "spatial_dropout", _MASK, composed=True, only=FORMATS)],
    "AlphaDropout": [Entry(_ROOM, "alpha_dropout", _MASK, composed=True)],
    "GaussianDropout": [Entry(_ROOM, "gaussian_dropout", _NOISE, composed=True)],
    "GaussianNoise": [Entry(_ROOM, "gaussian_noise", _NOISE, composed=True)],
}
