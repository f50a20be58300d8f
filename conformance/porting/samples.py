"""The passing cells of native adapters, taken apart by layer: what there is to learn from."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.adapters.host.observation import Native
    from conformance.cases.model import Node
    from conformance.records.model import CaseLine
    from conformance.records.reader import Run


_FAMILIES = {
    "multi_head_attention": "attention",
    "normalization_stability": "normalization",
    "normalization_training": "normalization",
}
"""Files of cases that are parts of a family."""

_FACET = re.compile(r"[a-z_]+: ")
"""How a message begins that tells facets which the framework has no notion of."""


@dataclass(frozen=True)
class Sample:
    """One layer in one case that passed."""

    case: str
    node: Node
    native: Native
    input_shape: list[int | None] | None
    """Sizes of its input without the batch axis, where that is the model's own input."""

    @property
    def keras(self) -> dict[str, Any]:
        """Keras's arguments in effect."""
        return self.native.keras

    def left_out(self, argument: str) -> bool:
        """Whether the case does not write this argument."""
        return argument not in self.node.config and argument not in self.node.arguments


@dataclass
class Layer:
    """What the cells of one adapter say of one layer."""

    samples: list[Sample] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Cases by the reason why they have no counterpart."""
    families: Counter[str] = field(default_factory=Counter)


def collect(run: Run, adapter: str) -> dict[str, Layer]:
    """Sort an adapter's cells by the layer that they are about.

    Args:
        run: The records.
        adapter: A native adapter's name.

    Returns:
        By the layer's name; cells that neither passed nor were unsupported are left out.
    """
    layers: dict[str, Layer] = defaultdict(Layer)
    # Not as the cells came in, which changes from run to run; and the cases of one layer first,
    # which say most plainly what they prove.
    plain_first = sorted(run.cases.items(), key=lambda item: len(item[1].program.model.nodes) > 1)
    for case, line in plain_first:
        outcome = run.cells.outcome(case, adapter)
        if outcome == "pass":
            for sample in _samples(line, run.cells[case, adapter].native):
                layer = layers[_name(sample.node, sample.native)]
                layer.samples.append(sample)
                layer.families[_family(case)] += 1
        elif outcome == "unsupported":
            for layer_name, reason in _refusals(line, run.cells[case, adapter].verdict.message):
                layers[layer_name].refused[reason].append(case)
                layers[layer_name].families[_family(case)] += 1
    return layers


def _samples(line: CaseLine, native: Iterable[Native]) -> Iterable[Sample]:
    model = line.program.model
    nodes = {node.name: node for node in model.nodes}
    shapes = {spec.name: spec.shape for spec in model.inputs}
    for one in native:
        node = nodes.get(one.node)
        if node is None or node.layer == "Lambda":
            continue
        fed = shapes.get(node.inputs[0]) if len(node.inputs) == 1 else None
        yield Sample(line.id, node, one, None if fed is None else list(fed))


def _name(node: Node, native: Native) -> str:
    if node.layer == "Activation":
        return f"activation: {native.keras.get('activation') or node.config.get('activation')}"
    return node.layer


def _refusals(line: CaseLine, message: str) -> Iterable[tuple[str, str]]:
    """(layer, reason) where the reason names one of the case's layers, or there is but one."""
    named = {node.layer for node in line.program.model.nodes if node.layer != "Lambda"}
    for layer in sorted(named):
        before, _, reason = message.partition(f"{layer}: ")
        if reason and not before.strip():
            yield layer, reason
            return
    of_facets = _FACET.match(message) or "said of Keras" in message
    if len(named) == 1 and not of_facets:
        yield named.pop(), message


def _family(case: str) -> str:
    room, _, rest = case.partition("/")
    family = rest.partition("/")[0] if room == "layers" else ""
    return _FAMILIES.get(family, family)
