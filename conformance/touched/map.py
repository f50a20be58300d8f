"""Which functions each case entered: one recording, and the file that it is kept in.

A file is one msgpack message, compressed, behind a mark. It comes from a cache or from another
machine, so nothing in it is trusted: sizes are looked at before memory is taken, paths before they
are used, and what does not fit is a :class:`MapError`.
"""

from __future__ import annotations

import re
import zlib
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from conformance.records.output import whole
from conformance.records.wire import RecordsError
from conformance.touched.changes import Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MARK: Final = b"keras-conformance touched 1\n"
"""Begins every file; the number is raised with every change that an older reader can't follow."""

LIMIT: Final = 512 * 2**20
"""Bytes that a file may unpack to."""

_CLEAN = re.compile(r"[^\0\\]+")


class MapError(Exception):
    """A file that is no map, or a damaged one."""


class Context(Struct, frozen=True, kw_only=True):
    """What a recording holds for, besides the content of the package."""

    adapter: str
    """Its name, without what a column says behind it."""
    package: str
    suite: str
    """Hash of what of the suite runs in an adapter's process."""
    versions: dict[str, str | None]
    """Distributions that the adapter stands on, as installed; not the package's own."""
    python: str
    """Such as ``3.12``."""
    system: str
    """Such as ``Linux x86_64``."""

    def differences(self, other: Context) -> list[str]:
        """What is not the same in another context, in words."""
        told = []
        for name in ("adapter", "package", "python", "system"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                told.append(f"{name} {mine}, not {theirs}")
        for name in sorted(self.versions.keys() | other.versions.keys()):
            one, two = self.versions.get(name), other.versions.get(name)
            if one != two:
                told.append(f"{name} {one or 'not installed'}, not {two or 'not installed'}")
        if self.suite != other.suite:
            told.append("another version of keras-conformance")
        return told


class Map(Struct, frozen=True, kw_only=True, dict=True):
    """One recording."""

    context: Context
    recorded: str
    """When; UTC, ISO 8601."""
    commit: str
    """What was checked out, if the package was as it says; else empty."""
    means: str
    """``sys.monitoring`` or ``sys.setprofile``."""
    told: dict[str, str]
    """Versions that the adapter said of itself."""
    precision: str
    files: dict[str, str]
    """git's hash of each file's content, by path below the package's folder."""
    texts: dict[str, bytes]
    """The Python files' contents."""
    imported: list[str]
    at_start: list[str]
    inherited: list[str]
    cases: dict[str, str]
    """Digest of each recorded case, by id, in the order of the bits."""
    unknown: dict[str, str]
    """Cases of which it is not known what they enter, each with the reason."""
    entered: list[tuple[str, str, bytes]]
    """Path and name of each function, and the cases that enter it: bit by bit, little-endian."""
    on_import: list[tuple[str, str]]
    """Functions that are entered when the package, or a module of it, is imported."""

    # -- what it answers -----------------------------------------------------------------------

    def cases_of(self, function: Function) -> list[str]:
        """The cases that enter a function, in the order in which they were recorded."""
        return list(self._named(self._bits.get(function, 0)))

    def functions_of(self, case: str) -> list[Function]:
        """The functions that a case enters; none for a case that was not recorded."""
        place = self._places.get(case)
        if place is None:
            return []
        return [one for one, bits in self._bits.items() if bits >> place & 1]

    def functions(self) -> list[Function]:
        """Every function that a case enters."""
        return list(self._bits)

    def entering(self, functions: Iterable[Function]) -> set[str]:
        """The cases that enter any of these functions."""
        bits = 0
        for one in functions:
            bits |= self._bits.get(one, 0)
        return set(self._named(bits))

    def counts(self, *groups: Iterable[str]) -> Iterator[tuple[Function, tuple[int, ...]]]:
        """Each function, and how many cases of each group enter it."""
        masks = [
            sum({1 << place for case in group if (place := self._places.get(case)) is not None})
            for group in groups
        ]
        for one, bits in self._bits.items():
            yield one, tuple((bits & mask).bit_count() for mask in masks)

    def lightest(self, among: Iterable[str]) -> list[str]:
        """The one of these cases that enters the fewest functions, but enters some; if any does."""
        counts = dict.fromkeys(among, 0)
        for bits in self._bits.values():
            for case in self._named(bits):
                if case in counts:
                    counts[case] += 1
        entering = [case for case, count in counts.items() if count]
        return sorted(entering, key=counts.__getitem__)[:1]

    @cached_property
    def started(self) -> frozenset[Function]:
        """The functions of ``on_import``."""
        return frozenset(Function(*one) for one in self.on_import)

    @cached_property
    def _bits(self) -> dict[Function, int]:
        return {
            Function(path, name): int.from_bytes(bits, "little")
            for path, name, bits in self.entered
        }

    @cached_property
    def _ids(self) -> list[str]:
        return list(self.cases)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {case: place for place, case in enumerate(self.cases)}

    def _named(self, bits: int) -> Iterator[str]:
        while bits:
            low = bits & -bits
            yield self._ids[low.bit_length() - 1]
            bits ^= low


def write(made: Map, path: Path) -> None:
    """Write a map, whole or not at all.

    Raises:
        MapError: The file can't be written.
    """
    try:
        with whole(path) as file:
            file.write(MARK)
            file.write(zlib.compress(msgspec.msgpack.encode(made), 6))
    except RecordsError as error:
        raise MapError(str(error)) from error


def read(path: Path) -> Map:
    """Read a map.

    Raises:
        MapError: It is missing, damaged, or no map at all.
    """
    try:
        if path.exists() and not path.is_file():
            raise MapError(f"cannot read {path}: it is no plain file")
        with path.open("rb") as file:
            if file.read(len(MARK)) != MARK:
                raise MapError(f"{path} is no recording of this version of keras-conformance")
            content = _unpacked(file.read(LIMIT))
        made = msgspec.msgpack.decode(content, type=Map)
    except OSError as error:
        raise MapError(f"cannot read {path}: {error.strerror}") from error
    except (zlib.error, msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise MapError(f"{path} is damaged: {error}") from error
    if reason := _unsound(made):
        raise MapError(f"{path} is damaged: {reason}")
    return made


def _unpacked(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    content = stream.decompress(data, LIMIT)
    if not stream.eof:
        raise ValueError("it is cut short, or unpacks to more than any recording has")
    return content


def _unsound(made: Map) -> str:
    """What in it can't be; empty where all fits."""
    width = (len(made.cases) + 7) // 8
    for path, _, bits in made.entered:
        if len(bits) > width or int.from_bytes(bits, "little") >> len(made.cases):
            return f"more cases enter a function of {path} than there are"
    for path in [*made.files, *made.texts, *(path for path, _, _ in made.entered)]:
        if (
            not _CLEAN.fullmatch(path)
            or PurePosixPath(path).is_absolute()
            or ".." in path.split("/")
        ):
            return f"{path!r} is no path below a folder"
    if not made.unknown.keys() <= made.cases.keys():
        return "it does not know of cases that it has not recorded"
    return ""
