"""The report's page: complete, inert, small and offline."""

from __future__ import annotations

import ast
import base64
import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import msgspec
import pytest
import synthetic_runs as synthetic
from hypothesis import given
from hypothesis import strategies as st
from report_pages import NAME, Page, number, page_of, run_of

from conformance.exporting.table import REFUSED
from conformance.report import (
    html,
    write_html,
)
from conformance.report.packing import letter, logarithmic
from conformance.report.views import VIEWS
from conformance.verdicts.cell import adapter_failed
from conformance.verdicts.model import FacetVerdict, Known
from conformance.wording.causes import causes
from conformance.wording.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.records import Run
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


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class TestPage:
    def test_reads_without_javascript(self, page: Page) -> None:
        for words in (
            "112 cases on 8 adapters: 8 unexpected results on 7 of them",
            "This run is partial. 1 of 896 planned cells has no verdict.",
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
        for words in ("not judged 1", "stale 1", "not run 1"):
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
        monkeypatch.setattr("conformance.repro.script.script", lambda *_: 1 / 0)
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


class TestExporters:
    """What comes out of Keras, where a run asked a way out."""

    def ways(self, tmp_path: Path) -> Page:
        other = f"{NAME}-2"
        content = [
            synthetic.header([NAME, other], plan=dict.fromkeys(["onnx-torch", "pt2-torch"])),
            synthetic.case(NAME),
            synthetic.case(other),
            synthetic.adapter("onnx-torch", versions={"onnxruntime": "1.32.0"}),
            synthetic.adapter("pt2-torch", versions={"torch": "2.13.0"}),
            synthetic.cell(NAME, "onnx-torch"),
            synthetic.cell(
                other, "onnx-torch", "unsupported", f"{REFUSED}no such {synthetic.HOSTILE}"
            ),
            synthetic.cell(NAME, "pt2-torch"),
            synthetic.cell(
                other, "pt2-torch", "fail", "shape: it is another", [synthetic.shape_facet()]
            ),
        ]
        return page_of(tmp_path, content)

    def test_their_page_reads_without_a_script(self, tmp_path: Path) -> None:
        page = self.ways(tmp_path)
        assert "onnxruntime 1.32.0" in page.text
        assert "1 of 2, 1 refused" in page.text
        assert "1 of 2, 1 wrong" in page.text
        assert "shape: it is another" in page.text
        assert ("section", "exporters") in [(tag, a.get("data-page")) for tag, a in page.elements]
        assert [a for _, a in page.elements if a.get("data-nav") == "exporters"]
        asked = [parse_qs(str(a.get("href"))[1:]) for tag, a in page.elements if tag == "a"]
        assert {"case": [f"{NAME}-2"], "adapter": ["onnx-torch"]} in asked

    def test_what_an_exporter_says_is_text(self, tmp_path: Path) -> None:
        assert "<img src=x" not in self.ways(tmp_path).source

    def test_a_run_of_frameworks_has_no_such_page(self, page: Page) -> None:
        assert not [a for _, a in page.elements if a.get("data-page") == "exporters"]
        assert not [a for _, a in page.elements if a.get("data-nav") == "exporters"]
