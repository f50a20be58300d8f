"""Expanded cases kept on disk, so that a file is read, checked and expanded once for each content.

An entry holds the cases of one file. It is found by content - the file's bytes, its path below its
catalogue, and a hash of all that expands it - so a stale one can't be found. Nothing in the folder
is trusted: an entry that is cut short, damaged or another's is a miss. A file with problems has no
entry, so that each reading tells of them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec
import yaml
from msgspec import Struct

from conformance.cache import cache_folder
from conformance.cases.model import Case, Source
from conformance.sources import installed

if TYPE_CHECKING:
    from collections.abc import Iterable

ENVIRONMENT = "KERAS_CONFORMANCE_CASE_CACHE"
"""Environment variable that, set to ``off``, has every case file read anew."""

MAX_ENTRY = 64 * 2**20
"""Bytes of an entry; that of the largest file of the catalogue has one."""
MAX_FOLDER = 256 * 2**20
"""Bytes of all entries, after which those go that were used longest ago."""

_HERE = Path(__file__).parent
_LAYOUT = "1"  # of the folder and its files
_CHECK = hashlib.sha256().digest_size
_DAY = 86_400

_BEGUN = time.time() - 5.0
"""A module that was edited later may have been imported before the edit or after it."""


class _Texts(Struct, frozen=True, array_like=True):
    """What is written once for all variants of a case: by far the most of an entry otherwise."""

    title: str
    why: str | None
    source: Source
    yaml: str

    @classmethod
    def of(cls, case: Case) -> Self:
        return cls(*[getattr(case, name) for name in cls.__struct_fields__])


class _Written(Struct, frozen=True, array_like=True):
    """A written case: its variants, and apart from them what they share."""

    texts: _Texts
    cases: list[Case]


_NO_TEXTS = msgspec.structs.asdict(_Texts("", None, Source(), ""))

# Made here, once: msgspec 0.22 crashes where two threads need a type for the first time at once.
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Written])


def find(below: str, content: bytes) -> list[Case] | None:
    """The cases of a file, if they are here and whole.

    Args:
        below: The file's path below its catalogue.
        content: What is in the file.
    """
    if _is_off():
        return None
    key = _key(below, content)
    try:
        entry = memoryview(_read(_path(key)))
        if _check(key, entry[_CHECK:]) != entry[:_CHECK]:
            return None
        written = _decoder.decode(entry[_CHECK:])
    except (OSError, msgspec.MsgspecError, RecursionError):
        return None
    return [case for one in written for case in _whole(one)]


def keep(below: str, content: bytes, cases: list[Case]) -> None:
    """Keep the cases of a file that has no problem, if that can be done.

    Other processes see the entry whole or not at all. Where the folder can't be written, nothing
    happens, and the file is read again the next time.
    """
    # An edit of our own source: which of the two has this process imported?
    if _is_off() or _newest_source() > _BEGUN:
        return
    key = _key(below, content)
    path = _path(key)
    with contextlib.suppress(OSError, UnicodeEncodeError):  # a path may hold what is no text
        entry = _encoder.encode([_parted(*one) for one in itertools.groupby(cases, _Texts.of)])
        if len(entry) <= MAX_ENTRY:
            path.parent.mkdir(parents=True, exist_ok=True)
            _prune(path.parents[1])
            _write(path, _check(key, entry) + entry)


@functools.cache
def version() -> str:
    """Hash of all that expands cases: modules, all that these import, and their data."""
    libyaml = yaml._yaml.get_version() if yaml.__with_libyaml__ else None  # noqa: SLF001 - nothing else tells
    tools = [sys.version_info[:2], msgspec.__version__, yaml.__version__, libyaml, _LAYOUT]
    digest = hashlib.sha256(repr(tools).encode())
    for path in _sources():
        name = path.relative_to(_HERE.parent).as_posix()
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@functools.cache
def _sources() -> list[Path]:
    modules = installed().closure(["conformance.cases.expanding", __name__])
    found = {path for path in map(installed().path, modules) if path is not None}
    return sorted(found | {*_HERE.glob("*.json")})


@functools.cache
def _newest_source() -> float:
    return max(path.stat().st_mtime for path in _sources())


@functools.cache
def _prune(folder: Path) -> None:
    """Delete entries that were used longest ago, once in a process, until the rest fits."""
    files = []
    for path in folder.glob("*/*"):
        with contextlib.suppress(OSError):
            status = path.stat()
            files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= MAX_FOLDER:
            break
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size


def _parted(texts: _Texts, cases: Iterable[Case]) -> _Written:
    """Cases apart from what they share."""
    return _Written(texts, [msgspec.structs.replace(case, **_NO_TEXTS) for case in cases])


def _whole(written: _Written) -> list[Case]:
    """The cases again, each with what they share."""
    shared = list(msgspec.structs.asdict(written.texts).items())
    for case in written.cases:
        for name, value in shared:
            msgspec.structs.force_setattr(case, name, value)  # nobody has seen it yet
    return written.cases


def _is_off() -> bool:
    return os.environ.get(ENVIRONMENT) == "off"


def _key(below: str, content: bytes) -> bytes:
    digest = hashlib.sha256(f"{version()}\0{below}\0".encode("utf-8", "surrogatepass"))
    digest.update(content)
    return digest.digest()


def _path(key: bytes) -> Path:
    return cache_folder() / "cases" / _LAYOUT / f"{key.hex()}.cases"


def _check(key: bytes, entry: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(key)
    digest.update(entry)
    return digest.digest()


def _read(path: Path) -> bytes:
    """An entry's bytes; none of what can't be one.

    Raises:
        OSError: It is not there, or can't be read.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_ENTRY + _CHECK:
        return b""
    with path.open("rb", buffering=0) as file:
        entry = file.read(status.st_size)
    if time.time() - status.st_mtime > _DAY:
        with contextlib.suppress(OSError):
            os.utime(path)  # used: others are deleted before it
    return entry


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: It can't be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the name, and nothing in it
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
