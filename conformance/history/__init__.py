"""What became of each case, run after run: a small store beside the records.

A record tells one run in full; the history keeps of many runs what a curve needs: how each cell
ended and how much of its tolerance it used. :func:`points` and :func:`trend` read it.
"""

from __future__ import annotations

from conformance.history.database import usable
from conformance.history.model import HistoryError, Point, Total
from conformance.history.reading import points, trend
from conformance.history.writing import add

__all__ = ["HistoryError", "Point", "Total", "add", "points", "trend", "usable"]
