"""What image layers take besides images: the keys of a dictionary, and the formats of its boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.shared.functions import is_layer
from conformance.alignment import FORMATS
from conformance.cases.dictionaries import KEYS, MOVING, PREFIX
from conformance.cases.model import kind_of
from conformance.coverage.exercise import TENSOR, Exercised, canonical
from conformance.coverage.inventory import Argument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.cases.model import Case, Node
    from conformance.coverage.inventory import LayerInfo

FORMAT = "bounding_box_format"
"""Of a layer that moves boxes, each of its values counts as an argument of its own."""


def arguments(name: str, info: LayerInfo) -> dict[str, Argument]:
    """What a layer takes in a dictionary, by the names that coverage tells.

    Args:
        name: Keras's name of it.
        info: What Keras says of it.

    Returns:
        ``data.bounding_boxes`` and the other keys, and ``bounding_box_format`` or, of a layer that
        moves boxes, ``bounding_box_format=xyxy`` and so on; nothing of another layer.
    """
    if not info.dictionary:
        return {}
    formats = [f"{FORMAT}={form}" for form in FORMATS] if name in MOVING else [FORMAT]
    return {key: Argument(key, None) for key in [*(f"data.{key}" for key in KEYS), *formats]}


def note(cases: Iterable[Case], found: dict[str, Exercised]) -> None:
    """Add what the cases exercise that call image layers on dictionaries.

    Args:
        cases: Of all kinds; those that want a refusal exercise nothing.
        found: What other cases exercise, by layer, which is added to.
    """
    for case in cases:
        if kind_of(case.program) != "function" or case.unspecified:
            continue
        for node in case.program.model.nodes:
            if is_layer(node.layer):
                note = found.setdefault(node.layer.removeprefix(PREFIX), Exercised())
                note.note_facets(case)
                if case.raises is None:
                    _note(node, note)


def _note(node: Node, seen: Exercised) -> None:
    seen.cases += 1
    values = {key: canonical(key, value) for key, value in node.config.items()}
    values |= {f"call.{key}": canonical(key, value) for key, value in node.arguments.items()}
    given = node.tensors.get("data")
    values |= dict.fromkeys((f"data.{key}" for key in given or {}), TENSOR)
    if FORMAT in node.config:
        values[f"{FORMAT}={node.config[FORMAT]}"] = TENSOR
    for key, value in values.items():
        seen.values.setdefault(key, set()).add(value)
