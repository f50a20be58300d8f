"""What a function states of its outputs while sizes of its inputs are not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.verdicts import text
from conformance.verdicts.evidence import Evidence, Raised, structural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.adapters.host.observation import Symbolic
    from conformance.verdicts.model import FacetVerdict

    Shape = Sequence[int | None]


def open_sizes(evidence: Evidence) -> FacetVerdict:
    """Judge what is stated where no size is known."""
    return _judged("open_sizes", evidence.observation.open_sizes, evidence)


def open_batch(evidence: Evidence) -> FacetVerdict:
    """Judge what is stated where the first sizes are not known."""
    return _judged("open_batch", evidence.observation.open_batch, evidence)


def _judged(facet: str, told: Symbolic | None, evidence: Evidence) -> FacetVerdict:
    """Judge one answer.

    What a symbolic call with every size known states as well is that call's fault, and blocks this:
    where that call raised, nobody is asked any further.
    """
    failure = evidence.observation.errors.get("symbolic_shape")
    if told is None and failure is not None:
        raise Raised("symbolic_shape", failure)
    observed = evidence.part(told, f"the symbolic call of {facet}")
    expected = evidence.expectation.symbolic
    faults = list(_faults(expected.outputs, expected.dtypes, observed))
    verdict = structural(
        facet,
        faults,
        {"outputs": expected.outputs, "dtypes": expected.dtypes},
        {"outputs": observed.outputs, "dtypes": observed.dtypes},
    )
    known = evidence.observation.symbolic
    if not faults or known is None or not evidence.failed("symbolic_shape"):
        return verdict
    if any(_faults(known.outputs, known.dtypes, observed)):
        return verdict
    message = f"blocked by symbolic_shape: {verdict.message}"
    return replace(verdict, outcome="blocked", message=message)


def _faults(shapes: Sequence[Shape], dtypes: Sequence[str], observed: Symbolic) -> Iterator[str]:
    """What an answer states that can't be so, if the outputs have these shapes and dtypes."""
    if not len(shapes) == len(observed.outputs) == len(observed.dtypes):
        yield (
            f"outputs: expected {len(shapes)} of them, observed {len(observed.outputs)} "
            f"with {len(observed.dtypes)} dtypes"
        )
        return
    for index, (want, have) in enumerate(zip(shapes, observed.outputs, strict=True)):
        if not _may_be(have, want):
            yield (
                f"output {index}: expected {text.shape(want)}, each size or None, "
                f"observed {text.shape(have)}"
            )
    for index, (one, other) in enumerate(zip(dtypes, observed.dtypes, strict=True)):
        if one != other:
            yield f"output {index}: expected {one}, observed {text.clean(other, text.NAME_LIMIT)}"


def _may_be(stated: Shape, true: Shape) -> bool:
    """Whether an output of a shape can have what is stated: a size that is, must be its own."""
    return len(stated) == len(true) and all(
        size is None or size == actual for size, actual in zip(stated, true, strict=True)
    )
