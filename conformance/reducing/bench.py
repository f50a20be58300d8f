"""Judges one case after the other on one adapter, in one process, outside any run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from conformance.adapters.host import host
from conformance.adapters.host.host import AdapterProcess, Limits
from conformance.reference.answer.store import Store
from conformance.run.oracle import NoAnswer, Oracle
from conformance.run.precision import delivered
from conformance.verdicts import cell as cells

if TYPE_CHECKING:
    from types import TracebackType

    from conformance.adapters.host.observation import Hello
    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.reference.answer.store import StoredAnswer
    from conformance.verdicts.model import CellVerdict


class Trial(NamedTuple):
    """A case, judged."""

    verdict: CellVerdict
    expected: StoredAnswer


class Bench:
    """An adapter's process and the reference's, for as long as it is entered."""

    def __init__(self, spec: AdapterSpec, seconds: float = 60.0) -> None:
        """Describe; nothing is started yet."""
        self._spec = spec
        self._process = AdapterProcess(spec, Limits(case=seconds))
        self._seconds = seconds

    def __enter__(self) -> Self:
        """Start both."""
        self._oracle = Oracle(Store())
        self.hello: Hello = self._process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop both."""
        self._process.close()
        self._oracle.close()

    def judge(self, case: Case) -> Trial | None:
        """The verdict on a case; None where the reference or the process has no answer."""
        try:
            expected = self._oracle.answer(case, lowered=delivered(self.hello).name)
        except NoAnswer:
            return None
        program = expected.expectation.asked(case.program)
        answer = self._process.run(program, expected.feeds, timeout=self._seconds)
        if not isinstance(answer, host.Answered):
            return None
        verdict = cells.judge_cell(
            case,
            self._spec.name,
            expectation=expected.expectation,
            truth=expected.arrays,
            observation=answer.observation,
            tensors=answer.tensors,
        )
        return Trial(verdict, expected)
