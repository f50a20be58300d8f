"""What explains a cell, for as many cases as there is room: the most telling ones first.

A chunk holds a few cases with all their adapters, because they are read side by side. A small run
keeps everything. In a large one, one case of every cause comes first, then the next of each, then
what only deviates as known, then those that came closest to their tolerance; what is left out is
told by the page, with the command that shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from conformance.report.packing import packed
from conformance.report.scripts import Scripts
from conformance.wording.text import LISTING_LIMIT, json_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.records import Run
    from conformance.records.model import CaseLine, CellLine
    from conformance.verdicts.model import CellVerdict
    from conformance.wording.causes import Cause

CHUNK: Final = 8
"""Cases whose details are compressed together: neighbours resemble each other."""
SMALL: Final = 3_000
"""Up to so many cells, everything is kept."""
NUMBER: Final = 9
"""Significant digits of an array's numbers: a float32 needs no more to be itself again."""
SHARE: Final = 4
"""Significant digits of a margin or an error."""
ROOM: Final = 340_000
"""Characters of compressed details that a larger run may have."""


class Details:
    """The chunks, and which case is in which."""

    def __init__(
        self, run: Run, found: tuple[list[Cause], list[Cause]], *, everything: bool = False
    ) -> None:
        """Packs the details.

        Args:
            run: the run.
            found: its causes (:func:`conformance.wording.causes.causes`).
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
        order = run.header.cases if room is None else list(_most_telling(run, found))
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
        self.left_out = self.of.count(-1)


def _most_telling(run: Run, found: tuple[list[Cause], list[Cause]]) -> Iterator[str]:
    """Yield every case once: those that a reader will most likely open first."""
    seen: set[str] = set()
    for causes in found:
        lists = [cause.cases for cause in causes]
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
        "without": json_of({**line.undefined, **line.without}),
        "seed": line.seed,
    }


def _cell(line: CellLine, scripts: Scripts) -> dict[str, Any]:
    script, note = scripts.of(line)
    return {
        "verdict": json_of(_lighter(line.verdict)),
        "native": json_of(
            [msgspec.structs.replace(one, calls=[], keras={}) for one in line.native]
        ),
        "seconds": {name: _rounded(value, SHARE) for name, value in line.seconds.items()},
        "stderr": visible(line.stderr, LISTING_LIMIT),
        "script": visible(script, LISTING_LIMIT),
        "scriptNote": visible(note),
    }


def _lighter(verdict: CellVerdict) -> dict[str, Any]:
    """A verdict without what no page shows, and with no more digits than anybody reads."""
    told: dict[str, Any] = msgspec.to_builtins(verdict)
    for facet in told.get("facets", ()):
        if facet["outcome"] == "pass" and facet.get("observed") == facet.get("expected"):
            facet.pop("observed", None)
        _shorten(facet, "margin")
        for comparison in facet.get("comparisons", ()):
            _shorten(comparison, "margin", "rms", "error")
            for part in (comparison, *comparison.get("worst", ())):
                part.pop("within", None)
            for side in (comparison.get("expected"), comparison.get("observed")):
                if isinstance(side, dict) and isinstance(side.get("numbers"), list):
                    side["numbers"] = [_rounded(number, NUMBER) for number in side["numbers"]]
    return told


def _shorten(part: dict[str, Any], *names: str) -> None:
    for name in names:
        if name in part:
            part[name] = _rounded(part[name], SHARE)


def _rounded(number: Any, digits: int) -> Any:
    return float(f"{number:.{digits}g}") if isinstance(number, float) else number
