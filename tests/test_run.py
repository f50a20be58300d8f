"""Whole runs: adapters that misbehave, runs that are interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from runs import FAKE, Runner, fake, gone, processes_with, served, write_cases

WAYS = {
    "hang": ("timeout", "no answer within"),
    "segfault": ("crash", "SIGSEGV"),
    "exit-zero": ("crash", "exited with code 0"),
    "exit-seven": ("crash", "exited with code 7"),
    "half-frame": ("error", "malformed|protocol"),
    "half-frame-then-hang": ("timeout", "no answer within"),
    "announce-10-gb": ("error", "protocol"),
    "stream-10-gb": ("error", "protocol"),
    "other-case": ("error", "somebody/else"),
    "other-id": ("error", "message"),
    "print-to-stdout": ("error", "protocol"),
    "nan-everywhere": ("fail", "nan"),
    "wrong-shape": ("fail", "shape"),
    "wrong-dtype": ("fail", "int64"),
    "missing-tensor": ("error", "not in the frame"),
    "hostile-error": ("error", "<script>"),
    "close-stdout": ("error", "closed its stdout"),
    "not-json": ("error", "protocol"),
    "no-safetensors": ("error", "protocol"),
    "wrong-schema": ("error", "schema"),
    "off-by-a-little": ("fail", "times the tolerance"),
    "flood-stderr": ("pass", ""),
    "died-after-answering": ("pass", ""),
}


@pytest.fixture(scope="module")
def misbehaved(tmp_path_factory, cache):
    """One run over every way to misbehave, with an honest case behind each."""
    folder = tmp_path_factory.mktemp("misbehaved")
    ids = [name for way in WAYS for name in (way, f"after-{way}")]
    cases = write_cases(folder, ids)
    runner = Runner(folder, cache)
    result = runner.process(str(cases), "--case-timeout", "2")
    return runner, result


@pytest.mark.parametrize("way", WAYS)
def test_a_misbehaving_adapter_gets_the_right_verdict_on_the_right_case(misbehaved, way):
    runner, _ = misbehaved
    outcome, text = WAYS[way]
    verdict = runner.records().cells[f"fakes/{way}", "fake"].verdict
    assert verdict.outcome == outcome, verdict
    told = " ".join([verdict.message, *(facet.message for facet in verdict.facets)])
    assert any(word.lower() in told.lower() for word in text.split("|")), told


def test_every_other_case_is_unharmed(misbehaved):
    runner, _ = misbehaved
    outcomes = runner.outcomes()
    assert {way: outcomes[f"fakes/after-{way}"] for way in WAYS} == dict.fromkeys(WAYS, "pass")


def test_planned_equals_reported_and_the_run_fails(misbehaved):
    runner, result = misbehaved
    run = runner.records()
    assert run.footer is not None
    assert run.footer.planned == run.footer.reported == 2 * len(WAYS) == len(run.cells)
    assert run.missing() == []
    assert not run.partial
    assert result.returncode == 1


def test_nothing_hostile_reaches_the_terminal_or_the_report(misbehaved):
    runner, result = misbehaved
    assert "\x1b" not in result.stdout + result.stderr
    report = runner.records_path().with_name("report.html").read_text()
    assert "<script>alert(1)" not in report
    assert "\x1b" not in report


def test_the_report_is_written_and_its_path_printed(misbehaved):
    _, result = misbehaved
    assert "report.html" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_an_honest_run_passes(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    result = runner.process(str(write_cases(tmp_path, ["one", "two"])))
    assert result.returncode == 0, result.stdout + result.stderr
    assert set(runner.outcomes().values()) == {"pass"}


def test_an_adapter_that_is_not_there_is_reported_case_by_case(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one", "two"])
    result = runner.run(str(cases), adapters={"fake": FAKE, "gone": f"{FAKE} not-installed"})
    assert result.returncode == 0, result.stdout
    cells = runner.records().cells
    assert [cells[f"fakes/{n}", "gone"].verdict.outcome for n in ("one", "two")] == [
        "not-installed"
    ] * 2


def test_a_run_on_nothing_but_missing_adapters_is_an_error(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one"])
    result = runner.run(str(cases), adapters={"gone": f"{FAKE} not-installed"})
    assert result.returncode == 1
    assert "nothing was judged" in result.stdout


def test_an_adapter_that_cannot_start_is_an_error_of_every_case(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one", "two"])
    result = runner.run(str(cases), adapters={"broken": f"{FAKE} no-hello"})
    assert result.returncode == 1
    verdict = runner.records().cells["fakes/two", "broken"].verdict
    assert verdict.outcome == "error"
    assert "libfake.so" in verdict.message


def test_kill_9_keeps_what_was_recorded_leaves_no_process_and_can_be_resumed(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    ids = ["first", "second", "third", "fourth", "fifth"]
    cases = write_cases(tmp_path, [*ids, "hang"])
    adapters = {"fake": served(tmp_path.name)}
    process = runner.start(str(cases), "--case-timeout", "50", adapters=adapters)
    try:
        runner.wait_for_cells(5, process)
        assert len(processes_with(tmp_path.name)) > 1, "the run and its adapter"
    finally:
        process.kill()
        process.wait()
    before = runner.records()
    assert before.partial
    assert len(before.cells) == 5
    assert gone(tmp_path.name), "an adapter process outlived its run"

    resumed = runner.run(str(cases), "--case-timeout", "1", "--resume", adapters=adapters)
    after = runner.records()
    assert resumed.returncode == 1
    assert not after.partial
    assert after.cells["fakes/hang", "fake"].verdict.outcome == "timeout"
    for key, line in before.cells.items():
        assert after.cells[key].seconds == line.seconds, "a finished cell was run again"


def test_ctrl_c_keeps_what_was_recorded(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    mine = str(tmp_path)  # no way to misbehave: it tells this test's processes from others'
    cases = write_cases(tmp_path, ["one", "two", "hang", "three"])
    process = runner.start(str(cases), adapters={"fake": f"{FAKE} {mine}"})
    runner.wait_for_cells(2, process)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130, out
    assert "Traceback" not in out
    assert len(runner.records().cells) == 2
    assert runner.records().partial
    assert gone(mine)


def test_a_changed_case_is_run_again_on_resume(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one", "two"])
    runner.run(str(cases))
    text = cases.read_text()
    cases.write_text(text.replace("shape: [3]", "shape: [4]", 1).replace("units: 3", "units: 4", 1))
    result = runner.run(str(cases), "--resume")
    assert result.returncode == 0, result.stdout
    run = runner.records()
    assert not run.partial
    assert {len(line.digest) for line in run.cells.values()} == {64}
    assert len({line.digest for line in run.cells.values()}) == 2


def test_faulty_case_files_are_told_with_their_places(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one"])
    cases.write_text(cases.read_text().replace("units", "unit"))
    result = runner.run(str(cases))
    assert result.returncode == 2
    assert "fakes.yaml:5:" in result.stderr
    assert "units" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["documents/nosuch/*"], "no case is named"),
        (["--resume"], "nothing to resume"),
        (["--adapter", "keras-tensorflo"], "keras-tensorflow"),
    ],
)
def test_wrong_usage_is_told_in_a_line(tmp_path, cache, arguments, text):
    result = Runner(tmp_path, cache).run(*arguments)
    assert result.returncode == 2
    assert text in result.stderr
    assert "Traceback" not in result.stderr


def test_a_reference_without_an_answer_blames_the_case(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one", "two"])
    text = cases.read_text()
    cases.write_text(text + "  expect: {params: {total: 13}}\n")
    result = runner.run(str(cases))
    assert result.returncode == 1
    cells = runner.records().cells
    assert cells["fakes/one", "fake"].verdict.outcome == "pass"
    verdict = cells["fakes/two", "fake"].verdict
    assert verdict.outcome == "error"
    assert "13" in verdict.message
    assert "12" in verdict.message


def test_the_ledger_makes_a_known_deviation_expected(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one", "off-by-a-little"])
    ledger = tmp_path / "ours.yaml"
    ledger.write_text(
        "- id: a-little\n"
        "  adapter: fake\n"
        "  cases: fakes/off-by-a-little\n"
        "  facets: [values, batch]\n"
        "  signature: times the tolerance\n"
        "  kind: bug\n"
        "  reason: The fake multiplies by 1.001.\n"
        "  review_by: 2099-01-01\n"
    )
    result = runner.run(str(cases), "--ledger", str(ledger))
    assert result.returncode == 0, result.stdout
    assert runner.outcomes()["fakes/off-by-a-little"] == "xfail"


FATAL = """\
- id: dies
  adapter: fake
  cases: fakes/segfault*
  cap: 8
  outcome: crash
  signature: SIGSEGV
  kind: bug
  reason: The fake kills itself.
  review_by: 2099-01-01
"""


def test_cases_known_to_be_fatal_come_last_and_take_nothing_with_them(tmp_path, cache):
    """More of them in a row than deaths that an adapter is given up for, and one process each."""
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["segfault", "one", "two"])
    vary = "  vary: {model.0.Dense.units: [1, 2, 3, 4, 5, 6, 7, 8]}\n"
    written = cases.read_text().split("- id: one")
    cases.write_text(f"{written[0]}{vary}- id: one{written[1]}")
    ledger, starts = tmp_path / "ours.yaml", tmp_path / "starts"
    ledger.write_text(FATAL)
    command = fake("counted.py", starts)
    result = runner.run(
        str(cases), "--jobs", "1", "--ledger", str(ledger), adapters={"fake": command}
    )
    assert result.returncode == 0, result.stdout
    outcomes = runner.outcomes()
    assert list(outcomes.values()) == ["pass"] * 2 + ["xfail"] * 8
    assert list(outcomes)[:2] == ["fakes/one", "fakes/two"]
    assert len(starts.read_text().split()) == 8, "the first one does the others' work as well"


def test_a_stale_ledger_makes_the_run_fail(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one"])
    ledger = tmp_path / "ours.yaml"
    ledger.write_text(
        "- id: mended\n"
        "  adapter: fake\n"
        "  cases: fakes/one\n"
        "  facets: [values]\n"
        "  signature: times the tolerance\n"
        "  kind: bug\n"
        "  reason: It was wrong once.\n"
        "  review_by: 2099-01-01\n"
    )
    result = runner.run(str(cases), "--ledger", str(ledger))
    assert result.returncode == 1
    assert runner.outcomes()["fakes/one"] == "xpass"
    assert "mended no longer shows on fake; remove it" in " ".join(result.stdout.split())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_the_run_with_a_message(tmp_path, cache):
    cases = write_cases(tmp_path, ["one", "two"])
    runner = Runner(tmp_path, cache)
    code = (
        "import sys, os, conformance.records.writer as writer\n"
        "real = os.open\n"
        "def full(path, *rest):\n"
        "    path = '/dev/full' if 'records' in str(path) else path\n"
        "    return real(path, os.O_WRONLY) if path == '/dev/full' else real(path, *rest)\n"
        "writer.os.open = full\n"
        "from conformance.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", code, *runner.command(str(cases))[3:]]
    result = subprocess.run(
        command,
        cwd=tmp_path,
        env=runner.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2, result.stdout + result.stderr
    assert "No space left on device" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_is_there_and_imports_nothing_heavy():
    code = (
        "import sys; from conformance.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'msgspec', 'yaml', 'rich', 'pytest', 'torch', 'keras'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
