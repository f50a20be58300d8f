"""What a change of files changes: functions, or so much that only a whole run can tell.

Two versions of a case's way through a package are the same, step by step, until one of them enters
a function that is not the same in both. So a case can only have changed if it entered a changed
function *before* the change. What can matter without being entered (what runs at import, the
parameters that decide whether a call fits, a name that other code looks for) is followed to the
functions that it reaches, or else is a reason to run everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from conformance.touched.mentions import AT_IMPORT, Speakers, users
from conformance.touched.names import BARE, INIT, Names, dotted, hidden_users
from conformance.touched.units import take_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from conformance.touched.units import Definition, Parts

HARMLESS: Final = frozenset({".md", ".rst", ".pyi"})
"""Endings of files that no running code reads."""


class Function(NamedTuple):
    """A function of the package."""

    path: str
    """Of its file, below the package's folder."""
    name: str
    """Qualified within the file: ``conv``, ``Dense.call``."""

    def __str__(self) -> str:
        """As people read it."""
        return f"{self.name} ({self.path})"


@dataclass
class Changes:
    """What differs between two versions of a package."""

    functions: set[Function] = field(default_factory=set)
    everything: list[str] = field(default_factory=list)
    """Reasons for which it can't be told which cases it reaches."""
    files: set[str] = field(default_factory=set)
    """Files that differ, whether or not it matters."""
    imports: bool = False
    """Whether it might keep the package from being imported."""

    def add(self, other: Changes) -> None:
        """Take in what another comparison has found."""
        self.functions |= other.functions
        self.everything += [one for one in other.everything if one not in self.everything]
        self.files |= other.files
        self.imports |= other.imports


@dataclass(frozen=True)
class Version:
    """The files of a package in one version."""

    files: Mapping[str, str]
    """Hash of each file's content, by path below the package's folder."""
    read: Callable[[str], bytes]

    def python(self) -> list[str]:
        """The paths of its Python files."""
        return [path for path in self.files if path.endswith(".py")]


@dataclass(frozen=True)
class Known:
    """What is known of the package from a recording."""

    package: str
    """Its name."""
    imported: Collection[str]
    """Files that were imported when cases were recorded. A change of another Python file reaches
    no case by itself."""
    at_start: Collection[str]
    """Those of them that are imported with the package, whatever the case."""
    inherited: Collection[str]
    """Names of attributes that its classes inherit from other packages' classes."""
    around: Speakers
    """Files of another package that may look for names in this one."""


def compare(old: Version, new: Version, known: Known) -> Changes:
    """Find out what differs."""
    comparison = Comparison(old, new, known)
    changes = comparison.changes
    for path in sorted(old.files.keys() | new.files.keys()):
        if old.files.get(path) == new.files.get(path):
            continue
        changes.files.add(path)
        if PurePosixPath(path).suffix in HARMLESS:
            continue
        if not path.endswith(".py"):
            changes.everything.append(f"{path} is no Python file")
        elif path not in old.files:
            comparison.new_file(path)
        elif path in known.imported:
            comparison.file(path)
    return changes


class Comparison:
    """Compares file by file, and follows names through the whole package."""

    def __init__(self, old: Version, new: Version, known: Known) -> None:
        """Begin with no difference."""
        self.known = known
        self.changes = Changes()
        self._old = old
        self._new = new
        # What no case has imported uses nothing.
        before = [path for path in old.python() if path in known.imported]
        after = [path for path in new.python() if path in known.imported]
        self._before = Speakers(known.package, before, old.read)
        self._after = Speakers(known.package, after, new.read)

    def new_file(self, path: str) -> None:
        """Nobody can use a new file without having changed, but who was looking for it."""
        module = dotted(self.known.package, path)
        if importer := self._before.importer(module, self.known.imported):
            self.everything(path, f"is new, and {importer} imports it")
        self.follow_before(path, module.rpartition(".")[2], "is new")

    def file(self, path: str) -> None:
        """A file that was imported, and differs."""
        if path not in self._new.files:
            self.everything(path, "is gone")
            return
        try:
            old, new = take_apart(self._old.read(path)), take_apart(self._new.read(path))
            self._parts(path, old, new)
        except (SyntaxError, RecursionError) as error:
            self.everything(path, f"can't be parsed: {error}")

    def _parts(self, path: str, old: Parts, new: Parts) -> None:
        before = (len(self.changes.functions), len(self.changes.everything))
        for name in sorted(old.functions.keys() & new.functions.keys()):
            one, two = old.functions[name], new.functions[name]
            if [*map(old.lines, one)] != [*map(new.lines, two)]:
                self._function(path, name, old, new)
        for name in sorted(old.scopes.keys() | new.scopes.keys()):
            Names(path, old, new, name, self).compare()
        found = before != (len(self.changes.functions), len(self.changes.everything))
        self.changes.imports |= found or old.text != new.text

    def _function(self, path: str, name: str, old: Parts, new: Parts) -> None:
        """A function that is written otherwise."""
        was, now = old.functions[name], new.functions[name]
        if reason := _incomparable(was, now):
            self.everything(path, f"has {name} with {reason}")
            return
        parameters = any(x.parameters != y.parameters for x, y in zip(was, now, strict=True))
        if parameters or not _alike(was, now):
            self.add(path, name)
        if parameters:
            self._parameters(path, name, old, new)

    def _parameters(self, path: str, name: str, old: Parts, new: Parts) -> None:
        """Whether a call fits is decided before it is entered: whoever calls has changed."""
        scope, _, short = name.rpartition(".")
        said = f"has {name} with other parameters"
        known = old.scopes.get(scope)
        reason = hidden_users(short, known.header if known else scope, self.known)
        if any(one.decorators not in BARE for one in old.functions[name]):
            reason = "which its decorators may have handed on"
        if reason:
            self.everything(path, f"{said}, {reason}")
            return
        if not scope:
            self.use(path, old, short)
            self.use(path, new, short)
            if taker := self.takers(dotted(self.known.package, path), "*"):
                self.everything(path, f"{said}, and {taker} imports all that the file has")
        self.follow_before(path, short, said)
        self.follow_after(path, short, said)

    # -- what names.py asks --------------------------------------------------------------------

    def add(self, path: str, function: str) -> None:
        """Count a function as changed."""
        self.changes.functions.add(Function(path, function))

    def everything(self, path: str, reason: str) -> None:
        """Note why only a whole run can tell."""
        told = f"{path} {reason}"
        if told not in self.changes.everything:
            self.changes.everything.append(told)

    def use(self, path: str, parts: Parts, name: str) -> None:
        """Count the functions of a file that use one of its own global names as changed."""
        for function in users(parts, name):
            if function == AT_IMPORT:
                self.everything(path, f"uses {name}, which has changed, when it is imported")
            else:
                self.add(path, function)

    def follow_before(self, path: str, name: str, said: str) -> None:
        """Count whoever used a file's name in the old version as changed."""
        self._follow(self._before, path, name, said)

    def follow_after(self, path: str, name: str, said: str) -> None:
        """Count whoever uses a file's name in the new version as changed."""
        self._follow(self._after, path, name, said)

    def _follow(self, speakers: Speakers, path: str, name: str, said: str) -> None:
        for mention in speakers.of(name):
            if mention.function == AT_IMPORT:
                self.everything(path, f"{said}, and {mention.path} uses {name} at import")
            else:
                self.add(*mention)
        for mention in self.known.around.of(name):
            self.everything(path, f"{said}, and {mention.path} speaks of {name}")
            return

    def takers(self, module: str, name: str) -> str | None:
        """Who imports a name from a module, in the new version."""
        return self._after.takers(module, name) or self.known.around.takers(module, name)

    def importer_after(self, module: str) -> str | None:
        """Who imports a module when the package is imported, in the new version."""
        return self._after.importer(module, self.known.at_start)

    def module_of(self, module: str, name: str) -> str:
        """The module that is imported where a name is taken from one: itself, or one inside it."""
        inner = f"{module}.{name}"
        return inner if name and self._files_of(inner) else module

    def is_started(self, module: str) -> bool:
        """Whether a module of the package is imported with the package, whatever the case."""
        found = self._files_of(module)
        return bool(found) and found <= set(self.known.at_start)

    def _files_of(self, module: str) -> set[str]:
        """The file of a module of the package, in either version."""
        stem = "/".join(module.split(".")[1:])
        names = (f"{stem}.py", f"{stem}/{INIT}".lstrip("/"))
        return {one for one in names if one in self._new.files or one in self._old.files}


def _alike(old: list[Definition], new: list[Definition]) -> bool:
    return all(
        one.body == two.body and one.defaults == two.defaults
        for one, two in zip(old, new, strict=True)
    )


def _incomparable(old: list[Definition], new: list[Definition]) -> str:
    """Why what was entered does not tell who is affected; empty where it does."""
    if len(old) != len(new):
        return "another number of definitions"
    return next((reason for pair in zip(old, new, strict=True) for reason in _reasons(*pair)), "")


def _reasons(old: Definition, new: Definition) -> Iterator[str]:
    if old.decorators != new.decorators:
        yield "other decorators, which run at import"
    if old.kind != new.kind:
        yield "another kind of result: a generator or coroutine is not entered by a call"
    if old.defaults != new.defaults and (old.computes_defaults or new.computes_defaults):
        yield "another default, which is computed at import"
    if old.body != new.body and old.name.rpartition(".")[2] == "__del__":
        yield "another body, which runs whenever memory is freed"
