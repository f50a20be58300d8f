"""Files that people write: cases, ledgers, capabilities."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING
from unittest import mock

from conformance.cases import default_root, load, loading
from conformance.cases.loading import load_file
from conformance.verdicts.capabilities import read_capabilities
from conformance.verdicts.ledger import Ledger
from conformance.verdicts.model import CellVerdict, FacetVerdict
from fuzzing import mutating
from fuzzing.fuzzer import harmless, true

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.cases.problems import Problem

TODAY = dt.date(2026, 1, 1)
ADAPTERS = ("keras-torch", "keras-tensorflow", "torch", "jax", "tf-keras")
_IDS = 300
"""Ids that a ledger is held against: looking for what was meant takes time with thousands."""
_FOUND = 8
"""Problems of which the text is looked at."""


@functools.cache
def entries() -> list[bytes]:
    """The cases of the catalogue, each as it is written."""
    written = {case.yaml: None for case in load([default_root()]).cases}
    return [text.encode() for text in written]


def _shown(problems: Iterable[Problem]) -> None:
    for problem in list(problems)[:_FOUND]:
        harmless(str(problem), "a problem's text")
        true("\n" not in str(problem), "a problem takes two lines")


class Cases:
    """Case files."""

    kind = "cases"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "cases" / "fuzzed.yaml"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._entries = entries()

    def make(self, rng: random.Random) -> bytes:
        text = b"".join(rng.choice(self._entries) for _ in range(rng.choice((1, 1, 1, 2))))
        if rng.random() < 0.3:  # noqa: PLR2004 - of them
            other = rng.choice(self._entries).splitlines(keepends=True)
            lines = text.splitlines(keepends=True)
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(other))
            text = b"".join(lines)
        if rng.random() < 0.5:  # noqa: PLR2004 - of them
            return self._with_others_values(rng, text)
        return rng.choice((mutating.of_bytes, mutating.of_lines))(rng, text)

    def _with_others_values(self, rng: random.Random, text: bytes) -> bytes:
        """A case in which some keys have the values that they have elsewhere."""
        lines = text.splitlines(keepends=True)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(lines))
            key = lines[at].partition(b":")[0].strip(b" -")
            others = [
                line.partition(b":")[2]
                for line in rng.choice(self._entries).splitlines(keepends=True)
                if line.partition(b":")[0].strip(b" -") == key
            ]
            if others and key != b"id":
                lines[at] = lines[at].partition(b":")[0] + b":" + rng.choice(others)
        return b"".join(lines)

    def attempt(self, data: bytes) -> None:
        self._file.write_bytes(data)
        with mock.patch.object(loading, "MAX_KEPT", 0):  # nothing is kept of what is tried once
            found = load_file(self._file)
        true(found.cases or found.problems, "a file of no case and no problem")
        ids = [case.id for case in found.cases]
        true(len(set(ids)) == len(ids), "an id that two cases have")
        true(all(one.startswith("fuzzed/") for one in ids), "an id that is not of its file")
        _shown(found.problems)


class Ledgers:
    """Ledgers and capability files."""

    kind = "ledgers"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ledger.yaml"
        root = default_root()
        self._ledgers = [
            entry
            for path in sorted((root / "divergences").rglob("*.yaml"))
            for entry in _split(path.read_bytes())
        ]
        self._stated = [path.read_bytes() for path in (root / "capabilities").glob("*.yaml")]
        self._ids = [case.id for case in load([root / "documents"]).cases][:_IDS]
        facets = [FacetVerdict(facet="values", outcome="fail", message="output 0: it differs")]
        self._verdicts = [
            CellVerdict(case=case, adapter=adapter, outcome="fail", facets=facets)
            for case in self._ids[:2]
            for adapter in ADAPTERS[:2]
        ]

    def make(self, rng: random.Random) -> bytes:
        if rng.random() < 0.2:  # noqa: PLR2004 - of them
            data = rng.choice(self._stated)
        else:
            data = b"".join(rng.choice(self._ledgers) for _ in range(rng.randint(1, 3)))
        return rng.choice((mutating.of_bytes, mutating.of_lines))(rng, data)

    def attempt(self, data: bytes) -> None:
        self._file.write_bytes(data)
        ledger = Ledger.load([self._file], self._ids, ADAPTERS, TODAY)
        for verdict in self._verdicts:
            held = ledger.apply(verdict, {"keras": "3.15.1", "torch": "2.9.0"})
            true((held.case, held.adapter) == (verdict.case, verdict.adapter), "another cell")
        ledger.stale()
        _shown(ledger.problems)
        stated, problems = read_capabilities(self._file)
        true(stated is not None or problems, "a capability file of nothing, and no problem")
        _shown(problems)


def _split(data: bytes) -> list[bytes]:
    """The entries of a list, as they are written."""
    lines = data.splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if line.startswith(b"- ")]
    return [
        b"".join(lines[at:to]) for at, to in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]
