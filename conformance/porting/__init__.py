"""Keras → native framework: how each layer is done there, as the records of a run prove it."""

from __future__ import annotations

from conformance.porting.bites import Bite, bites, own
from conformance.porting.model import Argument, Around, Condition, Guide, Refusal, Row, Way
from conformance.porting.rows import porting_rows

__all__ = [
    "Argument",
    "Around",
    "Bite",
    "Condition",
    "Guide",
    "Refusal",
    "Row",
    "Way",
    "bites",
    "own",
    "porting_rows",
]
