"""Which source an answer depends on: the modules that its symbols' definitions import, and theirs.

So an edit of one family makes the answers of that family new and finds the others again. What is
followed are the imports as they are written, without running them; those of type checking alone
are left out.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import operator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.adapters.shared.layer_names import automatic_name
from conformance.reference.errors import NoAnswer
from conformance.reference.model.applications import FORM, written_out
from conformance.reference.model.quantizing import FORMS, is_in
from conformance.reference.spec import table
from conformance.sources import Sources, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.cases.model import Case

RUNS = "conformance.reference.answer.answer"
"""What evaluates a case: it imports the engine, the runner and the answer, but no definition."""

FAULTS = "conformance.reference.faults.applicable"
"""What the answer of a seeded fault depends on besides."""


class Versions:
    """Versions of answers, by the modules of a copy of the package.

    Args:
        sources: The copy.
    """

    def __init__(self, sources: Sources) -> None:
        """Nothing is read yet."""
        self.sources = sources
        self._known: dict[frozenset[str], str] = {}

    def of(self, symbols: Iterable[str] = (), *, faulty: bool = False) -> str:
        """Hash of everything besides the case that an answer depends on.

        Args:
            symbols: What the case uses, as ``layers.Dense``; one that has no definition adds
                nothing.
            faulty: Whether the answer is that of a seeded fault.
        """
        homes = table.homes()
        own = {RUNS, FAULTS} if faulty else {RUNS}
        roots = frozenset({*own, *(homes[symbol] for symbol in symbols if symbol in homes)})
        if roots not in self._known:
            digest = hashlib.sha256(f"numpy {np.__version__.split('.')[0]}".encode())
            for module in sorted(self.sources.closure(roots)):
                path = self.sources.path(module)
                if path is not None:
                    digest.update(module.encode() + b"\0" + path.read_bytes())
                    data = path.with_suffix(".json")  # what a module reads has its name
                    digest.update(data.read_bytes() if data.is_file() else b"")
            self._known[roots] = digest.hexdigest()[:16]
        return self._known[roots]


@functools.cache
def _installed() -> Versions:
    return Versions(installed())


def version(case: Case, *, faulty: bool = False) -> str:
    """Hash of everything besides the case that its answer, or a seeded fault's, depends on."""
    return _installed().of(symbols(case), faulty=faulty)


def every_version() -> str:
    """Hash of everything that any answer depends on."""
    return _installed().of(table.homes())


def symbols(case: Case) -> frozenset[str]:
    """Every symbol with a definition that a case's program names, as ``layers.Dense``.

    A word counts wherever it stands; a name that only looks like a layer's costs nothing but an
    answer that is computed once more than need be.
    """
    words: set[str] = set()
    _collect([case.program], words)
    if case.program.model.form == FORM:
        with contextlib.suppress(NoAnswer):
            _collect([written_out(case.program.model)], words)
    found = {symbol for word in words for symbol in _by_word().get(word, ())}
    return frozenset({*found, FORMS} if is_in(case.program.model) else found)


@functools.cache
def _by_word() -> dict[str, list[str]]:
    """Symbols by each word that may name them: ``Dense``, ``layers.Dense``, a loss's ``huber``."""
    found: dict[str, list[str]] = {}
    for symbol in table.homes():
        last = symbol.rpartition(".")[2]
        trains = symbol.startswith(("losses.", "metrics."))
        for word in {symbol, last, automatic_name(last) if trains else last}:
            found.setdefault(word, []).append(symbol)
    return found


_OTHERS: Final = frozenset({int, float, bool, type(None)})


def _collect(left: list[Any], words: set[str]) -> None:
    """Gather every string in these values. It is done for every case that is asked for."""
    while left:
        value = left.pop()
        kind = type(value)
        if kind is str:
            words.add(value)
        elif kind in _OTHERS:
            continue
        elif kind is list or kind is tuple:
            if value and not isinstance(value[0], (int, float)):
                left += value
        elif kind is dict:
            words.update(value)
            left += value.values()
        elif (fields := _fields(kind)) is not None:
            left += fields(value)


_taken_out: dict[type, Callable[[Any], tuple[Any, ...]] | None] = {}


def _fields(kind: type) -> Callable[[Any], tuple[Any, ...]] | None:
    """What takes a structure's values out of it; None for what is none."""
    if kind not in _taken_out:
        names: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
        _taken_out[kind] = _taking(names) if names else None
    return _taken_out[kind]


def _taking(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    one = operator.attrgetter(*names)
    return lambda value: (one(value),)
