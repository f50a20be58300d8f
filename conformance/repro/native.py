"""The native adapters' layer functions as source text, for scripts that stand alone.

The modules are parsed, never imported: they would import their framework.
"""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import conformance
from conformance.adapters.flax.tables.layers import TABLE as FLAX
from conformance.adapters.jax.tables.layers import TABLE as JAX
from conformance.adapters.native.binding import Bound, Entry, Function, Table, bind
from conformance.adapters.torch.tables.layers import TABLE as TORCH
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TABLES = {"torch": TORCH, "jax": JAX, "flax": FLAX}

_OURS = "conformance.adapters."
"""How the modules begin whose functions are taken in; what else is imported stays an import."""

_REFUSAL = "conformance.adapters.worker.failure", "Unsupported"
"""What our functions raise where they can't; a script has no such class."""
_REFUSED = "NotImplementedError"
"""What they raise there."""

_MARKS = re.compile(rb"\s*# (?:noqa|type: ignore)[^\n]*")
"""Words to linters and type checkers."""


class _Import(NamedTuple):
    """Where a name comes from: ``from module import name as asname``, or a bare import."""

    module: str
    name: str
    statement: str


@dataclass
class _Module:
    definitions: dict[str, ast.stmt]
    imports: dict[str, _Import]
    source: bytes


@dataclass
class Extract:
    """Functions of one adapter with everything that they call, in the order of definition."""

    table: Table
    imports: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    """Source by name; a name stands behind those that it uses."""
    _names: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """By package, module and own name."""
    _taken: set[str] = field(default_factory=set)

    def add(self, module: str, name: str, package: str = "") -> str:
        """Take a function in, and whatever it uses first.

        Returns:
            What it is called among the texts: its own name, or, where another module's function has
            taken that, one with its module's behind.
        """
        package = package or self.table.package
        origin = package, module, name
        if origin in self._names:
            return self._names[origin]
        final = name
        while final in self._taken:
            final = f"{final}_of_{module.rpartition('.')[2]}"
        self._taken.add(final)
        self._names[origin] = final  # before what it uses: a function may name itself
        known = _parsed(package, module)
        text, names = _text(package, module, name)
        renamed = {name: final} if final != name else {}
        for used in names:
            if used == name:
                continue
            if used in known.definitions:
                found = self.add(module, used, package)
            elif used in known.imports:
                found = self._imported(known.imports[used]) or used
            else:
                continue
            if found != used:
                renamed[used] = found
        # A docstring tells of the exception by its name, which is no name of the code's.
        told = text.replace(f" {_REFUSAL[1]}: ", f" {_REFUSED}: ")
        self.texts[final] = _renamed(told, renamed)
        return final

    def _imported(self, found: _Import) -> str:
        """Take in what a module imports; returns what it is called, if that is ours."""
        if (found.module, found.name) == _REFUSAL:
            return _REFUSED
        if not found.module.startswith(_OURS):
            self.imports.add(found.statement)
            return ""
        lender, _, origin = found.module.rpartition(".")
        return self.add(origin, found.name, lender)

    def kept(self) -> frozenset[tuple[str, str, str]]:
        """What is called by its own name among the texts: package, module and name."""
        return frozenset(origin for origin, final in self._names.items() if origin[2] == final)

    def definition(self, module: str, name: str, package: str = "") -> ast.FunctionDef:
        """A function of the adapter as it stands in its module."""
        found = _parsed(package or self.table.package, module).definitions[name]
        if not isinstance(found, ast.FunctionDef):
            raise TypeError(f"{module}.{name} is no function")
        return found

    def layer(
        self,
        layer: str,
        config: dict[str, Any],
        called: Mapping[str, Any] = {},
        passed: Collection[str] = (),
    ) -> Bound:
        """Bind a layer as the adapter does, and take its functions in.

        Args:
            layer: Keras's name of it.
            config: Its arguments.
            called: Literal keyword arguments of its call.
            passed: Keyword arguments of its call that are arrays.

        Raises:
            Unsupported: The adapter can't do it.
        """
        known = functools.partial(parameters, self.table.package)
        bound = bind(self.table, layer, config, known, called=called, passed=passed)
        self._take(bound)
        return bound

    def call(self, bound: Bound, *operands: str) -> str:
        """The call of a bound layer, as source. Every value of a case is a literal in it."""
        return f"{self.name(bound.entry)}({', '.join([*operands, *self.keywords(bound)])})"

    def name(self, entry: Entry) -> str:
        """What the function of an entry is called among the texts."""
        return self.add(entry.module, entry.function, entry.package)

    def keywords(self, bound: Bound) -> list[str]:
        """A bound layer's arguments as ``key=value``, as source.

        Keys are parameters of our own functions; values are literals.
        """
        return [f"{key}={self._argument(value)}" for key, value in bound.arguments.items()]

    def _argument(self, value: Any) -> str:
        if isinstance(value, Function):
            return self.add("activation", value.name, value.package)
        if isinstance(value, Bound):
            return (
                f"functools.partial({', '.join([self.name(value.entry), *self.keywords(value)])})"
            )
        if isinstance(value, dict) and any(isinstance(one, Bound) for one in value.values()):
            shown = [f"{literal(key)}: {self._argument(one)}" for key, one in value.items()]
            return f"{{{', '.join(shown)}}}"
        return literal(value)

    def _take(self, bound: Bound) -> None:
        self.add(bound.entry.module, bound.entry.function, bound.entry.package)
        for value in bound.arguments.values():
            for one in value.values() if isinstance(value, dict) else [value]:
                if isinstance(one, Function):
                    self.add("activation", one.name, one.package)
                elif isinstance(one, Bound):
                    self.imports.add("import functools")
                    self._take(one)


def parameters(package: str, entry: Entry) -> tuple[list[str], list[str]]:
    """The keyword-only parameters of an entry's function: all of them, and the required ones."""
    package = entry.package or package
    definition = _parsed(package, entry.module).definitions[entry.function]
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"{package}.{entry.module}.{entry.function} is no function")
    names = [argument.arg for argument in definition.args.kwonlyargs]
    defaults = definition.args.kw_defaults
    return names, [n for n, default in zip(names, defaults, strict=True) if default is None]


@functools.cache
def _parsed(package: str, module: str) -> _Module:
    folder = Path(conformance.__file__).parent.joinpath(*package.split(".")[1:])
    source = (folder / f"{module.replace('.', '/')}.py").read_bytes()
    definitions: dict[str, ast.stmt] = {}
    imports: dict[str, _Import] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            definitions[statement.name] = statement
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            definitions[statement.targets[0].id] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            definitions[statement.target.id] = statement
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                bound_as = alias.asname or alias.name
                imports[bound_as] = _Import("", alias.name, ast.unparse(ast.Import([alias])))
        elif isinstance(statement, ast.ImportFrom) and statement.module != "__future__":
            origin = statement.module or ""
            for alias in statement.names:
                text = ast.unparse(ast.ImportFrom(origin, [alias], 0))
                imports[alias.asname or alias.name] = _Import(origin, alias.name, text)
    return _Module(definitions, imports, source)


@functools.cache
def _text(package: str, module: str, name: str) -> tuple[str, list[str]]:
    """A definition's own text, and the names that it reads."""
    known = _parsed(package, module)
    text = _bare(known.source, known.definitions[name])
    return text, _names(text)


def _bare(source: bytes, definition: ast.stmt) -> str:
    """A definition's own text, comments included, without annotations and lint marks."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def place(line: int, column: int) -> int:
        return starts[line - 1] + column

    cuts: list[tuple[int, int, bytes]] = []
    for node in ast.walk(definition):
        annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
        if annotation is None:
            continue
        end = place(annotation.end_lineno, annotation.end_col_offset)
        if isinstance(node, ast.arg):
            begin = place(node.lineno, node.col_offset) + len(node.arg.encode())
            if source[end : end + 3] == b" = ":
                cuts.append((begin, end + 3, b"="))
                continue
        elif isinstance(node, ast.AnnAssign):
            begin = place(node.target.end_lineno or 0, node.target.end_col_offset or 0)
        else:
            begin = source.rindex(b"->", 0, end)
            begin = len(source[:begin].rstrip())
        cuts.append((begin, end, b""))
    decorators = getattr(definition, "decorator_list", [])
    first = place(min([definition.lineno, *(one.lineno for one in decorators)]), 0)
    last = place(definition.end_lineno or 0, 0)
    last += definition.end_col_offset or 0
    text = source[:last]
    for begin, end, instead in sorted(cuts, reverse=True):
        text = text[:begin] + instead + text[end:]
    return _MARKS.sub(b"", text[first:]).decode()


def _renamed(text: str, renamed: Mapping[str, str]) -> str:
    """A definition that calls names by others: itself, and what it reads."""
    if not renamed:
        return text
    lines = text.encode().splitlines(keepends=True)
    nodes = list(ast.walk(ast.parse(text)))
    methods = {id(one) for node in nodes if isinstance(node, ast.ClassDef) for one in node.body}
    places: set[tuple[int, int, str]] = set()
    for node in nodes:
        if isinstance(node, ast.Name):
            places.add((node.lineno, node.col_offset, node.id))
        elif isinstance(node, ast.ClassDef):
            places.add((node.lineno, node.col_offset + len("class "), node.name))
        elif isinstance(node, ast.FunctionDef) and id(node) not in methods:
            places.add((node.lineno, node.col_offset + len("def "), node.name))
    for row, column, name in sorted(places, reverse=True):
        if name in renamed:
            line = lines[row - 1]
            after = line[column + len(name.encode()) :]
            lines[row - 1] = line[:column] + renamed[name].encode() + after
    return b"".join(lines).decode()


def _names(text: str) -> list[str]:
    """Names that a definition reads, in order."""
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(node.id for node in found))
