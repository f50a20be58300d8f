"""The report: what it says of a run, that it stays text, that it stays small and offline."""

from __future__ import annotations

import ast
import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import synthetic_runs as synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from conformance.records import Run, read
from conformance.report import markdown, summary, summary_text, write_html
from conformance.report.causes import causes
from conformance.report.outcomes import LOOKS
from conformance.report.text import json_of, one_line, shown, tree, visible
from conformance.verdicts.model import FacetVerdict, Known

if TYPE_CHECKING:
    from collections.abc import Iterable
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

    def details(self) -> list[dict[str, Any]]:
        return [
            case
            for chunk in self.data("details")
            for case in json.loads(gzip.decompress(base64.b64decode(chunk)))
        ]


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
        for tag, rule in (("script", "script-src"), ("style", "style-src")):
            ours = [data for inside, data in page.texts if inside == tag]
            digest = hashlib.sha256(ours[-1].encode()).digest()
            assert rules[rule] == f"'sha256-{base64.b64encode(digest).decode()}'"
        for tag, attrs in page.elements:
            assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form action"}
            assert not {name for name in attrs if name.startswith("on")}, tag
            assert not {"src", "srcset", "style", "action", "poster"} & set(attrs), tag
            if tag == "script":
                assert attrs.get("type") in {None, "application/json"}
        style = next(data for inside, data in page.texts if inside == "style")
        assert "url(" not in style
        assert "@import" not in style

    def test_links_lead_within_the_page_or_to_an_entry_of_the_ledger(self, page: Page) -> None:
        targets = {attrs["href"] or "" for tag, attrs in page.elements if tag == "a"}
        outside = {target for target in targets if not target.startswith("#case=")}
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
        assert [tag for tag, _ in page.elements].count("script") == 3
        text = page.source
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u2028]", text)
        assert "{{ 7 * 7 }}" in page.text
        (details,) = page.details()
        assert details["case"]["yaml"] == visible(evil)
        assert details["cells"][0]["verdict"]["facets"][0]["message"] == visible(evil)

    def test_a_megabyte_of_message_is_cut_and_says_so(self, tmp_path: Path) -> None:
        long = "<&" * 500_000
        cell = synthetic.cell(NAME, "torch", "error", long, facets=[], stderr=long)
        path = synthetic.record(
            tmp_path / "run.jsonl", [synthetic.header([NAME], plan={"torch": None}), cell]
        )
        out = write_html(path, tmp_path / "report.html")
        assert out.stat().st_size < 200_000
        message = Page(out).details()[0]["cells"][0]["verdict"]["message"]
        assert message.endswith("[cut here: 1,000,000 characters in all]")

    def test_the_matrix_has_every_cell(self, page: Page, full: Run) -> None:
        index = page.data("index")
        codes = {look.code: outcome for outcome, look in LOOKS.items()}
        assert [adapter["name"] for adapter in index["adapters"]] == list(synthetic.ADAPTERS)
        assert [case[0] for case in index["cases"]] == full.header.cases
        for (name, *_), row in zip(index["cases"], index["grid"], strict=True):
            for adapter, code in zip(synthetic.ADAPTERS, row, strict=True):
                line = full.cells.get((name, adapter))
                assert codes[code] == (line.verdict.outcome if line else "not-run")

    def test_a_cell_out_of_plan_is_blank(self, tmp_path: Path) -> None:
        names = ["a/b/one", "a/b/two"]
        plan = {"torch": [1], "jax": None}
        page = page_of(tmp_path, [synthetic.header(names, plan=plan)])
        assert page.data("index")["grid"] == [" n", "nn"]

    def test_the_facet_letters_tell_each_facet(self, page: Page) -> None:
        index = page.data("index")
        letters = {look["name"]: look["code"] for look in index["looks"]}
        at = [case[0] for case in index["cases"]].index("documents/convolution/case-038")
        pattern = index["patterns"][index["facetsOf"][at][2]]
        told = dict(zip(index["facets"], pattern, strict=True))
        assert told["values"] == letters["fail"]
        assert told["compiled"] == letters["blocked"]
        assert told["params"] == letters["pass"]
        assert told["summary"] == "."

    def test_details_are_complete(self, page: Page, full: Run) -> None:
        details = page.details()
        assert len(details) == len(full.header.cases)
        at = full.header.cases.index("documents/convolution/case-038")
        cell = details[at]["cells"][2]
        line = full.cells["documents/convolution/case-038", "keras-jax"]
        kept = msgspec.convert(
            cell["verdict"] | {"case": "c", "adapter": "a"}, type(line.verdict), strict=False
        )
        assert kept.facets == line.verdict.facets
        assert cell["native"][0]["symbol"] == "torch.nn.Linear"
        assert details[at]["case"]["place"] == "documents/convolution.yaml:12:3"
        assert "Dense: {units: 10}" in details[at]["case"]["yaml"]

    def test_a_cell_that_was_run_has_a_script_of_its_own(self, page: Page, full: Run) -> None:
        at = full.header.cases.index("documents/convolution/case-038")
        cells = page.details()[at]["cells"]
        script = cells[synthetic.ADAPTERS.index("keras-jax")]["script"]
        ast.parse(script)
        assert "import" in script
        missing = cells[synthetic.ADAPTERS.index("keras-openvino")]
        assert missing["script"] == ""
        assert "not run here" in missing["scriptNote"]

    def test_a_script_that_cannot_be_made_costs_no_report(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conformance.report.repro.script", lambda *_: 1 / 0)
        lines = [
            synthetic.header([NAME], plan={"torch": None}),
            synthetic.case(NAME),
            synthetic.cell(NAME, "torch"),
        ]
        (details,) = page_of(tmp_path, lines).details()
        assert "ZeroDivisionError" in details["cells"][0]["scriptNote"]

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
        monkeypatch.setattr("conformance.report.payload.gzip.compress", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_html(full, out)
        assert out.read_text() == "the last good one"
        assert list(tmp_path.iterdir()) == [out]


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
