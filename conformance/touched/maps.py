"""Where recordings are kept, and which of them speaks of a version of a package."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Final

from conformance.adapters.shared.naming import base_of
from conformance.cache import cache_folder
from conformance.touched.map import Map, MapError, read, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SUFFIX: Final = ".touched"

KEPT: Final = 8
"""Recordings of one adapter that are kept; the oldest goes when a further one comes."""


def folder(package: str, adapter: str) -> Path:
    """The folder of an adapter's recordings of a package."""
    return cache_folder() / "touched" / package / base_of(adapter)


def keep(made: Map) -> Path:
    """Keep a recording; the oldest beyond :data:`KEPT` are deleted.

    Raises:
        MapError: It can't be written.
    """
    home = folder(made.context.package, made.context.adapter)
    about = hashlib.sha256(repr(made.context).encode()).hexdigest()[:8]
    path = home / f"{tree(made.files)}-{about}{SUFFIX}"
    write(made, path)
    for old in _newest_first(home)[KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path


def candidates(package: str, adapter: str, files: Mapping[str, str]) -> Iterator[Map]:
    """The recordings that are kept: first those of just these files, then the newest.

    What can't be read is passed over: it is as if it had not been made.
    """
    found = _newest_first(folder(package, adapter))
    wanted = tree(files)
    for path in sorted(found, key=lambda one: not one.name.startswith(f"{wanted}-")):
        with contextlib.suppress(MapError):
            yield read(path)


def packages(adapter: str) -> list[str]:
    """The packages of which an adapter's recordings are kept."""
    found = (cache_folder() / "touched").glob(f"*/{base_of(adapter)}")
    return sorted(path.parent.name for path in found)


def tree(files: Mapping[str, str]) -> str:
    """A hash of a package's files."""
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(f"{path}\0{content}\0".encode())
    return digest.hexdigest()[:16]


def _newest_first(home: Path) -> list[Path]:
    def made(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:
            return 0.0

    return sorted(home.glob(f"*{SUFFIX}"), key=made, reverse=True)
