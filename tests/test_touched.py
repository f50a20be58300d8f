"""``--touched-by`` through the front door: the cases that run what changed, or all, and why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import inner
import pytest
from msgspec.structs import replace
from runs import FAKE, write_cases
from toy import ALL, CASES, Toy, adapter, newest

from conformance import cli
from conformance.records import read
from conformance.touched import Function
from conformance.touched.map import read as read_map
from conformance.touched.map import write

REMEMBERED = {"fakes/remembered-1", "fakes/remembered-2"}
CRASH = {"fakes/crash"}
"""Never recorded, as it takes its process with it: always run."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def recording(tmp_path_factory, cache):
    """The recording of the toy as it is committed."""
    toy = Toy(tmp_path_factory.mktemp("recorded"))
    path = toy.folder / "toy.touched"
    with pytest.MonkeyPatch.context() as patch:
        enter(toy, cache, patch)
        assert touched("record", "--output", str(path)) == 0
    return path


@pytest.fixture
def toy(tmp_path, cache, monkeypatch):
    made = Toy(tmp_path)
    shutil.rmtree(cache / "touched", ignore_errors=True)
    enter(made, cache, monkeypatch)
    return made


def enter(toy, cache, patch):
    patch.setenv("KERAS_CONFORMANCE_CACHE", str(cache))
    patch.setenv("PYTHONPATH", str(toy.repository))
    patch.setenv("COLUMNS", "300")
    patch.setenv("NO_COLOR", "1")
    patch.chdir(toy.folder)


def touched(command, *arguments, name="toy", cases=("cases/fakes.yaml",)):
    source = ["--source", "repository/toyframe"]
    patterns = [] if command in {"functions", "cases"} else cases
    return cli.main(["touched", command, *patterns, *source, *adapter(name), *arguments])


def run(recording=None, base="main", *more):
    rests = ["--recording", str(recording)] if recording else []
    options = ["--touched-by", base, "--source", "repository/toyframe", *rests]
    return cli.main(["run", "cases/fakes.yaml", *adapter(), *options, *more])


def ran():
    """The cases that were run, and what the record says of why."""
    found = read(newest("reports"))
    assert not found.partial
    return set(found.header.cases), found.header.touched


# --- what is chosen -------------------------------------------------------------------------------


def test_the_cases_that_enter_what_changed_are_run_and_no_other(toy, recording, capsys):
    toy.edit("lazily.py", "x.dtype.type(0)", "x.dtype.type(1)")
    assert run(recording) == 1
    cases, told = ran()
    assert cases == {"fakes/late"} | CRASH
    assert told.functions == ["late (lazily.py)"]
    out = capsys.readouterr().out
    assert "1 function in 1 file of toyframe changed: late (lazily.py)." in out
    assert "toy: 2 of 6 cases enter that, 1 of them because nobody knows what they enter" in out
    assert "2 cases, chosen by what changed since main" in out


def test_whoever_uses_what_was_remembered_is_found_as_well(toy, recording):
    # In one process the first of them would enter it, and the second would not.
    toy.edit("dense.py", "return 0", "return 2")
    assert run(recording) == 1
    assert ran()[0] == REMEMBERED | CRASH


def test_what_all_of_them_run_selects_all(toy, recording):
    toy.edit("dense.py", "+ bias", "- bias")
    assert run(recording) == 1
    assert ran()[0] == ALL


def test_what_runs_in_a_thread_is_found(toy, recording):
    toy.edit("dense.py", "x + x.dtype.type(0)", "x - x.dtype.type(1)")
    assert run(recording) == 1
    assert ran()[0] == {"fakes/threaded"} | CRASH


def test_a_fault_that_all_cases_see_is_seen_by_the_chosen_ones(toy, recording):
    toy.edit("dense.py", "return 0", "return 2")
    run(recording)
    chosen = read(newest("reports"))
    shutil.rmtree("reports")
    cli.main(["run", "cases/fakes.yaml", *adapter()])
    whole = read(newest("reports"))
    failing = {key for key in whole.cells if whole.cells.outcome(*key) == "fail"}
    assert {case for case, _ in failing} == REMEMBERED
    assert {key for key in chosen.cells if chosen.cells.outcome(*key) == "fail"} == failing


def test_a_case_that_is_new_since_the_recording_is_run(toy, recording):
    write_cases(toy.folder, [*CASES, "fresh"])
    toy.edit("lazily.py", "x.dtype.type(0)", "0 * x")
    run(recording)
    cases, told = ran()
    assert cases == {"fakes/late", "fakes/fresh"} | CRASH
    assert told.adapters["toy"].unknown == 2


# --- nothing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        None,
        ("dense.py", "import functools", "# so\nimport functools"),
        ("notes.md", "this", "that"),
        ("never_imported.py", "return 1", "return 2"),
    ],
)
def test_where_nothing_changed_that_runs_there_is_no_run(toy, recording, capsys, edit):
    if edit:
        toy.edit(*edit)
    assert run(recording) == 0
    out = capsys.readouterr().out
    assert ("no file of toyframe has changed" in out) == (edit is None)
    assert "No case was run" in out
    assert "conforms" not in out
    assert not (toy.folder / "reports").exists()


def test_what_no_case_enters_has_one_run_to_see_that_it_imports(toy, recording, capsys):
    toy.edit("dense.py", "def never():\n    return 1", "def never():\n    return 2")
    write_cases(toy.folder, [case for case in CASES if case != "crash"])
    assert run(recording) == 0
    assert ran()[0] == {"fakes/plain"}
    assert "no case enters what changed; one is run, to see that it can be imported" in (
        capsys.readouterr().out
    )


# --- everything -----------------------------------------------------------------------------------


def test_what_runs_at_import_selects_all(toy, recording, capsys):
    toy.edit("config.py", "def setting():\n    return 1", "def setting():\n    return 2")
    assert run(recording) == 1
    assert ran()[0] == ALL
    out = capsys.readouterr().out
    assert "all 6 cases, as it can't be told which: setting (config.py) runs when toyframe" in out
    assert "chosen by what changed" not in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kernel.cpp\nint x;", "kernel.cpp is no Python file"),
        ("config.py\nimport os\nfrom toyframe import nothing\n", "config.py has"),
        ("config.py\ndef setting(:", "can't be parsed"),
    ],
)
def test_what_can_not_be_told_selects_all(toy, recording, capsys, text, said):
    name, _, content = text.partition("\n")
    (toy.package / name).write_text(content)
    touched("show", "--touched-by", "main", "--recording", str(recording))
    out = capsys.readouterr().out
    assert said in out
    assert out.count("toy  fakes/") == len(ALL)


def test_without_a_recording_all_are_run_and_it_is_said_how_to_make_one(toy, capsys):
    toy.edit("lazily.py", "x.dtype.type(0)", "x.dtype.type(1)")
    assert run() == 1
    assert ran()[0] == ALL
    out = capsys.readouterr().out
    assert "no recording of toy is there: keras-conformance touched record --source" in out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"python": "3.9"}, "python 3.9, not 3."),
        ({"system": "Plan9 vax"}, "system Plan9 vax, not "),
        ({"versions": {"numpy": "0.1"}}, "numpy 0.1, not "),
        ({"suite": "another"}, "another version of keras-conformance"),
    ],
)
def test_a_recording_of_something_else_selects_all(toy, recording, capsys, changes, said):
    made = read_map(recording)
    write(replace(made, context=replace(made.context, **changes)), toy.folder / "other.touched")
    toy.edit("lazily.py", "x.dtype.type(0)", "x.dtype.type(1)")
    touched("show", "--touched-by", "main", "--recording", "other.touched")
    out = capsys.readouterr().out
    assert said in out
    assert out.count("toy  fakes/") == len(ALL)


@pytest.fixture
def other(toy, recording):
    """A recording of an adapter that called itself another one, and measured less precision."""
    path = toy.folder / "other.touched"
    write(replace(read_map(recording), told={"numpy": "0.1"}, precision="bfloat16"), path)
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x")
    return path


def test_an_adapter_that_turns_out_to_be_another_one_runs_all(other, capsys):
    # Its precision is measured by functions that may have changed, and every case judged by it.
    assert run(other) == 1
    assert ran()[0] == ALL
    out = capsys.readouterr().out
    assert "all 6 cases, as it can't be told which: it is not what was recorded: numpy " in out
    assert "precision float32, not bfloat16" in out


def test_under_pytest_such_a_run_is_faulty(toy, other):
    result = pytest_run(toy, other, "-k", "late")
    assert result.returncode == 1
    assert "1 passed" in result.stdout
    problems = read(newest("reports")).problems
    assert len(problems) == 1
    assert "toy is not what was recorded (numpy " in problems[0]
    assert problems[0].endswith("run them all")


# --- versions -------------------------------------------------------------------------------------


def test_a_recording_of_an_earlier_version_counts_what_changed_since(toy, recording, capsys):
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x")
    base = toy.commit("late, otherwise")
    toy.edit("dense.py", "return 0", "return 2")
    assert run(recording, base) == 1
    cases, told = ran()
    assert cases == REMEMBERED | {"fakes/late"} | CRASH
    assert told.adapters["toy"].besides == 1
    assert "1 function that changed since then count, too" in capsys.readouterr().out


def test_what_was_taken_back_since_the_recording_counts_as_changed(toy, recording):
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x + x.dtype.type(2)")
    base = toy.commit("a fault")
    toy.edit("lazily.py", "x + x.dtype.type(2)", "x + x.dtype.type(0)")
    assert run(recording, base) == 1  # the crash
    assert ran()[0] == {"fakes/late"} | CRASH


def test_a_branch_is_held_against_where_it_left(toy, recording):
    toy.git("checkout", "-q", "-b", "branch")
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x")
    toy.commit("the branch")
    toy.git("checkout", "-q", "main")
    toy.edit("dense.py", "return 0", "return 0 + 0")
    toy.commit("main goes on")
    toy.git("checkout", "-q", "branch")
    run(recording)
    cases, told = ran()
    assert cases == {"fakes/late"} | CRASH
    assert "where this left main" in told.base


def test_what_is_outside_the_package_is_counted_and_not_looked_at(toy, recording, capsys):
    (toy.repository / "setup.py").write_text("x = 1")
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x")
    run(recording)
    assert ran()[1].outside == 1
    assert (
        "1 file outside toyframe changed as well, and is not looked at" in capsys.readouterr().out
    )


# --- the adapter's package ------------------------------------------------------------------------


def test_a_package_that_is_installed_elsewhere_must_be_the_same(
    toy, recording, monkeypatch, capsys
):
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x")
    installed = toy.folder / "installed"
    shutil.copytree(toy.package, installed / "toyframe")
    monkeypatch.setenv("PYTHONPATH", str(installed))
    run(recording)
    assert ran()[0] == {"fakes/late"} | CRASH
    (installed / "toyframe/lazily.py").write_text("late = abs")
    assert run(recording) == 2
    said = capsys.readouterr().err
    assert "lazily.py is another one" in said
    assert "pip install -e" in said


def test_a_package_that_is_not_there_is_told(toy, recording, monkeypatch, capsys):
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x")
    monkeypatch.setenv("PYTHONPATH", "")
    assert run(recording) == 2
    assert "toy finds no package toyframe to import" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--touched-by", "main"], "needs --source"),
        (["--source", "repository/toyframe"], "belong to --touched-by"),
        (["--touched-by", "main", "--source", "nowhere"], "no such folder"),
        (["--touched-by", "main", "--source", "repository"], "no __init__.py"),
        (["--touched-by", "main", "--source", "alone"], "not a git repository"),
        (["--touched-by", "nobody", "--source", "repository/toyframe"], "knows no such revision"),
        (["--touched-by=--help", "--source", "repository/toyframe"], "knows no such revision"),
        (
            ["--touched-by", "main", "--source", "repository/toyframe", "--recording", "alone"],
            "cannot read alone: it is no plain file",
        ),
    ],
)
def test_what_is_asked_for_wrongly_is_told(toy, capsys, options, said):
    (toy.folder / "alone").mkdir()
    (toy.folder / "alone/__init__.py").touch()
    assert cli.main(["run", "cases/fakes.yaml", *adapter(), *options]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("toy")
def test_a_recording_that_is_not_there_is_told(capsys):
    with pytest.raises(SystemExit, match="2"):
        run("none")
    assert "--recording: 'none': there is no such file" in capsys.readouterr().err


# --- recordings -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("toy")
def test_a_recording_can_be_asked(recording, capsys):
    made = read_map(recording)
    assert made.functions_of("fakes/late")[-1] == Function("lazily.py", "late")
    assert set(made.cases_of(Function("dense.py", "_row"))) == REMEMBERED
    assert made.cases_of(Function("dense.py", "never")) == []
    assert made.functions_of("fakes/crash") == made.functions_of("no/such") == []
    assert made.unknown.keys() == CRASH
    assert touched("functions", "fakes/late", "--recording", str(recording)) == 0
    assert "toy  late (lazily.py)" in capsys.readouterr().out
    assert touched("cases", "_row", "--recording", str(recording)) == 0
    assert capsys.readouterr().out.count("_row (dense.py)  fakes/remembered") == 2
    assert touched("cases", "never", "--recording", str(recording)) == 2
    assert touched("functions", "fakes/late") == 2
    assert "touched record" in capsys.readouterr().err


def test_recordings_are_kept_and_found(toy, capsys):
    assert touched("record") == 0
    out = capsys.readouterr().out
    assert "5 cases enter 7 functions of toyframe" in out
    assert "fakes/crash: the case ended its process" in out
    toy.edit("lazily.py", "x.dtype.type(0)", "x.dtype.type(1)")
    assert run() == 1
    assert ran()[0] == {"fakes/late"} | CRASH


def test_of_several_recordings_the_one_of_the_base_is_taken(toy):
    assert touched("record") == 0
    base = toy.commit("so far")
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x")
    assert touched("record") == 0  # of the change itself, and newer
    run(None, base)
    assert ran()[1].adapters["toy"].besides == 0


def test_a_process_for_each_case_records_the_same(toy, recording):
    assert touched("record", "--no-fork", "--output", "alone.touched") == 0
    alone, forked = read_map(toy.folder / "alone.touched"), read_map(recording)
    for part in ("entered", "on_import", "at_start", "imported", "inherited", "cases"):
        assert getattr(alone, part) == getattr(forked, part)


@pytest.mark.usefixtures("toy")
def test_a_framework_that_does_not_survive_a_fork_is_told_apart(capsys):
    assert touched("record", name="fragile") == 2
    said = capsys.readouterr().err
    assert "the case ended its process (status 1792)" in said
    assert "--no-fork helps" in said
    assert touched("record", "--no-fork", name="fragile") == 0


def test_an_adapter_that_is_no_workers_is_run_whole(toy, capsys):
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x")
    options = ["--touched-by", "main", "--source", "repository/toyframe"]
    plain = ["--adapter", "plain", "--adapter-command", f"plain={FAKE}"]
    cli.main(["run", "cases/fakes.yaml", *plain, *options])
    assert ran()[0] == ALL
    assert "plain is not served by the suite's own worker" in capsys.readouterr().out


# --- other ways in, and what becomes of the record ------------------------------------------------


def test_the_report_says_that_it_is_no_whole_run(toy, recording):
    toy.edit("lazily.py", "x + x.dtype.type(0)", "x")
    run(recording)
    folder = newest("reports").parent
    for name in ("report.html", "summary.md", "summary.txt"):
        text = " ".join((folder / name).read_text().split())
        assert "of toyframe changed: late" in text.replace("\\", ""), name
    assert "Only the cases that a change touches" in (folder / "report.html").read_text()


def test_shards_of_a_choice_are_joined(toy, recording):
    toy.edit("dense.py", "return 0", "return 2")
    for index in (1, 2):
        run(recording, "main", "--shard", f"{index}/2", "--reports", f"parts/{index}")
    assert cli.main(["merge", "parts", "--output", "joined"]) == 1
    joined = read(toy.folder / "joined/records.jsonl")
    assert set(joined.header.cases) == REMEMBERED | CRASH
    assert joined.header.touched.adapters["toy"].chosen == 3


def pytest_run(toy, recording, *more):
    config = toy.folder / "pytest.ini"
    config.write_text("[pytest]\nconformance_cases = cases\ntestpaths = cases\n")
    options = ["--touched-by", "main", "--source", "repository/toyframe"]
    options += ["--recording", str(recording), *adapter(), *more]
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_XDIST_WORKER"}
    environment["PYTHONPATH"] = os.pathsep.join([str(toy.repository), *sys.path])
    return subprocess.run(
        [sys.executable, "-m", "pytest", *inner.WITHOUT, *options],
        cwd=toy.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_pytest_runs_the_same(toy, recording, more):
    toy.edit("dense.py", "return 0", "return 2")
    result = pytest_run(toy, recording, *more)
    assert result.returncode == 1, result.stdout + result.stderr
    cases, told = ran()
    assert cases == REMEMBERED | CRASH
    assert told.functions == ["_row (dense.py)"]
    assert "1 function in 1 file of toyframe changed: _row (dense.py)" in result.stdout
    assert more or "3 deselected" in result.stdout


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_pytest_has_nothing_to_run_where_nothing_changed(toy, recording, more):
    result = pytest_run(toy, recording, *more)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "No case was run" in result.stdout
    assert not (toy.folder / "reports").exists()


def test_pytest_tells_what_is_wrong(toy, recording):
    result = pytest_run(toy, recording, "--touched-by", "nobody")
    assert result.returncode == 4
    assert "git knows no such revision" in result.stderr
