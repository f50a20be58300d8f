"""Which source an answer depends on: the modules that its symbols' definitions import, and theirs.

So an edit of one family makes the answers of that family new and finds the others again. What is
followed are the imports as they are written, without running them; those of type checking alone
are left out.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.cases.model import Case

_RUNS = "conformance.reference.answer.answer"
"""What evaluates a case: it imports the engine, the runner and the answer, but no definition."""

_TYPES_ONLY = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+[^\n]*\n|\n)*", re.MULTILINE)
_IMPORT = re.compile(
    r"^[ \t]*(?:from (conformance[\w.]*) import (\([^)]*\)|[^\n]*)|import (conformance[\w.]*))",
    re.MULTILINE,
)
_WORD = re.compile(r"\w+")


class Sources:
    """The modules of a copy of the package.

    Args:
        folder: The folder ``conformance``.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self.folder = folder
        self._imports: dict[str, frozenset[str]] = {}
        self._closures: dict[frozenset[str], str] = {}

    def version(self, symbols: Iterable[str] = ()) -> str:
        """Hash of everything besides the case that an answer depends on.

        Args:
            symbols: What the case uses, as ``layers.Dense``; one that has no definition adds
                nothing.
        """
        homes = table.homes()
        roots = frozenset({_RUNS, *(homes[symbol] for symbol in symbols if symbol in homes)})
        if roots not in self._closures:
            digest = hashlib.sha256(f"numpy {np.__version__.split('.')[0]}".encode())
            for module in sorted(self.closure(roots)):
                path = self._path(module)
                if path is not None:
                    digest.update(module.encode() + b"\0" + path.read_bytes())
            self._closures[roots] = digest.hexdigest()[:16]
        return self._closures[roots]

    def closure(self, roots: Iterable[str]) -> set[str]:
        """Modules that are imported when these are, they themselves and their packages included."""
        found: set[str] = set()
        left = [*roots]
        while left:
            module = left.pop()
            if module not in found and self._path(module) is not None:
                found.add(module)
                left += self._imported(module)
        return found

    def _imported(self, module: str) -> frozenset[str]:
        if module not in self._imports:
            path = self._path(module)
            text = "" if path is None else path.read_text("utf-8")
            found = set()
            for origin, names, plain in _IMPORT.findall(_TYPES_ONLY.sub("", text)):
                found.add(origin or plain)
                found |= {f"{origin}.{name}" for name in _WORD.findall(names)}
            parent = module.rpartition(".")[0]
            self._imports[module] = frozenset({*found, parent} - {""})
        return self._imports[module]

    def _path(self, module: str) -> Path | None:
        plain = self.folder.parent.joinpath(*module.split("."))
        for path in (plain.with_suffix(".py"), plain / "__init__.py"):
            if path.is_file():
                return path
        return None


@functools.cache
def installed() -> Sources:
    """The modules that run here."""
    return Sources(Path(__file__).parents[2])


def version(case: Case) -> str:
    """Hash of everything besides the case that its answer depends on."""
    return installed().version(symbols(case))


def every_version() -> str:
    """Hash of everything that any answer depends on."""
    return installed().version(table.homes())


def symbols(case: Case) -> frozenset[str]:
    """Every symbol with a definition that a case's program names, as ``layers.Dense``.

    A word counts wherever it stands; a name that only looks like a layer's costs nothing but an
    answer that is computed once more than need be.
    """
    words: set[str] = set()
    _collect([case.program], words)
    return frozenset(symbol for word in words for symbol in _by_word().get(word, ()))


@functools.cache
def _by_word() -> dict[str, list[str]]:
    """Symbols by each word that may name them: ``Dense`` and ``layers.Dense``."""
    found: dict[str, list[str]] = {}
    for symbol in table.homes():
        for word in {symbol, symbol.rpartition(".")[2]}:
            found.setdefault(word, []).append(symbol)
    return found


def _collect(left: list[Any], words: set[str]) -> None:
    while left:
        value = left.pop()
        if isinstance(value, str):
            words.add(value)
        elif isinstance(value, dict):
            words.update(value)
            left.extend(value.values())
        elif isinstance(value, (list, tuple)):
            if value and not isinstance(value[0], (int, float)):
                left.extend(value)
        elif hasattr(value, "__struct_fields__"):
            left.extend(getattr(value, name) for name in value.__struct_fields__)
