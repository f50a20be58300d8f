"""Which modules of the package others import, from their source alone: nothing is run.

What is kept of a computation is found by a hash of the source that it depends on, so what depends
on nothing that was edited is found again.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    def closure(self, roots: Iterable[str]) -> set[str]:
        """Modules that are imported when these are, they themselves and their packages included.

        Imports for type checking alone are left out.
        """
        found: set[str] = set()
        left = [*roots]
        while left:
            module = left.pop()
            if module not in found and self.path(module) is not None:
                found.add(module)
                left += self._imported(module)
        return found

    def path(self, module: str) -> Path | None:
        """The file of a module; None if there is none."""
        plain = self.folder.parent.joinpath(*module.split("."))
        for path in (plain.with_suffix(".py"), plain / "__init__.py"):
            if path.is_file():
                return path
        return None

    def _imported(self, module: str) -> frozenset[str]:
        if module not in self._imports:
            path = self.path(module)
            text = "" if path is None else path.read_text("utf-8")
            found = set()
            for origin, names, plain in _IMPORT.findall(_TYPES_ONLY.sub("", text)):
                found.add(origin or plain)
                found |= {f"{origin}.{name}" for name in _WORD.findall(names)}
            parent = module.rpartition(".")[0]
            self._imports[module] = frozenset({*found, parent} - {""})
        return self._imports[module]


@functools.cache
def installed() -> Sources:
    """The modules that run here."""
    return Sources(Path(__file__).parent)
