"""Whether Keras itself answers what it documents: where it does not, its own answer is the truth.

What is asked here is whether two models agree. A layer in which Keras departs from its
documentation must not be laid at the other model's door.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.engine.arithmetic import Variance
from conformance.reference.errors import NoAnswer
from conformance.twomodels.closeness import nearness
from conformance.twomodels.replay import LOOKS_UP, integers

if TYPE_CHECKING:
    from conformance.twomodels.graph import Graph


def distrust(graph: Graph) -> list[str]:
    """Take Keras's own answer for the truth where the reference's is another.

    Args:
        graph: Whose layers are changed.

    Returns:
        What is to be told of it.
    """
    notes = []
    arithmetic = Variance()
    for layer in graph.layers:
        if layer.unknown:
            continue
        given = {
            number: arithmetic.fed(
                integers(graph.values[number]) if layer.kind in LOOKS_UP else graph.values[number]
            )
            for number in layer.taken
        }
        try:
            found = layer.run(given)
        except NoAnswer as error:
            layer.unknown = str(error)
            continue
        if len(found) != len(layer.outputs):
            layer.unknown = "it answers another number of arrays in the reference"
            continue
        for number, truth in zip(layer.outputs, found, strict=True):
            near = nearness(graph.values[number], truth)
            if near is None or not near.agrees:
                times = "another shape" if near is None else f"{near.margin:.3g} times as far"
                layer.unknown = f"Keras's own answer is not what it documents ({times})"
                notes.append(f"{layer.name} ({layer.kind}): {layer.unknown}")
                break
    return notes
