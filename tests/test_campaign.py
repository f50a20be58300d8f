"""The campaign of unsound inputs: it tries what it says, and finds what is planted."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOL = ROOT / "tools/campaign.py"


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    """The campaign has a cache of its own, which no later test is to find."""
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def campaign(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOL.parent))
    import campaign

    return campaign


class Broken:
    """A fuzzer of which some inputs do what must not be done."""

    kind = "cases"

    def make(self, rng):
        return bytes([rng.randrange(8)])

    def attempt(self, data):
        from fuzzing.fuzzer import true

        if data == b"\0":
            raise ZeroDivisionError
        if data == b"\1":
            time.sleep(60)
        true(data != b"\2", "a cell is lost")


def run(*arguments, folder):
    return subprocess.run(
        [sys.executable, str(TOOL), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


@pytest.mark.parametrize("kind", ["answers", "cases", "ledgers", "records", "commands", "runs"])
def test_each_kind_is_tried_and_keeps_its_promises(kind, tmp_path):
    done = run("--kind", kind, "--inputs", "40", "--seed", "3", "--jobs", "1", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{kind}: 40 tried, 0 broke a promise" in done.stdout
    assert "40 inputs of seed 3" in done.stdout


def test_what_breaks_a_promise_is_found_kept_and_tried_again(
    campaign, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(campaign, "fuzzer", lambda *_: Broken())
    monkeypatch.setattr(campaign, "SECONDS", 0.1)
    told = []
    count, faults = campaign.campaign("cases", 1, range(60), tmp_path, told.append)
    assert count == 60
    assert 3 <= faults < 60
    text = "\n".join(told)
    for what in ("ZeroDivisionError", "no end within 0.1 s", "Fault: a cell is lost"):
        assert what in text
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 3, "each kind of fault is kept once"
    for file in kept:
        assert re.fullmatch(r"cases-1-\d+", file.name)
        assert f"--kind cases --replay {file}" in text
        assert campaign.replay("cases", file) == 1
    monkeypatch.setattr(Broken, "attempt", lambda *_: None)
    assert campaign.replay("cases", kept[0]) == 0
    assert "breaks no promise any more" in capsys.readouterr().out


def test_a_seed_makes_the_same_inputs(campaign):
    one, other = ([*campaign.inputs(Broken(), seed, range(30))] for seed in (1, 1))
    assert one == other
    assert one != [*campaign.inputs(Broken(), 2, range(30))]


@pytest.mark.parametrize("jobs", [1, 2, 7])
@pytest.mark.parametrize("count", [1, 999, 20_000])
def test_as_many_are_planned_as_were_asked_for(campaign, jobs, count):
    parts = [*campaign._parts(campaign.SHARES, count, jobs)]
    assert sum(len(numbers) for _, numbers in parts) == count


class TestPlanted:
    """A fault in what is tried, which each fuzzer has to see."""

    def seen(self, tried, count=400, seed="p"):
        from campaign import attempt

        numbers = (random.Random(f"{seed}/{number}") for number in range(count))  # noqa: S311
        return next(filter(None, (attempt(tried, tried.make(rng)) for rng in numbers)), "")

    def test_another_cases_answer_is_taken(self, campaign, tmp_path, monkeypatch):
        tried = campaign.fuzzer("answers", tmp_path)

        def read_anything(blob, _identity, case):
            import msgspec

            from conformance.adapters.host.observation import Observation
            from conformance.adapters.shared import wire

            text, tensors = wire.split(blob)
            observation = msgspec.json.decode(text, type=Observation, strict=False)
            return msgspec.structs.replace(observation, case=case), tensors

        assert not self.seen(tried, 100)
        monkeypatch.setattr("fuzzing.answers.read_observation", read_anything)
        assert "Fault" in self.seen(tried) or "Error" in self.seen(tried)

    def test_a_case_file_raises(self, campaign, tmp_path, monkeypatch):
        tried = campaign.fuzzer("cases", tmp_path)
        monkeypatch.setattr("conformance.cases.problems.Log.add", None)
        assert "TypeError" in self.seen(tried)

    def test_a_ledger_raises(self, campaign, tmp_path, monkeypatch):
        tried = campaign.fuzzer("ledgers", tmp_path)
        monkeypatch.setattr("conformance.cases.problems.Log.add", None)
        assert "TypeError" in self.seen(tried)

    def test_a_record_plans_a_cell_twice(self, campaign, tmp_path, monkeypatch):
        tried = campaign.fuzzer("records", tmp_path)
        monkeypatch.setattr("conformance.records.reader.unfit", lambda _: "")
        # One record in a thousand is changed so; with this seed the fortieth is.
        assert self.seen(tried, seed="w")

    def test_a_command_prints_what_acts(self, campaign, tmp_path, monkeypatch):
        tried = campaign.fuzzer("commands", tmp_path)
        monkeypatch.setattr("conformance.printing.printed", lambda text: text)
        assert "Fault" in self.seen(tried)
