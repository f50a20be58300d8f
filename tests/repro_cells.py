"""Cells for the tests of scripts: verdicts on what the reference answers, honestly or not."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from conformance.cases import load
from conformance.records.model import CaseLine, CellLine
from conformance.reference import evaluate
from conformance.reference.answer.store import StoredAnswer
from conformance.reference.faults.observe import observe
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    import numpy as np

    from conformance.cases.model import Case
    from conformance.reference.faults.fault import Fault
    from conformance.verdicts.model import CellVerdict


class Judged(NamedTuple):
    """A case as an adapter would answer it, and the verdict on that."""

    case: Case
    answer: StoredAnswer
    verdict: CellVerdict
    tensors: dict[str, np.ndarray]

    @property
    def line(self) -> CaseLine:
        told = self.answer.expectation
        return replace(line_of(self.case, told.seed), undefined=told.undefined)

    @property
    def cell(self) -> CellLine:
        return CellLine(digest=self.case.digest, verdict=self.verdict)


@functools.cache
def catalogue() -> dict[str, Case]:
    return {case.id: case for case in load().cases}


@functools.cache
def answer_of(case_id: str) -> StoredAnswer:
    return answer_to(catalogue()[case_id])


def answer_to(case: Case) -> StoredAnswer:
    found = evaluate(case)
    return StoredAnswer(found.expectation, found.feeds, found.arrays, "")


def judged(case_id: str, adapter: str, fault: Fault | None = None) -> Judged:
    """The verdict on the reference's own answer in float32, with a seeded fault or none."""
    return judged_case(catalogue()[case_id], adapter, fault, answer_of(case_id))


def judged_case(
    case: Case, adapter: str, fault: Fault | None = None, answer: StoredAnswer | None = None
) -> Judged:
    """The same of a case that is in no catalogue."""
    answer = answer or answer_to(case)
    seen = observe(case, answer.feeds, fault)
    verdict = judge_cell(
        case,
        adapter,
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=seen.observation,
        tensors=seen.tensors,
    )
    return Judged(case, answer, verdict, seen.tensors)


def line_of(case: Case, seed: int = 0) -> CaseLine:
    return CaseLine(
        id=case.id,
        digest=case.digest,
        title=case.title,
        source=case.source,
        place=case.place,
        yaml=case.yaml,
        program=case.program,
        expect=case.expect,
        raises=case.raises,
        seed=seed,
    )
