"""The report of functions and of objects with steps: what a reader finds them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import synthetic_runs as synthetic
from msgspec.structs import replace
from report_pages import run_of
from subject_cells import Wrong, answered

from conformance.cases import load
from conformance.comparing import compare
from conformance.records.model import Footer
from conformance.report import markdown, summary_text
from conformance.report.columns import Columns
from conformance.report.written import Written

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.cases.model import Case
    from conformance.records import Run

FILE = """
- id: reductions
  title: Reductions keep their axes
  function: ops.sum
  input: {shape: [2, 3]}
  config: {keepdims: true}
  vary:
    function: [ops.sum, ops.max]
    axis: [0, 1]
- id: mean
  title: A metric
  object: metrics.Mean
  input: {shape: [4]}
  steps:
    - update_state: [x]
    - result
"""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    file = tmp_path_factory.mktemp("cases") / "cases" / "ops" / "some.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(FILE)
    return load([file]).checked()


def footer(cells: int) -> Footer:
    return Footer(finished="2026-01-01T12:00:09Z", planned=cells, reported=cells, counts={})


def a_run(folder: Path, cases: Iterable[Case], wrong: Wrong) -> Run:
    """A run in which one adapter answers all of them wrongly in the same way."""
    cells = [answered(case, "keras-torch", wrong) for case in cases]
    lines = [
        synthetic.header([one.case.id for one in cells], plan={"keras-torch": None}),
        *(one.line for one in cells),
        synthetic.adapter("keras-torch"),
        *(one.cell for one in cells),
        footer(len(cells)),
    ]
    return run_of(folder, lines)


def test_each_function_and_object_has_its_own_row(cases: list[Case], tmp_path: Path) -> None:
    run = a_run(tmp_path, cases, Wrong("shape", "shape"))
    written = Written(run)
    assert written.groups.values == ["ops.sum", "ops.max", "metrics.Mean"]
    assert written.families.values == ["ops/some"]
    Columns(run, written, {})


def test_a_cause_says_of_which_functions_its_cases_are(cases: list[Case], tmp_path: Path) -> None:
    run = a_run(tmp_path, cases[:4], Wrong("shape", "shape"))
    text = " ".join(summary_text(run).split())
    assert "… and 1 more case (4 in all: 2 of ops.sum and 2 of ops.max)" in text
    assert "expected (1, 3), observed (1, 1, 3)" in text
    assert "shape" in markdown(run)


def test_what_an_object_holds_is_told_by_the_call_after_which_it_is_off(
    cases: list[Case], tmp_path: Path
) -> None:
    text = summary_text(a_run(tmp_path, cases[4:], Wrong("state", call=0)))
    assert "after call 0: total: expected" in " ".join(text.split())


def test_two_runs_of_functions_are_compared(cases: list[Case], tmp_path: Path) -> None:
    old = a_run(tmp_path / "old", cases, Wrong(""))
    new = a_run(tmp_path / "new", cases, Wrong("values"))
    found = compare(old, new)
    assert {cell.case for cell in found.changes if cell.change == "regression"} == {
        case.id for case in cases[:4]
    }


def test_a_margin_without_bound_is_read_again(cases: list[Case], tmp_path: Path) -> None:
    """On the page's table as in the record, where JSON has no word for it."""
    (one,) = [answered(case, "keras-torch", Wrong("values")) for case in cases[:1]]
    facets = [replace(facet, margin=float("inf")) for facet in one.verdict.facets]
    cell = replace(one.cell, verdict=replace(one.verdict, facets=facets))
    lines = [
        synthetic.header([one.case.id], plan={"keras-torch": None}),
        one.line,
        synthetic.adapter("keras-torch"),
        cell,
        footer(1),
    ]
    run = run_of(tmp_path, lines)
    Columns(run, Written(run), {})
