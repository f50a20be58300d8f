"""Who speaks of a name: in its own file as a variable, elsewhere by import, attribute or string."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from conformance.touched.units import FUNCTIONS, take_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from conformance.touched.units import Parts


class Users(NamedTuple):
    """Where a file uses one of its own global names."""

    functions: set[str]
    at_import: bool
    """Whether what runs when the file is imported uses it: a class body, a decorator, a default."""


def users(parts: Parts, name: str) -> Users:
    """Where a file uses a global name. A local variable of the same name counts as well."""
    functions: set[str] = set()
    bodies: set[int] = set()
    for definitions in parts.functions.values():
        for one in definitions:
            bodies.update(map(id, one.node.body))
            if any(_is(name, node) for part in one.node.body for node in ast.walk(part)):
                functions.add(one.name)
    left: list[ast.AST] = [parts.tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            return Users(functions, at_import=True)
        left += (child for child in ast.iter_child_nodes(node) if id(child) not in bodies)
    return Users(functions, at_import=False)


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


@dataclass
class _Said:
    """What a file says, apart from its own variables."""

    words: set[str] = field(default_factory=set)
    """Attributes, names that it imports, identifiers in its strings."""
    taken: set[tuple[str, str]] = field(default_factory=set)
    """Names that it imports, with the last part of the module that it takes them from."""
    modules: set[str] = field(default_factory=set)
    """Dotted names of what is imported when it is."""


class Speakers:
    """Looks for names in a package's files, each parsed once, and only if the word is in it."""

    def __init__(self, package: str, files: Iterable[str], read: Callable[[str], bytes]) -> None:
        """Read nothing yet.

        Args:
            package: The package's name.
            files: Paths below its folder, as ``read`` takes them.
            read: Gives a file's content.
        """
        self._package = package
        self._files = list(files)
        self._read = read
        self._texts: dict[str, bytes] = {}
        self._heard: dict[str, _Said] = {}

    def of(self, name: str) -> str | None:
        """The first file that looks for a name, by import, attribute or string; None: none does."""
        return next((path for path, said in self._with(name) if name in said.words), None)

    def takers(self, module: str, name: str) -> str | None:
        """The first file that imports this name from a module of which this is the last part."""
        return next(
            (path for path, said in self._with(module) if (module, name) in said.taken), None
        )

    def importer(self, module: str, among: Collection[str]) -> str | None:
        """The first file that imports a module, or one inside it, whenever it is imported itself.

        Args:
            module: Its dotted name.
            among: Only these files count.
        """
        for path, said in self._with(module.rpartition(".")[2]):
            inside = any(f"{one}.".startswith(f"{module}.") for one in said.modules)
            if inside and path in among:
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
        source = self._texts[path]
        said = _Said()
        try:
            tree = take_apart(source).tree
        except (SyntaxError, RecursionError):
            # Not a word of it can be told from another.
            said.words.update(re.findall(r"\w+", source.decode(errors="replace")))
            return said
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                said.words.add(node.attr)
            elif isinstance(node, ast.ImportFrom):
                said.words.update(re.findall(r"\w+", node.module or ""))
                said.words.update(alias.name for alias in node.names)
                last = (node.module or path.rpartition("/")[0]).replace("/", ".").rpartition(".")[2]
                said.taken.update((last, alias.name) for alias in node.names)
            elif isinstance(node, ast.Import):
                said.words.update(part for one in node.names for part in one.name.split("."))
            elif isinstance(node, ast.Constant):
                said.words.update(_named(node.value))
        said.modules = set(self._imported(tree, path))
        return said

    def _imported(self, tree: ast.Module, path: str) -> Iterator[str]:
        left: list[ast.AST] = [tree]
        while left:
            node = left.pop()
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                module = absolute(self._package, path, "." * node.level + (node.module or ""))
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)
            elif not isinstance(node, (*FUNCTIONS, ast.Lambda)):
                left += ast.iter_child_nodes(node)


def _named(value: object) -> list[str]:
    """The identifiers in what getattr may be given, or in a part of it; prose has blanks."""
    return re.findall(r"\w+", value) if isinstance(value, str) and " " not in value else []


def _is(name: str, node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == name
