"""What recorded runs showed, column by column, small enough to be kept beside the documentation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from conformance.adapters.shared.naming import KERAS_3
from conformance.facets import FACETS
from conformance.records.input import read_bytes
from conformance.records.wire import RecordsError
from conformance.upkeep.evidence import without_ledger
from conformance.verdicts.model import FAILING
from conformance.wording.text import escaped_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.records import Run
    from conformance.verdicts.entries import Entry
    from conformance.verdicts.ledger import Ledger
    from conformance.verdicts.model import CellVerdict, Known

_EVERY_BACKEND = f"{KERAS_3}*"


class Asked(Struct, kw_only=True, omit_defaults=True):
    """How often one facet was asked for, and what came of it."""

    passed: int = 0
    known: int = 0
    """Deviates as an entry of the ledger says."""
    other: int = 0
    """Deviates, and no entry says so."""
    blocked: int = 0
    """Something failed before it."""
    unsupported: int = 0

    @property
    def asked(self) -> int:
        """In how many cases."""
        return self.passed + self.known + self.other + self.blocked + self.unsupported


class Fault(Struct, kw_only=True, omit_defaults=True):
    """An entry of the ledger that some column shows."""

    kind: str
    file: str
    """Name of the ledger's file, without its ending; findings have a page of the same name."""
    everywhere: bool = False
    """It speaks of every Keras backend."""
    cases: list[str]
    """Those that show it, as they are written: without what is varied in them."""


class Column(Struct, kw_only=True, omit_defaults=True):
    """One column of a run."""

    name: str
    day: str
    """When the run began: ``2026-11-29``."""
    versions: dict[str, str]
    python: str
    planned: int
    catalogue: int
    """Cases that there are to plan."""
    outcomes: dict[str, int]
    facets: dict[str, Asked]
    faults: dict[str, int] = field(default_factory=dict)
    """Cells that an entry covers, by entry."""
    other: dict[str, int] = field(default_factory=dict)
    """Cells that deviate as no entry says, by written case."""
    mended: dict[str, int] = field(default_factory=dict)
    """Cells in which an entry's deviation no longer shows, by entry."""


class Shown(Struct, kw_only=True):
    """What runs showed, and the entries that they showed it of."""

    columns: list[Column] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
    """By the entry's id."""

    def with_more(self, other: Shown) -> Shown:
        """Return both; of columns with one name, the other's."""
        columns = {one.name: one for one in (*self.columns, *other.columns)}
        needed = {entry for one in columns.values() for entry in one.faults}
        faults = dict(self.faults)
        for entry, fault in other.faults.items():
            before = faults[entry].cases if entry in faults else []
            faults[entry] = replace(fault, cases=list(dict.fromkeys([*before, *fault.cases])))
        return Shown(
            columns=list(columns.values()),
            faults={entry: faults[entry] for entry in sorted(needed & faults.keys())},
        )


def shown_by(ledger: Ledger, runs: Iterable[Run], catalogue: int) -> Shown:
    """Hold recorded cells against the ledger of now, and count.

    Args:
        ledger: what is known.
        runs: whole records, or brief ones.
        catalogue: how many cases there are.

    Returns:
        The columns in the order of the runs; where two runs have one of the same name, the later.
    """
    shown = Shown()
    for run in runs:
        for name in run.header.plan:
            if name in run.adapters:
                shown = shown.with_more(_shown(ledger, run, name, catalogue))
    return shown


def distilled(shown: Shown) -> bytes:
    """What was shown as JSON with a line for each column and entry: a change is a small diff."""
    columns = b",\n".join(map(msgspec.json.encode, shown.columns))
    faults = b",\n".join(
        b"%b: %b" % (msgspec.json.encode(entry), msgspec.json.encode(fault))
        for entry, fault in shown.faults.items()
    )
    return escaped_json(b'{"columns": [\n%b\n],\n"faults": {\n%b\n}}\n' % (columns, faults))


def read_shown(path: Path) -> Shown:
    """Read what :func:`distilled` has written.

    Raises:
        RecordsError: It can't be read, or is something else.
    """
    try:
        shown = msgspec.json.decode(read_bytes(path), type=Shown)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise RecordsError(f"{path} is nothing that ledger show has written: {error}") from error
    unknown = [e for one in shown.columns for e in one.faults if e not in shown.faults]
    if unknown:
        raise RecordsError(f"{path} counts cells of {unknown[0]!r} and does not say what that is")
    return shown


def _shown(ledger: Ledger, run: Run, name: str, catalogue: int) -> Shown:
    told = run.adapters[name]
    planned = [case for case, adapter in run.planned() if adapter == name]
    column = Column(
        name=name,
        day=run.started[:10],
        versions=told.versions,
        python=told.python,
        planned=len(planned),
        catalogue=max(catalogue, len(planned)),
        outcomes={},
        facets={facet: Asked() for facet in FACETS},
    )
    outcomes: Counter[str] = Counter()
    cells: Counter[str] = Counter()
    other: Counter[str] = Counter()
    mended: Counter[str] = Counter()
    cases: dict[str, dict[str, None]] = {}
    for case in planned:
        line = run.cells.get((case, name))
        if line is None:
            outcomes["not-run"] += 1
            continue
        judged = replace(without_ledger(line.verdict), mended=[])
        verdict = ledger.apply(judged, told.versions)
        outcomes[verdict.outcome] += 1
        _count_facets(column.facets, verdict)
        written = case.partition("[")[0]
        for known in _known(verdict):
            cells[known.entry] += 1
            cases.setdefault(known.entry, {})[written] = None
        mended.update(one.entry for one in verdict.mended)
        other[written] += verdict.outcome in FAILING
    entries = {entry.id: entry for entry in ledger.entries}
    column.outcomes.update(outcomes.most_common())
    column.facets = {facet: asked for facet, asked in column.facets.items() if asked.asked}
    column.faults = dict(cells.most_common())
    column.other = dict(+other)
    column.mended = dict(mended.most_common())
    faults = {entry: _fault(entries[entry], list(of)) for entry, of in cases.items()}
    return Shown(columns=[column], faults=faults)


def _fault(entry: Entry, cases: list[str]) -> Fault:
    return Fault(
        kind=entry.kind,
        file=Path(entry.place.file).stem,
        everywhere=_EVERY_BACKEND in entry.adapters,
        cases=cases,
    )


def _known(verdict: CellVerdict) -> list[Known]:
    return [*([verdict.known] if verdict.known else []), *verdict.also_known]


def _count_facets(counts: dict[str, Asked], verdict: CellVerdict) -> None:
    excused = {facet for known in _known(verdict) for facet in known.facets}
    for one in verdict.facets:
        asked = counts.setdefault(one.facet, Asked())
        if one.outcome == "pass":
            asked.passed += 1
        elif one.outcome == "blocked":
            asked.blocked += 1
        elif one.outcome == "unsupported":
            asked.unsupported += 1
        elif verdict.outcome == "xfail" and one.facet in excused:
            asked.known += 1
        else:
            asked.other += 1
