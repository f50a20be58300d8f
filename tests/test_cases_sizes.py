"""The catalogue's cases ask every layer at the sizes where faults hide, and behind every family."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from conformance.cases import load
from conformance.cases.model import Graph
from conformance.reference.spec.table import homes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Case

AUGMENTING = "an image that is drawn for: its cases have the sizes that its draws are told by"
STILL = "leaves numbers as they are, unless it trains"
OF_STRINGS = "an entry of a table for each number: nothing of its sizes is in the answer"
NOT_YET = "its window needs more than one number"
EXEMPT = {
    "AdaptiveMaxPooling1D": "left out, see docs/coverage.md",
    "AdaptiveMaxPooling2D": "left out, see docs/coverage.md",
    "AdaptiveMaxPooling3D": "left out, see docs/coverage.md",
    "ReversibleEmbedding": "an embedding of one entry, which Embedding's cases have",
    **dict.fromkeys(["AlphaDropout", "GaussianDropout", "GaussianNoise"], STILL),
    **dict.fromkeys(["SpatialDropout2D", "SpatialDropout3D"], STILL),
    "Solarization": "works on each number by itself",
    "MelSpectrogram": NOT_YET,
    "STFTSpectrogram": NOT_YET,
    "Pipeline": "answers as the layers inside it do",
    "Lambda": "answers as its function does",
    "Sequential": "answers as the layers inside it do",
    "Equalization": "one pixel has no distribution",
    "AutoContrast": "one pixel has no contrast",
    **dict.fromkeys(["LSTMCell", "GRUCell", "SimpleRNNCell"], "has no axis of steps"),
    **dict.fromkeys(["IntegerLookup", "StringLookup"], OF_STRINGS),
    **dict.fromkeys(["MixUp", "CutMix", "RandAugment", "AugMix"], AUGMENTING),
}
"""Layers that are not asked for one number, each with the reason."""

MIXED = {"MixUp", "CutMix", "RandAugment", "AugMix"}
CELLS = {"LSTMCell", "GRUCell", "SimpleRNNCell"}
OF_TEXT = {"StringLookup", "HashedCrossing", "Hashing", "TextVectorization"}
NEVER_ONE_ROW = {*MIXED, *CELLS, *OF_TEXT, "Lambda", "Pipeline"}
"""Layers whose rows are drawn for, or have an answer each that is told apart from the others."""
NEVER_NO_ROWS = {
    *NEVER_ONE_ROW,
    *("AdaptiveMaxPooling1D", "AdaptiveMaxPooling3D", "Subtract", "ConvLSTM3D"),
    *("CategoryEncoding", "Discretization", "IntegerLookup", "MelSpectrogram", "STFTSpectrogram"),
    *("AutoContrast", "Equalization"),
}
"""Besides those, what runs the code of a neighbour that is asked, or of TensorFlow's tables."""


@cache
def answered() -> list[Case]:
    """Cases of layers that must be answered."""
    return [
        case
        for case in load().cases
        if case.id.startswith(("layers/", "documents/"))
        and isinstance(case.program, Graph)
        and not case.raises
    ]


def alone() -> Iterator[tuple[str, list[list[int]], set[int]]]:
    """Each layer that makes a model by itself: its sizes and the rows that it is fed."""
    for case in answered():
        model = case.program.model
        if len(model.nodes) == 1:
            sizes = [list(one.shape) for one in model.inputs]
            yield model.nodes[0].layer, sizes, {call.batch for call in case.program.calls}


def test_every_layer_is_asked_for_one_number() -> None:
    layers = {node.layer for case in answered() for node in case.program.model.layers}
    asked = {
        name for name, sizes, _ in alone() if all(one == 1 for shape in sizes for one in shape)
    }
    drawing = {name for name in layers if name.startswith("Random")}
    assert layers - asked - drawing == EXEMPT.keys()


def test_every_layer_is_asked_for_one_row_and_for_none() -> None:
    rows = defaultdict[str, set[int]](set)
    for name, _, fed in alone():
        rows[name] |= fed
    drawing = {name for name in rows if name.startswith("Random")}
    assert {name for name in rows if 1 not in rows[name]} == NEVER_ONE_ROW | drawing
    assert {name for name in rows if 0 not in rows[name]} == NEVER_NO_ROWS | drawing


def test_every_family_of_layers_feeds_every_other() -> None:
    family = {
        name.removeprefix("layers."): home.split(".layers.")[1].split(".")[0]
        for name, home in homes().items()
        if name.startswith("layers.")
    }
    fed = defaultdict[str, set[str]](set)
    for case in answered():
        nodes = {node.name: node for node in case.program.model.layers}
        for node in nodes.values():
            for source in node.inputs:
                producer = nodes.get(source) or nodes.get(source.rpartition(".")[0])
                if producer is not None:
                    fed[family[producer.layer]].add(family[node.layer])
    families = set(family.values()) - {"nested"}  # a model, which has the layers inside it
    assert len(families) == 11
    assert {name: families - fed[name] for name in families} == {name: set() for name in families}
