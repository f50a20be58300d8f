"""The rows of a CI matrix: one that proves nothing is as bad as one that fails."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from comparisons import record
from test_merging import TORCH, A, B, C, part

from conformance import cli

NIGHTLY = {"torch": {"keras": "3.16.0.dev2025122903"}}


@pytest.fixture
def rows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("records").mkdir()

    def command(*arguments):
        code = cli.main(["rows", "records", *arguments])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return command


def row(name, cells=None, folder="records", **given):
    path = Path(folder, name, "run", "records.jsonl")
    path.unlink(missing_ok=True)
    return record(path, cells or {"torch": {A: "pass"}}, **given)


def state(text, name):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {name} |")]
    return line


def test_rows_that_conform(rows):
    row("linux", {"torch": {A: "pass", B: "xfail", C: "unsupported"}})
    code, text = rows("--expect", "linux", "--markdown", "table.md")
    assert code == 0
    assert state(text, "linux").startswith("| linux | ✓ conforms | 1 | 1 |  |  | keras 3.15.1")
    assert Path("table.md").read_text() == text


@pytest.mark.parametrize(
    ("cells", "given", "words"),
    [
        ({"torch": {A: "fail"}}, {}, "1 unexpected result under 1 cause"),
        ({"torch": {A: "pass", B: None}}, {}, "1 planned cell has no verdict"),
        ({"torch": {A: "pass"}}, {"footer": False}, "the run did not come to its end"),
        ({"torch": {A: "not-installed"}}, {}, "nothing was judged"),
        (
            {"torch": {A: "pass"}, "jax": {A: "not-installed"}},
            {},
            "jax is not installed: leave it out of the row",
        ),
        (
            {"torch": {A: "pass"}},
            {"versions": {"torch": {"keras": "3.16.0.dev20251201"}}},
            "31 days",
        ),
    ],
)
def test_what_is_wrong_with_a_row(rows, cells, given, words):
    row("linux", cells, **given)
    row("other")
    code, text = rows()
    assert code == 1
    assert words in text
    assert "conforms" in state(text, "other")
    assert "✓" not in state(text, "linux")


def test_a_row_that_never_ran_is_told(rows):
    row("linux")
    code, text = rows("--rows", json.dumps([{"name": "linux", "os": "x"}, {"name": "macos.1"}]))
    assert code == 1
    assert "nothing ran: there is no record of it" in text
    assert "proves nothing" in state(text, "macos")


def test_no_row_at_all_is_an_error(rows):
    assert rows() == (2, "nothing ran: there is no row in records\n")
    assert rows("--rows", "[]")[0] == 2
    assert "wants the rows as JSON" in rows("--rows", "[{}]")[1]


def test_a_nightly_row_must_have_a_nightly(rows):
    row("nightly")
    assert "none of its frameworks is a nightly" in rows()[1]
    row("nightly", versions=NIGHTLY)
    assert rows()[0] == 0
    assert "is 3 days old" in rows("--days", "2")[1]


def test_a_nightly_that_was_asked_for_by_its_version_does_not_go_stale(rows):
    old = {"keras": "3.16.0.dev20251001"}
    pinned = "keras-torch@keras-nightly==3.16.0.dev20251001"
    row("plugin", {pinned: {A: "pass"}}, versions={pinned: old})
    assert rows()[0] == 0
    other = "keras-torch@keras-nightly==3.16.0.dev20251002"
    row("plugin", {other: {A: "pass"}}, versions={other: old})
    assert "92 days old" in rows()[1]


def test_shards_are_one_row(rows):
    for index, cases in enumerate(([A, C], [B]), 1):
        cells = {"torch": {case: TORCH["torch"][case] for case in cases}}
        part(Path("records", f"linux.{index}", "records.jsonl"), index, cells)
    code, text = rows("--expect", "linux.1", "--expect", "linux.2")
    assert code == 1
    assert "| linux | ✗ does not conform | 2 |  | 1 |" in text
    Path("records/linux.2/records.jsonl").unlink()
    assert "2/2 is missing" in rows()[1]


def test_what_changed_since_the_last_time(rows):
    row("linux", {"torch": {A: "pass", B: "fail"}}, folder="last")
    row("linux", {"torch": {A: "fail", B: "pass"}}, versions={"torch": {"keras": "3.16.0"}})
    _, text = rows("--last", "last")
    assert "✗ 1 regression, ✓ 1 fixed" in state(text, "linux")
    assert "Changed: keras 3.15.1 → 3.16.0" in text


def test_a_broken_record_is_told(rows):
    path = row("linux")
    path.write_text("no record\n")
    code, text = rows()
    assert code == 1
    assert "records.jsonl:1" in text.replace("\\", "")


GH = """\
#!{python}
import json, pathlib, sys
kept = pathlib.Path({kept!r})
issues = json.loads(kept.read_text())
arguments = sys.argv[1:]
assert arguments[-2:] == ["--repo", "owner/name"], arguments
what = arguments[1]
if what == "list":
    shown = [{{"number": i["number"], "title": i["title"]}} for i in issues if i["open"]]
    print(json.dumps(shown))
elif what == "create" and arguments[0] == "issue":
    title = arguments[arguments.index("--title") + 1]
    told = {{"title": title, "open": True, "text": sys.stdin.read()}}
    issues.append({{"number": len(issues) + 1, **told}})
elif what == "edit":
    issues[int(arguments[2]) - 1]["text"] = sys.stdin.read()
elif what == "close":
    issues[int(arguments[2]) - 1]["open"] = False
elif arguments[0] != "label":
    sys.exit("unknown: " + repr(arguments))
kept.write_text(json.dumps(issues))
"""


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for gh is a script with a #! line")
class TestTracking:
    @pytest.fixture
    def issues(self, rows, tmp_path, monkeypatch):  # noqa: ARG002 - in its folder
        kept = tmp_path / "issues.json"
        kept.write_text("[]")
        program = tmp_path / "bin" / "gh"
        program.parent.mkdir()
        program.write_text(GH.format(python=sys.executable, kept=str(kept)))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent))
        return lambda: json.loads(kept.read_text())

    def test_one_issue_a_failing_row_kept_up_to_date(self, rows, issues):
        track = ("--track", "owner/name", "--link", "https://example.org/run/7")
        row("linux", {"torch": {A: "fail"}})
        row("macos")
        assert "linux: opened an issue" in rows(*track)[1]
        (issue,) = issues()
        assert issue["title"] == "Conformance: linux"
        assert "1 unexpected result" in issue["text"]
        assert "run/7" in issue["text"]

        row("linux", {"torch": {A: "fail", B: "crash"}})
        assert "linux: rewrote #1" in rows(*track)[1]
        (issue,) = issues()
        assert "2 unexpected results" in issue["text"]

        row("linux")
        code, text = rows(*track)
        assert code == 0
        assert "linux: closed #1" in text
        assert [issue["open"] for issue in issues()] == [False]
        rows(*track)
        assert len(issues()) == 1

    def test_what_gh_refuses_is_told(self, rows, issues):  # noqa: ARG002
        row("linux", {"torch": {A: "fail"}})
        Path("issues.json").write_text("{}")
        code, text = rows("--track", "owner/name")
        assert code == 2
        assert "gh issue create failed" in text
        Path("issues.json").write_text("no JSON")
        assert "gh issue list failed" in rows("--track", "owner/name")[1]
        assert "no repository" in rows("--track", "owner name")[1]

    def test_without_gh(self, rows, monkeypatch):
        row("linux")
        monkeypatch.setenv("PATH", "")
        assert "gh, the command line of GitHub, is not on the path" in rows("--track", "a/b")[1]
