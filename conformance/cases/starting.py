"""Which cases of a file are asked what their variables are made with (the facet ``initial``).

Drawing costs: JAX compiles a generator for every new shape. And what a variable is made with hangs
on its layer, on its initializer, and on whether an argument is there that changes its shape, not on
the argument's value. So few cases of a file are asked: as many as together show each layer with
each argument that any of them gives to it, and with every initializer.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from conformance.cases import building, combining, names
from conformance.cases.repeating import LEFT_OUT, of_node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.cases.model import Case

_FACET = "initial"
_BY_VALUE = frozenset(
    {
        "center",
        "equation",
        "renorm",
        "reset_after",
        "scale",
        "score_mode",
        "tie_weights",
        "unit_forget_bias",
        "use_bias",
        "use_gate",
        "use_scale",
    }
)
"""Arguments that say what variables there are, or what they hold, beside the initializers."""

_WITHOUT_ARGUMENT = frozenset(
    {
        "AdditiveAttention",
        "Attention",
        "RMSNormalization",
        "SpectralNormalization",
        "STFTSpectrogram",
    }
)
"""Layers that make variables, and whose initializers are no argument of theirs."""

_MOST_LAYERS = 3
"""A model of more layers is not asked: no layer's variables hang on its neighbours, and a large
model draws and sends millions of numbers."""

_NOWHERE = frozenset({"activation", "dtype", "name", "recurrent_activation", "trainable"})
"""Arguments that no variable hangs on; its dtype is judged by the facet ``weights``."""


def few_as_made(cases: Sequence[Case]) -> list[Case]:
    """The cases of one file, most of them not asked for the facet.

    Args:
        cases: of the file.

    Returns:
        The same cases in their order. The same file always gives the same ones.
    """
    places: dict[tuple[str, str, str], int] = {}
    rows = {}
    for case in cases:
        if _FACET in case.program.facets:
            rows[case.id] = sum({1 << places.setdefault(one, len(places)) for one in _shown(case)})
    asked = combining.few_that_show_all({name: row for name, row in rows.items() if row})
    return [
        building.without_facets(case, {_FACET})
        if case.id in rows and case.id not in asked
        else case
        for case in cases
    ]


def _shown(case: Case) -> Iterator[tuple[str, str, str]]:
    """What of a case its variables may hang on; nothing where its layers make none."""
    if len(case.program.model.nodes) > _MOST_LAYERS:
        return
    given = defaultdict[str, dict[str, str]](dict)
    for node in case.program.model.nodes:
        for layer, argument, value in of_node(node):
            given[layer][argument] = value
    for layer, there in given.items():
        own = names.arguments("layers", layer.rpartition("/")[2]) or {}
        if not _makes_variables(layer.rpartition("/")[2], own):
            continue
        yield from (
            (layer, argument, LEFT_OUT) for argument in _BY_VALUE.intersection(own) - there.keys()
        )
        for argument, value in there.items():
            if argument.endswith("_initializer") or argument in _BY_VALUE:
                yield layer, argument, value
            elif argument not in _NOWHERE and not argument.startswith("call."):
                yield layer, argument, "there"


def _makes_variables(layer: str, arguments: Iterable[str]) -> bool:
    return layer in _WITHOUT_ARGUMENT or any(one.endswith("_initializer") for one in arguments)
