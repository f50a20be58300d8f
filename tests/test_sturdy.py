"""Whole runs against adapters that answer in every wrong way: each costs its own cell at most."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes.ways import HELLOS, WAYS
from runs import FAKE, Runner, environment, fake, write_cases

from conformance.records import read
from conformance.records.wire import UnrecordableError, encode

HOSTILE = {"fake": fake("hostile.py")}


@pytest.fixture(scope="module")
def answered(tmp_path_factory, cache):
    """One run over every way, with an honest case behind each; and what it says when resumed."""
    folder = tmp_path_factory.mktemp("answered")
    cases = write_cases(folder, [name for way in WAYS for name in (way, f"after-{way}")])
    runner = Runner(folder, cache)
    result = runner.process(str(cases), "--case-timeout", "0.5", adapters=HOSTILE)
    before = runner.records()
    resumed = runner.run(str(cases), "--resume", adapters=HOSTILE)
    return before, result, runner.records(), resumed


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_answer_costs_its_own_cell_at_most(answered, way):
    verdict = answered[0].cells[f"fakes/{way}", "fake"].verdict
    assert verdict.outcome == WAYS[way].outcome, verdict
    told = " ".join([verdict.message, *(facet.message for facet in verdict.facets)])
    assert re.search(WAYS[way].words, told), told


def test_every_case_behind_a_wrong_answer_is_unharmed(answered):
    run = answered[0]
    outcomes = {way: run.cells.outcome(f"fakes/after-{way}", "fake") for way in WAYS}
    assert outcomes == dict.fromkeys(WAYS, "pass")


def test_the_run_came_to_its_end_and_told_nothing_raw(answered):
    run, result, *_ = answered
    assert not run.partial
    assert run.footer.planned == run.footer.reported == 2 * len(WAYS)
    assert result.returncode == 1
    assert "report.html" in result.stdout
    told = result.stdout + result.stderr
    assert "Traceback" not in told
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", told)
    assert not any("suite itself" in problem for problem in run.footer.problems)


def test_what_came_behind_an_answer_is_told(answered):
    """Whether it is seen before the next case is sent or behind it depends on the machine."""
    told = [
        problem
        for problem in answered[0].footer.problems
        if "which a fresh process answered" in problem or "while no case was asked" in problem
    ]
    assert len(told) >= 5, answered[0].footer.problems


def test_a_run_over_wrong_answers_can_be_resumed(answered):
    before, _, after, resumed = answered
    assert resumed.returncode == 1
    assert after.stretches == before.stretches + 1
    assert not after.partial
    assert after.counts() == before.counts()


def test_no_line_of_its_record_is_long(answered):
    """What an adapter says at length is cut, or refused where it is read."""
    run = answered[0]
    assert max(len(run.cells.written(*key)) for key in run.cells) < 100_000


@pytest.fixture(scope="module")
def greeted(tmp_path_factory, cache):
    """One run on an honest adapter, and on one for each way to say hello."""
    folder = tmp_path_factory.mktemp("greeted")
    runner = Runner(folder, cache)
    adapters = {"fake": FAKE, **{how: fake("hostile.py", how) for how in HELLOS}}
    result = runner.run(str(write_cases(folder, ["one"])), adapters=adapters)
    return runner, result


@pytest.mark.parametrize("how", HELLOS)
def test_a_wrong_hello_costs_its_own_adapter_at_most(greeted, how):
    runner, result = greeted
    assert "Traceback" not in result.stdout + result.stderr
    run = runner.records()
    assert not run.partial
    assert run.cells["fakes/one", "fake"].verdict.outcome == "pass"
    verdict = run.cells["fakes/one", how].verdict
    outcome, words, _ = HELLOS[how]
    assert (verdict.outcome, words in verdict.message) == (outcome, True), verdict


def test_a_run_that_still_goes_on_cannot_be_resumed(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one", "two", "hang"])
    process = runner.start(str(cases), adapters=HOSTILE)
    try:
        runner.wait_for_cells(2, process)
        before = runner.records_path().read_bytes()
        refused = runner.run(str(cases), "--resume", adapters=HOSTILE)
        assert refused.returncode == 2
        assert f"another run, process {process.pid}, since 20" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert runner.records_path().read_bytes() == before
    finally:
        process.kill()
        process.communicate()
    assert runner.run(str(cases), "--resume", "--case-timeout", "0.2").returncode == 1
    assert not runner.records().partial


ENDS = {
    signal.SIGTERM: (143, "interrupted by SIGTERM"),
    signal.SIGHUP: (129, "interrupted by SIGHUP"),
    signal.SIGKILL: (-signal.SIGKILL, ""),
}


def living(mark):
    """Processes that were started with this in their environment, whatever they do to theirs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            started_with = (folder / "environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in started_with:
            found.append(int(folder.name))
    return found


@pytest.fixture
def hangup():
    """SIGHUP ends what is started: under ``nohup`` it is ignored, and children inherit that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.usefixtures("hangup")
@pytest.mark.parametrize("how", ENDS, ids=lambda how: how.name)
def test_however_a_run_ends_no_process_and_no_folder_is_left(tmp_path, cache, how):
    """Not even of an adapter that computes, knows nothing of the suite's worker, and has a child"""
    runner = Runner(tmp_path, cache)
    own = tmp_path / "temporary"
    own.mkdir()
    runner.env["TMPDIR"] = str(own)
    process = runner.start(str(write_cases(tmp_path, ["one", "computes"])), adapters=HOSTILE)
    runner.wait_for_cells(1, process)
    while not list(own.glob("keras-conformance-*/weights")):
        time.sleep(0.02)
    assert len(living(str(own))) >= 3, "the run, its adapter, and that one's child"
    process.send_signal(how)
    out, _ = process.communicate(timeout=300)
    code, told = ENDS[how]
    assert process.returncode == code, out
    assert told in out
    assert "Traceback" not in out
    assert not left_of(own)
    assert len(runner.records().cells) == 1


def left_of(own, seconds=10):
    """Processes and folders that are still there after some seconds."""
    deadline = time.monotonic() + seconds
    while (left := living(str(own)) or list(own.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
def test_pytest_ends_by_sigterm_as_by_ctrl_c(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    own = tmp_path / "temporary"
    own.mkdir()
    runner.env["TMPDIR"] = str(own)
    cases = write_cases(tmp_path, ["one", "computes"])
    arguments = runner.command(str(cases), adapters=HOSTILE)[4:]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=runner.env, stdout=subprocess.PIPE, text=True
    )
    runner.wait_for_cells(1, process)
    process.terminate()
    out, _ = process.communicate(timeout=300)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, out
    assert "report.html" in out
    assert not left_of(own)
    assert runner.records().partial


def test_a_cache_that_cannot_be_used_is_told_with_the_summary_and_blames_no_case(tmp_path):
    (tmp_path / "cache").touch()
    runner = Runner(tmp_path, tmp_path / "cache")
    result = runner.run(str(write_cases(tmp_path, ["one", "two"])))
    assert result.returncode == 0, result.stdout + result.stderr
    assert set(runner.outcomes().values()) == {"pass"}
    (remark,) = runner.records().remarks
    assert remark.startswith(f"the cache {tmp_path / 'cache'} can't be used")
    assert result.stdout.count("can't be used") == 1


def test_whatever_has_become_of_a_cache_it_heals(tmp_path):
    """Empty, cut short, altered, changed places, of another kind: as if it were not there."""
    runner = Runner(tmp_path, tmp_path / "cache")
    cases = str(write_cases(tmp_path, ["one", "two", "three"]))
    assert runner.run(cases).returncode == 0
    harms = [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-7]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"e", b"o")),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: path.write_bytes(b"\0" * 4096),
    ]
    for turn in range(2):
        kept = sorted(path for path in (tmp_path / "cache").rglob("*") if path.is_file())
        for index, path in enumerate(kept):
            harms[(index + 3 * turn) % len(harms)](path)
        result = runner.run(cases)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "can't be used" not in result.stdout


def test_two_runs_at_once_share_an_empty_cache(tmp_path):
    runners = []
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        runners.append(Runner(tmp_path / name, tmp_path / "cache"))
    running = [runner.start(str(write_cases(runner.folder, ["one", "two"]))) for runner in runners]
    for runner, process in zip(runners, running, strict=True):
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0, out
        assert set(runner.outcomes().values()) == {"pass"}
        assert not runner.records().remarks


@contextmanager
def files_of_at_most(size):
    """No file can be written beyond some bytes, here and in processes that are started: as full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [300, 3_000, 6_000, 20_000])
@pytest.mark.usefixtures("answered")  # so the reference's answers are there
def test_a_disk_that_is_full_at_any_moment_ends_in_the_summary_and_a_sentence(
    tmp_path, cache, size
):
    runner = Runner(tmp_path, cache)
    cases = str(write_cases(tmp_path, ["one", "two"]))
    with files_of_at_most(size):
        result = runner.run(cases)
    told = result.stdout + result.stderr
    assert "Traceback" not in told
    assert "File too large" in result.stderr
    run = read(runner.records_path()) if runner.records_path().stat().st_size > 2_000 else None
    if run is None:
        assert result.returncode == 2
        return
    assert "2 cases on 1 adapter" in told
    if run.footer is None:
        assert result.returncode == 2
        assert "the run was stopped" in result.stderr or "cannot write to" in result.stderr
    else:
        assert result.returncode == 1
        assert re.search("the report could not be written: .*: File too large", result.stderr)
        assert "The record is whole" in result.stderr
    resumed = runner.run(cases, "--resume")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert not runner.records().partial


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_output_that_is_full_is_told_in_a_line(cache):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "conformance.cli", "list", "documents/dense/*"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(cache),
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "the output is cut off: No space left on device\n")


def one_of_two(tmp_path, cache):
    """A run of two cases, over the first of which the suite itself fails."""
    runner = Runner(tmp_path, cache)
    result = runner.run(str(write_cases(tmp_path, ["one", "two"])))
    assert result.returncode == 1, result.stdout
    run = runner.records()
    assert not run.partial
    assert run.cells["fakes/two", "fake"].verdict.outcome == "pass"
    verdict = run.cells["fakes/one", "fake"].verdict
    assert verdict.outcome == "error"
    assert "a fault of the suite" in verdict.message
    assert any("fakes/one" in problem for problem in run.footer.problems)


def test_a_fault_of_the_suite_over_a_verdict_costs_one_cell(tmp_path, cache, monkeypatch):
    from conformance.run import engine

    honestly = engine.judge

    def failing(case, *rest, **more):
        if case.id == "fakes/one":
            raise RecursionError("too deep")
        return honestly(case, *rest, **more)

    monkeypatch.setattr(engine, "judge", failing)
    one_of_two(tmp_path, cache)


def test_a_verdict_that_has_no_place_in_the_record_costs_one_cell(tmp_path, cache, monkeypatch):
    def refusing(line):
        verdict = getattr(line, "verdict", None)
        if verdict and (verdict.case, verdict.outcome) == ("fakes/one", "pass"):
            raise UnrecordableError("cannot record a CellLine: it is odd")
        return encode(line)

    monkeypatch.setattr("conformance.records.writer.encode", refusing)
    one_of_two(tmp_path, cache)
