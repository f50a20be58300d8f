"""How the layers inside another layer are called, and their variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def below(name: str, weights: Mapping[str, Any]) -> dict[str, Any]:
    """The variables whose names begin with ``<name>/``, by the rest of their names."""
    start = f"{name}/"
    return {key[len(start) :]: value for key, value in weights.items() if key.startswith(start)}


def is_backward(name: str) -> bool:
    """Whether a layer inside ``Bidirectional`` is the backward one: it calls the other so."""
    return not name.startswith("forward_")
