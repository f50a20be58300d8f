"""Promise 1, on the documents' cases: each passes an honest answer and catches seeded faults.

The answers come from the reference itself, in float32 with another order of summation, honest or
with one of its named faults; no framework is needed.
"""

from __future__ import annotations

import math

import pytest
from catalogue import cases_of
from seeded import answered

from conformance.reference.faults.applicable import applicable

LARGEST = 2**16
"""Numbers fed: the same layers are judged in smaller cases, and here each costs seconds."""

CASES = cases_of("documents")


def numbers(case):
    model = case.program.model
    return sum(case.program.calls[0].batch * math.prod(spec.shape) for spec in model.inputs)


SMALL = [case for case in CASES if numbers(case) <= LARGEST]


def failures(one):
    """For one seeded fault after the other, the facets that it fails."""
    return (one.failed(fault) for fault in applicable(one.case))


def test_only_the_largest_cases_are_left_to_the_frameworks():
    left_out = {case.family for case in CASES} - {case.family for case in SMALL}
    assert left_out <= {"documents/vgg16"}


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.id)
def test_an_honest_answer_passes_and_faults_are_caught(case):
    one = answered(case)
    honest = one.judged(one.honest)
    assert honest.outcome == "pass", honest.message
    assert applicable(case), "no named fault fits this case: nothing shows that it can fail"
    claims = set(one.answer.expectation.claims)
    failed = set().union(*failures(one))
    assert failed & claims, f"no seeded fault fails what the source claims: {sorted(claims)}"


ASKED = {facet for case in SMALL for facet in case.program.facets}


@pytest.mark.parametrize("facet", sorted(ASKED))
def test_every_facet_that_is_asked_is_failed_by_some_fault(facet):
    asking = sorted((case for case in SMALL if facet in case.program.facets), key=numbers)
    assert any(facet in found for case in asking for found in failures(answered(case)))
