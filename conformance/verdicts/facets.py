"""Every asked facet of one answer, judged in order, with what depends on a failure blocked.

A facet is *blocked* only where it would fail and a facet that it depends on has failed: blocking
never hides a pass, and never a fault of the facet's own that can be told apart (docs/verdicts.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from conformance.facets import FACETS, answered_with
from conformance.verdicts import (
    configs,
    exchange,
    initial,
    numeric,
    open_sizes,
    random,
    specs,
    structure,
    text,
    twins,
)
from conformance.verdicts.evidence import Evidence, NotAnsweredError, Raised
from conformance.verdicts.frames import frames
from conformance.verdicts.model import FacetVerdict
from conformance.verdicts.raises import describe, raises
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from conformance.adapters.host.observation import Failure, Observation
    from conformance.cases.model import Twin
    from conformance.reference.answer.expectation import Expectation
    from conformance.verdicts.model import Broken

    Judge = Callable[[Evidence], FacetVerdict]

JUDGES: Final[dict[str, Judge]] = {
    "symbolic_shape": structure.symbolic_shape,
    "open_sizes": open_sizes.open_sizes,
    "open_batch": open_sizes.open_batch,
    "weights": structure.weights,
    "params": structure.params,
    "config": configs.config,
    "shape": structure.shape,
    "dtype": structure.dtype,
    "output_spec": specs.output_spec,
    "probes": structure.probes,
    "values": numeric.values,
    "mask": numeric.mask,
    "raises": raises,
    "gradients": numeric.gradients,
    "batch": numeric.batch,
    "influence": numeric.influence,
    "equals": twins.equals,
    "compiled": numeric.compiled,
    "config_round_trip": numeric.config_round_trip,
    "save_round_trip": numeric.save_round_trip,
    "clone": numeric.clone,
    "from_numpy": numeric.from_numpy,
    "from_lists": numeric.from_lists,
    "exchange": exchange.exchange,
    "losses": numeric.losses,
    "metrics": numeric.metrics,
    "optimizer": numeric.optimizer,
    "checkpoint": numeric.checkpoint,
    "state": numeric.state,
    "random": random.random,
    "initial": initial.initial,
    "summary": structure.summary,
}
"""The judge of each facet of :data:`conformance.facets.FACETS`."""


def judge(  # noqa: PLR0913 - the two sides of a case, each a message with its arrays
    asked: Sequence[str],
    expectation: Expectation,
    truth: Mapping[str, NDArray[Any]],
    observation: Observation,
    tensors: Mapping[str, NDArray[Any]],
    *,
    twin: Twin | None = None,
    subjects: frozenset[str] = frozenset(),
) -> list[FacetVerdict]:
    """Judge every asked facet of an answer.

    Args:
        asked: facets of the program.
        expectation: the reference's answer.
        truth: its arrays by name.
        observation: the adapter's answer; untrusted, but of the right types.
        tensors: its arrays by name.
        twin: the program's twin, for how its axes are permuted.
        subjects: what a refusal must name one of.

    Returns:
        One verdict for each asked facet, in the order of
        :data:`conformance.facets.FACETS`. Nothing in an answer makes this raise.
    """
    evidence = Evidence(expectation, truth, observation, tensors, twin, subjects)
    wanted = set(asked)
    for facet in [*(facet for facet in FACETS if facet in wanted), *sorted(wanted - set(FACETS))]:
        verdict = _judge(facet, evidence)
        evidence.judged[facet] = _excused(verdict, evidence)
    return list(evidence.judged.values())


def _judge(facet: str, evidence: Evidence) -> FacetVerdict:
    observation = evidence.observation
    names = (facet, answered_with(facet))
    refused = _first(names, observation.unsupported)
    if observation.status == "unsupported" or refused:
        reason = observation.unsupported.get(refused) or observation.reason or "no reason given"
        return FacetVerdict(facet=facet, outcome="unsupported", message=text.clean(reason))
    raised = _first(names, observation.errors)
    if raised and facet != "raises":
        return _raised(facet, raised, observation.errors[raised], evidence)
    return _heard(facet, evidence)


def _first(names: tuple[str, str], told: Mapping[str, object]) -> str:
    """The first of two names that something is told of; mostly nothing is told of any."""
    return next((name for name in names if name in told), "") if told else ""


def _heard(facet: str, evidence: Evidence) -> FacetVerdict:
    """Let the facet's judge speak, and turn what he can't judge by into an error."""
    try:
        return JUDGES.get(facet, _unknown)(evidence)
    except Raised as raised:
        return _raised(facet, raised.root, raised.failure, evidence)
    except NotAnsweredError as missing:
        return _error(facet, str(missing), "adapter")
    except ReferenceFaultError as fault:
        message = f"the case or the reference is at fault, not the framework: {fault}"
        return _error(facet, message, "reference")


def _raised(facet: str, root: str, failure: Failure, evidence: Evidence) -> FacetVerdict:
    """Report an exception once, on the first facet that met it; others that need it are blocked."""
    if failure.stage == "weights" and evidence.misplaced and evidence.failed("weights"):
        message = f"blocked by weights: {describe(failure)}"
        return FacetVerdict(facet=facet, outcome="blocked", message=message)
    first = evidence.blamed.setdefault(root, facet)
    if first != facet:
        return FacetVerdict(
            facet=facet, outcome="blocked", message=f"blocked by {first}: {root} raised"
        )
    who = "the adapter itself failed" if failure.internal else "raised"
    stage = text.clean(failure.stage, text.NAME_LIMIT)
    where = root if stage in {root, ""} or root.startswith(stage) else f"{root} ({stage})"
    broken: Broken = "adapter" if failure.internal else ""
    error = _error(facet, f"{where}: {who}: {describe(failure)}", broken)
    return replace(error, raised_in=frames(failure.traceback))


def _excused(verdict: FacetVerdict, evidence: Evidence) -> FacetVerdict:
    """Block a failing numeric facet whose shape or weights are wrong already.

    What ``values`` that fail block is told by numbers, so each judge does it by itself.
    """
    facet = FACETS.get(verdict.facet)
    if facet is None or verdict.outcome not in {"fail", "error"}:
        return verdict
    blocking = {"weights": evidence.misplaced and evidence.failed("weights")}
    blocking["shape"] = evidence.failed("shape")
    cause = next((name for name in facet.blocked_by if blocking.get(name)), "")
    if not cause:
        return verdict
    return replace(verdict, outcome="blocked", message=f"blocked by {cause}: {verdict.message}")


def _unknown(_: Evidence) -> FacetVerdict:
    raise ReferenceFaultError("no judge knows this facet")


def _error(facet: str, message: str, broken: Broken) -> FacetVerdict:
    return FacetVerdict(facet=facet, outcome="error", message=message, broken=broken)
