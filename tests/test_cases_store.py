"""Cases that were expanded before: the same as read anew, and never stale, damaged or another's."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from conformance.cases import default_root, expanding, load, load_file, store
from conformance.cases.building import digest
from conformance.sources import Sources, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.cases.model import Case

PACKAGE = Path(__file__).parents[1] / "conformance"

DENSE = """\
- id: dense
  title: A dense layer
  why: It is the first that anyone tries.
  source: {keras: keras.layers.Dense}
  input: {shape: [3]}
  layer: Dense
  config: {units: 2}
  vary: {units: [1, 2, 3], use_bias: [true, false]}
"""
RELU = """\
- id: relu
  title: A rectifier
  source: {keras: keras.layers.ReLU}
  input: {shape: [3]}
  layer: ReLU
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The suite's cache folder, empty."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(folder))
    monkeypatch.delenv("KERAS_CONFORMANCE_CASE_CACHE", raising=False)
    # However fresh this checkout is: nobody edits it while the tests run.
    monkeypatch.setattr(store, "_newest_source", lambda: 0.0)
    return folder


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    folder = tmp_path / "cases"
    (folder / "layers").mkdir(parents=True)
    (folder / "layers" / "dense.yaml").write_text(DENSE)
    (folder / "layers" / "relu.yaml").write_text(RELU)
    return folder


@pytest.fixture
def expanded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are expanded, as they are."""
    names: list[str] = []
    expand = expanding.expand

    def noting(file: Path, *rest: Any) -> list[Case]:
        names.append(file.name)
        return expand(file, *rest)

    monkeypatch.setattr(expanding, "expand", noting)
    return names


def entries(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.cases"))


def whole(cases: Sequence[Case]) -> bytes:
    """Every field, with 1 and 1.0 apart, which `==` takes for the same."""
    return msgspec.json.encode(cases)


def test_the_whole_catalogue_is_the_same_as_read_anew(
    expanded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_CONFORMANCE_CASE_CACHE", "off")
    anew = load().checked()
    monkeypatch.delenv("KERAS_CONFORMANCE_CASE_CACHE")
    load()
    expanded.clear()
    kept = load().checked()
    assert expanded == []
    assert whole(kept) == whole(anew)  # NaN, which equals nothing, is null in JSON
    for case in kept:
        program = msgspec.structs.replace(case.program, case="")
        unspecified = bool(case.unspecified)
        told = digest(program, case.expect, case.raises, unspecified=unspecified)
        assert case.digest == told


def test_a_file_is_expanded_once(catalogue: Path, expanded: list[str]) -> None:
    first = load([catalogue]).checked()
    assert expanded == ["dense.yaml", "relu.yaml"]
    assert load([catalogue]).checked() == first
    assert load_file(catalogue / "layers" / "relu.yaml").checked() == first[-1:]
    assert expanded == ["dense.yaml", "relu.yaml"]


def test_variants_share_what_is_written_once(catalogue: Path) -> None:
    load([catalogue])
    cases = load([catalogue / "layers" / "dense.yaml"]).checked()
    assert len(cases) == 6
    assert cases[0].why == "It is the first that anyone tries."
    for name in ("yaml", "title", "why", "source"):
        assert len({id(getattr(case, name)) for case in cases}) == 1


def test_an_edit_has_one_file_expanded_again(catalogue: Path, expanded: list[str]) -> None:
    before = load([catalogue]).checked()
    dense = catalogue / "layers" / "dense.yaml"
    status = dense.stat()
    dense.write_text(DENSE.replace("3]}\n  layer", "5]}\n  layer"))
    os.utime(dense, ns=(status.st_atime_ns, status.st_mtime_ns))  # content counts, not its time
    expanded.clear()
    after = load([catalogue]).checked()
    assert expanded == ["dense.yaml"]
    assert {case.program.model.inputs[0].shape[0] for case in after[:6]} == {5}
    dense.write_text(DENSE)
    assert load([catalogue]).checked() == before
    assert expanded == ["dense.yaml"]


def test_the_same_text_elsewhere_has_ids_of_its_own(catalogue: Path) -> None:
    load([catalogue])
    other = catalogue / "layers" / "other.yaml"
    shutil.copy(catalogue / "layers" / "relu.yaml", other)
    assert [case.id for case in load_file(other).cases] == ["layers/other/relu"]
    assert [case.id for case in load_file(other, catalogue / "layers").cases] == ["other/relu"]
    assert [case.id for case in load_file(other).cases] == ["layers/other/relu"]


def test_a_file_with_problems_is_read_each_time(
    catalogue: Path, cache: Path, expanded: list[str]
) -> None:
    relu = catalogue / "layers" / "relu.yaml"
    relu.write_text(RELU.replace("title", "titel") + DENSE)
    first = load([relu])
    assert len(first.problems) == 2
    assert len(first.cases) == 6
    assert load([relu]) == first
    assert expanded == ["relu.yaml", "relu.yaml"]
    assert entries(cache) == []
    relu.write_text(RELU)
    assert len(load([relu]).checked()) == 1


def flipped(content: bytes, at: int) -> bytes:
    found = bytearray(content)
    found[at] ^= 1
    return bytes(found)


def forged(payload: bytes) -> Callable[[Path, bytes], bytes]:
    """An entry with a checksum that fits."""

    def entry(path: Path, _: bytes) -> bytes:
        key = bytes.fromhex(path.stem)
        return hashlib.sha256(key + payload).digest() + payload

    return entry


def other_entry(path: Path, _: bytes) -> bytes:
    return next(other for other in path.parent.glob("*.cases") if other != path).read_bytes()


DAMAGES: dict[str, Callable[[Path, bytes], bytes]] = {
    "empty": lambda *_: b"",
    "cut in its checksum": lambda _, content: content[:20],
    "cut short": lambda _, content: content[:-1],
    "longer": lambda _, content: content + b"\0",
    "another checksum": lambda _, content: flipped(content, 0),
    "another first byte": lambda _, content: flipped(content, 32),
    "another last byte": lambda _, content: flipped(content, -1),
    "another file's": other_entry,
    "no MessagePack": forged(b"\xc1"),
    "no cases": forged(msgspec.msgpack.encode([1, 2])),
    "cases without programs": forged(
        msgspec.msgpack.encode([[["", None, {}, ""], [{"id": "a/b", "digest": ""}]]])
    ),
    "too deep": forged(b"\x91" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_a_miss(
    damage: Callable[[Path, bytes], bytes], catalogue: Path, cache: Path, expanded: list[str]
) -> None:
    anew = load([catalogue]).checked()
    contents = {path: path.read_bytes() for path in entries(cache)}
    damaged = {path: damage(path, content) for path, content in contents.items()}
    for path, content in damaged.items():
        path.write_bytes(content)
    expanded.clear()
    assert whole(load([catalogue]).checked()) == whole(anew)
    assert expanded == ["dense.yaml", "relu.yaml"]
    assert {path: path.read_bytes() for path in entries(cache)} == contents


def test_what_is_too_large_or_no_file_is_a_miss(
    catalogue: Path, cache: Path, expanded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    anew = load([catalogue]).checked()
    one, other = entries(cache)
    one.unlink()
    one.mkdir()
    other.unlink()
    other.symlink_to(cache / "nowhere")
    assert load([catalogue]).checked() == anew
    assert load([catalogue]).checked() == anew
    assert len(expanded) == 5  # what is a folder stays one; the link is replaced
    expanded.clear()
    monkeypatch.setattr(store, "MAX_ENTRY", 10)
    assert load([catalogue]).checked() == anew
    assert expanded == ["dense.yaml", "relu.yaml"]


def test_a_file_that_is_too_large_is_not_kept(
    catalogue: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.cases.loading.MAX_KEPT", len(RELU))
    assert len(load([catalogue]).checked()) == 7
    assert len(load([catalogue]).checked()) == 7
    assert len(entries(cache)) == 1


def test_a_path_that_is_no_text_does_not_matter(tmp_path: Path, cache: Path) -> None:
    # Of the first, the ids would be wrong: that is a problem of its only case.
    for name, count in ((b"\xff.yaml", 0), (b"relu.\xff", 1)):
        file = tmp_path / os.fsdecode(name)
        try:
            file.write_text(RELU)
        except OSError:
            pytest.skip("there can be no such file here")
        assert [len(load_file(file).cases) for _ in range(2)] == [count] * 2
    assert entries(cache) == []


def test_a_folder_that_cannot_be_written_does_not_matter(
    catalogue: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write_text("a file")
    assert len(load([catalogue]).checked()) == 7
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(cache.with_name("full")))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "disk full")

    monkeypatch.setattr(Path, "replace", full)
    assert len(load([catalogue]).checked()) == 7
    assert not [path for path in cache.with_name("full").rglob("*") if path.is_file()]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="may write everywhere")
def test_a_read_only_folder_does_not_matter(catalogue: Path, cache: Path) -> None:
    cache.mkdir(mode=0o500)
    assert len(load([catalogue]).checked()) == 7
    assert entries(cache) == []


def test_it_can_be_switched_off(
    catalogue: Path, cache: Path, expanded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_CONFORMANCE_CASE_CACHE", "off")
    load([catalogue])
    assert not cache.exists()
    monkeypatch.delenv("KERAS_CONFORMANCE_CASE_CACHE")
    load([catalogue])
    expanded.clear()
    monkeypatch.setenv("KERAS_CONFORMANCE_CASE_CACHE", "off")
    load([catalogue])
    assert len(expanded) == 2


def test_what_was_used_longest_ago_goes_first(
    catalogue: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_FOLDER", 250)
    folder = cache / "cases" / "0"  # of an earlier layout
    folder.mkdir(parents=True)
    for age in range(4):
        (folder / f"{age}.cases").write_bytes(bytes(100))
        os.utime(folder / f"{age}.cases", (1e9 - age, 1e9 - age))
    load([catalogue])
    assert sorted(path.name for path in folder.iterdir()) == ["0.cases", "1.cases"]
    assert len(entries(cache)) == 4


def test_an_entry_that_is_used_is_not_old(catalogue: Path, cache: Path) -> None:
    load([catalogue])
    for path in entries(cache):
        os.utime(path, (1e9, 1e9))
    load([catalogue])
    assert all(path.stat().st_mtime > 1.5e9 for path in entries(cache))


# -- what expands them -----------------------------------------------------------------------------


def test_everything_that_expands_cases_is_hashed() -> None:
    modules = installed().closure(["conformance.cases.expanding"])
    assert {"conformance.cases.building", "conformance.facets"} <= modules
    assert {installed().path(module) for module in modules} <= {*store._sources()}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the package and, as in a wheel, its catalogue: one small file."""
    folder = tmp_path / "site"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, folder / "conformance", ignore=ignored)
    shutil.copytree(default_root() / "documents", folder / "conformance/catalogue/documents")
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))
    return folder


SCRIPT = """
import json, sys
from conformance.cases import default_root, is_packaged, load
cases = load().checked()
json.dump({
    "root": str(default_root()),
    "packaged": is_packaged(default_root()),
    "anew": "conformance.cases.expanding" in sys.modules,
    "digests": {case.id: case.digest for case in cases},
}, sys.stdout)
"""


def started(copy: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", SCRIPT]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=copy.parent
    )


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_catalogue_of_a_wheel_is_kept_until_its_reader_is_another(copy: Path) -> None:
    first, second = said(started(copy)), said(started(copy))
    assert first["root"] == str(copy / "conformance" / "catalogue")
    assert (first["packaged"], first["anew"], second["anew"]) == (True, True, False)
    assert first["digests"] == second["digests"]
    building = copy / "conformance" / "cases" / "building.py"
    building.write_text(building.read_text().replace('"summary": expect', '"summary": not expect'))
    os.utime(building, (1e9, 1e9))
    third = said(started(copy))
    assert third["anew"]
    assert third["digests"].keys() == first["digests"].keys()
    assert third["digests"] != first["digests"]


def test_nothing_is_kept_by_a_process_whose_source_is_being_edited(copy: Path, cache: Path) -> None:
    # It may have imported the module before the edit, and would keep the old reader's cases as
    # the new one's.
    os.utime(copy / "conformance" / "cases" / "inputs.py")
    assert said(started(copy))["anew"]
    assert entries(cache) == []


def test_processes_at_once_find_whole_entries(copy: Path, cache: Path) -> None:
    found = [said(process) for process in [started(copy) for _ in range(3)]]
    assert all(one["digests"] == found[0]["digests"] for one in found)
    assert said(started(copy)) == {**found[0], "anew": False}
    files = list((copy / "conformance" / "catalogue").rglob("*.yaml"))
    assert len(entries(cache)) == len(files)
    assert [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".cases"] == []


def test_an_edit_of_any_of_its_files_makes_another_version(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_HERE", copy / "conformance" / "cases")

    def version() -> str:
        # A new reader: what it has read of a module's imports it keeps.
        monkeypatch.setattr(store, "installed", lambda: Sources(copy / "conformance"))
        store.version.cache_clear()
        store._sources.cache_clear()
        return store.version()

    try:
        seen = [version()]
        files = store._sources()
        names = {path.name for path in files}
        assert {"keras_names.json", "variation.py", "facets.py", "layer_names.py"} <= names
        for path in files:
            path.write_text(path.read_text() + "\n")
            seen.append(version())
        assert len(set(seen)) == len(files) + 1
    finally:
        monkeypatch.undo()
        store._sources.cache_clear()
        store.version.cache_clear()
