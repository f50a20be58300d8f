"""Which functions of a package each case runs, and which cases a change of it touches.

A recording (:mod:`~conformance.touched.map`) holds what each case enters. A change is read off the
files, function by function (:mod:`~conformance.touched.changes`). The two together choose the cases
(:mod:`~conformance.touched.selection`), or say why only all of them can tell.

For whoever wants to ask a recording: ``read(path)`` gives a :class:`Map`, with
``cases_of(function)`` and ``functions_of(case)``.
"""

from __future__ import annotations

from conformance.touched.changes import Function
from conformance.touched.map import Map, MapError, read

__all__ = ["Function", "Map", "MapError", "read"]
