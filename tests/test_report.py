"""The report: what it says of a run, that it stays text, that it stays small and offline."""

from __future__ import annotations

import ast
import base64
import gzip
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec
import pytest
import synthetic_runs as synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from conformance import cli
from conformance.history import add
from conformance.porting import porting_rows
from conformance.records import Run, read
from conformance.records.model import Footer
from conformance.report import (
    badge,
    html,
    junit,
    markdown,
    summary,
    summary_text,
    write_all,
    write_html,
)
from conformance.report.causes import causes
from conformance.report.packing import FIRST, letter, logarithmic
from conformance.report.text import json_of, one_line, shown, tree, visible
from conformance.report.views import VIEWS
from conformance.verdicts.cell import adapter_failed
from conformance.verdicts.model import Comparison, FacetVerdict, Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from conformance.records.model import Line

NAME = "documents/dense/last-axis"


class Page(HTMLParser):
    """What a browser would make of the file without running its script."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._inside: list[str] = []
        self.source = path.read_text("utf-8")
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "wbr", "input", "link", "img", "br"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.texts.append((self._inside[-1] if self._inside else "", data))

    @property
    def text(self) -> str:
        """What can be read without JavaScript."""
        return " ".join(
            " ".join(data.split())
            for tag, data in self.texts
            if tag not in {"script", "style"} and data.strip()
        )

    def data(self, name: str) -> Any:
        """The JSON of one of the page's data elements."""
        scripts = [attrs.get("id") for tag, attrs in self.elements if tag == "script"]
        contents = [data for tag, data in self.texts if tag == "script"]
        return json.loads(contents[scripts.index(name)])

    def packed(self, name: str) -> Any:
        """What one of the page's compressed data elements holds."""
        ids = [attrs.get("id") for tag, attrs in self.elements if tag == "script"]
        contents = [data for tag, data in self.texts if tag == "script"]
        return unpacked(contents[ids.index(name)])

    def details(self) -> dict[int, dict[str, Any]]:
        """By the case's place in the plan, what explains it."""
        return {
            int(at): case for chunk in self.data("details") for at, case in unpacked(chunk).items()
        }


def unpacked(text: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def number(letter: str) -> int:
    code = ord(letter)
    return (code if code < 0xD800 else code - 0x800) - FIRST


@pytest.fixture(autouse=True, scope="module")
def a_bundle() -> Iterator[None]:
    """Stands for the bundle, so that these tests need no Node."""
    kept, html.bundled = html.bundled, lambda name: f"// {name}"
    yield
    html.bundled = kept


def run_of(tmp_path: Path, content: Iterable[Line]) -> Run:
    return read(synthetic.record(tmp_path / "run.jsonl", content))


def page_of(tmp_path: Path, content: Iterable[Line]) -> Page:
    return Page(write_html(run_of(tmp_path, content), tmp_path / "report.html"))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("full"), synthetic.lines())


@pytest.fixture(scope="module")
def page(full: Run, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return Page(write_html(full, tmp_path_factory.mktemp("page") / "report.html"))


class TestCauses:
    def test_one_cause_is_one_row_and_the_gravest_comes_first(self, full: Run) -> None:
        unexpected, known = causes(full)
        assert [(cause.outcome, cause.facet, list(cause.adapters)) for cause in unexpected] == [
            ("fail", "shape", ["torch", "jax"]),
            ("fail", "values", ["keras-jax"]),
            ("error", "", ["keras-torch"]),
            ("crash", "", ["keras-torch"]),
            ("timeout", "", ["keras-tensorflow"]),
            ("xpass", "", ["tf-keras"]),
            ("not-run", "", ["keras-numpy"]),
        ]
        assert [cause.known.entry for cause in known if cause.known] == ["batch-input-shape"]
        assert known[0].adapters == dict.fromkeys(synthetic.ADAPTERS[:4], 3)

    def test_every_cell_that_does_not_conform_is_in_exactly_one(self, full: Run) -> None:
        cells = [cell for group in causes(full) for cause in group for cell in cause.cells]
        bad = [
            cell
            for cell in full.planned()
            if cell not in full.cells
            or full.cells[cell].verdict.outcome not in {"pass", "unsupported", "not-installed"}
        ]
        assert sorted(cells) == sorted(bad)

    def test_wrong_numbers_of_two_cases_are_two_causes(self, tmp_path: Path) -> None:
        names = ["a/b/one", "a/b/two"]
        facets = [msgspec.structs.replace(synthetic.failing_facet(), behaves_like="")]
        cells = [synthetic.cell(name, "torch", "fail", facets=facets) for name in names]
        run = run_of(tmp_path, [synthetic.header(names, plan={"torch": None}), *cells])
        assert len(causes(run)[0]) == 2

    def test_the_same_fault_in_two_cases_is_one_cause(self, tmp_path: Path) -> None:
        names = ["a/b/one", "a/b/two"]
        cells = [
            synthetic.cell(name, "torch", "fail", facets=[synthetic.failing_facet()])
            for name in names
        ]
        run = run_of(tmp_path, [synthetic.header(names, plan={"torch": None}), *cells])
        (cause,) = causes(run)[0]
        assert cause.cases == names
        assert cause.behaves_like == "bfloat16 operands"

    def test_messages_that_differ_in_numbers_only_are_one_cause(self, tmp_path: Path) -> None:
        names = ["a/b/one", "a/b/two", "a/b/three"]
        messages = ["no 17 in 0x7f", "no 4 in 0xa0", "another matter"]
        cells = [
            synthetic.cell(name, "torch", "error", message, facets=[])
            for name, message in zip(names, messages, strict=True)
        ]
        run = run_of(tmp_path, [synthetic.header(names, plan={"torch": None}), *cells])
        assert [len(cause.cells) for cause in causes(run)[0]] == [2, 1]

    @pytest.mark.parametrize(("others", "suspect"), [("pass", False), ("fail", True)])
    def test_a_case_that_fails_everywhere_is_suspect(
        self, tmp_path: Path, others: str, *, suspect: bool
    ) -> None:
        cells = [
            synthetic.cell(NAME, name, "fail", facets=[synthetic.shape_facet()])
            if name == "torch" or others == "fail"
            else synthetic.cell(NAME, name)
            for name in synthetic.ADAPTERS
        ]
        run = run_of(tmp_path, [synthetic.header([NAME]), *cells])
        assert [cause.suspect for cause in causes(run)[0]] == [suspect]


class TestSummary:
    def test_says_what_does_not_conform_and_where(self, full: Run, tmp_path: Path) -> None:
        text = summary_text(full, tmp_path / "report.html", width=160)
        assert "112 cases on 8 adapters: 8 unexpected results on 7 of them" in text
        assert "✗ fail shape on torch and jax\n    output 0: expected (2, 200)" in text
        assert "documents/convolution/case-045" in text
        assert "behaves like: bfloat16 operands" in text
        assert "12 known deviations under 1 ledger entry" in text
        assert "entry old-bug matches no case" in text
        assert "The run is partial" in text
        assert text.rstrip().endswith(str(tmp_path / "report.html"))

    def test_counts_of_every_adapter_are_right(self, full: Run) -> None:
        rows = summary_text(full, width=160).splitlines()
        header = rows[0].split()
        for name in synthetic.ADAPTERS:
            row = next(row for row in rows if row.startswith(name + " "))
            numbers = sum(int(word) for word in row.split() if word.isdecimal())
            assert numbers == 112, row
        for outcome in ("fail", "xfail", "pass", "not-run", "unsupported"):
            assert outcome in header

    def test_is_inert_in_a_terminal(self, full: Run) -> None:
        for colour in (True, False):
            console = Console(
                width=120, force_terminal=colour, color_system="standard" if colour else None
            )
            with console.capture() as capture:
                console.print(summary(full))
            left = re.sub(r"\x1b\[[0-9;]*m", "", capture.get())
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", left)
        assert "\x1b" not in summary_text(full)
        assert "␛[31mred" in summary_text(full, width=200)

    def test_markup_of_a_message_is_not_obeyed(self, tmp_path: Path) -> None:
        cell = synthetic.cell(NAME, "torch", "error", "[bold]x[/bold] [link=y]z", facets=[])
        run = run_of(tmp_path, [synthetic.header([NAME], plan={"torch": None}), cell])
        assert "[bold]x[/bold] [link=y]z" in summary_text(run)

    def test_many_causes_are_counted_not_listed(self, tmp_path: Path) -> None:
        names = [f"a/b/{number}" for number in range(30)]
        messages = [f"fault {chr(65 + number)}" for number in range(30)]
        cells = [
            synthetic.cell(name, "torch", "error", message, facets=[])
            for name, message in zip(names, messages, strict=True)
        ]
        run = run_of(tmp_path, [synthetic.header(names, plan={"torch": None}), *cells])
        assert "… and 10 more causes" in summary_text(run)
        assert "… and 10 more causes" in markdown(run)

    @pytest.mark.parametrize(
        ("outcome", "words"),
        [
            ("pass", "everything that was judged conforms"),
            ("unsupported", "nothing passed"),
            ("not-installed", "nothing passed"),
            ("fail", "1 unexpected result on torch"),
        ],
    )
    def test_the_headline_never_praises_what_was_not_judged(
        self, tmp_path: Path, outcome: Any, words: str
    ) -> None:
        cell = synthetic.cell(NAME, "torch", outcome)
        run = run_of(tmp_path, [synthetic.header([NAME], plan={"torch": None}), cell])
        assert words in summary_text(run)
        assert words in markdown(run)

    def test_a_run_without_cases_says_so(self, tmp_path: Path) -> None:
        run = run_of(tmp_path, [synthetic.header([], plan={})])
        assert "Nothing was planned" in summary_text(run)
        assert "Nothing was planned" in page_of(tmp_path / "x", [synthetic.header([])]).text

    def test_markdown_is_a_table_and_hostile_text_stays_text(self, full: Run) -> None:
        text = markdown(full)
        table = [line for line in text.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in table}) == 1
        assert len(table) == 2 + 8
        assert "<script" not in text
        assert "https://tracker" not in text
        assert "\x1b" not in text


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class TestPage:
    def test_reads_without_javascript(self, page: Page) -> None:
        for words in (
            "112 cases on 8 adapters: 8 unexpected results on 7 of them",
            "This run is partial. 1 of 896 planned cells have no verdict.",
            "entry old-bug matches no case",
            "108 of 112",
            "✗ fail shape output 0: expected (2, 200), observed (2, 20, 10)",
            "behaves like bfloat16 operands",
            "Keras 3 takes no batch_input_shape on a layer",
            "openvino is not installed",
            "Linux 6.1",
        ):
            assert words in page.text

    def test_nothing_is_fetched_and_no_other_script_runs(self, page: Page) -> None:
        policies = [
            attrs["content"]
            for tag, attrs in page.elements
            if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
        ]
        (policy,) = policies
        assert policy is not None
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == "'none'"
        (starter,) = [
            data
            for (inside, data), attrs in zip(
                [text for text in page.texts if text[0] == "script"],
                [attrs for tag, attrs in page.elements if tag == "script"],
                strict=True,
            )
            if "type" not in attrs and inside
        ]
        program = "// report.js"
        style = next(data for inside, data in page.texts if inside == "style")
        assert rules["script-src"].split() == [hash_of(program), hash_of(starter)]
        assert rules["style-src"] == hash_of(style)
        for tag, attrs in page.elements:
            assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form action"}
            assert not {name for name in attrs if name.startswith("on")}, tag
            assert not {"src", "srcset", "style", "action", "poster"} & set(attrs), tag
            if tag == "script":
                assert attrs.get("type") in {None, "application/json", "application/octet-stream"}
        assert "url(" not in style
        assert "@import" not in style

    def test_links_lead_within_the_page_or_to_an_entry_of_the_ledger(self, page: Page) -> None:
        targets = {attrs["href"] or "" for tag, attrs in page.elements if tag == "a"}
        inside = ("#case=", "#page=", "#content")
        outside = {target for target in targets if not target.startswith(inside)}
        assert outside == {"https://keras.io/guides/migrating_to_keras_3/"}
        assert "#case=documents/convolution/case-038&adapter=keras-jax" in targets

    def test_a_link_that_runs_a_script_is_no_link(self, tmp_path: Path) -> None:
        known = Known(
            entry="x", kind="bug", reason="r", facets=["values"], link="javascript:alert(1)"
        )
        cell = synthetic.cell(NAME, "torch", "xfail", known=known)
        page = page_of(tmp_path, [synthetic.header([NAME], plan={"torch": None}), cell])
        assert not [attrs for tag, attrs in page.elements if tag == "a" and attrs.get("rel")]

    def test_hostile_text_is_inert_wherever_it_stands(self, tmp_path: Path) -> None:
        evil = synthetic.HOSTILE
        facet = FacetVerdict(
            facet="values",
            outcome="fail",
            message=evil,
            expected=evil,
            observed={evil: [evil]},
            behaves_like=evil,
        )
        name = f"documents/{evil}/x"
        lines: list[Line] = [
            synthetic.header([name], plan={evil: None}, machine={evil: evil}, command=[evil]),
            synthetic.case(name, title=evil, yaml=evil, why=evil, without={evil: evil}),
            synthetic.adapter(evil, versions={evil: evil}, settings={evil: evil}, precision=evil),
            synthetic.cell(name, evil, "fail", evil, [facet], stderr=evil),
        ]
        page = page_of(tmp_path, lines)
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"img", "b onerror"}
        assert [tag for tag, _ in page.elements].count("script") == 7
        text = page.source
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u2028]", text)
        assert "{{ 7 * 7 }}" in page.text
        links = {attrs["href"] or "" for tag, attrs in page.elements if tag == "a"}
        (link,) = [link for link in links if link.startswith("#case=")]
        assert parse_qs(link[1:]) == {"case": [visible(name)], "adapter": [visible(evil)]}
        assert page.packed("written")[0]["yaml"] == visible(evil)
        assert page.details()[0]["cells"]["0"]["verdict"]["facets"][0]["message"] == visible(evil)

    def test_a_megabyte_of_message_is_cut_and_says_so(self, tmp_path: Path) -> None:
        long = "<&" * 500_000
        cell = synthetic.cell(NAME, "torch", "error", long, facets=[], stderr=long)
        path = synthetic.record(
            tmp_path / "run.jsonl", [synthetic.header([NAME], plan={"torch": None}), cell]
        )
        out = write_html(path, tmp_path / "report.html")
        assert out.stat().st_size < 200_000
        message = Page(out).details()[0]["cells"]["0"]["verdict"]["message"]
        assert message.endswith("[cut here: 1,000,000 characters in all]")

    def test_the_matrix_has_every_cell(self, page: Page, full: Run) -> None:
        index = page.packed("table")
        names = {look.code: name for name, look in VIEWS.items()}
        ids = [
            index["entries"][number(entry)][0] + suffix
            for entry, suffix in zip(index["entry"], index["suffixes"], strict=True)
        ]
        assert ids == full.header.cases
        assert [adapter["name"] for adapter in index["adapters"]] == list(synthetic.ADAPTERS)
        for adapter, column in zip(synthetic.ADAPTERS, index["columns"], strict=True):
            for name, code in zip(ids, column["grid"], strict=True):
                line = full.cells.get((name, adapter))
                assert names[code] == (line.verdict.outcome if line else "not-run")

    def test_a_cell_out_of_plan_is_blank(self, tmp_path: Path) -> None:
        names = ["a/b/one", "a/b/two"]
        plan = {"torch": [1], "jax": None}
        page = page_of(tmp_path, [synthetic.header(names, plan=plan)])
        assert [column["grid"] for column in page.packed("table")["columns"]] == [" n", "nn"]

    def test_variants_of_one_entry_travel_with_its_text_once(self, tmp_path: Path) -> None:
        names = [f"a/b/one[units={number}]" for number in range(50)]
        cases = [synthetic.case(name, yaml="- id: one", title="One") for name in names]
        page = page_of(tmp_path, [synthetic.header(names), *cases])
        assert len(page.packed("written")) == 1
        assert page.packed("table")["suffixes"][7] == "[units=7]"

    def test_what_is_no_verdict_is_not_called_a_failure(self, tmp_path: Path) -> None:
        names = ["a/b/one", "a/b/two", "a/b/three"]
        broken = synthetic.cell(names[0], "torch")
        broken = msgspec.structs.replace(
            broken, verdict=adapter_failed(names[0], "torch", "it did not start")
        )
        old = synthetic.cell(names[1], "torch", digest="0" * 64)
        page = page_of(
            tmp_path,
            [
                synthetic.header(names, plan={"torch": None}),
                *map(synthetic.case, names),
                broken,
                old,
            ],
        )
        (column,) = page.packed("table")["columns"]
        assert column["grid"] == "hsn"
        for words in ("1 broken harness", "1 stale", "1 no data"):
            assert words in page.text
        assert "1 error" not in page.text

    def test_the_facet_letters_tell_each_facet(self, page: Page, full: Run) -> None:
        index = page.packed("table")
        letters = {look["name"]: look["code"] for look in index["looks"]}
        at = full.header.cases.index("documents/convolution/case-038")
        pattern = index["patterns"][number(index["columns"][2]["pattern"][at])]
        told = dict(zip(index["facets"], pattern, strict=True))
        assert told["values"] == letters["fail"]
        assert told["compiled"] == letters["blocked"]
        assert told["params"] == letters["pass"]
        assert told["summary"] == "."

    def test_details_are_complete(self, page: Page, full: Run) -> None:
        details = page.details()
        assert len(details) == len(full.header.cases)
        at = full.header.cases.index("documents/convolution/case-038")
        cell = details[at]["cells"]["2"]
        line = full.cells["documents/convolution/case-038", "keras-jax"]
        kept = msgspec.convert(
            cell["verdict"] | {"case": "c", "adapter": "a"}, type(line.verdict), strict=False
        )
        for facet, full_facet in zip(kept.facets, line.verdict.facets, strict=True):
            assert facet.outcome == full_facet.outcome
            assert (facet.margin or 0) == pytest.approx(full_facet.margin or 0, rel=1e-3)
            for found, compared in zip(facet.comparisons, full_facet.comparisons, strict=True):
                assert found.worst == compared.worst
                assert found.expected == compared.expected
        assert cell["native"][0]["symbol"] == "torch.nn.Linear"
        index = page.packed("table")
        written = page.packed("written")[number(index["entry"][at])]
        assert written["place"] == "documents/convolution.yaml:12:3"
        assert "Dense: {units: 10}" in written["yaml"]

    def test_a_cell_that_was_run_has_a_script_of_its_own(self, page: Page, full: Run) -> None:
        at = full.header.cases.index("documents/convolution/case-038")
        cells = page.details()[at]["cells"]
        script = cells[str(synthetic.ADAPTERS.index("keras-jax"))]["script"]
        ast.parse(script)
        assert "import" in script
        missing = cells[str(synthetic.ADAPTERS.index("keras-openvino"))]
        assert missing["script"] == ""
        assert "not run here" in missing["scriptNote"]

    def test_a_large_run_keeps_what_is_most_telling(
        self, full: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conformance.report.details.SMALL", 10)
        monkeypatch.setattr("conformance.report.details.ROOM", 40_000)
        page = Page(write_html(full, tmp_path / "few.html"))
        kept = {full.header.cases[at] for at in page.details()}
        assert 0 < len(kept) < len(full.header.cases)
        for cause in causes(full)[0]:
            assert cause.cases[0] in kept
        chunks = page.packed("table")["chunk"]
        assert {at for at, code in enumerate(chunks) if number(code)} == set(page.details())
        everything = Page(write_html(full, tmp_path / "all.html", everything=True))
        assert len(everything.details()) == len(full.header.cases)

    def test_without_the_bundle_the_summary_says_what_is_missing(
        self, full: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(html, "bundled", lambda _: "")
        page = Page(write_html(full, tmp_path / "report.html"))
        assert "built without Node" in page.text
        assert "output 0: expected (2, 200), observed (2, 20, 10)" in page.text
        assert "script" not in {tag for tag, _ in page.elements}
        assert "script-src &#39;none&#39;" in page.source
        targets = {attrs["href"] for tag, attrs in page.elements if tag == "a"}
        assert targets == {"#content", "#page=overview", "#page=about", synthetic.REMOVED.link}

    def test_a_script_that_cannot_be_made_costs_no_report(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conformance.report.repro.script", lambda *_: 1 / 0)
        lines = [
            synthetic.header([NAME], plan={"torch": None}),
            synthetic.case(NAME),
            synthetic.cell(NAME, "torch"),
        ]
        details = page_of(tmp_path, lines).details()[0]
        assert "ZeroDivisionError" in details["cells"]["0"]["scriptNote"]

    def test_stays_small(self, page: Page) -> None:
        assert len(page.source.encode()) < 1_500_000

    def test_is_the_same_for_the_same_run(self, full: Run, page: Page, tmp_path: Path) -> None:
        again = write_html(full, tmp_path / "again.html")
        assert again.read_text("utf-8") == page.source

    def test_half_a_report_is_never_left(
        self, full: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = tmp_path / "report.html"
        out.write_text("the last good one")
        monkeypatch.setattr("conformance.report.packing.gzip.compress", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_html(full, out)
        assert out.read_text() == "the last good one"
        assert list(tmp_path.iterdir()) == [out]


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
        rows = page.packed("porting")
        assert rows == json.loads(msgspec.json.encode(porting_rows(full)))
        assert {row["layer"] for row in rows if row["adapter"] == "torch"} >= {"Dense"}

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


class TestPacking:
    @given(st.integers(0, 0x10000))
    def test_a_letter_stands_for_its_number(self, value: int) -> None:
        assert number(letter(value)) == value
        letter(value).encode()  # half a surrogate could not travel

    @given(st.floats(1e-18, 1e11))
    def test_a_letter_of_the_scale_is_near_its_number(self, value: float) -> None:
        back = 2 ** ((number(logarithmic(value)) - 1) / 4 - 64)
        assert 0.9 < back / value < 1.1

    def test_nothing_and_nought_are_told_apart(self) -> None:
        assert logarithmic(None) == " "
        assert logarithmic(float("nan")) == " "
        assert number(logarithmic(0.0)) == 0


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


class TestText:
    @given(st.dictionaries(st.text(max_size=5), ANYTHING, max_size=4))
    @settings(max_examples=60)
    def test_the_quick_way_to_visible_json_is_the_slow_one(self, value: Any) -> None:
        got = json.loads(bytes(json_of(value)))
        assert got == json.loads(json.dumps(tree(value)))

    @given(st.text())
    @settings(max_examples=60)
    def test_nothing_acts_and_nothing_is_lost(self, text: str) -> None:
        seen = visible(text)
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", seen
        )
        assert visible(seen) == seen
        printable = [letter for letter in text if letter.isprintable()]
        assert all(letter in seen for letter in printable)

    def test_honest_text_is_left_alone(self) -> None:
        text = "naïve τ ≤ 16·u — 数 🙂\n\tnext"
        assert visible(text) == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ([None, 20, 10], "(None, 20, 10)"),
            ([5], "(5,)"),
            ([], "[]"),
            ([True, False], "[true, false]"),
            ([1.5, "nan"], '[1.5, "nan"]'),
            ([[None, 3], [None, 4]], "[[null, 3], [null, 4]]"),
            ({"total": 60}, '{"total": 60}'),
            ("float32", "float32"),
            (None, ""),
            (0, "0"),
        ],
    )
    def test_values_read_as_in_the_documentation(self, value: Any, text: str) -> None:
        assert shown(value) == text

    def test_one_line_is_the_first_that_says_something(self) -> None:
        assert one_line("\n  \n first \n second") == "first"
        assert len(one_line("x" * 1000)) == 240
