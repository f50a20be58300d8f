"""From what came of asking an adapter to a verdict, before the ledger has had its say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.host import host
from conformance.run.explaining import name_faults
from conformance.verdicts import cell as cells

if TYPE_CHECKING:
    from conformance.cases.model import Case
    from conformance.reference.answer.store import StoredAnswer
    from conformance.run.oracle import Oracle
    from conformance.verdicts.model import CellVerdict


def judge(  # noqa: PLR0913 - what a verdict is made from
    case: Case,
    adapter: str,
    expected: StoredAnswer,
    answer: host.Answer,
    *,
    oracle: Oracle,
    lowered: str = "",
) -> CellVerdict:
    """Judge one answer, or the lack of one.

    Args:
        case: What was asked.
        adapter: The adapter's name.
        expected: The reference's answer.
        answer: What came back.
        oracle: Asked for the answers of seeded faults, if a failure resembles one.
        lowered: Operations that the adapter is declared to be coarser in, as the answer was asked
            for.
    """
    match answer:
        case host.Answered():
            verdict = cells.judge_cell(
                case,
                adapter,
                expectation=expected.expectation,
                truth=expected.arrays,
                observation=answer.observation,
                tensors=answer.tensors,
            )
            return name_faults(case, verdict, answer, oracle, lowered=lowered)
        case host.Crashed():
            return cells.crashed(case.id, adapter, answer.message)
        case host.TimedOut():
            return cells.timed_out(case.id, adapter, answer.limit)
        case host.Malformed():
            return cells.malformed(case.id, adapter, answer.reason)
        case host.NotInstalled():
            return cells.not_installed(case.id, adapter, answer.reason)
        case host.NotRun() | host.Skipped():
            return cells.adapter_failed(case.id, adapter, answer.reason)
