"""Which regularizing layer of Keras is which module of torch. Imports no torch."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry
from conformance.adapters.native.conditions import FORMATS

_WHOLE = {"noise_shape": (None,)}
_ROOM = "regularization"

LAYERS = {
    "Dropout": [
        Entry(_ROOM, "dropout", "torch.nn.Dropout", only=_WHOLE),
        Entry(_ROOM, "dropout_with_shared_mask", "torch.nn.functional.dropout", composed=True),
    ],
    "SpatialDropout1D": [Entry(_ROOM, "spatial_dropout1d", "torch.nn.Dropout1d")],
    "SpatialDropout2D": [Entry(_ROOM, "spatial_dropout2d", "torch.nn.Dropout2d", only=FORMATS)],
    "SpatialDropout3D": [Entry(_ROOM, "spatial_dropout3d", "torch.nn.Dropout3d", only=FORMATS)],
    "AlphaDropout": [Entry(_ROOM, "alpha_dropout", "torch.nn.AlphaDropout", only=_WHOLE)],
    "GaussianDropout": [Entry(_ROOM, "gaussian_dropout", "torch.randn_like", composed=True)],
    "GaussianNoise": [Entry(_ROOM, "gaussian_noise", "torch.randn_like", composed=True)],
}
