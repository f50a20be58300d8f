"""What a judge has before him: the expectation, the answer, and what was found out so far.

The facets share one :class:`Evidence`. Getting at a part of the answer goes through its methods,
which raise one of two findings when the part is not there: the framework raised (:class:`Raised`),
or the adapter simply did not answer (:class:`NotAnsweredError`). So a facet is written for the
answer that is there, and no absent answer can pass by accident.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from conformance.acceptance import NOTE, VALUES, Limits
from conformance.verdicts import text
from conformance.verdicts.closeness import compare_closely
from conformance.verdicts.comparison import NUMERIC_KINDS, Target, compare, dtype_name
from conformance.verdicts.model import Comparison, FacetVerdict
from conformance.verdicts.properties import judged
from conformance.verdicts.tolerance import ReferenceFaultError, scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from conformance.adapters.host.observation import CallResult, Failure, Observation, Output
    from conformance.cases.model import Twin
    from conformance.reference.answer.expectation import Expectation, Expected, ExpectedCall

    Array = NDArray[Any]

Part = TypeVar("Part")


class Raised(Exception):  # noqa: N818 - a finding about the framework, not an error of ours
    """The framework raised where an answer was due."""

    def __init__(self, root: str, failure: Failure) -> None:
        """Remember what raised (``model``, ``call 0`` ...) and how."""
        super().__init__(root)
        self.root = root
        self.failure = failure


class NotAnsweredError(Exception):
    """The adapter neither answered, nor raised, nor said that it can't."""


@dataclass(slots=True)
class Evidence:
    """One case, one answer, and the verdicts so far."""

    expectation: Expectation
    truth: Mapping[str, Array]
    """The reference's arrays by name."""
    observation: Observation
    tensors: Mapping[str, Array]
    """The adapter's arrays by name."""
    twin: Twin | None = None
    """How the twin's axes are permuted, from the program."""
    subjects: frozenset[str] = frozenset()
    """What a refusal must name one of; empty where anything will do."""
    judged: dict[str, FacetVerdict] = field(default_factory=dict)
    misplaced: bool = False
    """Set by ``weights``: names or shapes differ, so the case's weights can't have been set."""
    blamed: dict[str, str] = field(default_factory=dict)
    """What raised, and the facet that reported it."""

    def part(self, answer: Part | None, what: str, root: str = "model") -> Part:
        """Return a part of the answer.

        Args:
            answer: the part, or None when it is absent.
            what: its name for the reader.
            root: what it is a part of, for :class:`Raised`.

        Raises:
            Raised: the model as a whole could not be built.
            NotAnsweredError: it is absent for no reason.
        """
        if answer is not None:
            return answer
        if self.observation.error is not None:
            raise Raised(root, self.observation.error)
        raise NotAnsweredError(f"the adapter did not answer: {what} is missing from its answer")

    def failed(self, facet: str) -> bool:
        """Tell whether a facet was judged and did not pass."""
        verdict = self.judged.get(facet)
        return verdict is not None and verdict.outcome in {"fail", "error", "blocked"}

    def call(self, index: int) -> CallResult:
        """Return the answer to a call.

        Raises:
            Raised: the call, or the building of the model, raised.
            NotAnsweredError: there is no answer to this call.
        """
        calls = self.observation.calls
        what = f"call {index}"
        result = self.part(
            calls[index] if index < len(calls) else None, f"{what} (of {len(calls)})"
        )
        if result.error is not None:
            raise Raised(what, result.error)
        return result

    def calls(self, facet: str) -> list[tuple[int, ExpectedCall]]:
        """List the program's calls that are judged as this facet, with their indices."""
        found = [
            (index, call)
            for index, call in enumerate(self.expectation.calls)
            if call.facet == facet
        ]
        if not found:
            raise ReferenceFaultError(f"it states no call for the facet {facet!r}")
        return found

    def array(self, name: str, what: str) -> Array:
        """Return an array of the answer.

        Raises:
            NotAnsweredError: the answer names it but does not carry it, or it holds no numbers.
        """
        try:
            array = self.tensors[name]
        except KeyError:
            raise NotAnsweredError(
                f"the adapter did not answer: {what} names the array {text.clean(name, 60)!r}, "
                "which is not in its answer"
            ) from None
        if array.dtype.kind not in NUMERIC_KINDS | {"c"}:
            raise NotAnsweredError(
                f"{what} is an array of {dtype_name(array.dtype)}, not of numbers"
            )
        return array

    def _numbers(self, name: str, what: str) -> Array:
        """Return an array of the answer as its truth is kept: complex numbers as pairs."""
        array = self.array(name, what)
        if array.dtype.kind != "c":
            return array
        return np.stack([array.real, array.imag], axis=-1)

    def target(self, expected: Expected) -> Target:
        """Return what an array should be.

        Raises:
            ReferenceFaultError: the reference names an array that it does not carry.
        """
        try:
            truth = self.truth[expected.tensor]
            spread = self.truth[expected.spread] if expected.spread else None
        except KeyError as missing:
            raise ReferenceFaultError(
                f"it names the array {missing.args[0]!r} and does not carry it"
            ) from None
        return Target(truth, spread, scale(expected.dtype))

    def compare(
        self,
        what: str,
        expected: Expected,
        name: str,
        limits: Limits = VALUES,
        *,
        keep: bool = False,
    ) -> Comparison:
        """Compare an array of the answer with the truth.

        Args:
            what: its name for the reader.
            expected: its expectation.
            name: its name among the answer's arrays.
            limits: how many tolerances are admissible.
            keep: keep for the report, though it passes, its first numbers and how close they are.
        """
        judge = compare_closely if keep else compare
        return judge(what, self.target(expected), self._numbers(name, what), limits)

    def answers(
        self,
        expected: ExpectedCall,
        observed: Sequence[Output],
        prefix: str = "",
        *,
        keep: bool = False,
    ) -> list[Comparison]:
        """Compare an answer to a call, by its numbers or by what must be true of them."""
        if not expected.properties or len(observed) != len(expected.outputs):
            return self.outputs(expected.outputs, observed, prefix, keep=keep)
        arrays = [
            self.array(output.tensor, f"{prefix}output {index}")
            for index, output in enumerate(observed)
        ]
        return judged(expected, arrays, self.truth, prefix)

    def outputs(
        self,
        expected: Sequence[Expected],
        observed: Sequence[Output],
        prefix: str = "",
        *,
        keep: bool = False,
    ) -> list[Comparison]:
        """Compare the outputs of one call, and their number."""
        if len(observed) != len(expected):
            return [wrong_number(prefix, len(expected), len(observed))]
        found = []
        for index, (truth, output) in enumerate(zip(expected, observed, strict=True)):
            what = f"{prefix}output {index}"
            found.append(self.compare(what, truth, output.tensor, keep=keep))
            if truth.signed_zero and not found[-1].message:
                found.append(self._zeros(what, truth, output.tensor))
        return found

    def _zeros(self, what: str, expected: Expected, name: str) -> Comparison:
        """Compare the signs of the zeros of an array that passes."""
        truth = self.target(expected).values
        observed = np.asarray(self.array(name, what), np.float64)
        wrong = np.argwhere((truth == 0) & (np.signbit(truth) != np.signbit(observed)))
        said = f"sign of the zeros of {what}"
        if not len(wrong):
            return Comparison(what=said, margin=0.0)
        index = [int(axis) for axis in wrong[0]]
        signs = ["-0.0" if np.signbit(one[tuple(index)]) else "0.0" for one in (truth, observed)]
        return Comparison(
            what=said,
            message=f"{text.place(what, index)}: expected {signs[0]}, observed {signs[1]} "
            f"({len(wrong)} zeros have the wrong sign)",
        )


def wrong_number(prefix: str, expected: int, observed: int) -> Comparison:
    """Say that a call returned too many or too few outputs."""
    return Comparison(
        what=f"{prefix}outputs",
        message=f"{prefix}outputs: expected {expected} of them, observed {observed}",
    )


def numeric(facet: str, comparisons: list[Comparison]) -> FacetVerdict:
    """Make the verdict on a facet out of the comparisons of its arrays."""
    margins = [found.margin for found in comparisons if found.margin is not None]
    margin = max(margins, default=None)
    wrong = [found.message for found in comparisons if found.message]
    if wrong:
        more = f"; and {len(wrong) - 1} more of {len(comparisons)} arrays" if wrong[1:] else ""
        return FacetVerdict(
            facet=facet,
            outcome="fail",
            message=wrong[0] + more,
            margin=margin,
            comparisons=comparisons,
        )
    note = ""
    if margin is not None and margin > NOTE:
        nearest = max(comparisons, key=lambda found: found.margin or 0.0)
        note = f"accuracy note: {nearest.what} uses {margin:.0%} of its tolerance"
    return FacetVerdict(
        facet=facet, outcome="pass", margin=margin, note=note, comparisons=comparisons
    )


def structural(facet: str, faults: list[str], expected: Any, observed: Any) -> FacetVerdict:
    """Make the verdict on a facet that compares names, shapes and counts."""
    if not faults:
        return FacetVerdict(facet=facet, outcome="pass", expected=expected, observed=expected)
    return FacetVerdict(
        facet=facet,
        outcome="fail",
        message="; ".join(faults[:3]) + (f"; and {len(faults) - 3} more" if faults[3:] else ""),
        expected=expected,
        observed=text.tame(observed),
    )
