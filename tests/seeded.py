"""A case, what the reference says is true of it, and what becomes of its facets under faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from conformance.adapters.host import host
from conformance.reference import evaluate
from conformance.reference.faults.observe import observe
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    from collections.abc import Container

    from conformance.adapters.host.host import AdapterProcess
    from conformance.cases.model import Case
    from conformance.reference.faults.fault import Fault
    from conformance.reference.faults.observe import Observed


class Answered(NamedTuple):
    """A case, what is true of it, and what an honest framework answers."""

    case: Case
    answer: Any
    honest: Observed

    def judged(self, seen: Observed) -> Any:
        return judge_cell(
            self.case,
            "reference",
            expectation=self.answer.expectation,
            truth=self.answer.arrays,
            observation=seen.observation,
            tensors=seen.tensors,
        )

    def failed(self, fault: Fault) -> set[str]:
        """The facets that a fault fails."""
        if fault.edit is None:
            seen = observe(self.case, self.answer.feeds, fault)
        else:
            seen = fault.edit(self.honest)
        found = self.judged(seen).facets
        return {one.facet for one in found if one.outcome in {"fail", "error"}}


def answered(case: Case) -> Answered:
    answer = evaluate(case)
    return Answered(case, answer, observe(case, answer.feeds))


def trained(process: AdapterProcess, one: Case, facets: Container[str], **otherwise: Any) -> Any:
    """How a framework's facets end, by name; it may be told another training than it is judged by.

    ``otherwise`` are parts of the training.
    """
    answer = evaluate(one)
    told = msgspec.structs.replace(one.program.train, **otherwise)
    program = msgspec.structs.replace(one.program, train=told)
    got = process.run(program, answer.feeds, timeout=120)
    assert isinstance(got, host.Answered), got.message
    verdict = judge_cell(
        one,
        process.spec.name,
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=got.observation,
        tensors=got.tensors,
    )
    return {facet.facet: facet.outcome for facet in verdict.facets if facet.facet in facets}
