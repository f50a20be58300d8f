"""A Python file as text with its tree: where a node stands, and what stands around it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Source:
    """One file.

    Attributes:
        text: Its content.
        tree: What it parses to.
    """

    def __init__(self, text: str) -> None:
        """Parse it.

        Raises:
            SyntaxError: It is no Python.
        """
        self.text = text
        self.tree = ast.parse(text)
        self._above = {
            child: parent
            for parent in ast.walk(self.tree)
            for child in ast.iter_child_nodes(parent)
        }
        lines = text.splitlines(keepends=True)
        self._lines = [line.encode() for line in lines]
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node's text begins and ends, in characters of the whole."""
        return (
            self.offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self.offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def offset(self, line: int, column: int) -> int:
        """A place of ``ast``, which counts bytes, in characters of the whole."""
        return self._starts[line - 1] + len(self._lines[line - 1][:column].decode())

    def of(self, node: ast.AST) -> str:
        """A node's text."""
        begin, end = self.span(node)
        return self.text[begin:end]

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, from the inside out."""
        while (parent := self._above.get(node)) is not None:
            yield parent
            node = parent

    def parent(self, node: ast.AST) -> ast.AST:
        """What a node stands in directly."""
        return self._above[node]

    def function(self, node: ast.AST) -> Function | None:
        """The innermost function that a node stands in."""
        return next((one for one in self.above(node) if isinstance(one, Function)), None)

    def outermost(self, node: ast.AST) -> str:
        """Name of the outermost function that a node stands in, with its classes: ``LSTM.call``.

        Empty for what is run by an import alone.
        """
        scopes = [one for one in (node, *self.above(node)) if isinstance(one, SCOPES)][::-1]
        names = []
        for one in scopes:
            names.append(one.name)
            if isinstance(one, Function):
                return ".".join(names)
        return ""

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class that a node stands in."""
        return next((one for one in self.above(node) if isinstance(one, ast.ClassDef)), None)


def arguments(function: Function) -> dict[str, ast.expr | None]:
    """A function's parameters, each with its default."""
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    missing: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults))
    found: dict[str, ast.expr | None] = dict(
        zip((one.arg for one in plain), [*missing, *given.defaults], strict=True)
    )
    found |= dict(zip((one.arg for one in given.kwonlyargs), given.kw_defaults, strict=True))
    return found


def name_of(called: ast.expr) -> str:
    """The last name of what is called: ``matmul`` of ``ops.matmul``."""
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""
