"""The history: since when a case is as it is, and nothing half-written."""

from __future__ import annotations

import sqlite3

import pytest
from comparisons import facets, record, run

from conformance import cli
from conformance.history import HistoryError, add, points, trend

A, B = "layers/core/dense", "layers/core/embedding"


def told(tmp_path, day, cells, **given):
    started = f"2026-01-{day:02}T12:00:00Z"
    path = tmp_path / f"runs/{day}/records.jsonl"
    return run(path, cells, run=f"run-{day}", started=started, **given)


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "history.sqlite"
    runs = [
        told(tmp_path, 1, {"torch": {A: "fail", B: "pass"}}),
        told(tmp_path, 2, {"torch": {A: "not-installed", B: "pass"}}),
        told(
            tmp_path,
            3,
            {"torch": {A: facets(values=0.125, gradients=0.5), B: None}, "jax": {A: "pass"}},
            versions={"torch": {"keras": "3.16.0"}},
        ),
    ]
    add(path, runs)
    return path


def test_a_curve_is_every_run_the_oldest_first(kept):
    found = [(p.run, p.adapter, p.outcome, p.facet, p.margin) for p in points(kept, A)]
    assert found == [
        ("run-1", "torch", "fail", "values", 9.5),
        ("run-2", "torch", "not-installed", "", None),
        ("run-3", "torch", "pass", "gradients", 0.5),
        ("run-3", "jax", "pass", "values", 0.05),
    ]
    assert points(kept, A)[2].versions == {"keras": "3.16.0"}


def test_totals_count_what_was_not_run(kept):
    assert [(t.run, t.adapter, t.counts, t.partial) for t in trend(kept)] == [
        ("run-1", "torch", {"fail": 1, "pass": 1}, False),
        ("run-2", "torch", {"not-installed": 1, "pass": 1}, False),
        ("run-3", "torch", {"pass": 1, "not-run": 1}, True),
        ("run-3", "jax", {"pass": 1}, True),
    ]


def test_a_run_that_is_added_again_replaces_itself(kept, tmp_path):
    add(kept, [told(tmp_path / "again", 3, {"torch": {A: "crash"}})])
    assert [p.outcome for p in points(kept, A)] == ["fail", "not-installed", "crash"]


def test_all_runs_or_none(kept, tmp_path):
    def broken():
        yield told(tmp_path / "good", 4, {"torch": {A: "pass"}})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(kept, broken())
    assert [total.run for total in trend(kept)] == ["run-1", "run-2", "run-3", "run-3"]


def test_a_full_disk_leaves_what_was_there(kept, tmp_path, monkeypatch):
    from conformance.history import database

    connect = sqlite3.connect

    def full(*arguments, **options):
        connection = connect(*arguments, **options)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    many = {f"layers/core/case-{number}": "pass" for number in range(2000)}
    added = told(tmp_path, 4, {"torch": many})
    with monkeypatch.context() as patch:
        patch.setattr(database.sqlite3, "connect", full)
        with pytest.raises(HistoryError, match=r"cannot write the history .*full"):
            add(kept, [added])
    assert [total.run for total in trend(kept)] == ["run-1", "run-2", "run-3", "run-3"]
    add(kept, [added])
    assert trend(kept)[-1].counts == {"pass": 2000}


class TestFiles:
    def test_another_database_is_never_written_to(self, tmp_path):
        path = tmp_path / "other.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE run (mine)")
        with pytest.raises(HistoryError, match="is no history of keras-conformance"):
            add(path, [])
        with sqlite3.connect(path) as connection:
            assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master")] == [
                "run"
            ]

    def test_a_newer_schema_is_refused(self, kept):
        with sqlite3.connect(kept) as connection:
            connection.execute("PRAGMA user_version = 9")
        with pytest.raises(HistoryError, match="has schema 9"):
            points(kept, A)

    @pytest.mark.parametrize("content", [b"no database at all, but long enough" * 40, b""])
    def test_a_file_that_is_none_is_told(self, tmp_path, content):
        path = tmp_path / "broken.sqlite"
        path.write_bytes(content)
        with pytest.raises(HistoryError, match=r"not a database|no history"):
            points(path, A)

    def test_damaged_contents_are_told(self, kept):
        with sqlite3.connect(kept) as connection:
            connection.execute("UPDATE cell SET outcome = 'splendid'")
        with pytest.raises(HistoryError, match="is damaged at"):
            points(kept, A)


class TestCommand:
    @pytest.fixture
    def history(self, monkeypatch, capsys, tmp_path):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COLUMNS", "200")

        def command(*arguments):
            code = cli.main(["history", *map(str, arguments)])
            printed = capsys.readouterr()
            return code, printed.out + printed.err

        return command

    def test_since_when(self, history, kept):
        code, text = history(A, "--history", kept)
        assert code == 0
        torch = next(line for line in text.splitlines() if line.startswith("torch"))
        assert "pass" in torch
        assert "2026-01-03 (keras 3.16.0)" in torch
        assert "fail until 2026-01-01" in torch
        assert "keras 3.15.1 → 3.16.0" in torch
        assert "50%" in torch
        assert "the first run" in next(line for line in text.splitlines() if "jax" in line)

    def test_added_and_asked(self, history, tmp_path):
        record(tmp_path / "reports/run-1/records.jsonl", {"torch": {A: "pass"}}, run="run-1")
        assert history("add", "latest") == (0, "run-1 is in reports/history.sqlite\n")
        assert history("dense")[0] == 0

    def test_a_folder_of_runs_is_added(self, history, tmp_path):
        for day in (1, 2):
            told(tmp_path, day, {"torch": {A: "pass"}})
        code, text = history("add", "runs")
        assert (code, text.count(" is in ")) == (0, 2)
        assert [total.run for total in trend(tmp_path / "reports/history.sqlite")] == [
            "run-1",
            "run-2",
        ]

    def test_a_maintainer_is_told_what_is_wrong(self, history, kept):
        for arguments, words in [
            ((A,), "`keras-conformance history add RECORDS` begins one"),
            (("add",), "wants records"),
            (("add", "nowhere"), "no records at 'nowhere'"),
            ((A, B), "one case at a time"),
            (("layers/core/dence", "--history", kept), f"did you mean '{A}'"),
            (("layers", "--history", kept), B),
        ]:
            code, text = history(*arguments)
            assert code == 2
            assert words in text
