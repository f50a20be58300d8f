"""The table of the page: every case on every adapter, a letter a cell.

Everything that filters, counts and draws the matrix is here; what explains one cell is in
:mod:`conformance.report.details`.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from conformance.facets import FACETS
from conformance.report.packing import NOTHING, Table, letter, logarithmic
from conformance.report.slim import DECODER
from conformance.report.views import BROKEN, FAILS, VIEWS, view
from conformance.wording.outcomes import FACET_LOOKS
from conformance.wording.text import json_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.adapters.host.observation import Native
    from conformance.records import Run
    from conformance.records.model import AdapterLine
    from conformance.report.slim import SlimVerdict
    from conformance.report.written import Written
    from conformance.wording.outcomes import Look

NOT_ASKED: Final = "."
MESSAGE_LIMIT: Final = 300
"""Characters of a message in the table; the page of the case has all of it."""
REASONS: Final = 300
"""Reasons of one adapter, by frequency, that its page lists."""


class Columns:
    """Collects the columns, adapter by adapter."""

    def __init__(self, run: Run, written: Written, changes: Mapping[tuple[str, str], str]) -> None:
        """Goes through every planned cell.

        Args:
            run: the run.
            written: its cases' entries.
            changes: by case and adapter, what became of the cell since the baseline.
        """
        self._run = run
        self.written = written
        self._changes = changes
        self._patterns, self._messages = Table(), Table()
        self._entries, self._natives, self._kinds = Table(), Table(), Table()
        self._seen: dict[tuple[tuple[str, str, bool], ...], str] = {}
        self.counts: dict[str, Counter[str]] = {}
        """How many cells of each adapter are shown how."""
        self._columns = [self._column(name) for name in run.header.plan]

    def index(self, chunks: list[int]) -> dict[str, Any]:
        """Return the table as JSON-ready data.

        Args:
            chunks: by case, the number of the chunk that holds its details; -1: none does.
        """
        written = self.written
        return {
            "run": visible(self._run.header.run),
            "started": visible(self._run.started),
            "adapters": [_adapter(self._run, name) for name in self._run.header.plan],
            "views": [_look(name, look) | {"fails": name in FAILS} for name, look in VIEWS.items()],
            "looks": [_look(name, look) for name, look in FACET_LOOKS.items()],
            "facets": [*FACETS],
            "families": written.families.values,
            "groups": written.groups.values,
            "entries": written.index,
            "entry": "".join(map(letter, written.of)),
            "suffixes": written.suffixes,
            "chunk": "".join(letter(number + 1) for number in chunks),
            "patterns": self._patterns.values,
            "messages": self._messages.values,
            "natives": self._natives.values,
            "kinds": self._kinds.values,
            "ledger": _known_entries(self._run, self._entries.values),
            "columns": self._columns,
        }

    def _column(self, adapter: str) -> dict[str, Any]:
        run, cases = self._run, self._run.header.cases
        indices = run.header.plan[adapter]
        planned = range(len(cases)) if indices is None else indices
        size = len(cases)
        grid, patterns, margins, errors = ([NOTHING] * size for _ in range(4))
        kinds, natives = [NOTHING] * size, [NOTHING] * size
        told: list[tuple[int, int]] = []
        known: list[tuple[int, int]] = []
        cannot: dict[tuple[str, str], list[int]] = {}
        counts = self.counts[adapter] = Counter()
        for at in planned:
            case = cases[at]
            change = self._changes.get((case, adapter))
            if change:
                kinds[at] = letter(self._kinds.number(change))
            if (case, adapter) not in run.cells:
                seen = view(run, case, adapter)
                grid[at] = VIEWS[seen].code
                counts[seen] += 1
                continue
            cell = DECODER.decode(run.cells.written(case, adapter))
            verdict = cell.verdict
            seen = verdict.outcome
            if seen == "error" and verdict.broken:
                seen = BROKEN
            elif seen == "not-run":
                seen = view(run, case, adapter)
            counts[seen] += 1
            grid[at] = VIEWS[seen].code
            patterns[at] = self._pattern(verdict)
            margins[at] = logarithmic(verdict.margin)
            errors[at] = logarithmic(verdict.error)
            if verdict.message and seen != "pass":
                told.append((at, self._message(verdict.message)))
            covered = [verdict.known, *verdict.also_known] if verdict.known else []
            known += [(at, self._entries.number(one.entry)) for one in covered if one]
            for facet, reason in _reasons(verdict):
                cannot.setdefault((facet, reason), []).append(at)
            if cell.native:
                natives[at] = letter(self._native(cell.native))
        return {
            "grid": "".join(grid),
            "pattern": "".join(patterns),
            "margin": "".join(margins),
            "error": "".join(errors),
            "kind": "".join(kinds) if self._changes else "",
            "native": "".join(natives).rstrip(NOTHING),
            "message": _pairs(told),
            "known": _pairs(known),
            "cannot": [
                [facet, visible(reason), len(found), found[:20]]
                for (facet, reason), found in sorted(
                    cannot.items(), key=lambda item: -len(item[1])
                )[:REASONS]
            ],
        }

    def _pattern(self, verdict: SlimVerdict) -> str:
        key = tuple([(f.facet, f.outcome, bool(f.note)) for f in verdict.facets])
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = letter(self._patterns.number(_pattern(verdict)))
        return found

    def _message(self, text: str) -> int:
        return self._messages.number(visible(text, MESSAGE_LIMIT))

    def _native(self, native: list[Native]) -> int:
        """The number of a way to do it: symbols and weights, without the arguments."""
        key = tuple((one.node, one.symbol, one.composed, *one.weights.items()) for one in native)
        return self._natives.number(
            key,
            [
                {
                    "node": visible(one.node),
                    "symbol": visible(one.symbol),
                    "composed": one.composed,
                    "weights": json_of(one.weights),
                }
                for one in native
            ],
        )


def _known_entries(run: Run, names: Iterable[str]) -> list[dict[str, Any]]:
    """Return what the ledger said of each of these entries, in their order."""
    found: dict[str, dict[str, Any]] = {}
    wanted = set(names)
    for case, adapter in run.cells:
        if wanted <= found.keys():
            break
        if run.cells.outcome(case, adapter) not in {"xfail", "xpass"}:
            continue
        verdict = run.cells[case, adapter].verdict
        for one in (verdict.known, *verdict.also_known):
            if one and one.entry not in found:
                found[one.entry] = {
                    "entry": visible(one.entry),
                    "kind": one.kind,
                    "reason": visible(one.reason),
                    "facets": one.facets,
                    "link": visible(one.link),
                }
    nothing = {"kind": "", "reason": "", "facets": [], "link": ""}
    return [found.get(name, {"entry": visible(name), **nothing}) for name in names]


def _pairs(pairs: list[tuple[int, int]]) -> list[list[int]]:
    return [[first for first, _ in pairs], [second for _, second in pairs]]


def _pattern(verdict: SlimVerdict) -> str:
    codes = {
        facet.facet: FACET_LOOKS[
            "note" if facet.note and facet.outcome == "pass" else facet.outcome
        ].code
        for facet in verdict.facets
    }
    return "".join([codes.get(name, NOT_ASKED) for name in FACETS])


def _reasons(verdict: SlimVerdict) -> list[tuple[str, str]]:
    """What the adapter said that it can't: of the whole case, or of a facet."""
    if verdict.outcome == "unsupported":
        return [("", verdict.message)]
    return [(f.facet, f.message) for f in verdict.facets if f.outcome == "unsupported"]


def _look(name: str, look: Look) -> dict[str, Any]:
    return {
        "name": name,
        "code": look.code,
        "symbol": look.symbol,
        "word": look.word,
        "meaning": look.meaning,
    }


def _adapter(run: Run, name: str) -> dict[str, Any]:
    line: AdapterLine | None = run.adapters.get(name)
    if line is None:
        return {"name": visible(name), "status": "silent", "reason": "never introduced itself"}
    told: dict[str, Any] = json.loads(bytes(json_of(line)))
    return told | {"name": visible(name)}
