"""What the Keras model has answered, kept for whatever is held against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.reference.engine.array import Values
    from conformance.twomodels.graph import Graph
    from conformance.twomodels.sides import Side
    from conformance.twomodels.told import Opened, Told
    from conformance.twomodels.training import Trained, Whole


@dataclass
class Keras:
    """The Keras model's answers to one set of arrays, kept for several others."""

    side: Side
    opened: Opened
    fed: list[Values]
    said: str
    answer: Told
    graph: Graph
    truth: Trained | None = None
    model: Whole | None = None
    targets: list[Values] = field(default_factory=list)
    after: Told | None = None
    notes: list[str] = field(default_factory=list)
    """Where Keras itself does not answer what it documents."""
    untrained: str = ""
    """Why there is no training."""
