"""Several processes for one adapter: when they pay, and that no case is lost between them."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from runs import Runner, fake, write_cases

import conformance
from conformance.run.share import MANY, WORTH, Share


@dataclass
class Named:
    id: str


def share(count=10, *, takers=1):
    made = Share(None, [Named(str(number)) for number in range(count)])
    for _ in range(takers):
        made.join()
    return made


def test_cases_go_out_once_in_order():
    handed = share(5, takers=2)
    assert [handed.take().id for _ in range(5)] == list("01234")
    assert handed.take() is None


def test_a_second_process_pays_at_once_where_there_are_many_cases():
    assert share(2 * MANY).seconds_worth_helping()
    assert not share(2 * MANY - 1).seconds_worth_helping()
    assert not share(2 * MANY, takers=2).seconds_worth_helping(), "there are not that many"


def test_who_helps_waits_until_the_first_process_is_ready_or_there_is_nothing_to_do():
    handed = share(1, takers=2)
    assert not handed.settled(timeout=0)
    handed.started(1.0)
    assert handed.settled(timeout=0)
    assert handed.left()
    refused = share(1, takers=2)
    refused.clear()
    assert refused.settled(timeout=0)
    assert not refused.left()
    assert not refused.leave(), "one is left, the one that found out"


def test_a_further_process_pays_only_while_much_is_left():
    handed = share(10)
    assert not handed.seconds_worth_helping(), "nothing is known of the pace yet"
    handed.started(1.0)
    handed.answered(0.5)
    assert handed.seconds_worth_helping() == 5.0 > WORTH
    for _ in range(5):
        handed.take()
    assert not handed.seconds_worth_helping()


def test_a_third_process_gains_less_than_a_second():
    handed = share(10, takers=2)
    handed.started(1.0)
    handed.answered(0.5)
    assert not handed.seconds_worth_helping()


def test_what_one_process_leaves_the_other_takes():
    handed = share(5, takers=2)
    taken = [handed.take(), handed.take()]
    assert handed.leave(taken)
    assert [handed.take().id for _ in range(5)] == list("01234")


def test_what_a_process_leaves_when_the_others_are_through_is_for_one_more():
    handed = share(1, takers=2)
    taken = [handed.take()]
    handed.retire()
    assert not handed.orphaned()
    assert handed.leave(taken)
    assert handed.orphaned()
    handed.join()
    assert not handed.orphaned()
    assert [handed.take()] == taken
    assert not handed.leave(taken), "only once"


def test_what_is_left_while_the_others_finish_is_for_one_more():
    handed = share(1, takers=2)
    taken = [handed.take()]
    assert handed.leave(taken)
    assert not handed.orphaned(), "the other may still take it"
    handed.retire()
    assert handed.orphaned()


def test_the_only_process_has_to_see_its_cases_through():
    handed = share(1, takers=1)
    assert not handed.leave([handed.take()])


def test_nobody_helps_an_adapter_that_was_given_up():
    handed = share(10, takers=2)
    handed.answered(100.0)
    assert handed.seconds_worth_helping()
    handed.leave()
    assert not handed.seconds_worth_helping()


@pytest.mark.parametrize("module", ["adapters/host/answer.py", "reference/answer/store.py"])
def test_what_threads_decode_is_decoded_by_decoders_that_are_there(module):
    """msgspec 0.22 crashes where two threads need a type for the first time at once."""
    tree = ast.parse((Path(conformance.__file__).parent / module).read_text())
    assert "Decoder" in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "msgspec.json.decode":
            assert not any(word.arg == "type" for word in call.keywords), ast.unparse(call)
        inside = isinstance(call, ast.FunctionDef)
        assert not (inside and "json.Decoder(" in ast.unparse(call)), "made in each thread"


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_adapter_uses_as_many_processes_as_jobs(tmp_path, cache, jobs):
    runner = Runner(tmp_path, cache)
    ids = [f"case-{number}" for number in range(20)]
    cases = write_cases(tmp_path, ids)
    starts = tmp_path / "starts"
    command = fake("beside.py", starts, jobs)
    result = runner.run(str(cases), "--jobs", str(jobs), adapters={"fake": command})
    assert result.returncode == 0, result.stdout
    # The first waited for the others to start, so that they were at work beside each other.
    assert starts.read_text().split() == ["started"] * jobs
    assert runner.outcomes() == {f"fakes/{name}": "pass" for name in ids}


@pytest.mark.parametrize("how", ["not-installed", "no-hello", "hello"])
def test_a_second_process_is_started_beside_the_first_and_lets_that_one_speak(tmp_path, cache, how):
    """So many cases that the second does not wait; it is no fault if neither can be used."""
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, ["one"])
    sizes = f"[{', '.join(map(str, range(1, 101)))}]"
    rows = f"[{', '.join(map(str, range(1, 21)))}]"
    vary = f"  vary: {{model.0.Dense.units: {sizes}, input.batch: {rows}}}\n"
    cases.write_text(cases.read_text() + vary)
    starts = tmp_path / "starts"
    command = fake("counted.py", starts, how)
    result = runner.run(str(cases), "--jobs", "2", adapters={"fake": command})
    outcome = {"not-installed": "not-installed", "no-hello": "error"}.get(how, "pass")
    assert Counter(runner.outcomes().values()) == {outcome: 2 * MANY}, result.stdout
    if outcome == "pass":
        assert len(starts.read_text().split()) == 2
    assert not any("second process" in told for told in runner.records().footer.problems)


def test_a_process_that_keeps_dying_leaves_the_rest_to_the_other(tmp_path, cache):
    runner = Runner(tmp_path, cache)
    cases = write_cases(tmp_path, [f"case-{number}" for number in range(40)])
    command = fake("second_dies.py", tmp_path / "mark")
    result = runner.run(str(cases), "--jobs", "2", adapters={"fake": command})
    assert result.returncode == 1
    found = Counter(runner.outcomes().values())
    # Which cases it takes down with it is a matter of luck; that the others are judged isn't.
    assert found.keys() == {"pass", "crash"}, result.stdout
    assert found.total() == 40
    assert found["crash"] <= 8
    run = runner.records()
    assert run.footer.planned == run.footer.reported == 40
    assert run.notes == [], "a cell was reported twice"
