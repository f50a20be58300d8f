"""Which layer and which argument of Keras no case exercises."""

from __future__ import annotations

from conformance.coverage.exemptions import Exemption, read_exemptions
from conformance.coverage.exercise import Exercised, exercised
from conformance.coverage.inventory import Argument, Inventory, InventoryError, LayerInfo, take
from conformance.coverage.measure import Coverage, LayerCoverage, measure

__all__ = [
    "Argument",
    "Coverage",
    "Exemption",
    "Exercised",
    "Inventory",
    "InventoryError",
    "LayerCoverage",
    "LayerInfo",
    "exercised",
    "measure",
    "read_exemptions",
    "take",
]
