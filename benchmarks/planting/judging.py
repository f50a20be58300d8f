"""What the cases make of a planted fault."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Literal, Self

import msgspec

from conformance.reducing.bench import Bench
from conformance.touched.changes import Function
from planting.edits import Edit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.touched.map import Map

SECONDS: Final = 60.0
"""Limit of one case, as in a run."""
IMAGES: Final = "src/layers/preprocessing/image_preprocessing/"
_BAD: Final = frozenset({"fail", "error"})
IMPORT: Final = "import"
"""Stands for a case where Keras can't even be imported."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one fault.

    Attributes:
        edit: The fault.
        outcome: ``seen``; ``survived`` all cases that enter its function; ``unentered``, where no
            case does; ``open``, where time ran out first.
        seen_by: Cases that fail with the fault and not without it, as many as were wanted, each
            with the facets that fail, or ``crash or timeout``.
        judged: Cases that were judged.
        entering: Cases that enter its function.
        seconds: What that took.
    """

    edit: Edit
    outcome: Literal["seen", "survived", "unentered", "open"]
    seen_by: dict[str, list[str]]
    judged: int
    entering: int
    seconds: float


class Judge:
    """One adapter with an honest Keras, and for each fault one with a faulty Keras."""

    def __init__(self, honest: AdapterSpec, faulty: AdapterSpec, cases: Sequence[Case]) -> None:
        """Describe; nothing is started yet.

        Args:
            honest: The adapter with the installed Keras.
            faulty: The same with the copy that faults are planted in.
            cases: What may be judged.
        """
        self._specs = honest, faulty
        self._cases = {case.id: case for case in cases}
        self._honest: dict[str, frozenset[str] | None] = {}
        self._stack = ExitStack()
        self._bench: Bench | None = None

    def __enter__(self) -> Self:
        """Nothing is started before it is needed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop what was started."""
        self._stack.close()

    def entering(self, edit: Edit, made: Map) -> list[Case]:
        """The cases that could see a fault, in the order in which they are asked.

        Variants of one written case say much the same: the first of each comes before the second
        of any. Image layers that are called on dictionaries are called as functions are, which no
        recording follows: their cases come last where a fault is in such a layer.
        """
        if edit.function and (edit.file, edit.function) not in made.on_import:
            function = Function(edit.file, edit.function)
            ids = [one for one in made.cases_of(function) if one in self._cases]
        else:
            ids = list(self._cases)
        apart = {*made.unknown} if edit.file.startswith(IMAGES) else set()
        ids += sorted(apart.intersection(self._cases).difference(ids))
        rng = random.Random(edit.key)  # noqa: S311 - drawn alike for everybody
        rng.shuffle(ids)
        written: dict[str, int] = defaultdict(int)
        turns = {}
        for one in ids:
            name = one.partition("[")[0]
            turns[one] = written[name]
            written[name] += 1
        return [self._cases[one] for one in sorted(ids, key=lambda one: (one in apart, turns[one]))]

    def judge(self, edit: Edit, cases: Sequence[Case], *, enough: int, seconds: float) -> Found:
        """Judge cases with the fault that stands in the copy.

        Args:
            edit: The fault.
            cases: Those that enter its function.
            enough: Cases that see it, after which no more are asked.
            seconds: After these the rest is left.
        """
        begin = time.monotonic()
        seen: dict[str, list[str]] = {}
        judged = 0
        outcome = "survived" if cases else "unentered"
        with Bench(self._specs[1], SECONDS) as bench:
            if bench.hello.status != "ready":
                seen[IMPORT] = [bench.hello.reason[:200]]
                cases = ()
            for case in cases:
                if time.monotonic() - begin > seconds:
                    outcome = "open"
                    break
                judged += 1
                if signs := self._signs(bench, case):
                    seen[case.id] = signs
                    if len(seen) >= enough:
                        break
        return Found(
            edit=edit,
            outcome="seen" if seen else outcome,  # type: ignore[arg-type] # one of the words
            seen_by=seen,
            judged=judged,
            entering=len(cases),
            seconds=round(time.monotonic() - begin, 1),
        )

    def _signs(self, bench: Bench, case: Case) -> list[str]:
        """The facets that fail with the fault alone."""
        bad = _bad(bench, case)
        if bad is not None and not bad:
            return []
        honest = self._of_honest(case)
        if honest is None:
            return []
        return ["crash or timeout"] if bad is None else sorted(bad - honest)

    def _of_honest(self, case: Case) -> frozenset[str] | None:
        if case.id not in self._honest:
            if self._bench is None:
                self._bench = self._stack.enter_context(Bench(self._specs[0], SECONDS))
            self._honest[case.id] = _bad(self._bench, case)
        return self._honest[case.id]


def _bad(bench: Bench, case: Case) -> frozenset[str] | None:
    """The facets of a case that fail; None where the process or the reference gave no answer."""
    trial = bench.judge(case)
    if trial is None:
        return None
    found = {one.facet for one in trial.verdict.facets if one.outcome in _BAD}
    if not trial.verdict.facets and trial.verdict.outcome in _BAD:
        found.add(trial.verdict.outcome)
    return frozenset(found)


def by_kind(found: Sequence[Found], excused: Mapping[str, str]) -> list[tuple[str, int, int, int]]:
    """For each kind: how many change something documented, are seen, and are excused."""
    kinds: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        kinds[one.edit.kind].append(one)
    rows = []
    for kind, ones in sorted(kinds.items()):
        equal = sum(one.outcome != "seen" and one.edit.identity in excused for one in ones)
        rows.append((kind, len(ones) - equal, sum(one.outcome == "seen" for one in ones), equal))
    return rows
