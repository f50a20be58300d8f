"""Two runs held against each other: every change is called what it is, and nothing is made up."""

from __future__ import annotations

import json

import pytest
from comparisons import LACKS, facets, record, run

from conformance import cli
from conformance.comparing import ColumnsError, compare

A, B = "layers/core/dense", "layers/core/embedding"
FAIL = facets(values="fail", gradients=0.05)
BOTH_FAIL = facets(values="fail", gradients="fail")


@pytest.fixture
def changed(tmp_path):
    """The change of one case on one adapter, from what is told of it on both sides."""

    def change(old, new, **given):
        olds = run(tmp_path / "old.jsonl", {"torch": {A: old}}, **given.pop("before", {}))
        news = run(tmp_path / "new.jsonl", {"torch": {A: new}}, **given)
        diff = compare(olds, news)
        assert sum(diff.counts.values()) == 1
        return next(iter(diff.changes), None), diff

    return change


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("pass", "fail", "regression"),
        ("pass", "error", "regression"),
        ("pass", "crash", "regression"),
        ("pass", "timeout", "regression"),
        ("pass", "xfail", "regression"),
        ("xpass", "fail", "regression"),
        (FAIL, BOTH_FAIL, "regression"),
        (FAIL, "crash", "regression"),
        (("xfail", FAIL), BOTH_FAIL, "regression"),
        ("fail", "pass", "fixed"),
        ("xfail", "pass", "fixed"),
        ("xfail", "xpass", "fixed"),
        ("crash", "pass", "fixed"),
        ("fail", "fail", "still-failing"),
        ("fail", "xfail", "still-failing"),
        (BOTH_FAIL, FAIL, "still-failing"),
        ("crash", "fail", "still-failing"),
        (
            facets(shape="fail", values="blocked"),
            facets(shape="pass", values="fail"),
            "still-failing",
        ),
        (facets(values=0.05), facets(values=0.2), "drift"),
        (facets(values=0.05, gradients=0.01), facets(values=0.05, gradients=0.9), "drift"),
        (facets(values=0.02), facets(values=0.1), None),
        (facets(values=0.4), facets(values=0.5), None),
        (facets(values=0.5), facets(values=0.1), None),
        ("pass", "pass", None),
        ("pass", "xpass", None),
        ("unsupported", "unsupported", None),
        ("not-installed", "not-installed", None),
        ("pass", "not-installed", "environment-changed"),
        ("not-installed", "fail", "environment-changed"),
        ("pass", "unsupported", "inconclusive"),
        ("unsupported", "fail", "inconclusive"),
        ("pass", None, "inconclusive"),
        (None, "pass", "inconclusive"),
        (None, None, "inconclusive"),
        ("absent", "pass", "appeared"),
        ("absent", "fail", "appeared"),
        ("pass", "absent", "disappeared"),
        ("xfail", "absent", "disappeared"),
        ("absent", "absent", None),
        ("absent", "unsupported", None),
        ("absent", "not-installed", "environment-changed"),
        ("absent", None, "inconclusive"),
        (None, "absent", "inconclusive"),
    ],
)
def test_a_change_is_called_what_it_is(changed, old, new, change):
    line, diff = changed(old, new)
    assert (line.change if line else None) == change
    assert diff.counts == {change or "unchanged": 1}


@pytest.mark.parametrize(
    ("sides", "said"),
    [(("absent", "pass"), "not there → pass"), (("pass", "absent"), "pass → not there")],
)
def test_what_a_release_does_not_have_is_said_in_words(changed, sides, said):
    from conformance.comparing.words import outcomes

    line, diff = changed(*sides)
    assert (outcomes(line), line.message) == (said, LACKS)
    assert diff.compared == 0
    assert bool(diff.undecided()) == (sides[1] == "absent")


def test_a_case_whose_content_changed_is_not_compared(changed):
    line, diff = changed("pass", "fail", digests={A: "e" * 64})
    assert line.change == "case-changed"
    assert diff.compared == 0


def test_a_case_under_another_name_is_found_by_its_content(tmp_path):
    olds = run(tmp_path / "old.jsonl", {"torch": {A: "pass"}}, digests={A: "1" * 64})
    news = run(tmp_path / "new.jsonl", {"torch": {B: "fail"}}, digests={B: "1" * 64})
    diff = compare(olds, news)
    (line,) = diff.changes
    assert (line.change, line.case, line.was) == ("regression", B, A)


def test_names_of_one_content_are_not_guessed_at(tmp_path):
    olds = run(tmp_path / "old.jsonl", {"torch": {A: "pass", "a/b": "pass"}})
    news = run(tmp_path / "new.jsonl", {"torch": {B: "fail"}})
    assert compare(olds, news).counts == {"new": 1, "removed": 2}


@pytest.mark.parametrize(
    ("rules", "held_to", "change"),
    [
        (("one", "two"), ("truth", "other"), "tolerance-changed"),
        (("one", "two"), ("truth", "truth"), "regression"),
        (("one", "one"), ("truth", "its last bit"), "regression"),
        (("", "two"), ("", "truth"), "regression"),
    ],
)
def test_another_truth_is_told_from_another_answer(changed, rules, held_to, change):
    line, _ = changed(
        "pass",
        "fail",
        before={"rule": rules[0], "held_to": {A: held_to[0]}},
        rule=rules[1],
        held_to={A: held_to[1]},
    )
    assert line.change == change


def test_another_truth_that_changes_no_verdict_is_no_change(changed):
    line, diff = changed(
        "fail", "fail", before={"rule": "1", "held_to": {A: "x"}}, rule="2", held_to={A: "y"}
    )
    assert line.change == "still-failing"
    assert diff.compared == 1


def test_what_is_on_one_side_only_is_new_or_removed(tmp_path):
    olds = run(tmp_path / "old.jsonl", {"torch": {A: "pass"}, "jax": {A: "pass"}})
    news = run(tmp_path / "new.jsonl", {"torch": {A: "pass", B: "fail"}}, digests={B: "b" * 64})
    diff = compare(olds, news)
    assert diff.counts == {"new": 1, "removed": 1, "unchanged": 1}
    assert "jax is only in OLD." in diff.notes


def test_a_regression_is_attributed_to_what_changed(changed):
    line, diff = changed("pass", "fail", versions={"torch": {"keras": "3.16.0", "torch": "2.14"}})
    assert line.because == ["keras 3.15.1 → 3.16.0", "torch absent → 2.14"]
    assert [version.what for version in diff.columns[0].versions] == ["keras", "torch"]


def test_of_several_adapters_what_changed_on_all_is_named(tmp_path):
    olds = run(tmp_path / "old.jsonl", {"keras-torch": {A: "pass"}, "keras-jax": {A: "pass"}})
    versions = {
        "keras-torch": {"keras": "3.16.0", "torch": "2.14"},
        "keras-jax": {"keras": "3.16.0"},
    }
    news = run(
        tmp_path / "new.jsonl",
        {"keras-torch": {A: "fail"}, "keras-jax": {A: "fail"}},
        versions=versions,
    )
    assert [line.because for line in compare(olds, news).changes] == [["keras 3.15.1 → 3.16.0"]] * 2


def test_a_known_regression_is_none_that_is_unexpected(changed):
    line, diff = changed("pass", "xfail")
    assert line.known == "old-bug"
    assert diff.unexpected() == []
    assert diff.exit_code == 0


def test_a_case_that_fails_everywhere_is_suspect(tmp_path):
    cells = {
        "torch": {A: "fail", B: "fail"},
        "jax": {A: "error", B: "unsupported"},
        "keras-jax": {A: "xfail", B: "xfail"},
    }
    diff = compare(*[run(tmp_path / f"{side}.jsonl", cells) for side in ("old", "new")])
    assert diff.suspects == [A, B]


@pytest.mark.parametrize(
    "cells",
    [
        {"torch": {A: "fail"}, "jax": {A: "pass"}},
        {"torch": {A: "fail"}, "jax": {A: "unsupported"}},
        {"torch@torch==2.1": {A: "fail"}, "torch@torch==2.2": {A: "fail"}},
        {"torch": {A: "xfail"}, "jax": {A: "xfail"}},
    ],
    ids=["one conforms", "one witness", "two versions of one", "all are known"],
)
def test_a_case_is_not_suspected_lightly(tmp_path, cells):
    one = run(tmp_path / "one.jsonl", cells)
    assert compare(one, one).suspects == []


class TestColumns:
    def test_versions_of_one_adapter_are_paired(self, tmp_path):
        olds = run(tmp_path / "old.jsonl", {"keras-torch@keras==3.14.1": {A: "fail"}})
        news = run(tmp_path / "new.jsonl", {"keras-torch@keras==3.15.1": {A: "pass"}})
        diff = compare(olds, news)
        (column,) = diff.columns
        assert column.adapter == "keras-torch"
        assert (column.old, column.new) == (
            "keras-torch@keras==3.14.1",
            "keras-torch@keras==3.15.1",
        )
        assert diff.counts == {"fixed": 1}

    def test_two_columns_of_one_run(self, tmp_path):
        both = run(
            tmp_path / "both.jsonl",
            {
                "keras-torch@keras==3.14.1": {A: "fail", B: "pass"},
                "keras-torch@keras==3.15.1": {A: "pass", B: "fail"},
                "jax": {A: "pass", B: "pass"},
            },
        )
        diff = compare(both, both, old_columns="*@keras==3.14.1", new_columns="*@keras==3.15.1")
        assert [(line.change, line.case) for line in diff.changes] == [
            ("regression", B),
            ("fixed", A),
        ]
        assert [column.adapter for column in diff.columns] == ["keras-torch"]

    def test_the_same_name_is_the_same_column(self, tmp_path):
        cells = {"torch": {A: "pass"}, "torch@torch==2.1": {A: "pass"}}
        one = run(tmp_path / "one.jsonl", cells)
        assert [(c.old, c.new) for c in compare(one, one).columns] == [(n, n) for n in cells]

    def test_which_of_several_is_asked_and_not_guessed(self, tmp_path):
        olds = run(tmp_path / "old.jsonl", {"torch@torch==2.1": {A: "pass"}})
        news = run(
            tmp_path / "new.jsonl",
            {"torch@torch==2.2": {A: "pass"}, "torch@torch==2.3": {A: "pass"}},
        )
        with pytest.raises(ColumnsError, match=r"torch==2\.2, torch@torch==2\.3 in NEW.*--new"):
            compare(olds, news)
        assert compare(olds, news, new_columns="torch@torch==2.3").compared == 1

    def test_a_column_that_is_not_there_is_named_with_its_neighbour(self, tmp_path):
        one = run(tmp_path / "one.jsonl", {"torch@torch==2.1": {A: "pass"}})
        with pytest.raises(
            ColumnsError, match=r"OLD has no column.*did you mean 'torch@torch==2.1'"
        ):
            compare(one, one, old_columns="torch@torch==2.2")

    def test_runs_without_a_common_adapter_are_not_compared(self, tmp_path):
        olds = run(tmp_path / "old.jsonl", {"torch": {A: "pass"}})
        news = run(tmp_path / "new.jsonl", {"jax": {A: "pass"}})
        with pytest.raises(ColumnsError, match="no adapter is on both sides"):
            compare(olds, news)


class TestCommand:
    @pytest.fixture
    def diff(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COLUMNS", "200")

        def command(*arguments):
            code = cli.main(["diff", *map(str, arguments)])
            printed = capsys.readouterr()
            return code, printed.out + printed.err

        return command

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            ("pass", "pass", 0),
            ("fail", "pass", 0),
            ("fail", "fail", 0),
            ("pass", "xfail", 0),
            ("pass", "fail", 1),
            ("pass", None, 3),
            ("pass", "not-installed", 3),
            ("unsupported", "unsupported", 3),
            ("pass", "absent", 3),
        ],
    )
    def test_exit_codes(self, diff, tmp_path, old, new, code):
        record(tmp_path / "old.jsonl", {"torch": {A: old}})
        record(tmp_path / "new.jsonl", {"torch": {A: new}})
        assert diff("old.jsonl", "new.jsonl")[0] == code

    def test_a_changed_case_that_fails_now_is_an_open_end(self, diff, tmp_path):
        record(tmp_path / "old.jsonl", {"torch": {A: "pass", B: "pass"}})
        record(tmp_path / "new.jsonl", {"torch": {A: "fail", B: "pass"}}, digests={A: "e" * 64})
        assert diff("old.jsonl", "new.jsonl")[0] == 3

    def test_what_appears_is_listed_and_decides_nothing(self, diff, tmp_path):
        digests = {A: "1" * 64, B: "2" * 64}
        record(tmp_path / "old.jsonl", {"torch": {A: "absent", B: "pass"}}, digests=digests)
        record(tmp_path / "new.jsonl", {"torch": {A: "fail", B: "pass"}}, digests=digests)
        code, text = diff("old.jsonl", "new.jsonl", "--markdown", "d.md")
        assert code == 0
        assert "not there → fail on torch" in text
        assert "not there → fail on torch" in (tmp_path / "d.md").read_text()

    def test_what_is_said(self, diff, tmp_path):
        record(tmp_path / "reports/2026-01-01/records.jsonl", {"torch": {A: "pass"}})
        record(
            tmp_path / "reports/2026-01-02/records.jsonl",
            {"torch": {A: "fail"}},
            versions={"torch": {"keras": "3.16.0"}},
        )
        code, text = diff("2026-01-01", "latest", "--json", "d.json", "--markdown", "d.md")
        assert code == 1
        for told in (
            "pass → fail on torch",
            "keras 3.15.1 → 3.16.0",
            "values fail",
            A,
            "1 regression",
        ):
            assert told in text
        written = (tmp_path / "d.md").read_text()
        assert "| torch | keras 3.15.1 → 3.16.0 | 1 |" in written
        found = json.loads((tmp_path / "d.json").read_text())
        assert found["counts"] == {"regression": 1}
        assert found["changes"][0]["because"] == ["keras 3.15.1 → 3.16.0"]

    def test_a_maintainer_is_told_what_is_wrong(self, diff, tmp_path):
        record(tmp_path / "old.jsonl", {"torch": {A: "pass"}})
        (tmp_path / "newer.jsonl").write_text('{"type":"header","schema":99}\n')
        for arguments, words in [
            (("old.jsonl", "nowhere"), "no records at 'nowhere'"),
            (("latest", "latest"), "no run has left records in reports"),
            (("old.jsonl",), "diff wants two records, or one and two of its columns"),
            (("old.jsonl", "newer.jsonl"), "schema 99"),
            (("old.jsonl", "--old", "jax", "--new", "torch"), "OLD has no column 'jax'"),
        ]:
            code, text = diff(*arguments)
            assert code == 2
            assert words in text
            assert "Traceback" not in text

    def test_hostile_text_is_inert(self, diff, tmp_path):
        from synthetic_runs import HOSTILE

        bad = facets(values="fail")
        hostile = [bad[0].__class__(facet="values", outcome="fail", message=HOSTILE)]
        record(tmp_path / "old.jsonl", {"torch": {A: "pass"}})
        record(tmp_path / "new.jsonl", {"torch": {A: hostile}})
        _, text = diff("old.jsonl", "new.jsonl", "--markdown", "d.md")
        written = (tmp_path / "d.md").read_text()
        assert "\x1b[31m" not in text + written
        assert "\u202e" not in text + written
        assert "<script>" not in written


def test_a_cut_off_record_is_compared_as_far_as_it_goes(tmp_path):
    olds = run(tmp_path / "old.jsonl", {"torch": {A: "pass", B: "pass"}})
    path = record(tmp_path / "new.jsonl", {"torch": {A: "pass", B: "fail"}}, footer=False)
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    from conformance.records import read

    diff = compare(olds, read(path, brief=True))
    assert diff.counts == {"inconclusive": 1, "unchanged": 1}
    assert any("cut off" in note for note in diff.notes)
    assert any("1 planned cell has no verdict" in note for note in diff.notes)
