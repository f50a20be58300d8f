"""The report: what counts as one cause, the summary, and that text stays text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import synthetic_runs as synthetic
from hypothesis import example, given, settings
from hypothesis import strategies as st
from report_pages import NAME, page_of, run_of
from rich.console import Console

from conformance.report import (
    html,
    markdown,
    summary,
    summary_text,
)
from conformance.report.terminal import versions_of
from conformance.report.views import VIEWS, seen
from conformance.verdicts.model import FacetVerdict, Known
from conformance.wording.causes import causes
from conformance.wording.text import json_of, one_line, shown, tree, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.records import Run


@pytest.fixture(autouse=True, scope="module")
def a_bundle() -> Iterator[None]:
    """Stands for the bundle, so that these tests need no Node."""
    kept, html.bundled = html.bundled, lambda name: f"// {name}"
    yield
    html.bundled = kept


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("full"), synthetic.lines())


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

    def test_wrong_numbers_of_a_cases_variants_are_one_cause(self, tmp_path: Path) -> None:
        names = ["a/b/one[x=1]", "a/b/one[x=2]", "a/b/two[x=1]"]
        facets = [msgspec.structs.replace(synthetic.failing_facet(), behaves_like="")]
        cells = [synthetic.cell(name, "torch", "fail", facets=facets) for name in names]
        run = run_of(tmp_path, [synthetic.header(names, plan={"torch": None}), *cells])
        assert [cause.cases for cause in causes(run)[0]] == [names[:2], names[2:]]

    @pytest.mark.parametrize(
        ("facet", "messages", "groups"),
        [
            (
                "mask",
                [
                    "mask of output 0: expected one of (5, 5), observed none",
                    "mask of output 0: expected one of (2, 4), observed none; mask of output 1: no",
                    "mask of output 0: expected (5, 5), observed (5, 4)",
                ],
                [2, 1],
            ),
            (
                "dtype",
                [
                    "output 0: expected float64, observed float32",
                    "output 1: expected float64, observed float32; node add: expected float64",
                    "output 0: expected float16, observed float32",
                ],
                [2, 1],
            ),
        ],
    )
    def test_another_kind_is_one_cause_in_all_cases(
        self, tmp_path: Path, facet: str, messages: list[str], groups: list[int]
    ) -> None:
        names = ["a/b/one", "a/b/two", "a/b/three"]
        cells = [
            synthetic.cell(
                name,
                "torch",
                "fail",
                facets=[
                    msgspec.structs.replace(
                        synthetic.shape_facet(), facet=facet, message=message, behaves_like=""
                    )
                ],
            )
            for name, message in zip(names, messages, strict=True)
        ]
        run = run_of(tmp_path, [synthetic.header(names, plan={"torch": None}), *cells])
        assert [len(cause.cells) for cause in causes(run)[0]] == groups

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

    @pytest.mark.parametrize(
        ("failing", "blame"),
        [
            (("torch",), ""),
            (("torch", "jax"), ""),
            (synthetic.ADAPTERS, "case"),
            ([name for name in synthetic.ADAPTERS if name.startswith("keras-")], "keras"),
            (("keras-torch",), ""),
        ],
        ids=["one", "two while others conform", "all", "all of Keras", "one backend of Keras"],
    )
    def test_blame_goes_by_independent_implementations(
        self, tmp_path: Path, failing: Sequence[str], blame: str
    ) -> None:
        cells = [
            synthetic.cell(NAME, name, "fail", facets=[synthetic.shape_facet()])
            if name in failing
            else synthetic.cell(NAME, name)
            for name in synthetic.ADAPTERS
        ]
        run = run_of(tmp_path, [synthetic.header([NAME]), *cells])
        assert [cause.blame for cause in causes(run)[0]] == [blame]

    def test_two_backends_of_keras_are_one_witness(self, tmp_path: Path) -> None:
        backends = ("keras-mlx", "keras-paddle")
        cells = [
            synthetic.cell(NAME, name, "fail", facets=[synthetic.shape_facet()])
            for name in backends
        ]
        plan = dict.fromkeys(backends)
        run = run_of(tmp_path, [synthetic.header([NAME], plan=plan), *cells])
        assert [cause.blame for cause in causes(run)[0]] == ["keras"]


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

    @pytest.mark.parametrize("width", [80, 100])
    def test_a_long_name_leaves_room_for_the_numbers(self, tmp_path: Path, width: int) -> None:
        name = "keras-mine@keras-nightly==3.16.0.dev2026102704,mine-cpu==0.31.2,scipy==1.17.1"
        cells = [synthetic.cell(f"a/{i}", name, "pass", "", []) for i in range(127)]
        ids = [f"a/{i}" for i in range(127)]
        run = run_of(tmp_path, [synthetic.header(ids, plan={name: None}), *cells])
        header, row = summary_text(run, width=width).splitlines()[:2]
        assert header.endswith("pass")
        assert row.endswith(" 127")

    @pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
    def test_nothing_is_cut_however_narrow_the_terminal(self, full: Run, width: int) -> None:
        lines = summary_text(full, width=width).split("Not supported")[0].splitlines()
        assert all(len(line) <= width for line in lines)
        told = " ".join("\n".join(lines).split())
        assert "…" not in told
        for name in synthetic.ADAPTERS:
            for version in versions_of(full.adapters[name]).split():
                assert version in told, (name, version)
        shown = [one for counts in seen(full).values() for one, count in counts.items() if count]
        words = {VIEWS[one].word for one in shown}
        assert all(part in told for word in words for part in word.split())
        numbers = [int(word) for word in re.findall(r"(?<![\w.+-])\d+(?![\w.])", told)]
        assert sum(numbers) == 112 * len(synthetic.ADAPTERS)

    def test_what_the_ledger_says_against_any_cell_of_a_cause_is_told(self, tmp_path: Path) -> None:
        facets = [FacetVerdict(facet="values", outcome="fail", message="output 0 is out")]
        cells = [
            synthetic.cell(f"a/one[x={i}]", "torch", "fail", f"values: out{said}", facets)
            for i, said in enumerate(["", " [ledger: an-entry: its signature is not in it]"])
        ]
        plan = synthetic.header([cell.verdict.case for cell in cells], plan={"torch": None})
        run = run_of(tmp_path, [plan, *cells])
        told = "ledger: an-entry: its signature is not in it"
        assert told in summary_text(run)
        assert told in markdown(run)

    def test_counts_of_every_adapter_are_right(self, full: Run) -> None:
        rows = summary_text(full, width=160).splitlines()
        for name in synthetic.ADAPTERS:
            row = next(row for row in rows if row.startswith(name + " "))
            numbers = sum(int(word) for word in row.split() if word.isdecimal())
            assert numbers == 112, row
        for word in ("fail", "known deviation", "pass", "not run", "unsupported"):
            assert f" {word}" in rows[0]

    def test_known_deviations_are_listed_where_nothing_else_deviates(self, tmp_path: Path) -> None:
        known = Known(
            entry="off-axis",
            kind="bug",
            reason="Axis 1 is taken for 0, e.g. by torch 2.13. It was reported.",
            facets=["values"],
        )
        cells = [
            msgspec.structs.replace(one, verdict=msgspec.structs.replace(one.verdict, known=known))
            for one in (synthetic.cell(f"a/{i}", "torch", "xfail", facets=[]) for i in range(2))
        ]
        fine = synthetic.cell("a/2", "torch", "pass", "", [])
        plan = synthetic.header(["a/0", "a/1", "a/2"], plan={"torch": None})
        run = run_of(tmp_path, [plan, *cells, fine])
        told = "off-axis (2 cells of torch): Axis 1 is taken for 0, e.g. by torch 2.13."
        assert told in summary_text(run, width=120)
        assert "2 known deviations under 1 ledger entry" in summary_text(run, width=120)
        assert "It was reported" not in summary_text(run, width=120)
        assert "off-axis (2 cells of torch)" in markdown(run)

    def test_one_known_deviation_is_one(self, full: Run) -> None:
        assert "1 known deviations" not in summary_text(full)

    def test_what_is_unsupported_has_its_reason(self, tmp_path: Path) -> None:
        why = [f"torch has no {name}" for name in ("abc", "abc", "bcd", "cde", "def")]
        cells = [
            synthetic.cell(f"a/{i}", "torch", "unsupported", reason, [])
            for i, reason in enumerate(why)
        ]
        ids = [f"a/{i}" for i in range(len(why))]
        run = run_of(tmp_path, [synthetic.header(ids, plan={"torch": None}), *cells])
        text = summary_text(run)
        assert "torch: 2 cases: torch has no abc" in text
        assert "torch: 1 case: torch has no bcd" in text
        assert "torch: 1 case for 1 further reason" in text

    def test_a_fault_that_is_not_the_frameworks_is_called_so_everywhere(
        self, tmp_path: Path
    ) -> None:
        broken = synthetic.cell(NAME, "torch", "error", "expect: 2 is not 3", [])
        verdict = msgspec.structs.replace(broken.verdict, broken="reference")
        broken = msgspec.structs.replace(broken, verdict=verdict)
        run = run_of(tmp_path, [synthetic.header([NAME], plan={"torch": None}), broken])
        text = summary_text(run)
        assert "⚒ not judged on torch" in text
        assert "error" not in text.splitlines()[0]
        assert "⚒ not judged" in markdown(run)

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
        assert "⟨U+001B⟩[31mred" in summary_text(full, width=200)

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
            ("xfail", "nothing passed, and whatever deviates, deviates as the ledger says"),
            ("fail", "1 unexpected result on torch"),
        ],
    )
    def test_the_headline_never_praises_what_was_not_judged(
        self, tmp_path: Path, outcome: Any, words: str
    ) -> None:
        cell = synthetic.cell(NAME, "torch", outcome)
        run = run_of(tmp_path, [synthetic.header([NAME], plan={"torch": None}), cell])
        assert words in " ".join(summary_text(run).split())
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


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


class TestText:
    @given(st.dictionaries(st.text(max_size=5), ANYTHING, max_size=4))
    @example({"": [float("inf")]})
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
