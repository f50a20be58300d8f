"""Answers kept on disk, so that the reference works once for each case and version of itself.

An answer is two safetensors files: what is fed, and what must come out (its expectation as JSON in
the metadata). They are found by content - the case's digest, a hash of the source that its answer
depends on (``version``), NumPy's major version - so a stale answer can't be found. Nothing in the
folder is trusted: a file that is cut short, damaged, made up, another's or no file at all is a
miss, and what is computed takes its place. Each answer is sealed with a checksum over where it lies
and all that it says.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import mmap
import os
import re
import shutil
import stat
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from safetensors.numpy import save

from conformance.cache import ENVIRONMENT, cache_folder
from conformance.cases.model import Params
from conformance.reference.answer.expectation import (
    Expectation,
    Expected,
    ExpectedInfluence,
    ExpectedProperty,
    ExpectedSummary,
    ExpectedSymbolic,
    ExpectedWeight,
)
from conformance.reference.answer.version import version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.cases.model import Case
    from conformance.reference.answer.book import Answer
    from conformance.reference.engine.array import Values

_DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "BOOL": np.dtype("?"),
    "I8": np.dtype("<i1"),
    "I16": np.dtype("<i2"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "U8": np.dtype("<u1"),
    "U16": np.dtype("<u2"),
    "U32": np.dtype("<u4"),
    "U64": np.dtype("<u8"),
    "C64": np.dtype("<c8"),
}
MAX_FOLDER = 4 * 2**30
"""Bytes of all answers, after which those go that were used longest ago.

All cases of the suite together take half a gigabyte, and each edit of the specification as much as
the answers that depend on it.
"""

_HEADER_LIMIT = 100_000_000
_COPIED = 1 << 16  # bytes up to which reading a file is cheaper than mapping it
_DAY = 86_400
_WITHOUT_ARRAYS = frozenset({ExpectedSymbolic, ExpectedWeight, ExpectedSummary, Params, str, int})
_ARRAY = re.compile(r'"(?:tensor|spread|truth|changed)"\s*:\s*"([^"]*)"')
"""A field that names an array, in JSON without escapes: those that :func:`_names` looks at."""
_SUFFIX = ".safetensors"
_LAYOUT = "3"  # of the folder and its files

# Made here, once, for the engine's threads: msgspec 0.22 crashes where two of them need a type for
# the first time at once.
_expectations = msgspec.json.Decoder(Expectation)


@dataclass(frozen=True)
class StoredAnswer:
    """An answer read back; its arrays are read-only views of what was read or mapped."""

    expectation: Expectation
    feeds: Mapping[str, Values]
    arrays: Mapping[str, Values]
    digest: str
    """Hash of all of it but the case's name: what an adapter is held to, and by which numbers."""


class _DamagedError(Exception):
    """A file is not what this module wrote."""


class Store:
    """The folder of answers.

    Args:
        folder: Where; by default the environment variable ``KERAS_CONFORMANCE_CACHE``, or else the
            user's cache folder.
        max_bytes: How much of it is kept when this store begins to write.
    """

    def __init__(self, folder: Path | str | None = None, max_bytes: int = MAX_FOLDER) -> None:
        """Nothing is read or made yet."""
        self.folder = Path(folder) if folder is not None else default_folder()
        self._max_bytes: int | None = max_bytes
        """None once it has been seen to."""
        self._spare: Store | None = None
        """Where this process writes instead, once this folder can't be written or be relied on."""
        self._versions: dict[tuple[str, bool], str] = {}
        """By digest: a case is looked for when it is announced, and for every adapter."""

    def divert(self, folder: Path | str) -> None:
        """Write to another folder from now on, and look there as well."""
        if self._spare is None:
            self._spare = Store(folder)

    def get(self, case: Case, fault: str = "", lowered: str = "") -> StoredAnswer | None:
        """The answer to a case, if it is here and whole.

        Args:
            case: Only its digest counts (and its id, which is put into the expectation).
            fault: Name of the seeded fault of which this is the answer.
            lowered: Operations that are given the room of a coarser precision
                (:func:`conformance.acceptance.lowered_name`).
        """
        found = self._get(case, fault, lowered)
        if found is None and self._spare is not None:
            return self._spare.get(case, fault, lowered)
        return found

    def _get(self, case: Case, fault: str, lowered: str) -> StoredAnswer | None:
        feeds_path, answer_path = self._paths(case, fault, lowered)
        try:
            feeds, fed = _read(feeds_path)
            arrays, notes = _read(answer_path)
            expectation = _expectations.decode(notes["expectation"])
            if (
                notes["feeds"] != fed["crc32"]
                or notes["seal"] != _seal(answer_path, notes)
                or expectation.digest != case.digest
                or not _named(notes["expectation"], expectation) <= arrays.keys()
            ):
                return None
        except (OSError, KeyError, _DamagedError, msgspec.MsgspecError):
            return None
        digest = _digest(expectation, notes["feeds"], notes["crc32"])
        if expectation.case != case.id:
            expectation = msgspec.structs.replace(expectation, case=case.id)
        return StoredAnswer(expectation, feeds, arrays, digest)

    def has(self, case: Case, fault: str = "", lowered: str = "") -> bool:
        """Whether there seems to be an answer; :meth:`get` looks whether it is whole."""
        there = all(map(os.path.exists, self._paths(case, fault, lowered)))
        return there or (self._spare is not None and self._spare.has(case, fault, lowered))

    def put(self, case: Case, answer: Answer, fault: str = "", lowered: str = "") -> None:
        """Keep an answer. Other processes see both files whole or not at all.

        Before the first one, answers go that were used longest ago, until the rest is within the
        limit: once in a process, as it takes longer than an answer.

        Raises:
            OSError: The folder can't be written.
        """
        if self._spare is not None:
            self._spare.put(case, answer, fault, lowered)
            return
        if self._max_bytes is not None:
            with contextlib.suppress(OSError):  # somebody may be clearing the folder
                self._prune(self._max_bytes)
            self._max_bytes = None
        feeds_path, answer_path = map(Path, self._paths(case, fault, lowered))
        feeds_path.parent.mkdir(parents=True, exist_ok=True)
        text = msgspec.json.encode(answer.expectation).decode()
        checks = _write(feeds_path, answer.feeds, {})
        _write(answer_path, answer.arrays, {"expectation": text, "feeds": checks})

    def _prune(self, max_bytes: int) -> None:
        """Delete the answers that were used longest ago until the rest is small enough."""
        files = []
        for path in self.folder.glob(f"*/*/*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= max_bytes:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size

    def _paths(self, case: Case, fault: str, lowered: str) -> tuple[str, str]:
        about = case.digest, bool(fault)
        known = self._versions.get(about)
        if known is None:
            known = self._versions[about] = version(case, faulty=bool(fault))
        about_it = f"{case.digest}:{fault}:{known}" + (f":{lowered}" if lowered else "")
        key = hashlib.sha256(about_it.encode()).hexdigest()
        stem = f"{self.folder}/{_LAYOUT}/{key[:2]}/{key}"
        return f"{stem}.feeds{_SUFFIX}", f"{stem}.answer{_SUFFIX}"


def default_folder() -> Path:
    """The folder named by the environment, else ``answers`` in the user's cache folder."""
    return cache_folder() if os.environ.get(ENVIRONMENT) else cache_folder() / "answers"


def _digest(expectation: Expectation, *checksums: str) -> str:
    """Hash of an answer: what it says, and the checksums of its arrays."""
    said = msgspec.json.encode(msgspec.structs.replace(expectation, case=""))
    digest = hashlib.sha256(said)
    for checks in checksums:
        digest.update(b"\0" + checks.encode())
    return digest.hexdigest()[:16]


def _named(text: str, expectation: Expectation) -> set[str]:
    """Every array that an expectation speaks of, by its JSON where that can be read at a glance."""
    if "\\" in text:  # an escape may stand for any character, a quotation mark for one
        return _names(expectation)
    return {name for name in _ARRAY.findall(text) if name}


def _names(expectation: Expectation) -> set[str]:
    """Every array that an expectation speaks of."""
    found: set[str] = set()
    left: list[Any] = [expectation]
    while left:
        value = left.pop()
        if isinstance(value, Expected):
            found |= {value.tensor, value.spread}
        elif isinstance(value, ExpectedProperty):
            found |= {value.truth, value.spread}
        elif isinstance(value, ExpectedInfluence):
            found.add(value.changed)
        else:
            left.extend(_parts(value))
    return found - {""}


def _parts(value: Any) -> Iterable[Any]:
    """What is inside a value, as far as it can hold arrays."""
    kind = type(value)
    inside: Iterable[Any] = ()
    if kind is list:
        inside = () if value and type(value[0]) is int else value
    elif kind is dict:
        inside = value.values()
    elif kind not in _WITHOUT_ARRAYS and isinstance(value, msgspec.Struct):
        inside = [getattr(value, name) for name in value.__struct_fields__]
    return inside


def _write(path: Path, arrays: Mapping[str, Values], notes: dict[str, str]) -> str:
    """Write a file whole or not at all; returns the checksums of its arrays as JSON."""
    whole = {name: np.asarray(values, order="C") for name, values in arrays.items()}
    checks = json.dumps({name: zlib.crc32(v.data.cast("B")) for name, v in whole.items() if v.size})
    notes = {**notes, "crc32": checks}
    if "expectation" in notes:
        notes["seal"] = _seal(str(path), notes)
    blob = save(whole, notes)
    if path.is_dir() and not path.is_symlink():  # nothing of ours, in the place of an answer
        shutil.rmtree(path)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(blob)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the name, and nothing in it
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return checks


def _seal(path: str, notes: Mapping[str, str]) -> str:
    """A checksum over where an answer lies and all that is noted of it."""
    parts = [path.rpartition("/")[2], notes["expectation"], notes["feeds"], notes["crc32"]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _read(path: str) -> tuple[dict[str, Values], dict[str, str]]:
    """Map a file and check every byte of it.

    Raises:
        OSError: It is not there.
        _DamagedError: It is not what :func:`_write` wrote.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe would never open
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size < 8:  # noqa: PLR2004 (the length of the header)
            raise _DamagedError
        content: bytes | mmap.mmap
        if status.st_size <= _COPIED:
            content = os.read(handle, status.st_size)
        else:
            content = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)
    if time.time() - status.st_mtime > _DAY:
        with contextlib.suppress(OSError):
            os.utime(path)  # used: it is deleted later
    view = memoryview(content)
    length = int.from_bytes(view[:8], "little")
    if length > min(_HEADER_LIMIT, len(view) - 8):
        raise _DamagedError
    try:
        header = msgspec.json.decode(view[8 : 8 + length])
        metadata = header.pop("__metadata__")
        checks = msgspec.json.decode(metadata["crc32"])
        data = view[8 + length :]
        arrays = {name: _view(data, entry, checks.get(name, 0)) for name, entry in header.items()}
        return arrays, {str(name): str(text) for name, text in metadata.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # msgspec.DecodeError is a ValueError.
        raise _DamagedError from error


def _view(data: memoryview, entry: dict[str, Any], check: int) -> Values:
    start, end = entry["data_offsets"]
    dtype, shape = _DTYPES[entry["dtype"]], tuple(entry["shape"])
    for size in (start, end, *shape):
        if type(size) is not int or size < 0:
            raise _DamagedError
    if not start <= end <= len(data):
        raise _DamagedError
    part = data[start:end]
    if math.prod(shape) * dtype.itemsize != len(part) or zlib.crc32(part) != check:
        raise _DamagedError
    values: Values = np.frombuffer(part, dtype).reshape(shape)
    return values
