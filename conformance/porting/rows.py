"""From the records of a run to the rows of a porting guide."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from conformance.adapters.shared.functions import is_function
from conformance.porting.conditions import occasions, restrictions
from conformance.porting.model import Argument, Around, Refusal, Row, Way
from conformance.porting.rules import PROOFS, Seen, learn
from conformance.porting.samples import Layer, Sample, collect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records.reader import Run

ADAPTERS = ("torch", "jax", "flax", "numpy")
"""Adapters that tell how they did a layer, in the order of the guides."""


_NAMES = re.compile(r"(?:``[^`]+``(?:, | and | to )?)+(?:: |\.$)")
"""The layers that a note is about, in front of what it says."""

_INNER = frozenset({"layer", "cell", "cells"})
"""Keras's arguments that are layers themselves."""


def porting_rows(runs: Sequence[Run], adapters: Sequence[str] = ADAPTERS) -> list[Row]:
    """What runs prove of how Keras's layers and functions are done in other frameworks.

    Args:
        runs: The records; nothing else is read. Of a case that several hold, the last one counts.
        adapters: Native adapters, in the order of the answer; one that the runs lack is left out.

    Returns:
        A row for each adapter and layer or function, by family and name. Only what passed counts: a
        cell that deviates, even in a way that the ledger knows, proves nothing.
    """
    rows: list[Row] = []
    for adapter in adapters:
        layers = collect(runs, adapter)
        made = [_row(adapter, name, layer) for name, layer in layers.items()]
        rows += sorted(made, key=lambda row: (row.family, row.layer))
    return rows


def _row(adapter: str, name: str, layer: Layer) -> Row:
    wrapping = [s.native.symbol for s in layer.samples if _INNER & set(s.keras)]
    wrapper = min(wrapping, key=len, default="")
    by_way: dict[tuple[str, bool], list[Sample]] = defaultdict(list)
    for sample in layer.samples:
        by_way[_symbol(sample, wrapper), sample.native.composed].append(sample)
    order = sorted(by_way, key=lambda way: (way[1], -len(by_way[way]), way[0]))
    ways = [
        _way(way, by_way[way], [s for other in order if other != way for s in by_way[other]])
        for way in order
    ]
    refusals = [
        Refusal(reason=reason, cases=len(cases), proofs=cases[:1])
        for reason, cases in sorted(layer.refused.items())
    ]
    families = [family for family, _ in layer.families.most_common() if family]
    if not families and is_function(name):
        families = [name.partition(".")[0]]  # of which there are no cases but those of models
    named = [case for way in ways for case in [*way.proofs, *_argued(way.arguments)]]
    named += [case for refusal in refusals for case in refusal.proofs]
    return Row(
        adapter=adapter,
        family="activation functions"
        if name.startswith(("activation: ", "activations."))
        else (families or [""])[0],
        layer=name,
        ways=ways,
        refusals=refusals,
        files={case: layer.files[case] for case in dict.fromkeys(named)},
    )


def _symbol(sample: Sample, wrapper: str) -> str:
    """The framework's name for it; that of an activation function is among the arguments.

    Args:
        sample: What was run.
        wrapper: Of a layer around others, what is its own: the others have rows of their own.
    """
    if wrapper:
        return wrapper
    told = sample.native.arguments.get("activation")
    return told if sample.node.layer == "Activation" and told else sample.native.symbol


def _argued(arguments: Sequence[Argument]) -> list[str]:
    return [case for argument in arguments for case in argument.proofs]


def _way(way: tuple[str, bool], mine: Sequence[Sample], others: Sequence[Sample]) -> Way:
    weights: dict[str, str] = {}
    for sample in mine:
        if not _INNER & set(sample.keras):
            weights.update(sample.native.weights)
    return Way(
        symbol=way[0],
        composed=way[1],
        note=_note(mine),
        weights=weights,
        arguments=_arguments(mine),
        conditions=restrictions(mine, others) if others else [],
        around=_around(mine),
        cases=len({sample.case for sample in mine}),
        proofs=list(dict.fromkeys(sample.case for sample in mine))[:PROOFS],
    )


def _note(mine: Sequence[Sample]) -> str:
    """What is said of it most often, without the layer's name in front."""
    notes = [sample.native.note for sample in mine]
    note = max(dict.fromkeys(notes), key=notes.count)
    layer = mine[0].node.layer
    # The class of a loss has the words of its function: ``losses.mean_squared_error``.
    same = f"``{_plain(layer)}" in _plain(note) if "." in layer else f"``{layer}" in note
    if layer == "Activation" or not same:
        return ""
    behind = _NAMES.match(note)
    said = note[behind.end() :] if behind else note
    name = said.partition(" ")[0].rstrip(".,:")
    names = {
        part for one in re.findall(r"[\w.]+", mine[0].native.symbol) for part in one.split(".")
    }
    if "." in name or name in names - {mine[0].native.symbol.partition(".")[0]}:
        return said  # the framework's own name, in its spelling
    return said[:1].upper() + said[1:]


def _plain(text: str) -> str:
    return text.lower().replace("_", "")


def _arguments(mine: Sequence[Sample]) -> list[Argument]:
    seen: dict[str, list[Seen]] = defaultdict(list)
    if _INNER & set(mine[0].keras):
        return []
    for sample in mine:
        counts: dict[str, int] = defaultdict(int)
        for call in sample.native.calls:
            if call.around:
                continue
            counts[call.symbol] += 1
            count = counts[call.symbol]
            name = call.symbol if count == 1 else f"{call.symbol} ({count})"
            seen[name].append(Seen(sample, call.arguments, call.defaults))
    return [argument for call, some in seen.items() for argument in learn(call, some)]


def _around(mine: Sequence[Sample]) -> list[Around]:
    found = []
    symbols = dict.fromkeys(
        call.symbol for sample in mine for call in sample.native.calls if call.around
    )
    for symbol in symbols:
        sides: tuple[list[Sample], list[Sample]] = ([], [])
        for sample in mine:
            sides[symbol not in {call.symbol for call in sample.native.calls}].append(sample)
        having, lacking = sides
        conditions = occasions(having, lacking) if lacking else []
        found.append(Around(symbol=symbol, always=not lacking, conditions=conditions))
    return found
