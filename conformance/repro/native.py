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

_NOQA = re.compile(rb"\s*# noqa[^\n]*")


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

    def add(self, module: str, name: str, package: str = "") -> None:
        """Take a function in, and whatever it uses first."""
        if name in self.texts:
            return
        package = package or self.table.package
        self.texts[name] = ""  # seen: a function may name itself
        known = _parsed(package, module)
        text, names = _text(package, module, name)
        for used in names:
            if used in known.definitions and used != name:
                self.add(module, used, package)
            elif used in known.imports:
                found = known.imports[used]
                if found.module.startswith(_OURS):
                    lender, _, origin = found.module.rpartition(".")
                    self.add(origin, found.name, lender)
                else:
                    self.imports.add(found.statement)
        del self.texts[name]
        self.texts[name] = text

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
        parameters = functools.partial(_parameters, self.table.package)
        bound = bind(self.table, layer, config, parameters, called=called, passed=passed)
        self._take(bound)
        return bound

    def _take(self, bound: Bound) -> None:
        self.add(bound.entry.module, bound.entry.function, bound.entry.package)
        for value in bound.arguments.values():
            for one in value.values() if isinstance(value, dict) else [value]:
                if isinstance(one, Function):
                    self.add("activation", one.name, one.package)
                elif isinstance(one, Bound):
                    self.imports.add("import functools")
                    self._take(one)


def call(bound: Bound, *operands: str) -> str:
    """The call of a bound layer, as source. Every value of a case is a literal in it."""
    return f"{bound.entry.function}({', '.join([*operands, *_keywords(bound)])})"


def _keywords(bound: Bound) -> list[str]:
    """Keys are parameters of our own functions; values are literals."""
    return [f"{key}={_argument(value)}" for key, value in bound.arguments.items()]


def _argument(value: Any) -> str:
    if isinstance(value, Function):
        return value.name
    if isinstance(value, Bound):
        return f"functools.partial({', '.join([value.entry.function, *_keywords(value)])})"
    if isinstance(value, dict) and any(isinstance(one, Bound) for one in value.values()):
        return f"{{{', '.join(f'{literal(key)}: {_argument(one)}' for key, one in value.items())}}}"
    return literal(value)


def _parameters(package: str, entry: Entry) -> tuple[list[str], list[str]]:
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
    source = (folder / f"{module}.py").read_bytes()
    definitions: dict[str, ast.stmt] = {}
    imports: dict[str, _Import] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef):
            definitions[statement.name] = statement
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
    first, last = place(definition.lineno, 0), place(definition.end_lineno or 0, 0)
    last += definition.end_col_offset or 0
    text = source[:last]
    for begin, end, instead in sorted(cuts, reverse=True):
        text = text[:begin] + instead + text[end:]
    return _NOQA.sub(b"", text[first:]).decode()


def _names(text: str) -> list[str]:
    """Names that a definition reads, in order."""
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(node.id for node in found))
