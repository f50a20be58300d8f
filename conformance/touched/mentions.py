"""Who uses a name: in its own file as a variable, elsewhere by import, attribute or string."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from conformance.touched.units import FUNCTIONS, take_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from conformance.touched.units import Parts

AT_IMPORT = ""
"""In a function's place: what runs when a file is imported, class bodies, decorators and defaults
included."""


class Mention(NamedTuple):
    """A place where a name is used."""

    path: str
    function: str
    """Qualified, or :data:`AT_IMPORT`."""


def users(parts: Parts, name: str) -> set[str]:
    """The functions of a file that use one of its global names, or :data:`AT_IMPORT`.

    A local variable of the same name counts as well.
    """
    return {
        place
        for place, nodes in _places(parts)
        if any(_uses(name, node, bound=place == AT_IMPORT) for node in nodes)
    }


def absolute(package: str, path: str, module: str) -> str:
    """The dotted name of a module that a file imports, dots in front of it resolved.

    Args:
        package: Name of the package that the file is in.
        path: The file's, below the package's folder.
        module: As the file writes it: ``..core``, ``torch.nn``.
    """
    name = module.lstrip(".")
    level = len(module) - len(name)
    if not level:
        return name
    folders = [package, *path.split("/")[:-1]]
    return ".".join([*folders[: len(folders) - level + 1], *([name] if name else [])])


class _Taken(NamedTuple):
    """A name that a file imports when it is imported."""

    module: str
    name: str
    """Empty where the module itself is imported; ``*`` for all that it has."""
    bound: str


@dataclass
class _Said:
    """What a file says."""

    words: dict[str, set[str]] = field(default_factory=dict)
    """Attributes, identifiers in strings and names that a function imports; each with the
    functions that say it, or :data:`AT_IMPORT`."""
    taken: list[_Taken] = field(default_factory=list)
    parts: Parts | None = None
    """None where it can't be parsed; it may then say anything."""


class Speakers:
    """Looks for names in a package's files, each parsed once, and only if the word is in it."""

    def __init__(self, package: str, files: Iterable[str], read: Callable[[str], bytes]) -> None:
        """Read nothing yet.

        Args:
            package: The package's name.
            files: Paths below its folder, as ``read`` takes them; others don't matter.
            read: Gives a file's content.
        """
        self._package = package
        self._files = list(files)
        self._read = read
        self._texts: dict[str, bytes] = {}
        self._heard: dict[str, _Said] = {}

    def of(self, name: str) -> Iterator[Mention]:
        """Where a name of another file is used: by import from the package, attribute or string."""
        for path, said in self._with(name):
            if said.parts is None:
                yield Mention(path, AT_IMPORT)
                continue
            places = set(said.words.get(name, ()))
            for taken in said.taken:
                if taken.name == name and f"{taken.module}.".startswith(f"{self._package}."):
                    places |= users(said.parts, taken.bound)
            yield from (Mention(path, place) for place in sorted(places))

    def takers(self, module: str, name: str) -> str | None:
        """The first file that imports this name from this module, when it is imported itself."""
        for path, said in self._with(module.rpartition(".")[2] if name == "*" else name):
            if any((one.module, one.name) == (module, name) for one in said.taken):
                return path
        return None

    def importer(self, module: str, among: Collection[str]) -> str | None:
        """The first file that imports a module, or one inside it, when it is imported itself.

        Args:
            module: Its dotted name.
            among: Only these files count.
        """
        for path, said in self._with(module.rpartition(".")[2]):
            targets = {one.module for one in said.taken}
            targets |= {f"{one.module}.{one.name}" for one in said.taken}
            if path in among and any(f"{one}.".startswith(f"{module}.") for one in targets):
                return path
        return None

    def _with(self, word: str) -> Iterator[tuple[str, _Said]]:
        """The files that have this word in them."""
        pattern = re.compile(rb"\b" + re.escape(word).encode() + rb"\b")
        for path in self._files:
            if path not in self._texts:
                self._texts[path] = self._read(path)
            if pattern.search(self._texts[path]):
                if path not in self._heard:
                    self._heard[path] = self._hear(path)
                yield path, self._heard[path]

    def _hear(self, path: str) -> _Said:
        said = _Said()
        try:
            parts = take_apart(self._texts[path])
            for place, nodes in _places(parts):
                for node in nodes:
                    for word in _words(node, at_import=place == AT_IMPORT):
                        said.words.setdefault(word, set()).add(place)
            said.taken = list(self._taken(parts.tree, path))
        except (SyntaxError, RecursionError):
            return _Said()
        said.parts = parts
        return said

    def _taken(self, tree: ast.Module, path: str) -> Iterator[_Taken]:
        left: list[ast.AST] = [tree]
        while left:
            node = left.pop()
            if isinstance(node, ast.Import):
                for one in node.names:
                    yield _Taken(one.name, "", one.asname or one.name.partition(".")[0])
            elif isinstance(node, ast.ImportFrom):
                module = absolute(self._package, path, "." * node.level + (node.module or ""))
                for one in node.names:
                    yield _Taken(module, one.name, one.asname or one.name)
            elif not isinstance(node, (*FUNCTIONS, ast.Lambda)):
                left += ast.iter_child_nodes(node)


def _places(parts: Parts) -> Iterator[tuple[str, Iterable[ast.AST]]]:
    """The functions of a file, by name, each with what runs when it is called; and the rest."""
    bodies: set[int] = set()
    left: list[ast.AST] = [parts.tree]
    for definitions in parts.functions.values():
        for one in definitions:
            bodies.update(map(id, one.node.body))
            yield one.name, (node for part in one.node.body for node in ast.walk(part))
    rest: list[ast.AST] = []
    while left:
        rest.append(left.pop())
        left += (child for child in ast.iter_child_nodes(rest[-1]) if id(child) not in bodies)
    yield AT_IMPORT, rest


def _words(node: ast.AST, *, at_import: bool) -> Iterable[str]:
    """What a node says of names that may be other files'."""
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    if isinstance(node, ast.ImportFrom | ast.Import) and not at_import:
        module = getattr(node, "module", None) or ""
        names = (part for one in node.names for part in one.name.split("."))
        return (*module.split("."), *names)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
        # A name that is looked for by getattr, or a part of one, has no blanks; prose has.
        return re.findall(r"\w+", node.value)
    return ()


def _uses(name: str, node: ast.AST, *, bound: bool) -> bool:
    """Whether a node is this name, but not where it is bound, if that is of no interest."""
    if not isinstance(node, ast.Name) or node.id != name:
        return False
    return not bound or isinstance(node.ctx, ast.Load)
