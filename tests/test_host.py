"""The host against adapters that misbehave: the right answer, and the next case unharmed."""

from __future__ import annotations

import ast
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from conformance.adapters import environment, registry
from conformance.adapters.host import (
    AdapterProcess,
    Answered,
    Crashed,
    Limits,
    Malformed,
    NotInstalled,
    NotRun,
    TimedOut,
)
from conformance.adapters.host_text import harmless
from conformance.adapters.registry import AdapterSpec, RegistryError, worker_command

ROOT = Path(__file__).parents[1]
FAKES = Path(__file__).parent / "fakes"
X = np.arange(6, dtype=np.float32).reshape(2, 3)
QUICK = Limits(start=10, case=10)


def fake(how: str = "") -> AdapterSpec:
    command = (sys.executable, "-I", "-S", str(FAKES / "misbehaving.py"), how)
    return AdapterSpec("fake", command, environment.pins())


def plain(name: str = "plain") -> AdapterSpec:
    return AdapterSpec(name, worker_command(str(FAKES / "plain.py"), name), environment.pins())


def case(name: str) -> dict[str, object]:
    return {"case": f"fakes/{name}", "model": {}, "calls": [], "facets": []}


@pytest.fixture
def process():
    process = AdapterProcess(fake(), QUICK)
    yield process
    process.close()


def ask(process: AdapterProcess, name: str, timeout: float = 10):
    return process.run(case(name), {"x": X}, timeout)


def assert_honest(answer) -> None:
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
def test_crash_is_an_answer_to_the_case_that_crashed(process, name):
    answer = ask(process, name)
    assert isinstance(answer, Crashed)
    assert (answer.signal, answer.exit_code) == CRASHES[name]
    assert answer.case == f"fakes/{name}"
    assert_honest(ask(process, "honest"))


def test_crash_tells_its_signal_by_name_and_what_was_printed(process):
    answer = ask(process, "segfault")
    assert "signal 11 (SIGSEGV)" in answer.message
    assert answer.stderr == "about to fall\n"


@pytest.mark.parametrize("name", HANGS)
def test_hang_is_cut_off_in_time(process, name):
    ask(process, "honest")
    started = time.monotonic()
    answer = ask(process, name, timeout=0.3)
    assert isinstance(answer, TimedOut)
    assert 0.3 <= time.monotonic() - started < 2
    assert "0.3 s" in answer.message
    assert_honest(ask(process, "honest"))


@pytest.mark.parametrize("name", LOST)
def test_answer_that_loses_the_thread_is_malformed_and_the_process_replaced(process, name):
    ask(process, "honest")
    before = process.pid
    answer = ask(process, name)
    assert isinstance(answer, Malformed), answer

    assert re.search(LOST[name].replace("message 2", "message 3"), answer.reason), answer.reason
    assert answer.case == f"fakes/{name}"
    assert_honest(ask(process, "honest"))
    assert process.pid != before


@pytest.mark.parametrize("name", BAD)
def test_bad_answer_to_the_right_case_is_malformed_and_the_process_kept(process, name):
    ask(process, "honest")
    before = process.pid
    answer = ask(process, name)
    assert isinstance(answer, Malformed), answer

    assert re.search(BAD[name], answer.reason), answer.reason
    assert_honest(ask(process, "honest"))
    assert process.pid == before


def test_ten_announced_gigabytes_take_no_memory(process):

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ask(process, "stream-10-gb")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [("nan-everywhere", [2, 3], "float32"), ("wrong-shape", [1, 2, 3], "float32"),
     ("wrong-dtype", [2, 3], "int64")],
)  # fmt: skip
def test_wrong_numbers_are_an_answer_for_the_verdict_to_judge(process, name, shape, dtype):
    answer = ask(process, name)
    assert isinstance(answer, Answered)
    output = answer.observation.calls[0].outputs[0]
    assert (output.shape, output.dtype) == (shape, dtype)
    assert answer.tensors["y"].dtype == dtype


def test_hostile_error_message_is_harmless_and_still_readable(process):
    answer = ask(process, "hostile-error")
    message = answer.observation.error.message
    assert message.startswith("<script>alert(1)</script>␛[2J␛]0;owned␇")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e" for c in message)


def test_lone_surrogate_from_an_adapter_is_made_visible(process):
    answer = ask(process, "lone-surrogate")
    assert isinstance(answer, Answered | Malformed)
    if isinstance(answer, Answered):
        answer.observation.reason.encode("utf-8")
    assert_honest(ask(process, "honest"))


def test_flooded_stderr_is_drained_and_its_end_kept_harmless(process):
    answer = ask(process, "flood-stderr")
    assert_honest(answer)
    deadline = time.monotonic() + 5
    while "the end" not in answer.stderr and time.monotonic() < deadline:
        answer = ask(process, "flood-stderr")
    assert answer.stderr.endswith("the end␛[2J")
    assert len(answer.stderr) < 40_000
    assert "\x1b" not in answer.stderr


def test_second_answer_to_a_case_is_never_taken_for_the_next_one(process):
    process.send(case("answer-twice"), {"x": X})
    process.send(case("honest"), {"x": X + 10})
    assert_honest(process.receive())
    answer = process.receive()
    assert isinstance(answer, Answered), answer
    assert np.array_equal(answer.tensors["y"], X + 11)
    assert any("twice" in problem for problem in process.problems)


def test_output_while_idle_is_noticed_before_the_next_case(process):
    assert_honest(ask(process, "answer-twice"))
    time.sleep(0.1)
    assert_honest(ask(process, "honest"))
    assert len(process.problems) == 1
    assert process.starts == 2


def test_death_while_idle_harms_no_case(process):
    assert_honest(ask(process, "died-after-answering"))
    time.sleep(0.2)
    assert_honest(ask(process, "honest"))
    assert "while no case was asked" in process.problems[0]


def test_case_sent_ahead_of_a_crash_is_answered_by_the_next_process(process):
    for name in ("honest", "segfault", "honest", "exit-zero", "honest", "honest"):
        process.send(case(name), {"x": X})
        if process.pending == 2:
            answer = process.receive()
            kind = Answered if answer.case == "fakes/honest" else Crashed
            assert isinstance(answer, kind), answer
    assert_honest(process.receive())
    assert process.pending == 0


def test_case_sent_ahead_of_a_hang_has_its_whole_time(process):
    process.send(case("hang"), {"x": X}, 0.3)
    process.send(case("slow"), {"x": X}, 2)
    assert isinstance(process.receive(), TimedOut)
    assert_honest(process.receive())


def test_time_spent_waiting_for_the_case_before_does_not_count(process):
    ask(process, "honest")
    for _ in range(2):
        process.send(case("slow"), {"x": X}, 0.5)
    assert_honest(process.receive())
    assert_honest(process.receive())


def test_answer_that_arrived_in_time_counts_however_late_it_is_read(process):
    ask(process, "honest")
    process.send(case("honest"), {"x": X}, 0.3)
    time.sleep(0.5)
    assert_honest(process.receive())


def test_frames_larger_than_any_pipe_go_both_ways_at_once():
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


def test_memory_mapped_arrays_travel_as_they_are(tmp_path):
    np.save(tmp_path / "a.npy", X)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    process = AdapterProcess(plain(), QUICK)
    answer = process.run(case("echo"), {"a": mapped[:, ::2], "scalar": np.float32(3)})
    process.close()
    assert np.array_equal(answer.tensors["a"], X[:, ::2])
    assert answer.tensors["scalar"].shape == ()


def test_own_frame_limit_is_kept():
    process = AdapterProcess(plain(), Limits(frame=10_000))
    answer = process.run(case("echo"), {"a": np.zeros(10_000)})
    process.close()
    assert isinstance(answer, Malformed)
    assert "10000 are allowed" in answer.reason


def test_process_that_grew_is_replaced_and_the_case_sent_ahead_kept(process):
    process.send(case("grow"), {"x": X})
    process.send(case("honest"), {"x": X})
    assert_honest(process.receive())
    assert_honest(process.receive())
    assert process.starts == 2
    assert process.problems == []


def test_killing_a_process_kills_what_it_started(process):
    answer = ask(process, "leave-a-child")
    child = int(answer.observation.reason)
    os.kill(child, 0)
    ask(process, "exit-zero")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _runs(child):
        time.sleep(0.02)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_adapter_that_dies_of_every_case_is_given_up_and_says_so():
    process = AdapterProcess(fake(), Limits(deaths=3))
    answers = [ask(process, "exit-zero") for _ in range(5)]
    process.close()
    assert [type(answer) for answer in answers] == [Crashed] * 3 + [NotRun] * 2
    assert "died 3 times in a row" in answers[-1].message
    assert process.starts == 3


def test_an_answer_between_deaths_starts_the_count_anew():
    process = AdapterProcess(fake(), Limits(deaths=2))
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
def test_start_that_fails_is_told_with_its_reason(how, reason):
    limits = Limits(start=0.5 if how == "slow-hello" else 10)
    process = AdapterProcess(fake(how), limits)

    hello = process.start()
    assert hello.status == "error"
    assert re.search(reason, hello.reason), hello.reason
    answer = ask(process, "honest")
    assert isinstance(answer, NotRun)
    ask(process, "honest")
    assert process.starts == limits.starts
    process.close()


def test_command_that_does_not_exist_is_an_error_of_the_adapter():
    process = AdapterProcess(AdapterSpec("none", ("/no/such/program",)))
    hello = process.start()
    assert (hello.status, "/no/such/program" in hello.reason) == ("error", True)
    assert isinstance(ask(process, "honest"), NotRun)


def test_not_installed_by_its_own_word():
    process = AdapterProcess(fake("not-installed"), QUICK)
    assert process.start().status == "not-installed"
    answer = ask(process, "honest")
    assert isinstance(answer, NotInstalled)
    assert answer.reason == "No module named 'fake'"
    assert process.starts == 1


def test_missing_distribution_is_known_without_starting_anything():
    spec = AdapterSpec("x", ("false",), requires=("json", "no_such_framework"))
    process = AdapterProcess(spec)
    assert process.start().reason.startswith("no-such-framework is not installed; try: pip install")
    assert process.starts == 0


def test_closing_leaves_no_process_behind(process):
    ask(process, "honest")
    pid = process.pid
    started = time.monotonic()
    process.close()
    assert time.monotonic() - started < 1
    assert not _runs(pid)


# The worker


@pytest.fixture
def worker():
    process = AdapterProcess(plain(), QUICK)
    yield process
    process.close()


def test_prints_of_a_framework_never_reach_the_frames(worker):
    answer = worker.run(case("print"), {"a": X})
    assert isinstance(answer, Answered)
    assert np.array_equal(answer.tensors["a"], X)


def test_worker_sees_neither_the_repository_nor_the_adapters_folders(worker):
    path = worker.start().settings["path"].split(os.pathsep)
    assert not any(Path(entry).resolve().is_relative_to(ROOT / "conformance") for entry in path)
    assert not any(Path(entry).resolve() == FAKES for entry in path)


@pytest.mark.parametrize(
    ("name", "kind"), [("raise", "ValueError"), ("nan-in-message", "WireError")]
)
def test_fault_of_the_adapter_is_internal(worker, name, kind):
    failed = worker.run(case(name), {}).observation.error
    assert failed.type.endswith(kind)
    assert failed.internal
    assert_next(worker)


def test_exception_from_the_standard_library_counts_as_its_callers(worker):
    assert worker.run(case("raise-in-library"), {}).observation.error.internal


def test_unsupported_has_its_reason(worker):
    observation = worker.run(case("unsupported"), {}).observation
    assert (observation.status, observation.reason) == ("unsupported", "there is no such layer")


def assert_next(worker) -> None:
    assert isinstance(worker.run(case("echo"), {"a": X}), Answered)


def test_worker_reports_its_memory(worker):
    assert 5_000_000 < worker.run(case("echo"), {}).observation.rss < 500_000_000


@pytest.mark.parametrize(("name", "status"), [("absent", "not-installed"), ("broken", "error")])
def test_framework_that_cannot_be_imported(name, status):
    process = AdapterProcess(plain(name), QUICK)
    hello = process.start()
    assert hello.status == status
    assert ("a_framework_that_nobody_has" in hello.reason) == (name == "absent")


def test_worker_dies_with_a_host_that_is_killed_outright(tmp_path):
    script = tmp_path / "host.py"
    script.write_text(
        "import sys, time\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from conformance.adapters.host import AdapterProcess\n"
        "from conformance.adapters.registry import AdapterSpec, worker_command\n"
        "p = AdapterProcess(AdapterSpec('plain', worker_command(sys.argv[2], 'plain')))\n"
        "p.start()\n"
        "p.send({'case': 'fakes/hang', 'model': {}, 'calls': [], 'facets': []}, {})\n"
        "print(p.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, str(script), str(ROOT), str(FAKES / "plain.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        worker = int(host.stdout.readline())
        assert _runs(worker)
        host.kill()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _runs(worker):
        time.sleep(0.02)
    assert not _runs(worker)


def test_worker_side_files_are_python_3_9():
    folders = ("worker", "keras", "torch", "jax", "native")
    files = [ROOT / "conformance/__init__.py", ROOT / "conformance/adapters/wire.py"]
    for folder in folders:
        files += sorted((ROOT / "conformance/adapters" / folder).rglob("*.py"))
    assert len(files) > 8
    for file in files:
        ast.parse(file.read_text(), str(file), feature_version=(3, 9))


# Text


def test_harmless_shows_what_a_terminal_would_obey():
    assert harmless("a\tb\r\nc\rd\x1b[31mred\x1b[0m\x07\x9b\u202e\ud800") == (
        "a\tb\nc\ndred␇\\u009b\\u202e\\ud800"
    )


# The registry


def test_select_knows_all_adapters_in_the_order_of_reports():
    names = [spec.name for spec in registry.select()]
    assert names[:8] == [
        "keras-tensorflow",
        "keras-torch",
        "keras-jax",
        "keras-numpy",
        "keras-openvino",
        "tf-keras",
        "torch",
        "jax",
    ]


def test_select_takes_globs_and_gives_each_once():
    names = [spec.name for spec in registry.select(["*torch", "torch", "keras-t*"])]
    assert names == ["keras-tensorflow", "keras-torch", "torch"]


def test_select_that_matches_nothing_says_what_was_meant():
    with pytest.raises(RegistryError, match="no adapter matches 'kears-torch'; did you mean keras"):
        registry.select(["kears-torch"])


def test_adapter_command_is_split_but_never_interpreted():
    spec = registry.select(["mine"], ["mine={python} 'a b.py' $HOME; rm -rf {worker}"])[0]
    assert spec.command == (
        sys.executable,
        "a b.py",
        "$HOME;",
        "rm",
        "-rf",
        str(registry.BOOTSTRAP),
    )


@pytest.mark.parametrize("text", ["mine", "mine=", "=x", "a b=x", "torch=x", "mine='x", "-x=y"])
def test_adapter_command_that_is_none_is_refused(text):
    with pytest.raises(RegistryError):
        registry.select(["*"], [text])


@pytest.mark.parametrize("name", ["keras-jax", "jax", "keras-torch", "tf-keras"])
def test_environment_has_one_thread_the_cpu_and_no_coarse_precision(name, monkeypatch):
    monkeypatch.setenv("ONEDNN_DEFAULT_FPMATH_MODE", "BF16")
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    env = environment.environment(registry.select([name])[0].env)
    assert env["OMP_NUM_THREADS"] == "1"
    assert env["CUDA_VISIBLE_DEVICES"] == ""
    assert "ONEDNN_DEFAULT_FPMATH_MODE" not in env


def test_cache_folder_follows_its_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(tmp_path))
    env = registry.select(["keras-jax"])[0].env
    assert env["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "jax")
    assert env["KERAS_HOME"] == str(tmp_path / "keras" / "keras-jax")


class _Point:
    dist = None

    def __init__(self, name, value):
        self.name, self.value, self._value = name, repr(value), value

    def load(self):
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


@pytest.fixture
def entry_points(monkeypatch):
    def register(**values):
        points = [_Point(name, value) for name, value in values.items()]
        monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda group: points)

    return register


def test_third_party_registers_a_module_or_a_command(entry_points):
    entry_points(
        mlx={"module": "mlx_adapter", "requires": ["mlx"], "family": "mlx", "env": {"A": "1"}},
        go=lambda: {"command": ["go-adapter", "--frames"]},
    )
    go, mlx = registry.select(["go", "mlx"])
    assert go.command == ("go-adapter", "--frames")
    assert mlx.command[-2:] == ("mlx_adapter", "mlx")
    assert (mlx.env["A"], mlx.env["OMP_NUM_THREADS"]) == ("1", "1")
    assert mlx.missing() == ["mlx"]


@pytest.mark.parametrize(
    "value", [RuntimeError("boom"), 3, {}, {"module": "m", "comand": []}, {"command": "a string"}]
)
def test_broken_third_party_is_an_error_of_its_own_and_harms_no_other(entry_points, value):
    entry_points(broken=value)
    specs = {spec.name: spec for spec in registry.select()}
    assert len(specs) == 9
    hello = AdapterProcess(specs["broken"]).start()
    assert hello.status == "error"
    assert "its entry point" in hello.reason


def test_third_party_cannot_take_a_built_in_name(entry_points):
    entry_points(torch={"module": "m"})
    with pytest.raises(RegistryError, match="'torch', a name that is taken"):
        registry.select()
