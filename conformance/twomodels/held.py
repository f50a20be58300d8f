"""Which of Keras's weights the other model holds, by their numbers, whatever their layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.reference.engine.array import Values
    from conformance.twomodels.graph import Graph
    from conformance.twomodels.told import Told

_HALF = 0.5
_NAMED = 4
"""Weights that a hint names."""


def hints(graph: Graph, told: Told, places: Iterable[int]) -> list[str]:
    """What its weights tell of a difference that no known mistake explains.

    Args:
        graph: The Keras model.
        told: The other model's weights.
        places: The layers that could be it.
    """
    theirs = _variables(told)
    if not theirs:
        return []
    numbers = np.unique(np.concatenate([values.ravel() for values in theirs.values()]))
    wanted = [
        (f"{layer.name}/{name.rpartition('/')[2]}", values)
        for layer in (graph.layers[place] for place in places)
        for (name, _), values in zip(layer.variables, layer.weights, strict=True)
    ]
    lost = [name for name, values in wanted if _told_apart(values) and not _held(values, numbers)]
    found = []
    if lost:
        found.append(
            f"none of B's weights holds the numbers of {_listed(lost)}: have they been loaded, "
            "and were they changed on the way?"
        )
    own = [one for layer in graph.layers for one in layer.weights]
    own += [graph.values[number] for number in graph.starts()]  # constants between the layers
    ours = np.unique(np.concatenate([np.asarray(one, np.float32).ravel() for one in own]))
    foreign = [
        name for name, values in theirs.items() if _told_apart(values) and not _held(values, ours)
    ]
    if foreign:
        found.append(
            f"B's {_listed(foreign)}: no weight of A has these numbers; are they those of the "
            "start, before anything is loaded?"
        )
    return found


def _variables(told: Told) -> Mapping[str, Values]:
    return {
        name: np.asarray(told.array(f"variable/before/{name}"), np.float32)
        for name in told.answer.variables
    }


def _told_apart(values: Values) -> bool:
    """Whether it is more than one number throughout, which is held everywhere."""
    return bool(values.size > 1 and np.ptp(values) > 0)


def _held(values: Values, numbers: Values) -> bool:
    """Whether most of the numbers are among these."""
    return bool(np.isin(np.asarray(values, np.float32), numbers).mean() >= _HALF)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
