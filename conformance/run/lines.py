"""A run's lines for the record, made from what the engine has in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.host import host
from conformance.records.model import AdapterLine, CaseLine, CellLine
from conformance.run.precision import Delivered, delivered

if TYPE_CHECKING:
    from conformance.adapters.host.observation import Hello
    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.reference.answer.store import StoredAnswer
    from conformance.verdicts.model import CellVerdict


def case_line(case: Case, *, reference: str = "", answer: StoredAnswer | None = None) -> CaseLine:
    """A planned case as the record has it.

    Args:
        case: The case.
        reference: Why the reference could not answer.
        answer: What it answered.
    """
    return CaseLine(
        id=case.id,
        digest=case.digest,
        title=case.title,
        source=case.source,
        place=case.place,
        yaml=case.yaml,
        program=case.program,
        expect=case.expect,
        why=case.why,
        raises=case.raises,
        unspecified=case.unspecified,
        without=case.without,
        variation=case.variation,
        reference=reference,
        seed=None if answer is None else answer.expectation.seed,
        held_to="" if answer is None else answer.digest,
        undefined={} if answer is None else answer.expectation.undefined,
    )


def adapter_line(spec: AdapterSpec, hello: Hello) -> AdapterLine:
    """An adapter as it introduced itself."""
    found = delivered(hello) if hello.status == "ready" else Delivered()
    return AdapterLine(
        name=spec.name,
        status=hello.status,
        reason=hello.reason,
        versions=hello.versions,
        python=hello.python,
        platform=hello.platform,
        known_as=spec.known_as,
        precision=hello.precision,
        lowered=found.lowered,
        imprecise=found.problem,
        probe=hello.probe,
        settings=hello.settings,
    )


def cell_line(case: Case, verdict: CellVerdict, answer: host.Answer) -> CellLine:
    """A judged cell, with what its process said beside the answer where that may explain it."""
    native, seconds, stderr = [], {"answer": answer.seconds}, answer.stderr
    if isinstance(answer, host.Answered):
        native = answer.observation.native
        seconds |= answer.observation.seconds
    if verdict.outcome in {"pass", "unsupported", "unspecified"}:
        stderr = ""
    return CellLine(
        digest=case.digest, verdict=verdict, native=native, seconds=seconds, stderr=stderr
    )
