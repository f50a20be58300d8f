"""Asks the reference what its named faults would answer, to say what a failure behaves like."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from conformance.run.oracle import NoAnswer, Oracle
from conformance.verdicts.explain import Suspect, explain, explained, failing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.adapters.host.host import Answered
    from conformance.cases.model import Case
    from conformance.verdicts.model import CellVerdict

SECONDS = 5.0
"""Spent on one failure at most: a name is a help, not worth holding up the run."""

MOST_NUMBERS = 2_000_000
"""Cases with more weights than this are left unexplained: each suspect costs a whole evaluation."""


def name_faults(
    case: Case, verdict: CellVerdict, answer: Answered, oracle: Oracle, *, lowered: str = ""
) -> CellVerdict:
    """The verdict, with what its failing numeric facets behave like, where a named fault fits.

    Args:
        case: The case.
        verdict: Its verdict.
        answer: The adapter's answer.
        oracle: Evaluates the case under each fault; its answers stay in the store.
        lowered: Operations that the adapter is declared to be coarser in.
    """
    facets = failing(verdict.facets)
    if not facets or sum(array.size for array in answer.tensors.values()) > MOST_NUMBERS:
        return verdict
    names = explain(
        facets,
        _suspects(case, oracle, lowered),
        answer.observation,
        answer.tensors,
        twin=case.program.twin,
    )
    return explained(verdict, names) if names else verdict


def _suspects(case: Case, oracle: Oracle, lowered: str) -> Iterator[Suspect]:
    from conformance.reference.faults.applicable import explanations

    deadline = time.monotonic() + SECONDS
    for fault in explanations(case):
        if time.monotonic() > deadline:
            return
        try:
            answer = oracle.answer(case, fault.name, lowered)
        except NoAnswer:
            continue
        yield Suspect(f"{fault.says} ({fault.name})", answer.expectation, answer.arrays)
