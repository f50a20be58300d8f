"""Keras's nested answers as the flat list that a case speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def flat(outputs: Any) -> Iterator[Any]:
    """Tensors of a nested answer, depth first; those of a dictionary by its sorted keys."""
    if isinstance(outputs, dict):
        outputs = [outputs[key] for key in sorted(outputs)]
    if isinstance(outputs, (list, tuple)):
        for part in outputs:
            yield from flat(part)
    else:
        yield outputs
