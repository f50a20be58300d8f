"""What explains a cell, for as many cases as there is room: the most telling ones first.

A chunk holds a few cases with all their adapters, because they are read side by side. A small run
keeps everything. In a large one, one case of every cause comes first, then the next of each, then
what only deviates as known, then those that came closest to their tolerance; what is left out is
told by the page, with the command that shows it.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any, Final

import msgspec

from conformance.report.causes import causes
from conformance.report.packing import packed
from conformance.report.scripts import Scripts
from conformance.report.text import LISTING_LIMIT, json_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.records import Run
    from conformance.records.model import CaseLine, CellLine
    from conformance.verdicts.model import CellVerdict, FacetVerdict

CHUNK: Final = 8
"""Cases whose details are compressed together: neighbours resemble each other."""
SMALL: Final = 3_000
"""Up to so many cells, everything is kept."""
ROOM: Final = 420_000
"""Characters of compressed details that a larger run may have."""


class Details:
    """The chunks, and which case is in which."""

    def __init__(self, run: Run, *, everything: bool = False) -> None:
        """Packs the details.

        Args:
            run: the run.
            everything: leave nothing out, however large the page becomes.
        """
        self.chunks: list[str] = []
        self.of = [-1] * len(run.header.cases)
        """By case, the number of its chunk."""
        self.left_out = 0
        """Cases whose details are not there."""
        room = None if everything or len(run.cells) <= SMALL else ROOM
        scripts = Scripts(run, everything=room is None)
        places = {case: at for at, case in enumerate(run.header.cases)}
        order = run.header.cases if room is None else list(_most_telling(run))
        # Tens of thousands of small objects are made here and none is cyclic.
        collecting = gc.isenabled()
        gc.disable()
        try:
            for start in range(0, len(order), CHUNK):
                cases = order[start : start + CHUNK]
                chunk = packed({places[case]: _case(run, case, scripts) for case in cases}, level=6)
                if room is not None:
                    room -= len(chunk)
                    if room < 0:
                        break
                for case in cases:
                    self.of[places[case]] = len(self.chunks)
                self.chunks.append(chunk)
        finally:
            if collecting:
                gc.enable()
        self.left_out = self.of.count(-1)


def _most_telling(run: Run) -> Iterator[str]:
    """Yield every case once: those that a reader will most likely open first."""
    unexpected, known = causes(run)
    seen: set[str] = set()
    for found in (unexpected, known):
        lists = [cause.cases for cause in found]
        for turn in range(max(map(len, lists), default=0)):
            for cases in lists:
                if turn < len(cases) and cases[turn] not in seen:
                    seen.add(cases[turn])
                    yield cases[turn]
    yield from (case for case in run.header.cases if case not in seen)


def _case(run: Run, case: str, scripts: Scripts) -> dict[str, Any]:
    line = run.cases.get(case)
    cells = {}
    for at, adapter in enumerate(run.header.plan):
        cell = run.cells.get((case, adapter))
        if cell:
            cells[at] = _cell(cell, scripts)
    return (_told(line) if line else {}) | {"cells": cells}


def _told(line: CaseLine) -> dict[str, Any]:
    return {
        "reference": visible(line.reference),
        "without": json_of(line.without),
        "seed": line.seed,
    }


def _cell(line: CellLine, scripts: Scripts) -> dict[str, Any]:
    script, note = scripts.of(line)
    return {
        "verdict": json_of(_lighter(line.verdict)),
        "native": json_of(line.native),
        "seconds": {name: round(value, 5) for name, value in line.seconds.items()},
        "stderr": visible(line.stderr, LISTING_LIMIT),
        "script": visible(script, LISTING_LIMIT),
        "scriptNote": visible(note),
    }


def _lighter(verdict: CellVerdict) -> CellVerdict:
    """Leave out what is there twice: of a facet that passes, what was observed."""
    facets = [_lighter_facet(facet) for facet in verdict.facets]
    return msgspec.structs.replace(verdict, facets=facets)


def _lighter_facet(facet: FacetVerdict) -> FacetVerdict:
    if facet.outcome == "pass" and facet.observed == facet.expected:
        return msgspec.structs.replace(facet, observed=None)
    return facet
