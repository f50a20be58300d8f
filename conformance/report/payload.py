"""What the HTML report's script reads: a small index, and the details of every cell, compressed.

The index is one JSON object that the page reads at once: which cells there are, each with one
letter for its outcome and one a facet. The details (verdicts, YAML, scripts) are unpacked only
when a cell is opened: gzip, a handful of cases at a time, so that neither the file nor the page's
memory grows with what nobody looks at.
"""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.cases.model import FACETS
from conformance.report.outcomes import FACET_LOOKS, LOOKS, fails
from conformance.report.scripts import Scripts
from conformance.report.terminal import versions_of
from conformance.report.text import LISTING_LIMIT, json_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.records import Run
    from conformance.records.model import CaseLine, CellLine

CHUNK = 8
"""Cases whose details are compressed together: neighbours resemble each other."""

_NOT_PLANNED = " "
_NOT_ASKED = "."


def index(run: Run) -> dict[str, Any]:
    """Returns what the matrix needs, as JSON-ready data.

    Keys: ``adapters``, ``outcomes``, ``looks`` (of facets), ``facets``, ``families``, ``cases``
    (id, title, number of the family, words to search), ``grid`` (one string a case, one letter an
    adapter), ``patterns`` (distinct strings of one letter a facet), ``facetsOf`` (the number of
    each cell's pattern), ``chunk``.
    """
    families: dict[str, int] = {}
    patterns: dict[str, int] = {}
    planned = set(run.planned())
    cases, grid, facets_of = [], [], []
    for case in run.header.cases:
        line = run.cases.get(case)
        family = families.setdefault(family_of(case), len(families))
        cases.append([visible(case), visible(line.title if line else ""), family, _words(line)])
        codes, of = "", []
        for adapter in run.header.plan:
            cell = run.cells.get((case, adapter))
            codes += _code(cell, planned=(case, adapter) in planned)
            of.append(patterns.setdefault(_pattern(cell), len(patterns)))
        grid.append(codes)
        facets_of.append(of)
    return {
        "adapters": [
            {"name": visible(name), "versions": versions_of(run.adapters.get(name))}
            for name in run.header.plan
        ],
        "outcomes": [
            {
                "name": name,
                "code": look.code,
                "symbol": look.symbol,
                "word": look.word,
                "meaning": look.meaning,
                "fails": fails(name),
            }
            for name, look in LOOKS.items()
        ],
        "looks": [
            {"name": name, "code": look.code, "symbol": look.symbol, "word": look.word}
            for name, look in FACET_LOOKS.items()
        ],
        "facets": FACETS,
        "families": [visible(family) for family in families],
        "cases": cases,
        "grid": grid,
        "patterns": list(patterns),
        "facetsOf": facets_of,
        "chunk": CHUNK,
    }


def details(run: Run) -> Iterator[str]:
    """Yields the details of :data:`CHUNK` cases at a time: JSON, gzip, base64.

    Each chunk is a list with one object a case: ``case`` (its line, or null) and ``cells`` (a
    list in the order of the adapters, null where nothing was reported).
    """
    names = run.header.cases
    scripts = Scripts(run)
    for start in range(0, len(names), CHUNK):
        content = [
            {
                "case": _case(run.cases.get(case)),
                "cells": [
                    _cell(run.cells.get((case, adapter)), scripts) for adapter in run.header.plan
                ],
            }
            for case in names[start : start + CHUNK]
        ]
        data = gzip.compress(msgspec.json.encode(content), compresslevel=6, mtime=0)
        yield base64.b64encode(data).decode("ascii")


def family_of(case: str) -> str:
    """Returns the id without its last part: ``documents/dense``."""
    return case.split("[", 1)[0].rpartition("/")[0] or case


def _words(line: CaseLine | None) -> str:
    """What a search finds a case by, besides its id and title."""
    if line is None:
        return ""
    source = line.source
    words = [*source.claim, source.document or "", source.keras or "", source.issue or ""]
    words += dict.fromkeys(node.layer for node in line.program.model.nodes)
    return visible(" ".join(filter(None, words)))


def _code(cell: CellLine | None, *, planned: bool) -> str:
    if cell:
        return LOOKS[cell.verdict.outcome].code
    return LOOKS["not-run"].code if planned else _NOT_PLANNED


def _pattern(cell: CellLine | None) -> str:
    if cell is None:
        return _NOT_ASKED * len(FACETS)
    codes = {
        facet.facet: FACET_LOOKS["note" if _noted(facet.outcome, facet.note) else facet.outcome]
        for facet in cell.verdict.facets
    }
    return "".join(codes[name].code if name in codes else _NOT_ASKED for name in FACETS)


def _noted(outcome: str, note: str) -> bool:
    return outcome == "pass" and bool(note)


def _case(line: CaseLine | None) -> dict[str, Any] | None:
    if line is None:
        return None
    return {
        "yaml": visible(line.yaml, LISTING_LIMIT),
        "source": json_of(line.source),
        "place": visible(f"{line.place.file}:{line.place.line}:{line.place.column}"),
        "why": visible(line.why or ""),
        "reference": visible(line.reference),
        "without": json_of(line.without),
        "variation": json_of(line.variation),
        "seed": line.seed,
    }


def _cell(line: CellLine | None, scripts: Scripts) -> dict[str, Any] | None:
    if line is None:
        return None
    script, note = scripts.of(line)
    return {
        "verdict": json_of(line.verdict),
        "native": json_of(line.native),
        "seconds": json_of(line.seconds),
        "stderr": visible(line.stderr, LISTING_LIMIT),
        "script": visible(script, LISTING_LIMIT),
        "scriptNote": visible(note),
    }
