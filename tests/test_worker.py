"""The worker: what runs inside an adapter process, whatever the framework does to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import safetensors.numpy
from fake_adapters import FAKES, QUICK, ROOT, X, case, dies_soon, plain, runs

from conformance.adapters.host.host import AdapterProcess, Answered, Crashed, TimedOut
from conformance.adapters.host.text import harmless
from conformance.adapters.shared import wire
from conformance.adapters.worker.failure import failure, raiser, with_causes
from conformance.adapters.worker.outputs import Arrays
from conformance.adapters.worker.probe import PASS, precision_of, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def worker() -> Iterator[AdapterProcess]:
    process = AdapterProcess(plain(), QUICK)
    yield process
    process.close()


def test_prints_of_a_framework_never_reach_the_frames(worker: AdapterProcess) -> None:
    answer = worker.run(case("print"), {"a": X})
    assert isinstance(answer, Answered)
    assert np.array_equal(answer.tensors["a"], X)


def test_worker_sees_neither_the_repository_nor_the_adapters_folders(
    worker: AdapterProcess,
) -> None:
    path = worker.start().settings["path"].split(os.pathsep)
    assert not any(Path(entry).resolve().is_relative_to(ROOT / "conformance") for entry in path)
    assert not any(Path(entry).resolve() == FAKES for entry in path)


@pytest.mark.parametrize(
    ("name", "kind"), [("raise", "ValueError"), ("nan-in-message", "WireError")]
)
def test_fault_of_the_adapter_is_internal(worker: AdapterProcess, name: str, kind: str) -> None:
    failed = worker.run(case(name), {}).observation.error
    assert failed.type.endswith(kind)
    assert failed.internal
    assert_next(worker)


def test_exception_from_the_standard_library_counts_as_its_callers(worker: AdapterProcess) -> None:
    assert worker.run(case("raise-in-library"), {}).observation.error.internal


def test_unsupported_has_its_reason(worker: AdapterProcess) -> None:
    observation = worker.run(case("unsupported"), {}).observation
    assert (observation.status, observation.reason) == ("unsupported", "there is no such layer")


def test_hang_tells_where(worker: AdapterProcess) -> None:
    worker.start()
    answer = worker.run(case("hang"), {}, 0.3)
    assert isinstance(answer, TimedOut)
    assert re.search(r'plain.py", line \d+ in run', answer.stderr)


def test_crash_tells_where(worker: AdapterProcess) -> None:
    answer = worker.run(case("segfault"), {})
    assert isinstance(answer, Crashed)
    assert "Segmentation fault" in answer.stderr
    assert re.search(r'plain.py", line \d+ in run', answer.stderr)


def test_what_a_process_leaves_in_its_temporary_folder_goes_with_it(worker: AdapterProcess) -> None:
    answer = worker.run(case("litter"), {})
    assert isinstance(answer, Answered)
    folder = Path(answer.observation.reason)
    assert folder.is_dir()
    worker.close()
    assert not folder.parent.exists()


def assert_next(worker: AdapterProcess) -> None:
    assert isinstance(worker.run(case("echo"), {"a": X}), Answered)


def test_worker_reports_its_memory(worker: AdapterProcess) -> None:
    assert 5_000_000 < worker.run(case("echo"), {}).observation.rss < 500_000_000


@pytest.mark.parametrize(("name", "status"), [("absent", "not-installed"), ("broken", "error")])
def test_framework_that_cannot_be_imported(name: str, status: str) -> None:
    process = AdapterProcess(plain(name), QUICK)
    hello = process.start()
    assert hello.status == status
    assert ("a_framework_that_nobody_has" in hello.reason) == (name == "absent")


def test_worker_dies_with_a_host_that_is_killed_outright(tmp_path: Path) -> None:
    script = tmp_path / "host.py"
    script.write_text(
        "import sys, time\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from conformance.adapters.host.host import AdapterProcess\n"
        "from conformance.adapters.host.registry import AdapterSpec, worker_command\n"
        "p = AdapterProcess(AdapterSpec('plain', worker_command(sys.argv[2], 'plain')))\n"
        "p.start()\n"
        "p.send({'case': 'fakes/hang', 'model': {}, 'calls': [], 'facets': []}, {})\n"
        "print(p.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, str(script), str(ROOT), str(FAKES / "plain.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        worker = int(host.stdout.readline())
        assert runs(worker)
        host.kill()
    assert dies_soon(worker)


def test_harmless_shows_what_a_terminal_would_obey() -> None:
    assert harmless("a\tb\r\nc\rd\x1b[31mred\x1b[0m\x07\x9b\u202e\ud800") == (
        "a\tb\nc\ndred\\u0007\\u009b\\u202e\\ud800"
    )


# What adapters use


def raised(function: Callable[[], object]) -> BaseException:
    try:
        function()
    except Exception as error:  # noqa: BLE001 - any kind is of interest
        return error
    raise AssertionError("nothing was raised")


def test_failure_of_a_library_is_the_frameworks_own_refusal() -> None:
    described = failure(raised(lambda: safetensors.numpy.load(b"{")), "build")
    assert described["type"].endswith(".SafetensorError")
    assert described["stage"] == "build"
    assert not described["internal"]


def test_failure_of_the_suites_own_code_is_internal() -> None:
    assert failure(raised(lambda: wire.decode(b"")), "call")["internal"]
    assert not failure(raised(lambda: wire.decode(b"")), "call", internal=False)["internal"]


@pytest.mark.parametrize("kind", [MemoryError, RecursionError])
def test_failure_for_want_of_memory_or_stack_is_never_a_refusal(kind: type[Exception]) -> None:
    assert failure(kind(), "build")["internal"]


def test_failure_is_capped_and_survives_an_exception_that_cannot_be_shown() -> None:
    class Mute(Exception):  # noqa: N818 - an exception of other people's making
        def __str__(self) -> str:
            raise ValueError

    described = failure(ValueError("x" * 10**6), "call")
    assert len(described["message"]) < 21_000
    assert described["message"].endswith("(980000 more characters)")
    assert "cannot be shown: ValueError" in failure(Mute(), "call")["message"]


def honest_matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a @ b


def coarse(array: np.ndarray, bits: int) -> np.ndarray:
    """Round to fewer significand bits, as bfloat16 (8) and TensorFloat-32 (11) do."""
    drop = np.uint32(24 - bits)
    raw = array.view(np.uint32) + (np.uint32(1) << (drop - np.uint32(1)))
    return (raw >> drop << drop).view(np.float32)


def conv(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    return np.einsum("nhwcij,ijco->nhwo", windows, kernel, optimize=True)


@pytest.mark.parametrize(
    ("bits", "name"), [(24, "float32"), (11, "tensorfloat32"), (8, "bfloat16")]
)
def test_probe_tells_precisions_apart(bits: int, name: str) -> None:
    def round_(array: np.ndarray) -> np.ndarray:
        return array if bits == 24 else coarse(array, bits)

    both = probe(
        lambda a, b: honest_matmul(round_(a), round_(b)), lambda x, k: conv(round_(x), round_(k))
    )
    for key in ("matmul", "conv"):
        assert (both[key] <= PASS) == (bits == 24)
        assert precision_of(both[key]) == name


def test_probe_of_nan_is_a_number_and_fails() -> None:
    measured = probe(lambda a, b: (a @ b) * np.nan, None)
    assert measured == {"matmul": 1e30}


def test_probe_of_another_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="expects the shape"):
        probe(None, lambda x, k: conv(x, k).transpose(0, 3, 1, 2))


def test_arrays_describe_what_they_hold() -> None:
    arrays = Arrays()
    assert arrays.output("y", X.T) == {"shape": [3, 2], "dtype": "float32", "tensor": "y"}
    bits = wire.BF16(np.zeros((2, 1), np.uint16))
    assert arrays.output("z", bits) == {"shape": [2, 1], "dtype": "bfloat16", "tensor": "z"}
    assert arrays.put("g", 3.0) == "g"
    with pytest.raises(ValueError, match="already has an array named 'y'"):
        arrays.put("y", X)
    assert list(arrays.tensors) == ["y", "z", "g"]


def test_what_compiled_code_raises_into_a_line_of_the_adapters_is_the_frameworks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("conformance.adapters.worker.failure._own_files", {__file__})

    def from_rust() -> None:
        safetensors.deserialize(b"{")

    def by_itself() -> None:
        raise RuntimeError("the adapter's own")

    assert not failure(raised(from_rust), "call")["internal"]
    assert failure(raised(by_itself), "call")["internal"]
    assert failure(raised({}.popitem), "call")["internal"]


def test_the_causes_of_a_failed_import_are_told() -> None:
    def plug_in() -> None:
        raise ImportError("cannot import name 'x'")

    def framework() -> None:
        try:
            plug_in()
        except ImportError as error:
            raise ImportError("the backend is not installed") from error

    told = with_causes(raised(framework))
    assert told == (
        "ImportError: the backend is not installed; caused by ImportError: cannot import name 'x'"
    )
    assert with_causes(ValueError("alone")) == "ValueError: alone"


def test_the_function_that_raises_is_told_and_the_adapters_own_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = raised(lambda: safetensors.numpy.load(b"{"))
    assert raiser(library) == ("load", "safetensors.numpy")
    assert raiser(raised(lambda: {}["x"])) == ("<lambda>", __name__)
    monkeypatch.setattr("conformance.adapters.worker.failure._own_files", {__file__})
    assert raiser(raised(lambda: {}["x"])) == ("", "")
    assert raiser(ValueError("never raised")) == ("", "")
