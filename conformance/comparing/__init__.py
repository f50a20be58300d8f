"""Two runs held against each other: what broke, what was mended, what can't be told, and why.

:func:`compare` is pure: two loaded records in, a :class:`Diff` out. What people read is made from
that: terminal, Markdown, JSON. Whoever runs two versions first (``keras-conformance diff
'keras==3.14.1' 'keras==3.15.1'``) ends in the same function.
"""

from __future__ import annotations

from conformance.comparing.columns import ColumnsError, pair_columns
from conformance.comparing.diff import compare
from conformance.comparing.model import CellChange, Change, Column, Diff, FacetChange, Version

__all__ = [
    "CellChange",
    "Change",
    "Column",
    "ColumnsError",
    "Diff",
    "FacetChange",
    "Version",
    "compare",
    "pair_columns",
]
