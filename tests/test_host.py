"""The host against adapters that misbehave: the right answer, and the next case unharmed."""

from __future__ import annotations

import os
import re
import resource
import signal
import time
from functools import partialmethod
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fake_adapters import QUICK, X, ask, case, dies_soon, misbehaving, plain, runs

from conformance.adapters.host.guardian import remove
from conformance.adapters.host.host import (
    AdapterProcess,
    Answer,
    Answered,
    Crashed,
    Limits,
    Malformed,
    NotInstalled,
    NotRun,
    Skipped,
    TimedOut,
)
from conformance.adapters.host.pipe import Connection
from conformance.adapters.host.registry import AdapterSpec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def process() -> Iterator[AdapterProcess]:
    process = AdapterProcess(misbehaving(), QUICK)
    yield process
    process.close()


def assert_honest(answer: Answer) -> None:
    assert isinstance(answer, Answered), answer
    assert np.array_equal(answer.tensors["y"], X + 1)
    assert answer.observation.id == answer.id
    assert answer.observation.case == answer.case


CRASHES = {
    "segfault": (signal.SIGSEGV, None),
    "exit-zero": (None, 0),
    "exit-seven": (None, 7),
}

HANGS = ("hang", "half-frame-then-hang")

LOST = {
    "half-frame": "after 1",
    "half-length": "after 3 of 8 bytes",
    "announce-10-gb": "10737418240 bytes is announced",
    "stream-10-gb": "10737418240 bytes is announced",
    "other-case": "it is about case 'somebody/else', asked was 'fakes/other-case'",
    "other-id": "it is about message 2",
    "print-to-stdout": "b'WARNING:'",
    "hello-twice": "type 'hello'",
    "close-stdout": "closed its stdout",
    "no-safetensors": "announced|header",
    "deep-json": "schema",
    "not-json": "schema",
}
"""Answers after which the stream cannot be trusted."""

BAD = {
    "lying-shape": r"calls\[0\].outputs\[0\] says shape \[2, 3\], but its array 'y' has \[7\]",
    "missing-tensor": r"calls\[0\].outputs\[0\] names the array 'y'",
    "wrong-schema": r"Expected `array`, got `str` - at `\$.calls`",
}
"""Answers that are wrong, but about the right case."""


@pytest.mark.parametrize("name", CRASHES)
def test_crash_is_an_answer_to_the_case_that_crashed(process: AdapterProcess, name: str) -> None:
    answer = ask(process, name)
    assert isinstance(answer, Crashed)
    assert (answer.signal, answer.exit_code) == CRASHES[name]
    assert answer.case == f"fakes/{name}"
    assert_honest(ask(process, "honest"))


def test_crash_tells_its_signal_by_name_and_what_was_printed(process: AdapterProcess) -> None:
    answer = ask(process, "segfault")
    assert "signal 11 (SIGSEGV)" in answer.message
    assert answer.stderr == "about to fall\n"


@pytest.mark.parametrize(("slowness", "kind"), [(1.0, Malformed), (10.0, Crashed)])
def test_who_is_slow_to_die_on_a_busy_machine_has_crashed(
    process: AdapterProcess, monkeypatch: pytest.MonkeyPatch, slowness: float, kind: type
) -> None:
    """Between the end of its stdout and its own, a second and a half."""
    monkeypatch.setattr("conformance.adapters.host.pipe.slowness", lambda: slowness)
    answer = ask(process, "die-slowly")
    assert isinstance(answer, kind), answer
    if kind is Crashed:
        assert answer.exit_code == 7


@pytest.mark.parametrize("name", HANGS)
def test_hang_is_cut_off_in_time(
    process: AdapterProcess, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.adapters.host.host.slowness", lambda: 1.0)
    ask(process, "honest")
    began = time.monotonic()
    answer = ask(process, name, timeout=0.3)
    # An hour is what it would take; how soon after its limit depends on the machine.
    assert 0.3 <= answer.seconds <= time.monotonic() - began < 60
    assert isinstance(answer, TimedOut)
    assert "0.3 s" in answer.message
    assert_honest(ask(process, "honest"))


@pytest.mark.parametrize("name", LOST)
def test_answer_that_loses_the_thread_is_malformed_and_the_process_replaced(
    process: AdapterProcess, name: str
) -> None:
    ask(process, "honest")
    before = process.pid
    answer = ask(process, name)
    assert isinstance(answer, Malformed), answer

    assert re.search(LOST[name].replace("message 2", "message 3"), answer.reason), answer.reason
    assert answer.case == f"fakes/{name}"
    assert_honest(ask(process, "honest"))
    assert process.pid != before


@pytest.mark.parametrize("name", BAD)
def test_bad_answer_to_the_right_case_is_malformed_and_the_process_kept(
    process: AdapterProcess, name: str
) -> None:
    ask(process, "honest")
    before = process.pid
    answer = ask(process, name)
    assert isinstance(answer, Malformed), answer

    assert re.search(BAD[name], answer.reason), answer.reason
    assert_honest(ask(process, "honest"))
    assert process.pid == before


def test_ten_announced_gigabytes_take_no_memory(process: AdapterProcess) -> None:

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ask(process, "stream-10-gb")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [("nan-everywhere", [2, 3], "float32"), ("wrong-shape", [1, 2, 3], "float32"),
     ("wrong-dtype", [2, 3], "int64")],
)  # fmt: skip
def test_wrong_numbers_are_an_answer_for_the_verdict_to_judge(
    process: AdapterProcess, name: str, shape: list[int], dtype: str
) -> None:
    answer = ask(process, name)
    assert isinstance(answer, Answered)
    output = answer.observation.calls[0].outputs[0]
    assert (output.shape, output.dtype) == (shape, dtype)
    assert answer.tensors["y"].dtype == dtype


def test_hostile_error_message_is_harmless_and_still_readable(process: AdapterProcess) -> None:
    answer = ask(process, "hostile-error")
    message = answer.observation.error.message
    assert message.startswith("<script>alert(1)</script>\\u001b[2J\\u001b]0;owned\\u0007")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e" for c in message)


def test_lone_surrogate_from_an_adapter_is_made_visible(process: AdapterProcess) -> None:
    answer = ask(process, "lone-surrogate")
    assert isinstance(answer, Answered | Malformed)
    if isinstance(answer, Answered):
        answer.observation.reason.encode("utf-8")
    assert_honest(ask(process, "honest"))


def test_flooded_stderr_is_drained_and_its_end_kept_harmless(process: AdapterProcess) -> None:
    answer = ask(process, "flood-stderr")
    assert_honest(answer)
    deadline = time.monotonic() + 5
    while "the end" not in answer.stderr and time.monotonic() < deadline:
        answer = ask(process, "flood-stderr")
    assert answer.stderr.endswith("the end\\u001b[2J")
    assert len(answer.stderr) < 40_000
    assert "\x1b" not in answer.stderr


def test_second_answer_to_a_case_is_never_taken_for_the_next_one(process: AdapterProcess) -> None:
    process.send(case("answer-twice"), {"x": X})
    process.send(case("honest"), {"x": X + 10})
    assert_honest(process.receive())
    answer = process.receive()
    assert isinstance(answer, Answered), answer
    assert np.array_equal(answer.tensors["y"], X + 11)
    assert any("behind the answer to an earlier case" in problem for problem in process.problems)


def test_output_while_idle_is_noticed_before_the_next_case(process: AdapterProcess) -> None:
    assert_honest(ask(process, "answer-twice"))
    time.sleep(0.1)
    assert_honest(ask(process, "honest"))
    assert len(process.problems) == 1
    assert process.starts == 2


def test_death_while_idle_harms_no_case(process: AdapterProcess) -> None:
    assert_honest(ask(process, "died-after-answering"))
    time.sleep(0.2)
    assert_honest(ask(process, "honest"))
    assert "while no case was asked" in process.problems[0]


def test_case_sent_ahead_of_a_crash_is_answered_by_the_next_process(
    process: AdapterProcess,
) -> None:
    for name in ("honest", "segfault", "honest", "exit-zero", "honest", "honest"):
        process.send(case(name), {"x": X})
        if process.pending == 2:
            answer = process.receive()
            kind = Answered if answer.case == "fakes/honest" else Crashed
            assert isinstance(answer, kind), answer
    assert_honest(process.receive())
    assert process.pending == 0


def test_case_sent_ahead_of_a_hang_has_its_whole_time(process: AdapterProcess) -> None:
    process.send(case("hang"), {"x": X}, 0.3)
    process.send(case("slow"), {"x": X}, 2)
    assert isinstance(process.receive(), TimedOut)
    assert_honest(process.receive())


def test_time_spent_waiting_for_the_case_before_does_not_count(process: AdapterProcess) -> None:
    ask(process, "honest")
    for _ in range(2):
        process.send(case("slow"), {"x": X}, 0.5)
    assert_honest(process.receive())
    assert_honest(process.receive())


def test_answer_that_arrived_in_time_counts_however_late_it_is_read(
    process: AdapterProcess,
) -> None:
    ask(process, "honest")
    process.send(case("honest"), {"x": X}, 0.3)
    time.sleep(0.5)
    assert_honest(process.receive())


def test_frames_larger_than_any_pipe_go_both_ways_at_once() -> None:
    process = AdapterProcess(plain(), QUICK)
    big = {"a": np.arange(5_000_000, dtype=np.float64)}
    try:
        for _ in range(2):
            process.send(case("echo"), big)
        for _ in range(2):
            answer = process.receive()
            assert isinstance(answer, Answered), answer
            assert np.array_equal(answer.tensors["a"], big["a"])
    finally:
        process.close()


def test_memory_mapped_arrays_travel_as_they_are(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    process = AdapterProcess(plain(), QUICK)
    answer = process.run(case("echo"), {"a": mapped[:, ::2], "scalar": np.float32(3)})
    process.close()
    assert np.array_equal(answer.tensors["a"], X[:, ::2])
    assert answer.tensors["scalar"].shape == ()


def test_own_frame_limit_is_kept() -> None:
    process = AdapterProcess(plain(), Limits(frame=10_000))
    answer = process.run(case("echo"), {"a": np.zeros(10_000)})
    process.close()
    assert isinstance(answer, Malformed)
    assert "10000 are allowed" in answer.reason


def test_process_that_grew_is_replaced_and_the_case_sent_ahead_kept(
    process: AdapterProcess,
) -> None:
    process.send(case("grow"), {"x": X})
    process.send(case("honest"), {"x": X})
    assert_honest(process.receive())
    assert_honest(process.receive())
    assert process.starts == 2
    assert process.problems == []


def test_killing_a_process_kills_what_it_started(process: AdapterProcess) -> None:
    answer = ask(process, "leave-a-child")
    child = int(answer.observation.reason)
    os.kill(child, 0)
    ask(process, "exit-zero")
    assert dies_soon(child)


def test_a_process_that_is_ended_for_good_is_not_started_for_the_next_case(
    process: AdapterProcess,
) -> None:
    process.send(case("honest"), {"x": X})
    process.send(case("hang"), {"x": X})
    assert_honest(process.receive())
    process.kill()
    answer = process.receive()
    assert isinstance(answer, NotRun), answer
    assert process.starts == 1


def test_a_folder_that_an_adapter_locked_is_removed_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "file").touch()
    (folder / "inside").chmod(0)
    folder.chmod(0o500)
    remove(str(folder))
    assert not folder.exists()


def test_a_case_has_longer_on_a_slow_machine(
    process: AdapterProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.adapters.host.host.slowness", lambda: 40.0)
    assert isinstance(ask(process, "slow", timeout=0.05), Answered)
    monkeypatch.setattr("conformance.adapters.host.host.slowness", lambda: 3.0)
    answer = ask(process, "hang", timeout=0.2)
    assert isinstance(answer, TimedOut)
    assert answer.limit == pytest.approx(0.6)


def test_adapter_that_dies_of_every_case_is_given_up_and_says_so() -> None:
    process = AdapterProcess(misbehaving(), Limits(deaths=3))
    answers = [ask(process, name) for name in (*CRASHES, "honest", "honest")]
    process.close()
    assert [type(answer) for answer in answers] == [Crashed] * 3 + [NotRun] * 2
    assert "died 3 times in a row, over 3 groups of cases" in answers[-1].message
    assert process.starts == 3


def test_a_group_that_costs_one_process_after_the_other_costs_no_other_group() -> None:
    process = AdapterProcess(misbehaving(), Limits(deaths=2))
    variants = [ask(process, f"exit-zero[n={n}]") for n in range(4)]
    assert [type(answer) for answer in variants] == [Crashed] * 2 + [Skipped] * 2
    assert "2 cases of fakes/exit-zero in a row" in variants[-1].message
    assert_honest(ask(process, "honest"))
    assert isinstance(ask(process, "exit-zero[n=5]"), Skipped)
    assert process.starts == 3
    process.close()


def test_cases_that_were_sent_ahead_of_a_group_given_up_are_answered() -> None:
    process = AdapterProcess(misbehaving(), Limits(deaths=2))
    for name in ("exit-zero[a]", "exit-zero[b]", "exit-zero[c]", "honest"):
        process.send(case(name), {"x": X})
    answers = [process.receive() for _ in range(4)]
    assert [type(answer) for answer in answers] == [Crashed, Crashed, Skipped, Answered]
    process.close()


def test_an_answer_between_deaths_starts_the_count_anew() -> None:
    process = AdapterProcess(misbehaving(), Limits(deaths=2))
    answers = [ask(process, name) for name in ("exit-zero", "honest") * 3]
    process.close()
    assert [type(answer) for answer in answers] == [Crashed, Answered] * 3


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("slow-hello", "no hello within 0.5 s"),
        ("no-hello", r"ended \(1\) before its hello. It printed: libfake.so: cannot open"),
        ("old-protocol", "speaks protocol 99"),
        ("result-first", "of type 'result', not 'hello'"),
        ("shout", "b'Hello, I'"),
    ],
)
def test_start_that_fails_is_told_with_its_reason(how: str, reason: str) -> None:
    limits = Limits(start=0.5 if how == "slow-hello" else 10)
    process = AdapterProcess(misbehaving(how), limits)

    hello = process.start()
    assert hello.status == "error"
    assert re.search(reason, hello.reason), hello.reason
    answer = ask(process, "honest")
    assert isinstance(answer, NotRun)
    ask(process, "honest")
    assert process.starts == limits.starts
    process.close()


def test_command_that_does_not_exist_is_an_error_of_the_adapter() -> None:
    process = AdapterProcess(AdapterSpec("none", ("/no/such/program",)))
    hello = process.start()
    assert (hello.status, "/no/such/program" in hello.reason) == ("error", True)
    assert isinstance(ask(process, "honest"), NotRun)


def test_not_installed_by_its_own_word() -> None:
    process = AdapterProcess(misbehaving("not-installed"), QUICK)
    assert process.start().status == "not-installed"
    answer = ask(process, "honest")
    assert isinstance(answer, NotInstalled)
    assert answer.reason == "No module named 'fake'"
    assert process.starts == 1


def test_missing_distribution_is_known_without_starting_anything() -> None:
    spec = AdapterSpec("x", ("false",), requires=("json", "no_such_framework"))
    process = AdapterProcess(spec)
    assert process.start().reason.startswith("no-such-framework is not installed; try: pip install")
    assert process.starts == 0


def test_closing_leaves_no_process_behind(
    process: AdapterProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(process, "honest")
    pid = process.pid
    connection = process._life.connection
    assert connection is not None
    child = connection._process
    monkeypatch.setattr(Connection, "goodbye", partialmethod(Connection.goodbye, patience=60))
    process.close()
    assert not runs(pid)
    assert child.returncode == 0, "it goes when it is told to, and need not be killed"
