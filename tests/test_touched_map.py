"""Recordings as files: what is written is read, and nothing else is believed."""

from __future__ import annotations

import os
import zlib

import msgspec
import pytest
from msgspec.structs import replace

from conformance.touched import Function, Map, MapError, maps, read
from conformance.touched.map import LIMIT, MARK, Context, write

CONTEXT = Context(
    adapter="keras-toy",
    package="toy",
    suite="abc",
    versions={"numpy": "2.0", "torch": None},
    python="3.12",
    system="Linux x86_64",
)
CASES = {f"layers/core/{index}": f"{index:064x}" for index in range(11)}
MADE = Map(
    context=CONTEXT,
    recorded="2026-11-29T00:00:00+00:00",
    commit="1" * 40,
    means="sys.monitoring",
    told={"toy": "1"},
    precision="float32",
    files={"nn.py": "2" * 40},
    texts={"nn.py": b"def conv(): pass\n"},
    imported=["nn.py"],
    at_start=["nn.py"],
    inherited=["_apply"],
    cases=CASES,
    unknown={"layers/core/3": "it crashed"},
    entered=[("nn.py", "conv", b"\x05\x04"), ("nn.py", "pad", b"\x01\x00")],
    on_import=[("nn.py", "setting")],
)
CONV, PAD = Function("nn.py", "conv"), Function("nn.py", "pad")


@pytest.fixture
def path(tmp_path):
    write(MADE, tmp_path / "a/b.touched")
    return tmp_path / "a/b.touched"


def test_what_is_written_is_read(path):
    made = read(path)
    assert made == MADE
    assert made.cases_of(CONV) == ["layers/core/0", "layers/core/2", "layers/core/10"]
    assert made.cases_of(PAD) == ["layers/core/0"]
    assert made.functions_of("layers/core/0") == [CONV, PAD]
    assert made.functions_of("layers/core/2") == [CONV]
    assert made.functions_of("layers/core/1") == []
    assert made.entering([CONV, PAD, Function("nn.py", "nobody")]) == set(made.cases_of(CONV))
    assert made.started == {Function("nn.py", "setting")}
    assert made.lightest(CASES) == ["layers/core/2"]
    assert made.lightest(["layers/core/1"]) == []


def test_every_shortened_file_is_refused(path):
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(MapError):
            read(path)


def test_a_file_with_a_byte_changed_is_refused_or_the_same(path):
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            assert read(path) == MADE
        except MapError as error:
            assert str(path) in str(error)  # noqa: PT017 - either will do


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"entered": [("nn.py", "conv", b"\x00\x08")]}, "more cases enter"),
        ({"entered": [("nn.py", "conv", b"\x00\x00\x00")]}, "more cases enter"),
        ({"entered": [("../nn.py", "conv", b"\x00\x00")]}, "no path below"),
        ({"files": {"/etc/passwd": "1"}}, "no path below"),
        ({"texts": {"a/../../b.py": b""}}, "no path below"),
        ({"texts": {"": b""}}, "no path below"),
        ({"unknown": {"another": "case"}}, "has not recorded"),
    ],
)
def test_what_can_not_be_is_refused(path, changes, said):
    write(replace(MADE, **changes), path)
    with pytest.raises(MapError, match=said):
        read(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        MARK,
        MARK + zlib.compress(b""),
        MARK + zlib.compress(b"\x80"),
        MARK + zlib.compress(msgspec.msgpack.encode({"context": 1})),
        MARK + zlib.compress(b"\x91" * 100_000),
        MARK.replace(b"1", b"2") + zlib.compress(msgspec.msgpack.encode(MADE)),
    ],
)
def test_what_is_no_recording_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(MapError, match=str(path)):
        read(path)


def test_what_unpacks_to_too_much_is_refused(path, monkeypatch):
    monkeypatch.setattr("conformance.touched.map.LIMIT", 1 << 20)
    assert LIMIT > 1 << 20
    path.write_bytes(MARK + zlib.compress(bytes(1 << 22)))
    with pytest.raises(MapError, match="unpacks to more"):
        read(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MapError, match="No such file"):
        read(tmp_path / "none")


def test_a_place_that_can_not_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MapError, match="cannot write"):
        write(MADE, tmp_path / "file/below")


def test_differences_are_told_in_words():
    other = replace(CONTEXT, python="3.13", versions={"numpy": "2.1"}, suite="xyz")
    assert CONTEXT.differences(CONTEXT) == []
    assert CONTEXT.differences(other) == [
        "python 3.12, not 3.13",
        "numpy 2.0, not 2.1",
        "another version of keras-conformance",
    ]
    assert CONTEXT.differences(replace(CONTEXT, adapter="keras-jax")) == [
        "adapter keras-toy, not keras-jax"
    ]


class TestKept:
    @pytest.fixture(autouse=True)
    def cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(tmp_path))

    def keep(self, number):
        made = replace(MADE, files={"nn.py": str(number)}, recorded=str(number))
        path = maps.keep(made)
        os.utime(path, (number, number))
        return made

    def test_the_one_of_these_files_comes_first_and_then_the_newest(self):
        made = [self.keep(number) for number in (1, 2, 3)]
        found = list(maps.candidates("toy", "keras-toy@toy=checkout", made[0].files))
        assert [one.recorded for one in found] == ["1", "3", "2"]
        assert not list(maps.candidates("toy", "keras-other", made[0].files))
        assert not list(maps.candidates("other", "keras-toy", made[0].files))

    def test_the_oldest_goes(self):
        for number in range(1, maps.KEPT + 4):
            self.keep(number)
        left = [one.recorded for one in maps.candidates("toy", "keras-toy", {})]
        assert left == [str(number) for number in range(maps.KEPT + 3, 3, -1)]

    def test_a_damaged_one_is_passed_over(self):
        self.keep(1)
        (maps.folder("toy", "keras-toy") / f"odd{maps.SUFFIX}").write_bytes(b"nonsense")
        assert [one.recorded for one in maps.candidates("toy", "keras-toy", {})] == ["1"]
