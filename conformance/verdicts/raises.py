"""The facet ``raises``: the framework must refuse, and at the stage that the case names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.verdicts import text
from conformance.verdicts.evidence import Evidence, NotAnsweredError
from conformance.verdicts.model import FacetVerdict
from conformance.verdicts.refusals import what_is_wrong
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from conformance.adapters.host.observation import Failure, Observation
    from conformance.verdicts.model import FacetOutcome

_SAID = {"build": "while the model is built", "call": "when the model is called"}


def raises(evidence: Evidence) -> FacetVerdict:
    """Judge a refusal.

    An exception of the adapter's own code never counts as one, nor does one at another stage: a
    model that can't even be built does not refuse a batch. Nor does one that is no ``ValueError``
    or ``TypeError``, or that names no argument.
    """
    stage = evidence.expectation.raises
    if not stage:
        raise ReferenceFaultError("it states no refusal")
    failure = _failure(evidence.observation)
    expected = f"a ValueError or TypeError {_SAID[stage]}, in words about an argument"
    if failure is None and evidence.observation.status != "ok":
        raise NotAnsweredError("the adapter did not answer: it reports an error and none is there")
    if failure is None:
        return FacetVerdict(
            facet="raises",
            outcome="fail",
            message=f"nothing was raised: {_accepted(evidence.observation, stage)}",
            expected=expected,
            observed="no exception",
        )
    said = describe(failure)
    outcome, why = _weighed(failure, stage, evidence.subjects)
    return FacetVerdict(
        facet="raises",
        outcome=outcome,
        message=f"{why}: {said}" if why else "",
        expected=expected,
        observed=said,
    )


def _weighed(failure: Failure, stage: str, subjects: frozenset[str]) -> tuple[FacetOutcome, str]:
    """Find whether an exception is the refusal of this stage, and why not."""
    if failure.internal:
        return "error", "the adapter itself failed, which is no refusal"
    if failure.stage == "weights":
        return "error", "its variables are others than documented, so it was not called"
    if failure.stage != stage:
        seen = _SAID.get(failure.stage, f"at the stage {text.clean(failure.stage, 40)}")
        return "fail", f"refused {seen}, not {_SAID[stage]}"
    wrong = what_is_wrong(failure, subjects)
    return ("fail", wrong) if wrong else ("pass", "")


def describe(failure: Failure) -> str:
    """Say on one line what was raised: ``ValueError: Input 0 of …``."""
    kind = text.clean(failure.type, text.NAME_LIMIT)
    message = text.clean(failure.message)
    return f"{kind}: {message}" if message else kind


def _failure(observation: Observation) -> Failure | None:
    """Find what was raised: by the model, by the facet, or by the first call that did."""
    calls = (call.error for call in observation.calls)
    failures = (observation.error, observation.errors.get("raises"), *calls)
    return next((failure for failure in failures if failure is not None), None)


def _accepted(observation: Observation, stage: str) -> str:
    """Say what the framework did instead of refusing.

    Raises:
        NotAnsweredError: it is not known, so nothing was accepted either.
    """
    if stage == "build":
        if observation.symbolic is not None and observation.symbolic.outputs:
            shapes = ", ".join(map(text.shape, observation.symbolic.outputs[:3]))
            return f"the model was built, with output shape {shapes}"
        return "the model was built"
    if not observation.calls:
        raise NotAnsweredError("the adapter did not answer: the model was not called")
    shapes = ", ".join(text.shape(output.shape) for output in observation.calls[-1].outputs[:3])
    return f"call {len(observation.calls) - 1} was accepted and returned shape {shapes}"
