"""Which of Keras's layers a module of PyTorch can stand for, by its class."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from conformance.reference.engine.array import Values
    from conformance.twomodels.replay import Layer, Stage

_STANDS_FOR = (
    (r".*Linear", r"Dense|EinsumDense|TimeDistributed|.*Attention|.*Conv.*"),
    (r"(Lazy)?Conv.*", r".*Conv.*|Dense|EinsumDense"),
    (r".*(BatchNorm|InstanceNorm).*", r"BatchNormalization|GroupNormalization"),
    (r"LayerNorm|RMSNorm|GroupNorm", r"(Layer|RMS|Group)Normalization"),
    (r"Embedding.*", r".*Embedding"),
    (r"(LSTM|GRU|RNN)(Cell)?", r".*LSTM.*|GRU|.*RNN|Bidirectional"),
    (r"MultiheadAttention", r".*Attention"),
    (r".*Dropout\d?d?|.*Pool\dd|.*Pad\dd|(Unf|F)latten|Upsample|Identity|PixelShuffle", r"(?!)"),
)
"""A class of ``torch.nn``, and the classes of Keras's layers with weights that it may be."""
ACTIVATIONS = frozenset(
    [
        "ReLU",
        "ReLU6",
        "GELU",
        "SiLU",
        "ELU",
        "SELU",
        "CELU",
        "LeakyReLU",
        "RReLU",
        "Sigmoid",
        "LogSigmoid",
        "Tanh",
        "Softmax",
        "LogSoftmax",
        "Softplus",
        "Softsign",
        "Hardsigmoid",
        "Hardswish",
        "Hardtanh",
        "Mish",
        "GLU",
        "Softmin",
        "Softshrink",
        "Tanhshrink",
        "Threshold",
        "Softmax2d",
    ]
)
_PLAIN = r".*Linear|(Lazy)?Conv.*"
"""Modules whose answer no activation has touched."""
_RANGES = {"relu": (0, np.inf), "relu6": (0, 6), "tanh": (-1, 1), "softplus": (0, np.inf)}
_RANGES |= dict.fromkeys(("sigmoid", "softmax", "hard_sigmoid"), (0, 1))


def fits(kind: str, layer: Layer) -> bool | None:
    """Whether an answer of a module may be a layer's; None where the class tells nothing.

    Args:
        kind: The module's class in ``torch.nn``; empty: none of it.
        layer: A layer with weights.
    """
    if kind in ACTIVATIONS:
        return any(stage.what == BEFORE for stage, _ in layer.stages)
    for modules, layers in _STANDS_FOR:
        if re.fullmatch(modules, kind):
            return re.fullmatch(layers, layer.kind) is not None
    return None


BEFORE = "before its activation"


def plausible(stage: Stage, layer: Layer, kind: str, values: Values) -> bool:
    """Whether these numbers can be that answer of a layer: none below 0 comes out of a relu."""
    if stage.what == BEFORE:
        return kind not in ACTIVATIONS
    if not stage.is_output or not layer.nodes:
        return True
    if re.fullmatch(_PLAIN, kind) and any(one.what == BEFORE for one, _ in layer.stages):
        return False
    activation = layer.nodes[0].config.get("activation")
    low, high = _RANGES.get(activation if isinstance(activation, str) else "", (-np.inf, np.inf))
    with np.errstate(all="ignore"):
        return not bool(np.any(values < low) or np.any(values > high))
