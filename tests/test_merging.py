"""Shards and their merge: every case once, nothing lost, nothing joined that is not one run."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import inner
import pytest
from comparisons import record
from hypothesis import given
from hypothesis import strategies as st
from runs import FAKE, Runner, write_cases
from synthetic_runs import header

from conformance import cli
from conformance.records import RecordsError, Writer, read
from conformance.records.merging import MergeError, merge
from conformance.records.model import ShardOf, Touched, TouchedAdapter
from conformance.run.shard import Shard, ShardError

A, B, C = (f"layers/core/{name}" for name in ("dense", "embedding", "masking"))
TORCH = {"torch": {A: "pass", B: "fail", C: "pass"}}


@given(st.lists(st.text(min_size=1), unique=True), st.integers(1, 12))
def test_every_case_is_of_exactly_one_shard(cases, count):
    shards = [Shard(index, count) for index in range(1, count + 1)]
    for case in cases:
        assert sum(shard.holds(case) for shard in shards) == 1


def test_a_case_keeps_its_shard_for_ever():
    # Written down, so that a change of the hash does not go unnoticed: it would break whoever
    # resumes or merges across versions.
    assert [Shard(index, 4).holds(A) for index in (1, 2, 3, 4)] == [True, False, False, False]


@pytest.mark.parametrize(
    "text", ["", "2", "0/3", "4/3", "1/0", "-1/3", "1/2/3", "1/9999999", "a/b"]
)
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(ShardError, match="shard"):
        Shard.parse(text)


def part(path, index, cells, *, count=2, plan="one plan", **given):
    """A shard of TORCH, by its own number."""
    cases = list(dict.fromkeys(case for column in cells.values() for case in column))
    positions = [list(TORCH["torch"]).index(case) for case in cases]
    shard = ShardOf(index=index, count=count, plan=plan, cases=3, positions=positions)
    return record(path, cells, shard=shard, **given)


@pytest.fixture
def parts(tmp_path):
    """Two shards of TORCH, the later cases first."""
    first = {"torch": {B: "fail"}}
    second = {"torch": {A: "pass", C: "pass"}}
    return [
        part(tmp_path / "1.jsonl", 1, first, started="2026-01-01T12:00:05Z"),
        part(tmp_path / "2.jsonl", 2, second, started="2026-01-01T12:00:00Z"),
    ]


class TestMerge:
    def test_the_parts_are_the_whole(self, parts, tmp_path):
        merge(parts, tmp_path / "out/records.jsonl")
        joined = read(tmp_path / "out/records.jsonl")
        whole = read(record(tmp_path / "whole.jsonl", TORCH))
        assert joined.header.cases == [A, B, C]
        assert joined.header.plan == {"torch": None}
        assert joined.header.shard is None
        assert joined.started == "2026-01-01T12:00:00Z"
        assert dict(joined.cells) == dict(whole.cells)
        assert joined.cases == whole.cases
        assert joined.adapters == whole.adapters
        assert not joined.partial
        assert joined.footer.planned == joined.footer.reported == 3
        assert joined.footer.counts == {"pass": 2, "fail": 1}

    def test_the_order_of_the_parts_does_not_matter(self, parts, tmp_path):
        merge(parts, tmp_path / "one.jsonl")
        merge(reversed(parts), tmp_path / "two.jsonl")
        one, two = read(tmp_path / "one.jsonl"), read(tmp_path / "two.jsonl")
        assert (one.header.cases, dict(one.cells)) == (two.header.cases, dict(two.cells))

    def test_adapters_of_several_machines(self, tmp_path):
        paths = [
            record(tmp_path / "1.jsonl", {"torch": {A: "pass"}}),
            record(tmp_path / "2.jsonl", {"jax": {A: "pass", B: "fail"}}),
        ]
        merge(paths, tmp_path / "out.jsonl")
        joined = read(tmp_path / "out.jsonl")
        assert list(joined.cells) == [(A, "torch"), (A, "jax"), (B, "jax")]
        assert joined.header.plan == {"torch": [0], "jax": None}

    def test_a_part_that_did_not_end_makes_the_whole_partial(self, parts, tmp_path):
        data = parts[0].read_bytes()
        parts[0].write_bytes(data[:-30])
        merge(parts, tmp_path / "out.jsonl")
        assert read(tmp_path / "out.jsonl").partial

    def test_missing_shards_can_be_left_out_when_it_is_said(self, parts, tmp_path):
        merge(parts[:1], tmp_path / "out.jsonl", partial=True)
        joined = read(tmp_path / "out.jsonl")
        assert joined.partial
        assert list(joined.cells) == [(B, "torch")]

    def test_an_entry_that_covers_in_one_shard_is_not_idle_in_another(self, tmp_path):
        paths = []
        for index, (covered, idle) in enumerate(
            [(["used"], {"stale": "f.yaml:9:1: stale covered nothing"}), ([], {"used": "told"})], 1
        ):
            path = part(tmp_path / f"{index}.jsonl", index, {"torch": {[A, B][index - 1]: "pass"}})
            *head, footer = path.read_text().splitlines()
            told = json.loads(footer) | {"covered": covered, "idle": idle}
            path.write_text("\n".join([*head, json.dumps(told)]) + "\n")
            paths.append(path)
        merge(paths, tmp_path / "out.jsonl")
        assert read(tmp_path / "out.jsonl").problems == ["f.yaml:9:1: stale covered nothing"]


class TestNotOneRun:
    def refused(self, paths, out, words, **options):
        with pytest.raises(MergeError, match=words):
            merge(paths, out, **options)
        assert not out.exists()
        assert not list(out.parent.glob("*.part"))

    def test_a_missing_shard(self, parts, tmp_path):
        self.refused(parts[:1], tmp_path / "out.jsonl", "2/2 is missing")

    def test_a_shard_twice(self, parts, tmp_path):
        again = tmp_path / "again.jsonl"
        again.write_bytes(parts[0].read_bytes())
        self.refused([*parts, again], tmp_path / "out.jsonl", "shard 1/2 is there twice")

    def test_the_same_cells_in_two_records(self, tmp_path):
        paths = [record(tmp_path / f"{name}.jsonl", TORCH) for name in "ab"]
        self.refused(paths, tmp_path / "out.jsonl", "3 cells are in")

    def test_another_plan(self, parts, tmp_path):
        other = part(tmp_path / "3.jsonl", 2, {"torch": {A: "pass"}}, plan="other")
        self.refused(
            [parts[0], other], tmp_path / "out.jsonl", "2/2 is missing.*\n.*1/2 is missing"
        )

    def test_another_number_of_shards(self, parts, tmp_path):
        other = part(tmp_path / "3.jsonl", 2, {"torch": {A: "pass"}}, count=3)
        self.refused([parts[0], other], tmp_path / "out.jsonl", "cut into 2, 3 shards")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"suite": "9.9"}, "is of keras-conformance 9.9"),
            ({"rule": "other"}, "judged by another rule"),
            ({"versions": {"torch": {"keras": "3.0"}}}, r"torch has keras 3\.15\.1 in .*and 3\.0"),
            ({"digests": {C: "e" * 64}}, None),
        ],
    )
    def test_another_suite_rule_or_version(self, parts, tmp_path, changes, words):
        other = part(tmp_path / "3.jsonl", 2, {"torch": {A: "pass", C: "pass"}}, **changes)
        if words is None:
            merge([parts[0], other], tmp_path / "out.jsonl")  # only one part knows that case
            return
        self.refused([parts[0], other], tmp_path / "out.jsonl", words)

    def test_another_content_of_a_case(self, tmp_path):
        paths = [
            record(tmp_path / "1.jsonl", {"torch": {A: "pass"}}),
            record(tmp_path / "2.jsonl", {"jax": {A: "pass"}}, digests={A: "e" * 64}),
        ]
        self.refused(paths, tmp_path / "out.jsonl", "another content")

    def test_every_reason_is_told_at_once(self, parts, tmp_path):
        other = part(tmp_path / "3.jsonl", 1, {"torch": {A: "pass"}}, suite="9.9")
        self.refused([parts[0], other], tmp_path / "out.jsonl", r"9\.9(?s:.*)twice(?s:.*)missing")


class TestFiles:
    def test_no_record_is_overwritten(self, parts, tmp_path):
        out = tmp_path / "out.jsonl"
        out.write_text("mine")
        with pytest.raises(RecordsError, match="exists already"):
            merge(parts, out)
        assert out.read_text() == "mine"

    @pytest.mark.parametrize(
        ("raised", "told"),
        [
            (
                OSError(errno.ENOSPC, "No space left on device"),
                "WriteError: cannot write .* space",
            ),
            (KeyboardInterrupt("pressed"), "KeyboardInterrupt: pressed"),
        ],
        ids=["full disk", "Ctrl-C"],
    )
    def test_what_ends_it_leaves_nothing(self, parts, tmp_path, monkeypatch, raised, told):
        def fail(_):
            raise raised

        monkeypatch.setattr("conformance.records.output.os.fsync", fail)
        kind, _, words = told.partition(": ")
        with pytest.raises((RecordsError, KeyboardInterrupt), match=words) as caught:
            merge(parts, tmp_path / "out/records.jsonl")
        assert caught.typename == kind
        assert list((tmp_path / "out").iterdir()) == []

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
    def test_a_full_disk_while_a_run_is_recorded(self, tmp_path):
        (tmp_path / "run.jsonl").symlink_to("/dev/full")
        for _ in range(2):  # a device has no lock: another run may write into it, too
            writer = Writer(tmp_path / "run.jsonl", append=True)
            with pytest.raises(RecordsError, match="No space left"):
                writer.write(header([A]))

    def test_a_record_of_before_the_shards_is_read(self, parts, tmp_path):
        path = record(tmp_path / "old.jsonl", {"jax": {A: "pass"}})
        head, *rest = path.read_text().splitlines()
        told = json.loads(head)
        for key in ("rule", "shard"):
            told.pop(key, None)
        path.write_text("\n".join([json.dumps(told), *rest]) + "\n")
        assert read(path).header.shard is None
        merge([path, *parts], tmp_path / "out.jsonl")

    def test_lines_that_another_program_has_written_are_understood(self, parts, tmp_path):
        merge(parts, tmp_path / "one.jsonl")
        for path in parts:
            lines = map(json.loads, path.read_text().splitlines())
            path.write_text("\n".join(json.dumps(line, sort_keys=True) for line in lines))
        merge(parts, tmp_path / "two.jsonl")
        one, two = read(tmp_path / "one.jsonl"), read(tmp_path / "two.jsonl")
        assert dict(one.cells) == dict(two.cells)

    def test_a_broken_line_is_told_with_its_place(self, parts, tmp_path):
        lines = parts[1].read_bytes().splitlines(keepends=True)
        lines[4] = b'{"type":"cell","digest":3}\n'
        parts[1].write_bytes(b"".join(lines))
        with pytest.raises(RecordsError, match=r"2\.jsonl:5: "):
            merge(parts, tmp_path / "out.jsonl")


def test_shards_of_a_real_run_are_the_run(tmp_path, cache, monkeypatch, capsys):
    """Two from the command line, one from pytest: joined, they say what one run would say."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(cache))
    cases = write_cases(tmp_path, ["one", "off-by-a-little", "two"])
    options = ["--adapter", "fake", "--adapter-command", f"fake={FAKE}", "--reports", "parts"]
    codes = [cli.main(["run", str(cases), "--shard", f"{index}/3", *options]) for index in (1, 3)]
    # The second shard is empty, and as good as the others.
    last = subprocess.run(
        [sys.executable, "-m", "pytest", *inner.WITHOUT, str(cases), "--shard", "2/3", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    codes.append(last.returncode)
    assert codes == [0, 1, 0], last.stdout + last.stderr
    assert cli.main(["merge", "parts", "-o", "joined"]) == 1
    joined = read(Path("joined/records.jsonl"))
    assert [f"fakes/{name}" for name in ("one", "off-by-a-little", "two")] == joined.header.cases
    outcomes = {case: cell.verdict.outcome for (case, _), cell in joined.cells.items()}
    assert sorted(outcomes.values()) == ["fail", "pass", "pass"]
    assert not joined.partial
    assert "3 cases on 1 adapter: 1 unexpected result on fake" in capsys.readouterr().out
    assert Path("joined/report.html").is_file()


def test_a_wrong_shard_is_a_wrong_usage(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    result = runner.run(str(write_cases(tmp_path, ["one"])), "--shard", "3/2")
    assert result.returncode == 2
    assert result.stderr.endswith("argument --shard: '3/2': of 2 shards, the first is 1/2\n")


class TestChosenByAChange:
    """Records of ``--touched-by``: parts of one choice are one run, and of no other."""

    def touched(self, **changes):
        told = {"of": 3, "chosen": 1, "recorded": "2026-01-01T12:00:00Z"}
        fields = {
            "base": "main",
            "commit": "1" * 40,
            "source": "pkg",
            "files": 1,
            "outside": 0,
            "functions": ["conv (nn.py)"],
            "adapters": {"torch": TouchedAdapter(**told)},
        }
        return Touched(**{**fields, **changes})

    def test_are_joined(self, tmp_path):
        one = record(tmp_path / "1.jsonl", {"torch": {A: "pass"}}, touched=self.touched())
        jax = self.touched(functions=["pad (nn.py)"], adapters={"jax": TouchedAdapter(chosen=1)})
        other = record(tmp_path / "2.jsonl", {"jax": {A: "pass"}}, touched=jax)
        merge([one, other], tmp_path / "out/records.jsonl")
        joined = read(tmp_path / "out/records.jsonl").header.touched
        assert joined.functions == ["conv (nn.py)", "pad (nn.py)"]
        assert set(joined.adapters) == {"torch", "jax"}

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            (None, "all cases that were asked for"),
            ({"commit": "2" * 40}, "those that changes of pkg since main touch"),
            ({"source": "other"}, "those that changes of other since main touch"),
        ],
    )
    def test_of_different_choices_are_refused(self, tmp_path, changes, said):
        one = record(tmp_path / "1.jsonl", {"torch": {A: "pass"}}, touched=self.touched())
        touched = None if changes is None else self.touched(**changes)
        other = record(tmp_path / "2.jsonl", {"jax": {A: "pass"}}, touched=touched)
        with pytest.raises(MergeError, match=said):
            merge([one, other], tmp_path / "out/records.jsonl")
