"""Promise 1, on the documents' cases: each passes an honest answer and catches seeded faults.

The answers come from the reference itself, in float32 with another order of summation, honest or
with one of its named faults; no framework is needed.
"""

from __future__ import annotations

import math

import pytest

from conformance.cases import load
from conformance.reference import evaluate
from conformance.reference.faults.applicable import applicable
from conformance.reference.faults.observe import observe
from conformance.verdicts.cell import judge_cell

LARGEST = 2**16
"""Numbers fed: the same layers are judged in smaller cases, and here each costs seconds."""

CASES = [case for case in load().checked() if case.suite == "documents"]


def numbers(case):
    model = case.program.model
    return sum(case.program.calls[0].batch * math.prod(spec.shape) for spec in model.inputs)


SMALL = [case for case in CASES if numbers(case) <= LARGEST]


def judged(case, answer, fault=None):
    seen = observe(case, answer.feeds, fault)
    return judge_cell(
        case,
        "reference",
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=seen.observation,
        tensors=seen.tensors,
    )


def failed(case, answer):
    """Facets that a seeded fault fails."""
    return {
        facet.facet
        for fault in applicable(case)
        for facet in judged(case, answer, fault).facets
        if facet.outcome in {"fail", "error"}
    }


def test_only_the_largest_cases_are_left_to_the_frameworks():
    left_out = {case.family for case in CASES} - {case.family for case in SMALL}
    assert left_out <= {"documents/vgg16"}


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.id)
def test_an_honest_answer_passes_and_faults_are_caught(case):
    answer = evaluate(case)
    honest = judged(case, answer)
    assert honest.outcome == "pass", honest.message
    assert applicable(case), "no named fault fits this case: nothing shows that it can fail"
    claims = set(answer.expectation.claims)
    assert failed(case, answer) & claims, (
        f"no seeded fault fails what the source claims: {sorted(claims)}"
    )


ASKED = {facet for case in SMALL for facet in case.program.facets}


@pytest.mark.parametrize("facet", sorted(ASKED))
def test_every_facet_that_is_asked_is_failed_by_some_fault(facet):
    asking = (case for case in SMALL if facet in case.program.facets)
    assert any(facet in failed(case, evaluate(case)) for case in asking)
