"""Two versions beside each other: in step, stopped half way, gone on with."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from comparisons import cell, facets, run
from fake_index import FRAMED, cases, needs_uv, variables, wheel
from runs import called, listening

from conformance import cli
from conformance.adapters.host import registry
from conformance.comparing import compare
from conformance.comparing.columns import Pair
from conformance.environments import VariantError
from conformance.printing import make_console
from conformance.records import read
from conformance.run.engine import AHEAD
from conformance.run.pace import LEAD, Pace
from conformance.run.share import Group, Share
from conformance.versions.columns import column_of, two_sides
from conformance.versions.so_far import PARTS, QUIET, SoFar, Watch

A, B, C = "layers/core/a", "layers/core/b[units=2]", "layers/core/c"
OLD, NEW = "torch@keras==3.14.1", "torch@keras==3.15.1"
PAIRS = [Pair("torch", OLD, NEW)]


# --- who waits for whom --------------------------------------------------------------------------


class Named:
    def __init__(self, name):
        self.id = self.name = name


def abreast(count, *names):
    """Shares of the same cases that keep abreast of each other."""
    pace = Pace(str(number) for number in range(count))
    return [Share(Named(name), [Named(str(n)) for n in range(count)], pace) for name in names]


def test_no_share_gets_far_ahead_of_another():
    fast, slow = abreast(2 * LEAD, "fast", "slow")
    for _ in range(LEAD):
        assert not fast.is_ahead()
        fast.take()
    assert fast.is_ahead()
    assert not slow.is_ahead(), "the slowest never waits"
    slow.take()
    assert not fast.is_ahead()
    fast.take()
    assert fast.is_ahead()


@pytest.mark.parametrize("end", [Share.clear, lambda share: [share.take() for _ in range(9)]])
def test_nobody_waits_for_a_share_that_is_through(end):
    fast, slow = abreast(9, "fast", "slow")
    for _ in range(LEAD):
        fast.take()
    assert fast.is_ahead()
    end(slow)
    assert not fast.is_ahead()


def test_what_is_handed_back_is_waited_for_again():
    fast, slow = abreast(9, "fast", "slow")
    slow.join()
    slow.join()
    taken = [slow.take() for _ in range(9)]
    for _ in range(LEAD):
        fast.take()
    assert not fast.is_ahead()
    slow.leave(taken)
    assert fast.is_ahead()
    fast.wait(timeout=0)
    slow.clear()
    fast.wait(timeout=60)


def test_a_group_begins_with_each_of_its_shares_once():
    shares = abreast(2, "one", "two")
    group = Group(shares)
    assert not group.begun
    assert not group.begin(shares[0])
    assert group.begun
    assert group.left == [shares[1]]
    assert group.begin(shares[1])


# --- what was found so far -----------------------------------------------------------------------

BOTH = {
    "regression": ("pass", "fail"),
    "regression known": ("pass", "xfail"),
    "fixed": ("xfail", "pass"),
    "still-failing": ("fail", "fail"),
    "unchanged": ("pass", "pass"),
    "drift": (facets(values=0.05), facets(values=0.2)),
    "appeared": ("absent", "fail"),
    "disappeared": ("pass", "absent"),
    "inconclusive": ("pass", "unsupported"),
    "environment-changed": ("pass", "not-installed"),
    "a facet more": (facets(values="fail", gradients=0.1), facets(values="fail", gradients="fail")),
}


def test_what_is_counted_on_the_way_is_what_the_comparison_says_in_the_end(tmp_path):
    columns = {
        side: {f"layers/core/{name}": told[place] for name, told in BOTH.items()}
        for place, side in enumerate((OLD, NEW))
    }
    found = run(tmp_path / "both.jsonl", columns)
    so_far = SoFar(PAIRS)
    names = list(columns[OLD])
    order = [*((case, OLD) for case in names), *((case, NEW) for case in reversed(names))]
    for key in order:
        so_far.add(found.cells[key].verdict)
    diff = compare(found, found, pairs=PAIRS)
    assert so_far.judged == {"torch": len(BOTH)}
    assert diff.counts["regression"] - len(diff.unexpected()) == 1
    assert so_far.said() == "2 regressions, 1 known regression, 1 fixed"
    assert (len(diff.unexpected()), diff.counts["fixed"]) == (2, 1)
    assert so_far.said("torch") == so_far.said()
    assert so_far.said("jax") == ""


def test_what_one_side_alone_has_judged_is_left_out_and_counted(tmp_path):
    both = run(
        tmp_path / "both.jsonl",
        {OLD: {A: "pass", B: "fail", C: "pass"}, NEW: {A: "fail", B: None, C: None}},
        footer=False,
    )
    diff = compare(both, both, pairs=PAIRS, so_far=True)
    assert (diff.counts, diff.left_out, diff.compared) == ({"regression": 1}, 2, 1)
    whole = compare(both, both, pairs=PAIRS)
    assert (whole.counts, whole.left_out) == ({"regression": 1, "inconclusive": 2}, 0)
    assert diff.exit_code == 1


def test_of_an_adapter_that_has_not_begun_nothing_is_said(tmp_path):
    columns = {OLD: {A: "pass"}, NEW: {A: "pass"}, "jax@keras==1": {A: None}}
    columns["jax@keras==2"] = {A: None}
    both = run(tmp_path / "both.jsonl", columns, footer=False)
    pairs = [*PAIRS, Pair("jax", "jax@keras==1", "jax@keras==2")]
    diff = compare(both, both, pairs=pairs, so_far=True)
    from conformance.comparing.markdown import markdown
    from conformance.comparing.terminal import summary

    console = make_console(file=io.StringIO(), width=120)
    console.print(summary(diff))
    for said in (console.file.getvalue(), markdown(diff)):
        assert "nothing judged on both sides yet" in said
        assert "Partial: 1 of 2 cells judged on both sides" in said


def test_a_comparison_of_a_part_is_never_a_clean_one(tmp_path):
    columns = {OLD: {A: "pass", B: "pass"}, NEW: {A: "pass", B: None}}
    both = run(tmp_path / "both.jsonl", columns, footer=False)
    assert compare(both, both, pairs=PAIRS, so_far=True).exit_code == 3


def watched(count, clock=lambda: 0.0):
    """A watch that prints into a string, and a way to judge a case on both sides."""
    console = make_console(file=io.StringIO(), width=120)
    watch = Watch(console, PAIRS, count, clock)

    def judge(number, old="pass", new="fail"):
        watch.cell(cell(f"case-{number}", OLD, old))
        watch.cell(cell(f"case-{number}", NEW, new))

    return watch, judge, lambda: console.file.getvalue().splitlines()


def test_where_there_is_no_terminal_a_line_is_printed_now_and_then():
    watch, judge, printed = watched(100)
    with watch:
        for number in range(100):
            judge(number)
    assert printed() == [
        *(f"{10 * n} of 100 cells on both sides: {10 * n} regressions" for n in range(1, PARTS)),
        "torch: 100 cases: 100 regressions",
    ]


def test_what_takes_long_is_told_in_between():
    now = [0.0]
    watch, judge, printed = watched(1000, lambda: now[0])
    with watch:
        judge(0, "pass", "pass")
        assert printed() == []
        now[0] = QUIET
        judge(1, "fail", "pass")
        judge(2, "fail", "pass")
    assert printed() == ["2 of 1,000 cells on both sides: 1 fixed"]


def test_what_was_judged_before_is_told_at_once_and_in_one_line():
    watch, judge, printed = watched(10)
    with watch:
        watch.begin_with(cell(f"case-{n}", side, "pass") for n in range(9) for side in (OLD, NEW))
        judge(9)
    assert printed() == [
        "9 of 10 cells on both sides: nothing changed",
        "torch: 10 cases: 1 regression",
    ]


# --- which columns -------------------------------------------------------------------------------


def test_an_adapter_may_say_more_itself():
    assert column_of("keras-torch", "keras==3.14.1") == "keras-torch@keras==3.14.1"
    named = "keras-torch@numpy==2.2.0"
    (sides,) = two_sides([named], "keras==3.14.1", "keras==3.15.1")
    assert sides.adapter == named
    assert (sides.old.name, sides.new.name) == (f"{named},keras==3.14.1", f"{named},keras==3.15.1")


def test_the_sides_are_paired_adapter_by_adapter():
    found = two_sides(["keras-t*", "torch", "keras-torch"], "numpy==2.1.0", "numpy==2.2.0")
    assert [side.adapter for side in found] == ["keras-tensorflow", "keras-torch", "torch"]
    assert all(side.old.name == f"{side.adapter}@numpy==2.1.0" for side in found)


def test_an_environment_that_the_user_keeps_is_laid_under_another_release():
    name = column_of("keras-mlx@python=/venvs/mlx", "keras==3.14.1")
    assert name == "keras-mlx@python=/venvs/mlx,keras==3.14.1"


def test_an_adapter_of_a_third_party_is_concerned_like_a_built_in_one(monkeypatch):
    specs = registry.built_in()
    mine = specs["keras-numpy"].__class__(
        "keras-mine", specs["keras-numpy"].command, {}, requires=("pytest",)
    )
    own = mine.__class__("of-its-own", ("/usr/bin/true",), {}, requires=("pytest",))
    third = {"keras-mine": mine, "of-its-own": own}
    monkeypatch.setattr(registry, "_entry_points", lambda: third)
    monkeypatch.setattr(registry, "_load", lambda spec: spec)
    found = two_sides([], "pytest==8.0.0", "pytest==8.1.0")
    assert [side.adapter for side in found] == ["keras-mine"]
    nightly = two_sides([], "pytest-nightly==8.0.0", "pytest-nightly==8.1.0")
    assert [side.adapter for side in nightly] == ["keras-mine"]
    with pytest.raises(VariantError, match="--adapter NAME"):
        two_sides([], "nothing-needs-this==1", "nothing-needs-this==2")


# --- the command ---------------------------------------------------------------------------------

CASES = 16
SLOW = 0.1
"""Seconds that a case takes on the slower side."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diff")
    for version, code in {
        "1.0": "SLOPE = 1",
        "2.0": f"SLOPE = 3\nSECONDS = {SLOW}",
        "3.0": f"SLOPE = 1\nSECONDS = {SLOW}",
    }.items():
        wheel(folder / "wheels", "fakeframe", version, f"{code}\n")
    path = cases(folder, "one")
    path.write_text(path.read_text() + f"  vary: {{model.0.Dense.units: [{units()}]}}\n")
    return folder


def units():
    return ", ".join(str(number) for number in range(1, CASES + 1))


class Differ:
    """Runs ``diff`` of two versions in a folder of its own."""

    def __init__(self, place, folder):
        self.place, self.folder = place, folder

    def command(self, old, new, *arguments, adapters=("framed",)):
        command = ["diff", f"fakeframe=={old}", f"fakeframe=={new}"]
        command += [str(self.place / "cases/fakes.yaml"), *arguments]
        for name in adapters:
            command += ["--adapter", name, "--adapter-command", f"{name}={FRAMED}"]
        return [*command, "--json", "diff.json", "--markdown", "diff.md"]

    def start(self, *arguments, **given):
        """In a process of its own, to be interrupted."""
        return subprocess.Popen(
            [sys.executable, "-m", "conformance.cli", *self.command(*arguments, **given)],
            cwd=self.folder,
            env=self.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=listening,  # noqa: PLW1509 (no threads here)
        )

    def diff(self, *arguments, **given):
        result = called(self.command(*arguments, **given), self.folder, self.env())
        return result.returncode, result.stdout + result.stderr

    def env(self):
        return variables(self.place / "wheels", self.place / "cache")

    def told(self):
        return json.loads((self.folder / "diff.json").read_text())

    def records(self):
        (path,) = self.folder.glob("reports/*/records.jsonl")
        return path

    def judged(self):
        """The columns in the order in which their cells were recorded."""
        lines = map(json.loads, self.records().read_text().splitlines())
        return [line["verdict"]["adapter"] for line in lines if line["type"] == "cell"]

    def wait_for(self, count, process):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert process.poll() is None, process.stdout.read()
            found = list(self.folder.glob("reports/*/records.jsonl"))
            if found and found[0].read_text().count('"type":"cell"') >= count:
                return
            time.sleep(0.02)
        raise AssertionError(f"no {count} cells within a minute")


@pytest.fixture
def differ(place, tmp_path):
    return Differ(place, tmp_path)


@needs_uv
@pytest.mark.parametrize("jobs", [1, 3])
def test_both_sides_advance_together_one_adapter_after_the_other(differ, jobs):
    adapters = ("first", "second")
    code, out = differ.diff("1.0", "2.0", "--jobs", str(jobs), adapters=adapters)
    assert code == 1, out
    assert f"second: {CASES} cases: {CASES} regressions" in out
    judged = differ.judged()
    # With a core to spare, the second begins while the last cases of the first are in hand.
    assert {name.partition("@")[0] for name in judged[: 2 * CASES - LEAD - AHEAD]} == {"first"}
    sides = Counter()
    for name in judged:
        sides[name] += 1
        adapter = name.partition("@")[0]
        apart = sides[f"{adapter}@fakeframe==1.0"] - sides[f"{adapter}@fakeframe==2.0"]
        # What the slower side has in hand, in two processes at most, is not judged yet.
        assert -LEAD <= apart <= LEAD + 2 * AHEAD < CASES
    assert differ.told()["counts"] == {"regression": 2 * CASES}


@needs_uv
@pytest.mark.parametrize(
    ("how", "ended"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_who_is_interrupted_has_what_was_found_and_can_go_on(differ, how, ended):
    process = differ.start("1.0", "2.0")
    differ.wait_for(CASES // 2, process)
    process.send_signal(how)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == ended, out
    assert "Traceback" not in out
    told = differ.told()
    both = told["counts"]["regression"]
    assert told["counts"] == {"regression": both}, "nothing is called new, removed or inconclusive"
    assert both == told["compared"] == CASES - told["left_out"]
    assert 0 < both < CASES
    counted = f"{both} regression{'s' if both > 1 else ''} among"
    said = f"Partial: {both} of {CASES} cells judged on both sides. {counted}"
    assert said in " ".join(out.split())
    assert said in (differ.folder / "diff.md").read_text()
    name = differ.records().parent.name
    assert f"The same command with --resume {name} goes on." in " ".join(out.split())

    before = read(differ.records()).cells
    code, out = differ.diff("1.0", "2.0", "--resume")
    assert code == 1, out
    assert differ.told()["counts"] == {"regression": CASES}
    assert differ.told()["left_out"] == 0
    assert "Partial" not in out
    after = read(differ.records())
    assert not after.partial
    for key in before:
        assert after.cells[key].seconds == before[key].seconds, "a judged cell was run again"


@needs_uv
def test_what_is_through_is_compared_again_without_running_anything(differ):
    code, _ = differ.diff("3.0", "1.0")
    assert code == 0
    name = differ.records().parent.name
    judged = differ.judged()
    code, out = differ.diff("3.0", "1.0", "--resume", name)
    assert code == 0, out
    assert f"{CASES} of {CASES} cells on both sides: nothing changed" in out
    assert differ.judged() == judged


@needs_uv
def test_another_run_is_not_gone_on_with(differ):
    differ.diff("1.0", "3.0")
    written = differ.records().read_text()
    code, out = differ.diff("1.0", "2.0", "--resume", adapters=("other",))
    assert code == 2
    assert "no comparison of fakeframe==1.0 and fakeframe==2.0: it is a run of framed@" in out
    assert differ.records().read_text() == written
    code, out = differ.diff("1.0", "2.0", "--resume", "nowhere")
    assert (code, "nothing to resume at 'nowhere'" in out) == (2, True)


def test_records_are_not_resumed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["diff", "old.jsonl", "new.jsonl", "--resume"]) == 2
    assert "these are records" in capsys.readouterr().err
