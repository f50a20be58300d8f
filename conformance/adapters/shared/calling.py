"""How a node is called: what its inputs stand for, and how a layer takes them.

Every adapter, in Keras or native, and the repro scripts go by these rules. The reference has its
own, out of Keras's documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

SPREAD = frozenset({"GroupQueryAttention", "GroupedQueryAttention", "MultiHeadAttention"})
"""Layers that take several inputs as arguments of their own: query, value, key. Every other layer
takes them as one list (``Add``, ``Attention``). Initial states go by keyword."""

PASSES_MASK = frozenset(
    {
        "Activation",
        "ActivityRegularization",
        "AlphaDropout",
        "BatchNormalization",
        "Dense",
        "Dropout",
        "ELU",
        "GaussianDropout",
        "GaussianNoise",
        "GroupNormalization",
        "GroupQueryAttention",
        "Identity",
        "LayerNormalization",
        "LeakyReLU",
        "MultiHeadAttention",
        "Normalization",
        "PReLU",
        "ReLU",
        "Rescaling",
        "Softmax",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "TimeDistributed",
        "UnitNormalization",
    }
)
"""Layers that hand on the mask that came with their input, for adapters whose arrays carry none.
Recurrent layers do where they return sequences. The reference's list is the same
(``tests/test_reference_layers.py``)."""

TAKES_MASK = frozenset(
    {
        "AdditiveAttention",
        "Attention",
        "BatchNormalization",
        "Bidirectional",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "GRU",
        "GlobalAveragePooling1D",
        "GlobalAvgPool1D",
        "GroupQueryAttention",
        "LSTM",
        "MultiHeadAttention",
        "RNN",
        "SimpleRNN",
        "Softmax",
        "TimeDistributed",
    }
)
"""Layers that heed a mask that comes with their input; all others compute as if there were none."""


def positional(layer: str, inputs: Sequence[Any]) -> list[Any]:
    """The positional arguments of a layer's call.

    Args:
        layer: Keras's name of the layer.
        inputs: What it is given, in order.
    """
    return list(inputs) if len(inputs) == 1 or layer in SPREAD else [list(inputs)]


def chosen(names: Sequence[str], known: Mapping[str, Sequence[T]]) -> list[T]:
    """What names of inputs and nodes stand for: ``lstm.1`` for one output, ``lstm`` for all.

    Args:
        names: References, as a case writes them.
        known: Every input's and node's outputs.

    Raises:
        IndexError: A node has fewer outputs.
    """
    found: list[T] = []
    for name in names:
        if name in known:
            found.extend(known[name])
        else:
            node, _, number = name.rpartition(".")
            found.append(known[node][int(number)])
    return found
