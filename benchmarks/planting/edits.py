"""Every small edit of a file that may be a fault, by kind.

An edit is one place and the text that stands there instead. None of them is written by hand: they
are what :mod:`ast` finds. What cannot be run with the backend at hand (the branch of another
backend), text for people (errors, warnings, docstrings) and annotations are passed over.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

import msgspec

from planting import rules
from planting.source import Function, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

_OTHERS: Final = frozenset({"tensorflow", "jax", "numpy", "openvino", "mlx", "paddle"})
_SAID: Final = frozenset({"warn", "debug", "info", "warning", "print_msg", "format"})


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One fault, as it is kept and replayed.

    Attributes:
        file: Path below the package's folder, ``src/layers/rnn/lstm.py``.
        line: From 1.
        column: In characters, from 0.
        kind: What sort of mistake.
        before: The text that stands there.
        after: What stands there instead.
        function: The outermost function that it is in, ``LSTM.call``; empty: it is run by an
            import.
    """

    file: str
    line: int
    column: int
    kind: str
    before: str
    after: str
    function: str

    @property
    def key(self) -> str:
        """What it is found again by, as long as the file is the same."""
        return f"{self.file}:{self.line}:{self.column}:{self.kind}:{self.after}"

    @property
    def identity(self) -> str:
        """What it is, wherever in its function it stands: an edit twice in one is one."""
        return f"{self.file}:{self.function}: {_line(self.before)} -> {_line(self.after)}"

    @property
    def shown(self) -> str:
        """For people."""
        where = f"{self.file}:{self.line} {self.function}"
        return f"{where}, {self.kind}: {_line(self.before)} -> {_line(self.after)}"

    def planted(self, text: str) -> str:
        """The file with the fault.

        Raises:
            ValueError: The file is another one: what is replaced does not stand there.
        """
        lines = text.splitlines(keepends=True)
        begin = sum(map(len, lines[: self.line - 1])) + self.column
        end = begin + len(self.before)
        if text[begin:end] != self.before:
            raise ValueError(f"{self.file}:{self.line} is not what it was: {text[begin:end]!r}")
        return text[:begin] + self.after + text[end:]

    def makes_another(self, text: str) -> bool:
        """Whether it leaves the file a program, and another one. It parses both: not in no time."""
        try:
            return ast.dump(ast.parse(self.planted(text))) != ast.dump(ast.parse(text))
        except SyntaxError:
            return False


def _line(text: str) -> str:
    return " ".join(text.split())


def edits(file: str, text: str, unseen: re.Pattern[str]) -> Iterator[Edit]:
    """Every edit of one file. What one makes of it may be no program (:meth:`Edit.makes_another`).

    Args:
        file: Its path below the package's folder.
        text: Its content.
        unseen: Names of functions that are left alone.
    """
    source = Source(text)
    seen = set[str]()
    for node in ast.walk(source.tree):
        if not hasattr(node, "lineno") or _passed_over(source, node, unseen):
            continue
        for found in rules.apply(source, node):
            begin = source.span(found.node)[0]
            end = source.span(found.until or found.node)[1]
            line_start = text.rfind("\n", 0, begin) + 1
            edit = Edit(
                file=file,
                line=found.node.lineno,
                column=begin - line_start,
                kind=found.kind,
                before=text[begin:end],
                after=found.after,
                function=source.outermost(found.node),
            )
            if edit.key not in seen and edit.before != edit.after:
                seen.add(edit.key)
                yield edit


def _passed_over(source: Source, node: ast.AST, unseen: re.Pattern[str]) -> bool:
    """Whether no case could tell an edit here: text for people, annotations, other backends."""
    if isinstance(node, Function) and unseen.search(node.name):
        return True
    inside = node
    for around in source.above(node):
        if _says_no_more(around, inside, unseen):
            return True
        if isinstance(around, ast.If) and _of_other_backends(source, around, inside):
            return True
        inside = around
    return False


def _says_no_more(around: ast.AST, inside: ast.AST, unseen: re.Pattern[str]) -> bool:
    """Whether what stands directly in this is for people, for type checkers, or left out."""
    if isinstance(around, ast.Raise | ast.Assert | ast.AnnAssign | ast.arg):
        return True
    if isinstance(around, ast.Call):
        return rules.name_of(around.func) in _SAID
    if isinstance(around, Function) and (inside is around.returns or unseen.search(around.name)):
        return True
    return isinstance(around, Function | ast.ClassDef) and inside in around.decorator_list


def _of_other_backends(source: Source, branch: ast.If, inside: ast.AST) -> bool:
    """Whether a branch asks for the backend, and the part in question is that of another one."""
    asked = source.of(branch.test)
    if "backend()" not in asked:
        return False
    if inside is branch.test:
        return True
    named = set(re.findall(r"['\"](\w+)['\"]", asked))
    mine = "torch" in named or ("!=" in asked and bool(named & _OTHERS))
    return mine == (inside in branch.orelse)
