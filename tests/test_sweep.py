"""Sweeping over releases, and two of them compared: columns that are run, and their record read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_index import COMMAND, cases, index, needs_uv, releases, variables
from runs import called

from conformance import cli
from conformance.cases import choosing

pytestmark = needs_uv


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    index(folder / "wheels")
    cases(folder, "one", "two")
    return folder


def command(place, *arguments):
    env = variables(place / "wheels", place / "cache")
    return called([*arguments, *COMMAND, "--adapter", "framed"], place, env)


def test_a_sweep_says_since_when_each_case_passes(place):
    files = ["--json", "sweep.json", "--markdown", "sweep.md"]
    what = ["sweep", "cases/fakes.yaml", "--package", "fakeframe", "--versions", ">=1.1"]
    result = command(place, *what, *files)
    assert result.returncode == 0, result.stderr
    told = json.loads((place / "sweep.json").read_text())
    assert told["releases"] == ["1.1", "1.2", "1.3", "1.10", "2.0"]
    assert [row["case"] for row in told["rows"]] == ["fakes/one", "fakes/two"]
    row = told["rows"][0]
    assert row["outcomes"] == ["pass", "fail", "fail", "fail", "pass"]
    assert row["said"] == "passes up to 1.1 and since 2.0"
    (skipped,) = told["skipped"]
    assert (skipped["version"], skipped["adapter"]) == ("1.4", "framed")
    assert "a_library_that_is_gone" in skipped["reason"]
    assert "2 cases over 5 releases of fakeframe (1.1 … 2.0): 2 changed." in result.stdout
    assert "✓✗✗✗✓" in result.stdout
    assert (
        "| fakes/one | framed | `✓✗✗✗✓` | passes up to 1.1 and since 2.0 |"
        in (place / "sweep.md").read_text()
    )


def test_a_sweep_says_since_when_a_case_is_there(tmp_path):
    slopes = {"1.0": None, "1.1": None, "1.2": 3, "1.3": 1, "2.0": 1}
    releases(tmp_path / "wheels", slopes)
    path = cases(tmp_path, "one")
    path.write_text(path.read_text() + "  vary: {model.0.Dense.units: [2]}\n")
    what = ["sweep", "cases/fakes.yaml", "--package", "fakeframe", "--versions"]
    result = command(tmp_path, *what, ">=1.0", "--json", "sweep.json", "--markdown", "sweep.md")
    assert result.returncode == 0, result.stderr
    (row,) = json.loads((tmp_path / "sweep.json").read_text())["rows"]
    assert row["outcomes"] == ["unsupported", "unsupported", "fail", "pass", "pass"]
    assert row["absent"] == ["1.0", "1.1"]
    assert row["said"] == "there since 1.2, passes since 1.3"
    assert "fakes/one[units=2]" in result.stdout
    assert "--✗✓✓" in result.stdout
    assert "✓ passes   ✗ does not   - not there\n" in result.stdout
    written = (tmp_path / "sweep.md").read_text()
    assert "| fakes/one\\[units=2\\] | framed | `--✗✓✓` | there since 1.2, passes since" in written
    assert "- not there" in written
    over = command(tmp_path, *what, ">=1.0,<1.2")
    assert "1 not there in any." in over.stdout
    lately = command(tmp_path, *what, ">=1.1,!=1.2")
    assert "there since 1.3, passes in all" in lately.stdout
    assert "1 pass in all that have them." in lately.stdout


def test_a_sweep_over_minors_tries_the_newest_of_each(place):
    what = ["sweep", "cases/fakes.yaml", "--package", "fakeframe", "--versions", ">=1.2,<1.4"]
    result = command(place, *what, "--minor")
    assert "2 releases of fakeframe" in result.stdout
    assert "2 pass in none" in result.stdout


@pytest.mark.parametrize(
    ("versions", "said"),
    [("newest", "does not say which releases"), (">=9", "no release of fakeframe within >=9")],
)
def test_a_sweep_over_nothing_is_told(place, versions, said):
    what = ["sweep", "cases/fakes.yaml", "--package", "fakeframe", "--versions", versions]
    result = command(place, *what)
    assert (result.returncode, said in result.stderr) == (2, True), result.stderr
    assert "Traceback" not in result.stderr


def test_a_sweep_over_what_the_ledger_speaks_of(place, monkeypatch, capsys):
    folder = place / "known"
    (folder / "divergences").mkdir(parents=True)
    (folder / "divergences/fakes.yaml").write_text(LEDGER)
    monkeypatch.setattr(choosing, "default_root", lambda: folder)
    monkeypatch.chdir(place)
    for name, value in variables(place / "wheels", place / "cache").items():
        monkeypatch.setenv(name, value)
    what = ["sweep", "--of-ledger", "cases/fakes.yaml", "--package", "fakeframe"]
    what += ["--release", "1.1", "--release", "1.2", "--json", "of.json", *COMMAND]
    assert cli.main([*what, "--adapter", "framed"]) == 0, capsys.readouterr().err
    told = json.loads(Path("of.json").read_text())
    assert told["releases"] == ["1.1", "1.2"]
    assert [row["case"] for row in told["rows"]] == ["fakes/two"]
    (folder / "divergences/fakes.yaml").write_text("[]\n")
    assert cli.main([*what, "--adapter", "framed"]) == 2
    assert "the ledger says nothing of framed" in capsys.readouterr().err


LEDGER = """\
- id: two-deviates
  adapter: framed
  cases: fakes/two
  facets: [values]
  signature: output
  kind: bug
  reason: A fake.
  review_by: 2099-01-01
"""


def test_two_versions_are_run_and_compared(place):
    what = ["diff", "fakeframe==1.1", "fakeframe==1.2", "cases/fakes.yaml", "--json", "diff.json"]
    result = command(place, *what)
    assert result.returncode == 1, result.stdout + result.stderr
    told = json.loads((place / "diff.json").read_text())
    assert told["counts"] == {"regression": 2}
    assert told["changes"][0]["because"] == ["fakeframe 1.1 → 1.2"]
    back = command(place, "diff", "fakeframe==1.2", "fakeframe==1.1", "cases/fakes.yaml")
    assert back.returncode == 0, back.stdout + back.stderr
    assert "fixed" in back.stdout.lower()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fakeframe==1.1", "fakeframe==1.1", "nothing to compare"),
        ("fakeframe==1.1", "fakeframe==7", "there is no release 7 of fakeframe"),
        ("fakeframe==1.1", "fakeframe>=1.2", "name one release with '=='"),
    ],
)
def test_two_versions_that_cannot_be_compared_are_told(place, old, new, said):
    result = command(place, "diff", old, new, "cases/fakes.yaml")
    assert (result.returncode, said in result.stderr) == (2, True), result.stderr
    assert "Traceback" not in result.stderr
