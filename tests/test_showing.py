"""What runs showed, as a page tells it: counted, linked, and rendered again from what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from comparisons import facets, record

from conformance import cli
from conformance.upkeep.page import HEADING, findings_in, section, with_section
from conformance.upkeep.showing import Shown, read_shown

DOCS = Path(__file__).parents[1] / "docs"
A, B, C, D = (f"fakes/{name}" for name in ("one", "two", "three", "four"))

CASES = """\
- id: {}
  title: A Dense layer
  source: {{keras: keras.layers.Dense}}
  input: {{shape: [3]}}
  model: [{{Dense: {{units: 3}}}}]
"""

LEDGER = """\
- id: adds-twice
  adapter: keras-torch
  cases: [fakes/one, fakes/two]
  facets: [values]
  signature: values fail
  kind: bug
  reason: It adds twice.
  review_by: 2099-01-01
- id: raises
  adapter: keras-*
  cases: fakes/three
  outcome: error
  signature: it is error
  kind: by-design
  reason: It raises.
  review_by: 2099-01-01
"""

FINDINGS = """\
# Findings of the fakes

## keras-torch: it adds twice, `a | b`

Cases: `fakes/one`, `fakes/two`.

## keras-jax: another

Cases: `fakes/one`, `fakes/two`, `fakes/three`.

## keras (every backend): it raises

Cases: `fakes/three`.
"""

PAGE = f"# Backends\n\nWords.\n\n{HEADING}\n\nold\n\n## After it\n\nMore words.\n"

SMALL = b"""
{"columns": [{"name": "keras-torch", "day": "2026-01-01", "versions": {"keras": "3.15.1"},
  "python": "3.12.1", "planned": 2, "catalogue": 2, "outcomes": {"xfail": 2},
  "facets": {"values": {"known": 2}}, "faults": {"adds-twice": 2}}],
 "faults": {"adds-twice": {"kind": "bug", "file": "fakes", "cases": ["fakes/one", "fakes/two"]}}}
"""
UNKNOWN = SMALL.decode().replace('"adds-twice": {', '"other": {')


@pytest.fixture
def show(tmp_path, monkeypatch, capsys):
    """The command, in the repository of somebody who keeps a backend."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "cases/fakes.yaml": "".join(CASES.format(c.partition("/")[2]) for c in (A, B, C, D)),
        "fakes.yaml": LEDGER,
        "docs/findings/fakes.md": FINDINGS,
        "docs/page.md": PAGE,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def command(*records, into="docs/page.md"):
        given = [*records, "--into", into, "--cases", "cases", "--ledger", "fakes.yaml"]
        code = cli.main(["ledger", "show", *given])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        page = Path(into)
        return code, printed.out + printed.err, page.read_text() if page.exists() else ""

    return command


def ran(name, cells, **given):
    return str(record(Path(name, "records.jsonl"), cells, **given))


def row(page, begins):
    (found,) = (line for line in page.splitlines() if line.startswith(f"| {begins} |"))
    return [cell.strip() for cell in found.strip("|").split(" | ")]


def test_every_cell_is_held_against_the_ledger_of_now(show):
    # The record calls the second a failure: the ledger of its time did not know it.
    path = ran("run", {"keras-torch": {A: "xfail", B: "fail", C: "error", D: "unsupported"}})
    code, told, page = show(path)
    assert (code, told) == (0, "1 column in docs/page.md: 0 deviating cells in no ledger\n")
    assert row(page, "keras-torch") == ["keras-torch", "keras 3.15.1", "4", "0", "3", "1", "0"]


def test_what_no_entry_covers_is_told_by_name(show):
    path = ran("run", {"keras-torch": {A: "pass", D: "fail"}, "keras-jax": {A: "fail"}})
    code, told, page = show(path)
    assert (code, told) == (0, "2 columns in docs/page.md: 3 deviating cells in no ledger\n")
    # What passes in spite of its entry is none that the ledger explains either.
    assert "Not explained: `fakes/one` (1), `fakes/four` (1)." in page
    assert row(page, "keras-jax")[2:] == ["1 of 4", "0", "0", "0", "1"]


def test_facets_are_counted_by_what_came_of_them(show):
    cells = {
        A: facets(shape=0.0, values="fail", gradients="blocked"),
        B: facets(shape=0.0, values="fail", gradients="fail"),
        C: facets(shape=0.0, values=0.1, gradients="unsupported"),
    }
    _, _, page = show(ran("run", {"keras-torch": cells}))
    assert row(page, "shape")[1:] == ["3", "3", "0", "0", "0", "0"]
    # Of the second, the gradients are not what the entry says: nothing of it is excused.
    assert row(page, "values")[1:] == ["3", "1", "1", "1", "0", "0"]
    assert row(page, "gradients")[1:] == ["3", "0", "0", "1", "1", "1"]


def test_faults_are_linked_to_the_finding_about_this_adapter(show):
    _, _, page = show(ran("run", {"keras-torch": {A: "fail", B: "fail", C: "error"}}))
    link = (
        r"[keras-torch: it adds twice, `a \| b`](findings/fakes.md#keras-torch-it-adds-twice-a--b)"
    )
    assert f"| {link} | bug | 2 |" in page
    # A fault of Keras itself has its place behind all columns.
    own, _, everywhere = page.partition("### Keras's own")
    raises = "[keras (every backend): it raises](findings/fakes.md#keras-every-backend-it-raises)"
    assert f"| {raises} | by-design | 1 |" in everywhere
    assert "1 known deviation more: [Keras's own](#kerass-own)." in own
    assert "another" not in page


def test_without_a_finding_the_entry_is_named(tmp_path):
    (tmp_path / "small.json").write_bytes(SMALL)
    small = read_shown(tmp_path / "small.json")
    page = section(small, [])
    assert "| `adds-twice` | bug | 2 |" in page
    elsewhere = findings_in({"fakes": "## keras-jax: another\n\nCases: `fakes/one`.\n"})
    assert "| [`adds-twice`](findings/fakes.md) | bug | 2 |" in section(small, elsewhere)


def test_the_rest_of_the_page_stays(show):
    _, _, page = show(ran("run", {"keras-torch": {A: "fail"}}))
    assert page.startswith(f"# Backends\n\nWords.\n\n{HEADING}\n\n<!--")
    assert page.endswith("\n\n## After it\n\nMore words.\n")
    assert "old" not in page
    assert with_section("# No section\n", f"{HEADING}\n\nnew\n") == (
        f"# No section\n\n{HEADING}\n\nnew\n"
    )


def test_it_is_rendered_again_from_what_is_kept_and_a_column_can_be_replaced(show):
    cells = {"keras-torch": {A: "fail", C: "error"}, "keras-jax": {A: "pass", C: "error"}}
    _, _, first = show(ran("run", cells))
    _, _, second = show("docs/page.json")
    assert second == first
    newer = ran("newer", {"keras-torch": {A: "fail", B: "fail", C: "pass"}})
    _, _, third = show("docs/page.json", newer)
    assert row(third, "keras-torch")[2] == "3 of 4"
    assert row(third, "keras-jax") == row(first, "keras-jax")


def test_columns_of_one_adapter_are_told_apart(show):
    names = ["keras-torch", "keras-torch@keras==3.14.1"]
    _, _, page = show(ran("run", {name: {D: "pass"} for name in names}))
    assert "### keras-torch\n" in page
    assert "### keras-torch@keras==3.14.1\n" in page


def test_what_a_development_release_has_mended_is_told(show):
    nightly = {"keras-torch": {"keras": "3.16.0.dev2026010100"}}
    _, told, page = show(ran("run", {"keras-torch": {A: "pass"}}, versions=nightly))
    assert "0 deviating cells" in told
    assert "No longer shown, of what the ledger knows: `adds-twice` (1)." in page


@pytest.mark.parametrize("text", ["[]", "{", '{"columns": 1}', UNKNOWN])
def test_what_is_no_summary_is_refused_and_nothing_is_written(show, tmp_path, text):
    (tmp_path / "page.json").write_text(text)
    code, told, page = show("page.json")
    assert code == 2
    assert "page.json" in told
    assert page == PAGE


def test_a_record_that_is_not_there_is_refused(show):
    code, told, page = show("nowhere")
    assert code == 2
    assert "nowhere" in told
    assert page == PAGE


def test_the_page_of_backends_is_what_the_command_renders():
    shown = read_shown(DOCS / "backends.json")
    sections = {path.stem: path.read_text() for path in sorted((DOCS / "findings").glob("*.md"))}
    page = (DOCS / "backends.md").read_text()
    assert with_section(page, section(shown, findings_in(sections))) == page, (
        "run `keras-conformance ledger show docs/backends.json --into docs/backends.md`"
    )
    assert shown != Shown()
