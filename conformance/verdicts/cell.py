"""The verdict on one case by one adapter: its facets together, or why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.verdicts import text
from conformance.verdicts.facets import judge
from conformance.verdicts.model import CellVerdict, FacetVerdict, Outcome
from conformance.verdicts.recorded import recorded
from conformance.verdicts.refusals import subjects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from conformance.adapters.host.observation import Observation
    from conformance.cases.model import Case
    from conformance.reference.answer.expectation import Expectation

_JUDGED: Final = frozenset({"pass", "fail", "error", "blocked"})


def judge_cell(  # noqa: PLR0913 - a case, who answered, and the two sides with their arrays
    case: Case,
    adapter: str,
    *,
    expectation: Expectation,
    truth: Mapping[str, NDArray[Any]],
    observation: Observation,
    tensors: Mapping[str, NDArray[Any]],
) -> CellVerdict:
    """Judge one answer to one case.

    Args:
        case: what was asked.
        adapter: who answered.
        expectation: the reference's answer.
        truth: its arrays by name.
        observation: the adapter's answer.
        tensors: its arrays by name.

    Returns:
        ``fail`` where a facet fails; else ``error`` where one could not be judged; else
        ``unsupported`` where nothing that the case is about could be judged; else ``pass``.
    """
    if observation.case and observation.case != case.id:
        return malformed(
            case.id, adapter, f"the answer is to the case {text.clean(observation.case, 200)!r}"
        )
    if observation.status == "unsupported":
        return CellVerdict(
            case=case.id,
            adapter=adapter,
            outcome="unsupported",
            message=text.clean(observation.reason) or "no reason given",
            absent=observation.absent,
        )
    if case.unspecified:
        return recorded(case, adapter, observation, tensors)
    facets = judge(
        expectation.asked(case.program).facets,
        expectation,
        truth,
        observation,
        tensors,
        twin=case.program.twin,
        subjects=subjects(case.program) if case.raises else frozenset(),
    )
    outcome, message = combine(facets, expectation.claims)
    errors = [facet for facet in facets if facet.outcome == "error"]
    return CellVerdict(
        case=case.id,
        adapter=adapter,
        outcome=outcome,
        message=message,
        facets=facets,
        # With one error that is the framework's own, or a failure, the cell does speak of it.
        broken=errors[0].broken
        if outcome == "error" and errors and all(facet.broken for facet in errors)
        else "",
    )


def combine(facets: Sequence[FacetVerdict], claims: Sequence[str]) -> tuple[Outcome, str]:
    """Find the outcome of a cell and its message.

    Args:
        facets: verdicts on the asked facets.
        claims: the facets that the case's source itself speaks of; none: all of them.
    """
    if not facets:
        return "error", "no facet was asked for: the case is at fault, not the framework"
    for outcome in ("fail", "error"):
        found = [verdict for verdict in facets if verdict.outcome == outcome]
        if found:
            return outcome, f"{found[0].facet}: {found[0].message}"
    if not any(v.outcome in _JUDGED for v in facets if not claims or v.facet in claims):
        about = [v for v in facets if v.facet in claims] or list(facets)
        reasons = dict.fromkeys(f"{v.facet}: {v.message}" for v in about)
        return "unsupported", text.listed(reasons, limit=3)
    blocked = [verdict for verdict in facets if verdict.outcome == "blocked"]
    if blocked:  # with nothing that failed to explain it: still never a pass
        return "error", f"{blocked[0].facet}: {blocked[0].message}"
    return "pass", ""


def crashed(case: str, adapter: str, how: str) -> CellVerdict:
    """Say that the adapter's process died over this case: ``killed by SIGSEGV``."""
    message = f"the adapter's process died over this case: {text.clean(how)}"
    return CellVerdict(case=case, adapter=adapter, outcome="crash", message=message)


def timed_out(case: str, adapter: str, seconds: float) -> CellVerdict:
    """Say that no answer came in time; the process was killed."""
    message = f"no answer within {seconds:g} s; the adapter's process was killed"
    return CellVerdict(case=case, adapter=adapter, outcome="timeout", message=message)


def not_installed(case: str, adapter: str, reason: str) -> CellVerdict:
    """Say that the framework is not there."""
    return CellVerdict(
        case=case, adapter=adapter, outcome="not-installed", message=text.clean(reason)
    )


def malformed(case: str, adapter: str, reason: str) -> CellVerdict:
    """Say that the answer breaks the protocol."""
    message = f"the adapter's answer breaks the protocol: {text.clean(reason)}"
    return CellVerdict(
        case=case, adapter=adapter, outcome="error", message=message, broken="adapter"
    )


def adapter_failed(case: str, adapter: str, reason: str) -> CellVerdict:
    """Say that the adapter could not start, or was given up after too many restarts."""
    message = f"the adapter could not be used: {text.clean(reason)}"
    return CellVerdict(
        case=case, adapter=adapter, outcome="error", message=message, broken="adapter"
    )


def reference_failed(case: str, adapter: str, reason: str) -> CellVerdict:
    """Say that there is no truth to judge by: no adapter can be blamed."""
    message = f"the case or the reference is at fault, not the framework: {text.clean(reason)}"
    return CellVerdict(
        case=case, adapter=adapter, outcome="error", message=message, broken="reference"
    )


def not_run(case: str, adapter: str, reason: str) -> CellVerdict:
    """Say that a planned cell was never judged: the run ended before."""
    return CellVerdict(case=case, adapter=adapter, outcome="not-run", message=text.clean(reason))
