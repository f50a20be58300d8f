"""Answers on disk: found again, and never trusted. The process that fills the store."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from reference_cases import SGD, case, chain, of_layer, spec

from conformance.cases.model import Case, Expect
from conformance.reference import evaluate, worker
from conformance.reference.answer import store as store_module
from conformance.reference.answer.store import Store, default_folder
from conformance.reference.faults.applicable import find
from conformance.run.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Callable

ONE = case(chain(("Dense", {"units": 3}), given=spec([2, 4])), train=SGD)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "answers")


def files(store: Store) -> list[Path]:
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


def test_an_answer_is_found_again(store: Store) -> None:
    assert store.get(ONE) is None
    answer = evaluate(ONE)
    store.put(ONE, answer)
    found = store.get(ONE)
    assert found is not None
    assert found.expectation == answer.expectation
    for mine, theirs in ((answer.feeds, found.feeds), (answer.arrays, found.arrays)):
        assert mine.keys() == theirs.keys()
        for name, values in mine.items():
            assert theirs[name].dtype == values.dtype
            assert np.array_equal(theirs[name], values)
            assert not theirs[name].flags.writeable
    assert len(files(store)) == 2


def test_another_case_fault_or_version_is_not_found(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(ONE, evaluate(ONE))
    assert store.get(of_layer("Flatten", [2])) is None
    assert store.get(ONE, "bias-missing") is None
    monkeypatch.setattr(store_module, "version", lambda _case, **_faulty: "another")
    assert Store(store.folder).get(ONE) is None


def test_a_renamed_case_keeps_its_answer_and_gets_its_name(store: Store) -> None:
    store.put(ONE, evaluate(ONE))
    found = store.get(msgspec.structs.replace(ONE, id="tests/two"))
    assert found is not None
    assert found.expectation.case == "tests/two"


def test_non_contiguous_arrays_are_kept_in_order(store: Store) -> None:
    answer = evaluate(ONE)
    kernel = answer.feeds["weight/dense_0/kernel"]
    answer.feeds["weight/dense_0/kernel"] = np.asfortranarray(kernel)
    answer.feeds["call/0/x"] = answer.feeds["call/0/x"][::-1].transpose(2, 1, 0)
    store.put(ONE, answer)
    found = store.get(ONE)
    assert found is not None
    assert np.array_equal(found.feeds["weight/dense_0/kernel"], kernel)
    assert np.array_equal(found.feeds["call/0/x"], answer.feeds["call/0/x"])


def test_empty_and_single_numbers(store: Store) -> None:
    answer = evaluate(ONE)
    answer.feeds["empty"] = np.zeros((0, 3), np.float32)
    answer.feeds["single"] = np.float32(2.5).reshape(())
    store.put(ONE, answer)
    found = store.get(ONE)
    assert found is not None
    assert found.feeds["empty"].shape == (0, 3)
    assert found.feeds["single"].shape == ()


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_cut_short_anywhere_is_a_miss(store: Store, which: int) -> None:
    store.put(ONE, evaluate(ONE))
    path = files(store)[which]
    whole = path.read_bytes()
    for length in (0, 1, 7, 8, 9, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert store.get(ONE) is None
    path.write_bytes(whole)
    assert store.get(ONE) is not None


@pytest.mark.parametrize("which", [0, 1])
def test_a_damaged_number_is_a_miss(store: Store, which: int) -> None:
    store.put(ONE, evaluate(ONE))
    path = files(store)[which]
    whole = bytearray(path.read_bytes())
    whole[-3] ^= 1
    path.write_bytes(whole)
    assert store.get(ONE) is None


def edited(path: Path, old: bytes, new: bytes) -> None:
    """Change a file's header, and nothing else, so that all of it still fits."""
    whole = path.read_bytes()
    assert old in whole
    path.write_bytes(whole.replace(old, new.ljust(len(old)), 1))


def test_an_altered_expectation_is_a_miss(store: Store) -> None:
    """Its text is no array: no checksum of arrays covers it."""
    store.put(ONE, evaluate(ONE))
    answer, _ = files(store)
    edited(answer, b"[[null,2,4]]", b"[[null,9,4]]")
    assert store.get(ONE) is None


def test_answers_that_changed_places_are_misses(store: Store) -> None:
    """A fault's is about the same case, fed with the same numbers, and whole."""
    fault = "bias-missing"
    store.put(ONE, evaluate(ONE))
    store.put(ONE, evaluate(ONE, find(ONE, fault)), fault)
    of_fault, of_truth = (
        [Path(path) for path in store._paths(ONE, name, "")] for name in (fault, "")
    )
    for one, other in zip(of_fault, of_truth, strict=True):
        kept = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(kept)
    assert store.get(ONE) is None
    assert store.get(ONE, fault) is None


@pytest.mark.parametrize(
    "kind", [Path.mkdir, os.mkfifo, Path.touch], ids=["folder", "pipe", "empty"]
)
@pytest.mark.parametrize("which", [0, 1])
def test_what_is_no_answer_is_a_miss_and_replaced(
    store: Store, kind: Callable[[Path], object], which: int
) -> None:
    store.put(ONE, evaluate(ONE))
    path = files(store)[which]
    path.unlink()
    kind(path)
    if path.is_dir():
        (path / "something").touch()
    assert store.get(ONE) is None
    store.put(ONE, evaluate(ONE))
    assert store.get(ONE) is not None


def test_an_answer_is_on_the_disk_before_it_has_its_name(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (order.append("sync"), sync(fd))[1])
    monkeypatch.setattr(Path, "replace", lambda a, b: (order.append("name"), replace(a, b))[1])
    store.put(ONE, evaluate(ONE))
    assert order == ["sync", "name"] * 2


NOTES = {"crc32": "{}", "expectation": "", "feeds": ""}
HOSTILE: list[Any] = [
    [],
    {"a": 1},
    {"__metadata__": NOTES},
    {"__metadata__": {**NOTES, "crc32": "[]"}, "x": {"dtype": "F32"}},
    {"__metadata__": NOTES, "x": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}},
    {"__metadata__": NOTES, "x": {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 2**62]}},
    {"__metadata__": NOTES, "x": {"dtype": "O", "shape": [], "data_offsets": [0, 8]}},
    {"__metadata__": None},
    {"__metadata__": {**NOTES, "crc32": "[" * 5000}},
]


@pytest.mark.parametrize("header", HOSTILE)
@pytest.mark.parametrize("which", [0, 1])
def test_a_made_up_file_is_a_miss(store: Store, header: Any, which: int) -> None:
    store.put(ONE, evaluate(ONE))
    text = json.dumps(header).encode()
    files(store)[which].write_bytes(len(text).to_bytes(8, "little") + text + b"\0" * 16)
    assert store.get(ONE) is None


def test_a_huge_header_is_a_miss(store: Store) -> None:
    store.put(ONE, evaluate(ONE))
    files(store)[0].write_bytes((2**63).to_bytes(8, "little") + b"{}")
    assert store.get(ONE) is None


def test_an_answer_without_its_arrays_is_a_miss(store: Store) -> None:
    answer = evaluate(ONE)
    del answer.arrays["truth/call/0/0"]
    store.put(ONE, answer)
    assert store.get(ONE) is None


def test_the_reference_process_deletes_the_answers_that_were_used_longest_ago(store: Store) -> None:
    cases = [of_layer("Dense", [4], {"units": n}) for n in (1, 2, 3, 4)]
    sizes = []
    for age, one in enumerate(cases[:3]):
        before = set(files(store))
        store.put(one, evaluate(one))
        new = set(files(store)) - before
        sizes.append(sum(path.stat().st_size for path in new))
        for path in new:
            os.utime(path, (1e9 + age, 1e9 + age))

    kept = Store(store.folder, max_bytes=sum(sizes[1:]))
    asked = [b'{"id": 1, "case": ' + msgspec.json.encode(one) + b"}\n" for one in cases[2:]]
    out = io.BytesIO()
    worker.serve(io.BytesIO(asked[0]), out, kept)
    assert [store.has(one) for one in cases] == [True, True, True, False], "it wrote nothing"
    worker.serve(io.BytesIO(asked[1]), out, kept)
    assert [store.has(one) for one in cases] == [False, True, True, True]


@pytest.mark.parametrize("how", [Path.unlink, lambda path: path.write_bytes(b"damaged")])
def test_an_answer_that_another_process_deleted_or_damaged_is_computed_again(
    how: Callable[[Path], object], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(store.folder))
    oracle = Oracle(Store())
    try:
        oracle.answer(ONE)
        for path in files(store):
            how(path)
        assert oracle.answer(ONE).expectation.digest == ONE.digest
    finally:
        oracle.close()


def test_a_cache_that_cannot_be_written_is_told_once_and_costs_no_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").touch()
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    oracle = Oracle(Store())
    try:
        for one in (ONE, of_layer("Flatten", [2])):
            assert oracle.answer(one).expectation.digest == one.digest
            assert oracle.ready(one)
        assert f"{tmp_path / 'cache'} can't be used" in oracle.remark
        assert "Not a directory" in oracle.remark
    finally:
        oracle.close()
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_a_cache_whose_entries_vanish_at_once_costs_no_case(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(store.folder))
    mine = Store()
    keep = mine._get

    def cleared(*about: Any) -> Any:
        for path in files(store):
            path.unlink()
        return keep(*about)

    monkeypatch.setattr(mine, "_get", cleared)
    oracle = Oracle(mine)
    try:
        assert oracle.answer(ONE).expectation.digest == ONE.digest
        assert "vanishes" in oracle.remark
    finally:
        oracle.close()


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
    assert Store().folder == tmp_path
    monkeypatch.delenv("KERAS_CONFORMANCE_CACHE")
    assert default_folder().parts[-2:] == ("keras-conformance", "answers")


def test_no_half_written_file_is_left(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path, target: Path) -> None:
        raise OSError(28, "disk full", str(target))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        store.put(ONE, evaluate(ONE))
    assert files(store) == []


def requests(*cases: tuple[Case, str | None]) -> bytes:
    lines = [
        msgspec.json.encode({"id": i, "case": one, "fault": fault})
        for i, (one, fault) in enumerate(cases)
    ]
    return b"\n".join(lines) + b"\n"


def test_the_process_answers_line_by_line(tmp_path: Path) -> None:
    wrong = msgspec.structs.replace(ONE, expect=Expect(output_shape=[1]), digest="1" * 64)
    strange = of_layer("NoSuchLayer", [2])
    lines = requests((ONE, None), (wrong, None), (strange, None), (ONE, "bias-missing"))
    environment = {**os.environ, "KERAS_CONFORMANCE_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "conformance.reference"],
        input=lines + b"not json\n\n" + b'{"id": 9}\n',
        capture_output=True,
        timeout=60,
        check=True,
        env=environment,
        cwd=Path(__file__).parents[1],
    )
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["id"] for r in replies] == [0, 1, 2, 3, -1, -1]
    assert [r["ok"] for r in replies] == [True, False, False, True, False, False]
    assert [r.get("kind") for r in replies[1:3]] == ["contradiction", "unsupported"]
    assert "output_shape" in replies[1]["message"]
    store = Store(tmp_path)
    assert store.get(ONE) is not None
    faulty = store.get(ONE, "bias-missing")
    assert faulty is not None
    expected = evaluate(ONE, find(ONE, "bias-missing"))
    assert np.array_equal(faulty.arrays["truth/call/0/0"], expected.arrays["truth/call/0/0"])


def test_an_error_of_one_case_does_not_end_the_process(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conformance.reference import worker

    def fail(*_: object) -> None:
        raise ZeroDivisionError("in the reference")

    monkeypatch.setattr(worker, "evaluate", fail)
    reply = worker.answer(worker.Request(1, ONE), store)
    assert (reply.ok, reply.kind) == (False, "error")
    assert "in the reference" in reply.message


def test_reading_a_small_answer_is_cheap(store: Store) -> None:
    store.put(ONE, evaluate(ONE))
    store.get(ONE)
    best = min(_timed(store) for _ in range(20))
    assert best < 0.005  # a millisecond here; the rest is for a busy machine


def _timed(store: Store) -> float:
    start = time.process_time()
    assert store.get(ONE) is not None
    return time.process_time() - start
