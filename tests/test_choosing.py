"""Which cases a word means: the same in every command and under pytest."""

from __future__ import annotations

import argparse

import inner
import pytest
from runs import CASE, FAKE, Runner, called, environment

from conformance import cli
from conformance.cases.choosing import choose
from conformance.cases.problems import CasesError

VARIED = """\
- id: varied
  title: A sum
  function: ops.sum
  input: {shape: [2, 3]}
  config: {axis: 0}
  vary: {axis: [0, 1]}
"""

ENTRY = """\
- id: known
  adapter: fake
  cases: {case}
  facets: [values, batch]
  signature: times the tolerance
  kind: bug
  reason: It is off by a little.
  review_by: 2099-01-01
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder of one's own: two files of cases, one in a folder below, and YAML that is none."""
    folder = tmp_path / "my-cases"
    (folder / "deep").mkdir(parents=True)
    (folder / "dense.yaml").write_text(CASE.format(id="one") + CASE.format(id="two"))
    (folder / "deep" / "sums.yml").write_text(VARIED)
    (folder / "compose.yaml").write_text("version: 3\nservices: {a: b}\n")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("dense/one", ["dense/one"]),
        ("dense/*", ["dense/one", "dense/two"]),
        ("sums/varied", ["sums/varied[axis=0]", "sums/varied[axis=1]"]),
        ("sums/varied[axis=1]", ["sums/varied[axis=1]"]),
        ("my-cases/dense.yaml", ["dense/one", "dense/two"]),
        ("my-cases/deep", ["sums/varied[axis=0]", "sums/varied[axis=1]"]),
        ("my-cases/dense.yaml::two", ["dense/two"]),
        ("my-cases/dense.yaml::dense/two", ["dense/two"]),
        ("my-cases/dense.yaml::t*", ["dense/two"]),
        ("my-cases/deep/sums.yml::varied[axis=1]", ["sums/varied[axis=1]"]),
        ("my-cases/deep/sums.yml::varied[axis=1][keras-torch]", ["sums/varied[axis=1]"]),
        ("my-cases/dense.yaml::two[keras-torch]", ["dense/two"]),
    ],
)
def test_a_word_means(mine, word, meant):
    (mine / "compose.yaml").unlink()
    assert [case.id for case in choose([word], [mine])] == meant


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("dense/on", "'*dense/on*' would mean "),
        ("dense/onne", "did you mean dense/one"),
        ("nobody-*", "no case is named 'nobody-*'"),
        ("my-cases/dens.yaml", "my-cases/dens.yaml: there is no such file"),
        ("my-cases/dense.yaml::three", "it holds one, two"),
        ("", "no case is named ''"),
        ("a" * 5000, "no case is named"),
    ],
)
def test_a_word_that_means_nothing_is_told(mine, word, told):
    (mine / "compose.yaml").unlink()
    with pytest.raises(CasesError, match=r"\S") as error:
        choose([word], [mine])
    assert told in str(error.value)


def test_a_folder_that_is_not_there_is_told(mine, cache, capsys):  # noqa: ARG001 - it is changed into
    assert cli.main(["list", "--cases", "nowhere"]) == 1
    assert "--cases nowhere: there is no such file or folder" in capsys.readouterr().err


def commands(parser, name=()):
    """Every command of a parser, chores included, with its own parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for key, inner_parser in action.choices.items():
                yield (*name, key), inner_parser
                yield from commands(inner_parser, (*name, key))


def test_every_command_that_takes_cases_takes_folders_of_ones_own():
    taking = set()
    for name, parser in commands(cli.parser()):
        cases = {a.dest for a in parser._actions if a.metavar == "CASE"}
        options = {text for a in parser._actions for text in a.option_strings}
        if cases and name[0] not in {"history", "touched"}:
            assert "--cases" in options, name
            taking.add(name[0])
    assert taking == {"run", "list", "repro", "diff", "bisect", "sweep"}
    for other in ("coverage", "ledger"):
        (found,) = (p for n, p in commands(cli.parser()) if n in {(other,), (other, "check")} and (
            other != "ledger" or n == ("ledger", "check")))  # fmt: skip
        assert any("--cases" in a.option_strings for a in found._actions)


# -- ledgers of one's own --------------------------------------------------------------------------


@pytest.fixture
def runner(mine, tmp_path, cache):
    (mine / "dense.yaml").write_text(CASE.format(id="one"))
    (mine / "compose.yaml").unlink()
    (mine / "deep" / "sums.yml").unlink()
    (mine / "other.yaml").write_text(CASE.format(id="off-by-a-little"))
    return Runner(tmp_path, cache)


@pytest.mark.parametrize("case", ["other/off-by-a-little", "documents/dense/last-axis"])
def test_a_ledger_is_silent_about_cases_that_were_not_selected(runner, tmp_path, case):
    (tmp_path / "own.yaml").write_text(ENTRY.format(case=case))
    done = runner.run("my-cases/dense.yaml", "--ledger", "own.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert case not in done.stdout


def test_a_case_that_is_nowhere_is_an_error(runner, tmp_path):
    (tmp_path / "own.yaml").write_text(ENTRY.format(case="other/nobody"))
    done = runner.run("my-cases/dense.yaml", "--ledger", "own.yaml")
    assert done.returncode == 1
    assert "other/nobody" in done.stdout


@pytest.mark.parametrize("named", [["--cases", "my-cases", "dense/*", "other/*"], ["my-cases"]])
def test_the_ledger_of_a_folder_applies_to_its_cases(runner, mine, named):
    (mine / "divergences").mkdir()
    (mine / "divergences" / "fake.yaml").write_text(ENTRY.format(case="other/off-by-a-little"))
    done = runner.run(*named)
    assert done.returncode == 0, done.stdout + done.stderr
    assert runner.outcomes()["other/off-by-a-little"] == "xfail"


# -- pytest ----------------------------------------------------------------------------------------


@pytest.fixture
def suite(pytester, cache, monkeypatch):
    """A project that says nothing of us, with a folder of cases in it and one outside."""
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(cache))
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    project = pytester.mkdir("project")
    outside = pytester.mkdir("outside")
    (project / "pytest.ini").write_text("[pytest]\n")
    for folder in (project / "my-cases", outside):
        folder.mkdir(exist_ok=True)
        (folder / "dense.yaml").write_text(CASE.format(id="one") + CASE.format(id="two"))
        (folder / "more.yaml").write_text(VARIED)
        (folder / "compose.yaml").write_text("version: 3\nservices: {a: b}\n")
    monkeypatch.chdir(project)

    def run(*arguments, process=False):
        options = ["--adapter-command", f"fake={FAKE}", "--adapter", "fake"]
        return inner.run(pytester, *options, *arguments, process=process)

    return run


def listed(result):
    return [line.rpartition("/")[2] for line in result.stdout.lines if "::" in line]


def test_pytest_takes_a_folder_and_leaves_other_yaml_alone(suite):
    found = listed(suite("my-cases", "--collect-only", "-q"))
    assert found == [
        "dense.yaml::one[fake]",
        "dense.yaml::two[fake]",
        "more.yaml::varied[axis=0][fake]",
        "more.yaml::varied[axis=1][fake]",
    ]


def test_pytest_collects_no_cases_that_nobody_named(suite):
    assert listed(suite("--collect-only", "-q")) == []


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("my-cases/dense.yaml::two", 1),
        ("my-cases/dense.yaml::dense/two", 1),
        ("my-cases/dense.yaml::two[fake]", 1),
        ("my-cases/more.yaml::varied", 2),
        ("my-cases/more.yaml::varied[axis=1]", 1),
        ("my-cases/more.yaml::*axis=1*", 1),
    ],
)
def test_pytest_takes_a_file_and_an_id(suite, word, count):
    assert len(listed(suite(word, "--collect-only", "-q"))) == count


def test_pytest_takes_the_whole_file_where_that_is_named_as_well(suite):
    words = ("my-cases/dense.yaml::two", "my-cases/dense.yaml")
    assert len(listed(suite(*words, "--collect-only", "-q"))) == 2


def test_pytest_says_which_ids_there_are(suite):
    result = suite("my-cases/dense.yaml::three")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "there is no case 'three' in" in result.stdout.str()
    assert "it holds one, two" in result.stdout.str()


def test_pytest_takes_ids_and_globs(suite):
    result = suite("my-cases", "--case", "dense/two", "--case", "more/*", "--collect-only", "-q")
    assert len(listed(result)) == 3
    result = suite("my-cases", "--case", "nobody")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--case nobody: no case of that name" in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize("word", ["my-cases/dense.yaml", "../outside/dense.yaml::two"])
def test_xdist_takes_what_pytest_takes(suite, pytester, word):
    result = suite("--rootdir", ".", "-n", "2", word, process=True)
    result.assert_outcomes(passed=1 if "::" in word else 2)
    assert len(list((pytester.path / "project" / "reports").glob("*/report.html"))) == 1


def test_a_file_outside_of_the_project_is_named_by_where_it_is(suite, pytester):
    result = suite("--rootdir", ".", "../outside/dense.yaml", "--collect-only", "-q")
    outside = (pytester.path / "outside" / "dense.yaml").as_posix()
    assert [line for line in result.stdout.lines if "::" in line] == [
        f"{outside}::one[fake]",
        f"{outside}::two[fake]",
    ]


def test_list_takes_part_of_an_id(mine, cache):
    (mine / "compose.yaml").unlink()
    done = called(["list", "--cases", "my-cases", "ense/tw"], mine.parent, environment(cache))
    assert done.stdout == "dense/two  A Dense layer\n"
