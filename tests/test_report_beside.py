"""What the report says besides: baseline, past, precision, porting; the files beside it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import synthetic_runs as synthetic
from report_pages import NAME, Page, number, page_of, run_of

from conformance import cli
from conformance.history import add
from conformance.porting import bites, porting_rows
from conformance.records import Run, read
from conformance.records.model import Footer
from conformance.report import (
    badge,
    html,
    junit,
    write_all,
    write_html,
)
from conformance.report.packing import logarithmic
from conformance.verdicts.model import Comparison, FacetVerdict
from conformance.wording.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.records.model import Line


@pytest.fixture(autouse=True, scope="module")
def a_bundle() -> Iterator[None]:
    """Stands for the bundle, so that these tests need no Node."""
    kept, html.bundled = html.bundled, lambda name: f"// {name}"
    yield
    html.bundled = kept


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("full"), synthetic.lines())


@pytest.fixture(scope="module")
def page(full: Run, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return Page(write_html(full, tmp_path_factory.mktemp("page") / "report.html"))


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("baseline")
    names = [f"a/b/{name}" for name in ("broke", "mended", "still", "same")]

    def lines(outcomes: list[Any], version: str) -> list[Line]:
        return [
            synthetic.header(names, plan={"torch": None}),
            synthetic.adapter("torch", versions={"torch": version}),
            *map(synthetic.case, names),
            *(
                synthetic.cell(
                    name,
                    "torch",
                    outcome,
                    "" if outcome == "pass" else "values: 112 times the tolerance",
                    None if outcome == "pass" else [synthetic.failing_facet()],
                )
                for name, outcome in zip(names, outcomes, strict=True)
            ),
        ]

    old = synthetic.record(folder / "old.jsonl", lines(["pass", "fail", "fail", "pass"], "2.12"))
    new = synthetic.record(folder / "new.jsonl", lines(["fail", "pass", "fail", "pass"], "2.13"))
    return Page(write_html(read(new), folder / "report.html", baseline=read(old, brief=True)))


class TestBaseline:
    def test_the_first_page_says_what_changed(self, compared: Page) -> None:
        for words in (
            "1 regression, 1 fixed among 4 compared cells",
            "torch 2.12 → 2.13",
            "a/b/broke torch pass → fail",
            "a/b/mended torch fail → pass",
        ):
            assert words in compared.text

    def test_the_matrix_can_be_filtered_by_change(self, compared: Page) -> None:
        index = compared.packed("table")
        (column,) = index["columns"]
        kinds = [index["kinds"][number(code)] if code != " " else "" for code in column["kind"]]
        assert kinds == ["regression", "fixed", "still-failing", ""]

    def test_without_a_baseline_the_page_says_so(self, page: Page) -> None:
        assert "No baseline was given, so nothing is known of what changed" in page.text


class TestPrecision:
    def test_an_error_travels_where_the_outputs_are_float32(self, tmp_path: Path) -> None:
        def of(dtype: str) -> list[FacetVerdict]:
            compared = Comparison(what="output 0", margin=0.1, error=2.0**-20)
            return [
                FacetVerdict(facet="dtype", outcome="pass", expected=[[dtype]]),
                FacetVerdict(facet="values", outcome="pass", margin=0.1, comparisons=[compared]),
            ]

        names = ["a/b/one", "a/b/two"]
        cells = [
            synthetic.cell(name, "torch", facets=of(dtype))
            for name, dtype in zip(names, ["float32", "bfloat16"], strict=True)
        ]
        page = page_of(tmp_path, [synthetic.header(names, plan={"torch": None}), *cells])
        (column,) = page.packed("table")["columns"]
        assert column["error"] == logarithmic(2.0**-20) + " "


class TestOtherPages:
    def test_the_porting_guide_travels_as_the_run_proves_it(self, page: Page, full: Run) -> None:
        guides = {guide["adapter"]: guide for guide in page.packed("porting")}
        proven = porting_rows([full])
        assert list(guides) == list(dict.fromkeys(row.adapter for row in proven))
        mine = [row for row in proven if row.adapter == "torch"]
        assert [row["layer"] for row in guides["torch"]["rows"]] == [row.layer for row in mine]
        assert {"Dense"} <= {row.layer for row in mine}
        assert guides["torch"]["bites"] == json.loads(msgspec.json.encode(bites(mine)))

    def test_past_runs_are_told_where_a_history_is_given(self, full: Run, tmp_path: Path) -> None:
        history = tmp_path / "history.sqlite"
        add(history, [full])
        told = Page(write_html(full, tmp_path / "report.html", history=history)).packed("past")
        assert {row["adapter"] for row in told["trend"]} == set(synthetic.ADAPTERS)
        jax = next(row for row in told["trend"] if row["adapter"] == "keras-jax")
        assert jax["deviate"] == 4
        (stretch,) = told["cases"]["documents/convolution/case-038"]["keras-jax"]
        assert stretch["outcome"] == "fail"
        assert stretch["runs"] == 1

    def test_without_a_history_there_is_no_past(self, page: Page) -> None:
        assert page.packed("past") == {"trend": [], "cases": {}}


class TestBeside:
    def test_everything_is_written(self, full: Run, tmp_path: Path) -> None:
        out = write_all(full, tmp_path / "report.html")
        names = {"report.html", "summary.txt", "summary.md", "badge.json", "junit.xml"}
        assert {path.name for path in tmp_path.iterdir()} == names
        assert (tmp_path / "summary.txt").read_text().rstrip().endswith(str(out))
        assert "| adapter |" in (tmp_path / "summary.md").read_text()
        assert json.loads((tmp_path / "badge.json").read_text())["schemaVersion"] == 1

    def test_junit_has_every_cell_once_and_counts_them(self, full: Run) -> None:
        root = ET.fromstring("".join(junit(full)))  # noqa: S314 - our own
        assert len(root.findall(".//testcase")) == 112 * 8
        for suite in root:
            for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                assert suite.get(name) == str(len(suite.findall(f"testcase/{tag}"))), tag
        torch = {suite.get("name"): suite for suite in root}["torch"]
        (failure,) = torch.findall(".//failure")
        assert "expected (2, 200)" in (failure.get("message") or "")

    def test_junit_survives_hostile_text(self, tmp_path: Path) -> None:
        evil = synthetic.HOSTILE
        lines = [
            synthetic.header([evil], plan={evil: None}),
            synthetic.cell(evil, evil, "error", evil, facets=[]),
        ]
        root = ET.fromstring("".join(junit(run_of(tmp_path, lines))))  # noqa: S314 - our own
        (case,) = root.findall(".//testcase")
        assert case.get("name") == visible(evil)

    @pytest.mark.parametrize(
        ("outcome", "message", "colour"),
        [
            ("pass", "1 conform", "brightgreen"),
            ("fail", "nothing passed", "lightgrey"),
            ("unsupported", "nothing passed", "lightgrey"),
        ],
    )
    def test_a_badge_praises_nothing_that_was_not_judged(
        self, tmp_path: Path, outcome: Any, message: str, colour: str
    ) -> None:
        footer = Footer(finished="", planned=1, reported=1, counts={})
        cell = synthetic.cell(NAME, "torch", outcome)
        run = run_of(tmp_path, [synthetic.header([NAME], plan={"torch": None}), cell, footer])
        told = badge(run)
        assert (told["message"], told["color"]) == (message, colour)

    def test_a_badge_counts_what_is_unexpected(self, full: Run) -> None:
        assert badge(full)["message"] == "8 unexpected of 896"
        assert badge(full)["color"] == "red"


class TestCommand:
    def records(self, folder: Path, adapter: str) -> Path:
        lines: list[Line] = [
            synthetic.header([NAME], plan={adapter: None}),
            synthetic.adapter(adapter),
            synthetic.case(NAME),
            synthetic.cell(NAME, adapter),
            Footer(finished="", planned=1, reported=1, counts={}),
        ]
        return synthetic.record(folder / f"{adapter}.jsonl", lines)

    def test_several_records_are_one_report(self, tmp_path: Path) -> None:
        paths = [str(self.records(tmp_path, name)) for name in ("torch", "jax")]
        out = tmp_path / "out" / "report.html"
        assert cli.main(["report", *paths, "--output", str(out)]) == 0
        assert "1 case on 2 adapters: everything that was judged conforms" in Page(out).text
        assert (out.parent / "junit.xml").is_file()

    def test_a_baseline_that_is_not_there_is_a_message(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = str(self.records(tmp_path, "torch"))
        assert cli.main(["report", path, "--baseline", "nowhere"]) == 2
        assert "no records at 'nowhere'" in capsys.readouterr().err
        assert not (tmp_path / "report.html").exists()
