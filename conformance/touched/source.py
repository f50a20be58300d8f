"""The package whose changes are looked at: its files as git knows them, and as they lie there.

git is asked through argument lists alone, and nothing is ever written to the repository.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SECONDS = 120
_LINK, _MODULE = "120000", "160000"
"""Modes of entries that are no plain files."""


class SourceError(Exception):
    """The package, or the revision, is not to be had. The text says why and what helps."""


@dataclass(frozen=True)
class Base:
    """The revision that a change is held against."""

    named: str
    """As the user wrote it."""
    commit: str
    """Full hash of the commit that it leads to: where the branch left it, if it has gone on since.
    """
    forked: bool
    """Whether that is another commit than the one that was named."""

    def __str__(self) -> str:
        """As people read it."""
        short = self.commit[:10]
        return (
            f"{short}, where this left {self.named}" if self.forked else f"{self.named} ({short})"
        )


@dataclass(frozen=True)
class Source:
    """A package in a git repository."""

    folder: Path
    """The package's own folder; its name is the package's."""
    root: Path
    """The repository's."""

    @property
    def package(self) -> str:
        """The package's name."""
        return self.folder.name

    @property
    def shown(self) -> str:
        """The package's folder as seen from the repository."""
        return self.folder.relative_to(self.root).as_posix()

    @classmethod
    def find(cls, named: Path) -> Self:
        """Find the package that a path is, or is inside of.

        Raises:
            SourceError: There is none, or it is in no git repository.
        """
        folder = Path(os.path.realpath(named))
        if not folder.is_dir():
            raise SourceError(f"--source {named}: there is no such folder")
        if not (folder / "__init__.py").is_file():
            raise SourceError(
                f"--source {named}: there is no __init__.py in it; name the package's own folder, "
                "the one that is imported"
            )
        while (folder.parent / "__init__.py").is_file():
            folder = folder.parent
        try:
            root = Path(os.path.realpath(_git(folder, "rev-parse", "--show-toplevel").strip()))
        except SourceError as error:
            raise SourceError(f"--source {named}: {error}") from None
        return cls(folder, root)

    def base(self, named: str) -> Base:
        """Find the revision to compare with.

        Raises:
            SourceError: git knows no such revision.
        """
        try:
            commit = self._git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{named}^{{commit}}"
            ).strip()
        except SourceError:
            raise SourceError(
                f"--touched-by {named}: git knows no such revision in {self.root}; where the "
                "checkout is a shallow one, fetch more of it (actions/checkout: fetch-depth: 0)"
            ) from None
        try:
            fork = self._git("merge-base", commit, "HEAD").strip()
        except SourceError:
            fork = ""  # no history in common, or none that is here
        return Base(named, fork or commit, forked=bool(fork) and fork != commit)

    def at(self, commit: str) -> dict[str, str]:
        """The files in a commit: git's hash of the content by path below the package's folder."""
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", commit, "--", self.shown)
        found = {}
        for entry in filter(None, listed.split("\0")):
            about, _, path = entry.partition("\t")
            mode, _, blob = about.split(" ")
            found[path.removeprefix(self._prefix)] = (
                blob if mode not in {_LINK, _MODULE} else f"{mode}:{blob}"
            )
        return found

    def now(self) -> dict[str, str]:
        """The files as they lie there, but those that git ignores; hashes as git makes them."""
        kind = self._git("rev-parse", "--show-object-format").strip()
        return {path: _hash(self.folder / path, kind) for path in self._present()}

    def read(self, path: str) -> bytes:
        """A file as it lies there.

        Raises:
            SourceError: It can't be read.
        """
        try:
            return (self.folder / path).read_bytes()
        except OSError as error:
            raise SourceError(f"cannot read {self.folder / path}: {error.strerror}") from error

    def blob(self, blob: str) -> bytes:
        """A content that git keeps, by its hash.

        Raises:
            SourceError: It keeps none of this hash.
        """
        return _run(self.root, "cat-file", "blob", blob)

    def commit(self) -> str:
        """The commit that is checked out, where the package is as it says; else empty."""
        try:
            head = self._git("rev-parse", "--verify", "HEAD").strip()
        except SourceError:
            return ""
        return head if self.at(head) == self.now() else ""

    def outside(self, commit: str) -> int:
        """How many files that differ from a commit are not the package's."""
        changed = self._git("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", commit)
        new = self._git("ls-files", "-z", "--others", "--exclude-standard", top=True)
        paths = {path for path in (changed + new).split("\0") if path}
        return sum(not path.startswith(self._prefix) for path in paths)

    def _present(self) -> Iterator[str]:
        # From its own folder, so that names are below it, and no name is taken for a pattern.
        listed = _run(self.folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        for name in dict.fromkeys(filter(None, os.fsdecode(listed).split("\0"))):
            if os.path.lexists(self.folder / name):
                yield name

    @property
    def _prefix(self) -> str:
        """What the paths of the package's files begin with in the repository."""
        return "" if self.folder == self.root else f"{self.shown}/"

    def _git(self, *arguments: str, top: bool = False) -> str:
        return _git(self.root if top else self.folder, *arguments)


def _hash(path: Path, kind: str) -> str:
    """The hash that git would give a file."""
    if path.is_symlink():
        content = os.fsencode(path.readlink())
        return f"{_LINK}:{_digest(content, kind)}"
    if path.is_dir():
        return f"{_MODULE}:"  # a repository inside: whatever it holds, it is not looked into
    try:
        return _digest(path.read_bytes(), kind)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error


def _digest(content: bytes, kind: str) -> str:
    # git's own choice, which is no protection against anybody.
    digest = hashlib.new("sha256" if kind == "sha256" else "sha1", usedforsecurity=False)
    digest.update(b"blob %d\0" % len(content))
    digest.update(content)
    return digest.hexdigest()


def _git(folder: Path, *arguments: str) -> str:
    return os.fsdecode(_run(folder, *arguments))


def _run(folder: Path, *arguments: str) -> bytes:
    """What git prints.

    Raises:
        SourceError: git is not there, or refuses.
    """
    command: Sequence[str] = (
        "git",
        "--literal-pathspecs",
        "-c",
        "core.fsmonitor=false",
        *arguments,
    )
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        asked = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        raise SourceError("git is needed, and is not on the path") from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"git {arguments[0]} did not come to an end in {_SECONDS} s") from None
    if asked.returncode:
        said = asked.stderr.decode(errors="replace").strip().splitlines()
        raise SourceError(said[0] if said else f"git {arguments[0]} failed")
    return asked.stdout
