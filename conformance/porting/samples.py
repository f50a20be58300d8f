"""The passing cells of native adapters, taken apart by layer and function: what to learn from."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.adapters.shared.functions import is_function

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.adapters.host.observation import Native
    from conformance.cases.model import Node
    from conformance.records.model import CaseLine
    from conformance.records.reader import Run


_FAMILIES = {
    "multi_head_attention": "attention",
    "normalization_stability": "normalization",
    "normalization_training": "normalization",
    **dict.fromkeys(
        ("again", "cloning", "compositions", "defaults", "dtypes", "every_dtype", "functions"), ""
    ),
    **dict.fromkeys(("initial", "objects", "quantization", "refusals", "settings", "sizes"), ""),
    **dict.fromkeys(("training_flags", "training_steps"), ""),
}
"""Files of cases that are parts of a family, or of none: what they ask, they ask of many."""

_FACET = re.compile(r"[a-z_]+: ")
"""How a message begins that tells facets which the framework has no notion of."""


@dataclass(frozen=True)
class Sample:
    """One layer, or one function, in one case that passed."""

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
    """What the cells of one adapter say of one layer or function."""

    samples: list[Sample] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Cases by the reason why they have no counterpart."""
    families: Counter[str] = field(default_factory=Counter)
    files: dict[str, str] = field(default_factory=dict)
    """The file of each of its cases."""

    def note(self, line: CaseLine, name: str) -> None:
        """Take a case into account, as one about this name."""
        self.families[_home(line.id, name)] += 1
        self.files[line.id] = line.place.file


def collect(runs: Sequence[Run], adapter: str) -> dict[str, Layer]:
    """Sort an adapter's cells by the layer or function that they are about.

    Args:
        runs: The records. Of a case that several hold, the last one's cell counts.
        adapter: A native adapter's name.

    Returns:
        By the layer's or function's name; cells that neither passed nor were unsupported are left
        out.
    """
    layers: dict[str, Layer] = defaultdict(Layer)
    held = {case: (run, line) for run in runs for case, line in _asked(run, adapter)}
    # Not as the cells came in, which changes from run to run; and the cases of one layer first,
    # which say most plainly what they prove.
    plain_first = sorted(held.items(), key=lambda item: len(item[1][1].program.model.nodes) > 1)
    for case, (run, line) in plain_first:
        outcome = run.cells.outcome(case, adapter)
        if outcome == "pass":
            for sample in _samples(line, run.cells[case, adapter].native):
                name = _name(sample.node, sample.native)
                layers[name].samples.append(sample)
                layers[name].note(line, name)
        elif outcome == "unsupported":
            for name, reason in _refusals(line, run.cells[case, adapter].verdict.message):
                layers[name].refused[reason].append(case)
                layers[name].note(line, name)
    return layers


def _asked(run: Run, adapter: str) -> Iterable[tuple[str, CaseLine]]:
    """The cases of a run that were tried on an adapter."""
    return ((case, line) for case, line in run.cases.items() if (case, adapter) in run.cells)


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


def _home(case: str, name: str) -> str:
    """The family that a case speaks for: Keras's folder of a layer, the namespace of a function.

    Nothing, where the case is filed by what it asks, not by what it is about.
    """
    room, _, rest = case.partition("/")
    family = rest.partition("/")[0]
    if not is_function(name):
        family = family if room == "layers" else ""
        return _FAMILIES.get(family, family)
    if room != name.partition(".")[0]:
        return ""
    return f"{room}.{family}" if room == "ops" else room
