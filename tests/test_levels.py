"""``--level`` through both front doors: what is run, and that it is said."""

from __future__ import annotations

import json

import inner
import pytest
from runs import FAKE, Runner, write_cases

from conformance import cli
from conformance.records import read
from conformance.records.model import LevelOf

ALL = ["one", "off-by-a-little", "two"]


@pytest.fixture
def runner(tmp_path, cache):
    write_cases(tmp_path, ALL)
    return Runner(tmp_path, cache)


def of(level, chosen, cases, holds="each elementary layer and each function once"):
    return LevelOf(level=level, of=5, holds=holds, chosen=chosen, cases=cases)


def test_a_level_is_run_and_everything_that_is_read_says_so(runner):
    result = runner.run("cases", "--level", "3")
    assert runner.records().header.level == of(3, 3, 3, "every written case once")
    assert result.returncode == 1


def test_what_is_left_out_is_not_run(runner):
    result = runner.run("cases", "--level", "2")
    # All three are one Dense layer, so that the first of them is all there is to a lower level.
    assert result.returncode == 0
    run = runner.records()
    assert run.header.cases == ["fakes/one"]
    assert run.header.level == of(2, 1, 3, "every layer, function, object and activation once")
    told = (
        "Level 2 of 5: 1 of 3 cases (every layer, function, object and activation once). "
        "Level 3 asks for more."
    )
    assert result.stdout.startswith(told)
    assert "1 case of level 2 of 5 on 1 adapter: everything that was judged" in result.stdout
    folder = runner.records_path().parent
    for name in ("summary.txt", "summary.md", "report.html"):
        text = " ".join((folder / name).read_text().replace("\\", "").split())
        assert "Level 2 of 5: 1 of 3 cases" in text, name


def test_a_run_of_no_level_says_nothing_of_levels(runner):
    result = runner.run("cases")
    assert runner.records().header.level is None
    assert len(runner.records().header.cases) == len(ALL)
    assert "evel" not in result.stdout
    assert "Only the cases of a level" not in (
        runner.records_path().with_name("report.html").read_text()
    )


def test_a_case_is_of_one_level_whatever_else_is_asked_for(runner):
    # Alone in its family it would be the simplest; in the catalogue another one is.
    arguments = ("layers/core/dense*", "documents/dense/*", "--level", "1")
    runner.run(*arguments)
    chosen = runner.records().header.cases
    assert len(chosen) == 1
    (runner.folder / "reports").rename(runner.folder / "before")
    runner.run(chosen[0], "--level", "1")
    assert runner.records().header.cases == chosen
    (runner.folder / "reports").rename(runner.folder / "again")
    result = runner.run("layers/core/dense[shape=5,units=4*", "--level", "1")
    assert "Level 1 of 5: 0 of" in result.stdout
    assert "nothing was planned" in result.stdout
    assert result.returncode == 1


def test_a_level_that_is_none_is_told(runner):
    result = runner.run("cases", "--level", "6")
    assert result.returncode == 2
    assert (
        "there is no level 6; there are\n  1  each elementary layer and each function once"
        in result.stderr
    )
    assert "  5  everything" in result.stderr


def test_the_covering_selection_is_run_and_said(runner):
    result = runner.run("cases", "--level", "covering")
    assert result.returncode == 0
    holds = "each layer with every value of every argument, in few cases"
    assert runner.records().header.level == of(0, 1, 3, holds)
    assert runner.records().header.cases == ["fakes/one"]
    assert result.stdout.startswith(f"The covering selection: 1 of 3 cases ({holds}).\n")
    assert "1 case of the covering selection on 1 adapter: everything" in result.stdout


def test_a_covering_selection_and_a_level_are_not_joined(runner, capsys):
    for level in ("covering", "2"):
        runner.run("cases", "--level", level, "--reports", level)
    folders = [str(runner.folder / level) for level in ("covering", "2")]
    assert cli.main(["merge", *folders, "-o", str(runner.folder / "mixed")]) == 2
    assert "the covering selection" in capsys.readouterr().err


def test_shards_of_a_level_are_joined_and_those_of_two_are_not(runner):
    for index in (1, 2):
        runner.run("cases", "--level", "3", "--shard", f"{index}/2", "--reports", f"parts/{index}")
    runner.run("cases", "--level", "4", "--reports", "others")
    parts, others = str(runner.folder / "parts"), str(runner.folder / "others")
    assert cli.main(["merge", parts, "-o", str(runner.folder / "joined")]) == 1
    joined = read(runner.folder / "joined/records.jsonl").header
    assert joined.level == of(3, 3, 3, "every written case once")
    assert cli.main(["merge", parts, others, "-o", str(runner.folder / "mixed")]) == 2


def test_of_several_levels_it_is_said_which(runner, capsys):
    runner.run("cases", "--level", "2", "--reports", "two")
    runner.run("cases", "--reports", "none", adapters={"other": FAKE})
    folders = [str(runner.folder / name) for name in ("two", "none")]
    assert cli.main(["merge", *folders, "-o", str(runner.folder / "mixed")]) == 2
    assert "is of no level, and" in capsys.readouterr().err


def test_the_cases_of_a_level_are_listed(capsys):
    assert cli.main(["list", "--level", "1", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert cli.main(["list", "--json"]) == 0
    assert 0 < len(first) < len(json.loads(capsys.readouterr().out)) / 20
    assert cli.main(["list", "--level", "0"]) == 2


# --- pytest ---------------------------------------------------------------------------------------


@pytest.fixture
def suite(pytester, cache, monkeypatch):
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(cache))
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeini("[pytest]\nconformance_cases = cases\ntestpaths = cases\n")
    write_cases(pytester.path, ALL)
    options = [f"--adapter-command={name}={FAKE}" for name in ("left", "right")]
    chosen = ["--adapter=left", "--adapter=right"]
    return lambda *arguments: inner.run(pytester, *options, *chosen, *arguments)


def newest(pytester):
    (path,) = (pytester.path / "reports").glob("*/records.jsonl")
    return read(path)


def test_pytest_deselects_what_is_of_a_higher_level(suite, pytester):
    result = suite("--level", "1")
    result.assert_outcomes(passed=0, deselected=6)  # the fakes ask for no gradients
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result = suite("--level", "2")
    result.assert_outcomes(passed=2, deselected=4)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["Level 2 of 5: 1 of 3 cases (every layer*). Level 3 asks*"])
    run = newest(pytester)
    assert run.header.level == of(2, 1, 3, "every layer, function, object and activation once")
    assert run.header.cases == ["fakes/one"]


def test_pytest_with_all_levels_runs_all(suite, pytester):
    result = suite("--level", "5")
    result.assert_outcomes(passed=4, failed=2)
    assert newest(pytester).header.level == of(5, 3, 3, "everything")


def test_a_level_means_the_same_for_each_worker_of_xdist(suite, pytester):
    result = suite("--level", "2", "-n", "2")
    assert result.ret == 0, result.stdout.str()
    run = newest(pytester)
    assert run.header.cases == ["fakes/one"]
    assert run.header.level == of(2, 1, None, "every layer, function, object and activation once")


def test_pytest_takes_the_covering_selection_and_says_so(suite, pytester):
    result = suite("--level", "covering", "-n", "2")
    assert result.ret == 0, result.stdout.str()
    assert newest(pytester).header.cases == ["fakes/one"]
    assert newest(pytester).header.level.name == "the covering selection"


def test_pytest_names_the_levels_where_there_is_no_such(suite):
    result = suite("--level", "9")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--level: there is no level 9" in result.stderr.str()
