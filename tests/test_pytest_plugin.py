"""The front door: what a pytest user expects of the items that cases become."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import inner
import pytest
from runs import FAKE, FAKES, write_cases

from conformance.records import read


@pytest.fixture
def suite(pytester, cache, monkeypatch):
    """A project with cases of its own, and a fake adapter beside a second one."""
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(cache))
    monkeypatch.setenv("COLUMNS", "140")
    # The outer pytest's workers must not be taken for the inner one's.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeini("[pytest]\nconformance_cases = cases\ntestpaths = cases\n")
    write_cases(pytester.path, ["one", "off-by-a-little", "two"])

    def run(*arguments, adapters=("left", "right"), selected=True, process=False):
        options = []
        for name in adapters:
            options += ["--adapter-command", f"{name}={FAKE}"]
            if selected:
                options += ["--adapter", name]
        return inner.run(pytester, *options, *arguments, process=process)

    return run


def records(pytester):
    (path,) = (pytester.path / "reports").glob("*/records.jsonl")
    return read(path)


def test_one_item_a_case_and_adapter(suite, pytester):
    result = suite()
    result.assert_outcomes(passed=4, failed=2)
    assert result.ret == 1
    run = records(pytester)
    assert not run.partial
    assert len(run.cells) == 6


def test_a_failure_shows_facet_element_expected_observed_and_times(suite):
    result = suite("--adapter=left", "-k", "off-by-a-little")
    text = result.stdout.str()
    assert "fakes/off-by-a-little on left: fail" in text
    assert "values:" in text
    for word in ("index", "expected", "observed", "times the tolerance"):
        assert word in text
    assert "cases/fakes.yaml:" in text
    assert "Traceback" not in text
    assert "pytest_items.py" not in text


def test_collect_only_starts_nothing(suite, pytester):
    result = suite("--collect-only", "-q")
    result.stdout.fnmatch_lines(
        ["cases/fakes.yaml::one[[]left[]]", "cases/fakes.yaml::off-by-a-little[[]right[]]"]
    )
    assert not (pytester.path / "reports").exists()


def test_k_and_m_select(suite):
    suite("-k", "one and left").assert_outcomes(passed=1, deselected=5)
    suite("-k", "two").assert_outcomes(passed=2, deselected=4)
    suite("-m", "conformance").assert_outcomes(passed=4, failed=2)
    suite("-m", "documents").assert_outcomes(deselected=6)


def test_markers_are_the_suites_that_there_are_and_the_kinds(pytester):
    told = inner.run(pytester, "--markers").stdout.str()
    found = {line.split(":")[0].removeprefix("@pytest.mark.") for line in told.splitlines()}
    folders = {path.name for path in (Path(__file__).parents[1] / "cases").iterdir()}
    assert (folders - {"capabilities", "divergences"}) <= found
    assert not {"capabilities", "divergences"} & found
    assert {"model", "function", "steps", "keras_torch"} <= found


def test_kinds_and_symbols_select(suite, pytester):
    (pytester.path / "cases" / "sums.yaml").write_text(
        "- id: plain\n  title: t\n  function: ops.sum\n  input: {shape: [2]}\n"
        "- id: mean\n  title: t\n  object: metrics.Mean\n  input: {shape: [2]}\n"
        "  steps: [update_state: [x], result]\n"
    )
    for selection, count in (
        (("-m", "function"), 2),
        (("-m", "steps"), 2),
        (("-m", "model"), 6),
        (("-k", "ops.sum"), 2),
        (("-k", "metrics.Mean and left"), 1),
    ):
        result = suite(*selection, "--collect-only", "-q")
        listed = [line for line in result.stdout.lines if "::" in line]
        assert len(listed) == count, selection


def test_x_stops_at_the_first_failure_and_leaves_a_partial_run(suite, pytester):
    result = suite("-x")
    assert result.parseoutcomes()["failed"] == 1
    assert records(pytester).footer is None or result.parseoutcomes().get("passed", 0) < 4


def test_lf_runs_the_failures_alone(suite):
    suite()
    suite("--lf").assert_outcomes(failed=2)


def test_junit_names_case_adapter_and_outcome(suite, pytester):
    suite("--junitxml=junit.xml")
    root = ET.parse(pytester.path / "junit.xml").getroot()  # noqa: S314 - our own file
    properties = [
        {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in root.iter("testcase")
    ]
    assert {"case": "fakes/one", "adapter": "left", "outcome": "pass"} in properties
    assert {"case": "fakes/off-by-a-little", "adapter": "right", "outcome": "fail"} in properties
    assert root.find("testsuite").get("failures") == "2"


def test_adapter_takes_globs_and_says_what_there_is(suite):
    result = suite("--adapter", "le*", selected=False)
    result.assert_outcomes(passed=2, failed=1)
    result = suite("--adapter", "keras-tensorflo", adapters=())
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "keras-tensorflow" in result.stderr.str() + result.stdout.str()


def test_xdist_gives_the_same_and_starts_each_adapter_once(suite, pytester, monkeypatch):  # noqa: ARG001 - it writes the cases
    log = pytester.path / "starts.txt"
    monkeypatch.setenv("FAKE_STARTS", str(log))
    wrapper = pytester.path / "counted.py"
    wrapper.write_text(
        "import os, runpy, sys\n"
        "with open(os.environ['FAKE_STARTS'], 'a') as file: file.write(sys.argv[1] + '\\n')\n"
        "sys.argv = ['dense.py']\n"
        f"runpy.run_path({str(FAKES / 'dense.py')!r}, run_name='__main__')\n"
    )
    options = []
    for name in ("left", "right", "middle"):
        command = f"{sys.executable} {wrapper} {name}"
        options += ["--adapter", name, "--adapter-command", f"{name}={command}"]
    result = pytester.runpytest_subprocess("-n", "2", *options)
    result.assert_outcomes(passed=6, failed=3)
    assert sorted(log.read_text().split()) == ["left", "middle", "right"]
    run = records(pytester)
    assert not run.partial
    assert len(run.cells) == 9
    assert set(run.adapters) == {"left", "right", "middle"}
    assert set(run.cases) == {"fakes/one", "fakes/off-by-a-little", "fakes/two"}


def test_a_faulty_file_is_a_collection_error_with_every_place(suite, pytester):
    path = pytester.path / "cases" / "fakes.yaml"
    path.write_text(path.read_text().replace("units", "unit"))
    result = suite()
    text = result.stdout.str()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert text.count("cases/fakes.yaml:") >= 3
    assert "did you mean" in text
    assert "Traceback" not in text


def test_not_installed_is_a_skip_with_its_reason(suite):
    options = ["--adapter", "gone", "--adapter-command", f"gone={FAKE} not-installed"]
    result = suite(*options, "-rs", adapters=("left",))
    result.assert_outcomes(passed=2, failed=1, skipped=3)
    assert "No module named 'fake'" in result.stdout.str()


def test_resume_takes_finished_cells_from_the_record(suite, pytester):
    suite("-k", "one or two")
    before = records(pytester)
    result = suite("--resume")
    result.assert_outcomes(passed=4, failed=2)
    after = records(pytester)
    assert not after.partial
    for key, line in before.cells.items():
        assert after.cells[key].seconds == line.seconds


def test_resume_goes_on_under_xdist_too(suite, pytester):
    suite("-k", "one or two")
    before = records(pytester)
    result = suite("-n", "2", "--resume", process=True)
    result.assert_outcomes(passed=4, failed=2)
    after = records(pytester)
    assert (after.partial, after.stretches, len(after.cells)) == (False, 2, 6)
    for key, line in before.cells.items():
        assert after.cells[key].seconds == line.seconds, "a finished cell was run again"
    (path,) = (pytester.path / "reports").glob("*/records.jsonl")
    assert path.read_text().count('"type":"cell"') == 6, "nothing is recorded twice"
    assert suite("-n", "2", "--resume", process=True).parseoutcomes() == result.parseoutcomes()
    assert path.read_text().count('"type":"cell"') == 6


def test_nothing_to_resume_is_told_under_xdist_too(suite):
    result = suite("-n", "2", "--resume", process=True)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "nothing to resume" in result.stderr.str() + result.stdout.str()
    assert "INTERNALERROR" not in result.stdout.str()


def test_a_file_outside_every_catalogue_runs_when_named(suite, pytester):
    path = pytester.path / "elsewhere" / "mine.yaml"
    path.parent.mkdir()
    path.write_text((pytester.path / "cases" / "fakes.yaml").read_text())
    suite(str(path), "-k", "one").assert_outcomes(passed=2, deselected=4)


def test_the_catalogue_s_own_ledger_applies(suite, pytester):
    ledger = pytester.path / "cases" / "divergences" / "known.yaml"
    ledger.parent.mkdir()
    ledger.write_text(
        "- id: a-little\n"
        "  adapter: left\n"
        "  cases: fakes/off-by-a-little\n"
        "  facets: [values]\n"
        "  signature: times the tolerance\n"
        "  kind: bug\n"
        "  reason: The fake multiplies by 1.001.\n"
        "  review_by: 2099-01-01\n"
    )
    suite().assert_outcomes(passed=4, failed=1, xfailed=1)


def test_what_the_catalogue_states_of_adapters_is_no_case_file(suite, pytester):
    stated = pytester.path / "cases" / "capabilities" / "left.yaml"
    stated.parent.mkdir()
    stated.write_text("adapter: left\n")
    result = suite("cases", "--collect-only")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*6 tests collected*"])


def test_yaml_of_others_is_left_alone(pytester):
    pytester.makefile(".yaml", config="a: 1")
    pytester.makepyfile("def test_it(): pass")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_pytest_process_imports_no_framework(suite, pytester):
    pytester.makeconftest(
        "import sys\n"
        "def pytest_sessionfinish():\n"
        "    names = {'tensorflow', 'torch', 'jax', 'keras', 'tf_keras', 'openvino'}\n"
        "    assert not names & set(sys.modules), names & set(sys.modules)\n"
        "    open('checked', 'w').close()\n"
    )
    suite("-k", "one", process=True)
    assert (pytester.path / "checked").exists()


def test_the_summary_names_the_report(suite, pytester):
    text = suite().stdout.str()
    assert "keras-conformance" in text
    (line,) = [line for line in text.splitlines() if "report.html" in line]
    assert Path(pytester.path / line.partition(":")[2].strip()).is_file()


def test_a_run_is_added_to_the_history_that_the_configuration_names(suite, pytester):
    from conformance.history import points

    pytester.makeini(
        "[pytest]\nconformance_cases = cases\ntestpaths = cases\n"
        "conformance_history = kept/h.sqlite\n"
    )
    suite("-k", "one", adapters=("left",))
    (point,) = points(pytester.path / "kept/h.sqlite", "fakes/one")
    assert (point.adapter, point.outcome) == ("left", "pass")
    assert point.run == records(pytester).header.run

    (pytester.path / "other.sqlite").write_text("no history")
    result = suite("-k", "one", "--history", "other.sqlite", adapters=("left",))
    assert "the run is not in the history: " in result.stdout.str()


@pytest.mark.parametrize("named", ["by option", "by configuration"])
def test_a_ledger_of_ones_own(suite, pytester, named):
    pytester.path.joinpath("ours.yaml").write_text(
        "- id: a-little\n"
        "  adapter: left\n"
        "  cases: fakes/off-by-a-little\n"
        "  facets: [values, batch]\n"
        "  signature: times the tolerance\n"
        "  kind: bug\n"
        "  reason: The fake multiplies by 1.001.\n"
        "  review_by: 2099-01-01\n"
    )
    options = ["--ledger", "ours.yaml"]
    if named == "by configuration":
        options = []
        pytester.makeini(
            "[pytest]\nconformance_cases = cases\ntestpaths = cases\n"
            "conformance_ledger = ours.yaml\n"
        )
    result = suite("-k", "off-by-a-little", *options, adapters=("left",))
    result.assert_outcomes(xfailed=1, deselected=2)
    assert result.ret == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--shard", "3/2"], "--shard: '3/2': of 2 shards, the first is 1/2"),
        (["--shard", "1/2", "-n", "2"], "--shard and -n both divide the cases"),
    ],
)
def test_a_shard_that_can_not_be_is_a_wrong_usage(suite, options, words):
    result = suite(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert words in result.stderr.str()
