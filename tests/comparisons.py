"""What the tests of diff, merge and history share: small runs, told in a line or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import synthetic_runs as synthetic
from msgspec.structs import replace

from conformance.records import read
from conformance.records.model import Footer
from conformance.verdicts.model import FacetVerdict, Known

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.records import Run
    from conformance.records.model import CellLine

LACKS = "keras 3.8.0 has no layer named RMSNormalization"
KNOWN = Known(entry="old-bug", kind="bug", reason="It adds where it should not.", facets=["values"])


def facets(**outcomes: str | float) -> list[FacetVerdict]:
    """Facets by name: an outcome, or the margin by which it passes."""
    return [
        FacetVerdict(
            facet=name,
            outcome="pass" if isinstance(told, float) else told,
            margin=told if isinstance(told, float) else (9.5 if told == "fail" else None),
            message=""
            if told in {"pass", "blocked"} or isinstance(told, float)
            else f"{name} {told}",
        )
        for name, told in outcomes.items()
    ]


def cell(case: str, adapter: str, told: object, digest: str = "d" * 64) -> CellLine:
    """A cell from an outcome (``absent`` among them), from facets, or from both as a pair."""
    if told == "absent":
        lacking = synthetic.cell(case, adapter, "unsupported", LACKS, [], digest=digest)
        return replace(lacking, verdict=replace(lacking.verdict, absent=True))
    outcome, judged = told if isinstance(told, tuple) else (told, None)
    if isinstance(outcome, list):
        ends = {facet.outcome for facet in outcome}
        outcome, judged = next((e for e in ("fail", "error") if e in ends), "pass"), outcome
    if judged is None:
        judged = {"pass": facets(values=0.05), "xpass": facets(values=0.05)}.get(outcome)
        judged = facets(values="fail") if outcome in {"fail", "xfail"} else judged or []
    message = "" if outcome == "pass" else f"values: it is {outcome}"
    return synthetic.cell(
        case,
        adapter,
        outcome,
        message,
        judged,
        digest=digest,
        known=KNOWN if outcome == "xfail" else None,
    )


def record(path: Path, cells: dict[str, dict[str, object]], **given: object) -> Path:
    """Write a run: adapter name to case to what was told of it (None: planned, not run).

    Args:
        path: the file.
        cells: what was judged.
        given: ``versions`` (by adapter), ``digests`` and ``held_to`` (by case), ``footer``
            (False: none), ``missing`` (adapters that aren't installed); others go to the header.
    """
    versions = given.pop("versions", {})
    digests, held_to = given.pop("digests", {}), given.pop("held_to", {})
    footer = given.pop("footer", True)
    cases = list(dict.fromkeys(case for column in cells.values() for case in column))
    plan = {
        name: None if list(column) == cases else [cases.index(case) for case in column]
        for name, column in cells.items()
    }
    lines = [synthetic.header(cases, plan=plan, **given)]
    lines += [
        synthetic.case(case, digest=digests.get(case, "d" * 64), held_to=held_to.get(case, ""))
        for case in cases
    ]
    lines += [
        synthetic.adapter(name, versions={"keras": "3.15.1", **versions.get(name, {})})
        for name in cells
    ]
    told = [
        cell(case, name, what, digests.get(case, "d" * 64))
        for name, column in cells.items()
        for case, what in column.items()
        if what is not None
    ]
    lines += told
    if footer:
        planned = sum(map(len, cells.values()))
        lines.append(
            Footer(finished="2026-01-01T12:09:00Z", planned=planned, reported=len(told), counts={})
        )
    return synthetic.record(path, lines)


def run(path: Path, cells: dict[str, dict[str, object]], **given: object) -> Run:
    """The same, read back as a comparison reads it."""
    return read(record(path, cells, **given), brief=True)
