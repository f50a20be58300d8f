"""The facet ``equals``: two models that must be one and the same function.

The twin is built by the same framework from the same weights. It must give the first model's
answers, by ``|a - b| <= 16 (τa + τb)``, have as many parameters, and pass on the same gradients;
and its answers must be true by themselves, so that two models that are wrong in the same way don't
vouch for each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.acceptance import TRAINING, VALUES, Limits
from conformance.verdicts import text
from conformance.verdicts.comparison import compare_observed
from conformance.verdicts.evidence import Evidence, NotAnsweredError, Raised, numeric
from conformance.verdicts.model import Comparison, FacetVerdict
from conformance.verdicts.numeric import same_count
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.host.observation import Built, Gradients, Output
    from conformance.reference.answer.expectation import Expected, ExpectedBuilt, ExpectedGradients

    Axes = Sequence[int] | None


def equals(evidence: Evidence) -> FacetVerdict:
    """Judge the twin: against the first model, then against its own truth."""
    expected = evidence.expectation.twin
    if expected is None:
        raise ReferenceFaultError("it states no twin")
    output_axes = evidence.twin.output_axes if evidence.twin else None
    input_axes = evidence.twin.input_axes if evidence.twin else None
    twin = evidence.part(evidence.observation.twin, "the twin")
    agreement = [
        *_calls(evidence, expected, twin, output_axes),
        *_params(evidence, twin),
        *_gradients(evidence, expected, twin, input_axes),
    ]
    if any(found.message for found in agreement):
        return numeric("equals", agreement)
    truth = numeric("equals", [*agreement, *_against_truth(evidence, expected, twin)])
    if truth.outcome == "fail" and evidence.failed("values"):
        return FacetVerdict(
            facet="equals",
            outcome="blocked",
            message="blocked by values: the two models agree, both off in the same way",
            margin=truth.margin,
            comparisons=truth.comparisons,
        )
    return truth


def _outputs(twin: Built, index: int) -> list[Output]:
    what = f"twin call {index}"
    if index >= len(twin.calls):
        raise NotAnsweredError(f"the adapter did not answer: {what} is missing from its answer")
    error = twin.calls[index].error
    if error is not None:
        raise Raised(what, error)
    return twin.calls[index].outputs


def _calls(
    evidence: Evidence, expected: ExpectedBuilt, twin: Built, axes: Axes
) -> list[Comparison]:
    """Compare the twin's ordinary calls with the first model's."""
    found: list[Comparison] = []
    for index, call in evidence.calls("values"):
        first, second = evidence.call(index).outputs, _outputs(twin, index)
        wrong = same_count(call, first, second)
        if wrong is not None:
            found.append(wrong)
            continue
        where = f"call {index} " if index else ""
        found += [
            _agree(
                evidence,
                f"twin's {where}output {number}",
                (
                    _Side(first[number].tensor, call.outputs[number]),
                    _Side(second[number].tensor, expected.calls[index].outputs[number]),
                ),
                axes,
            )
            for number in range(len(call.outputs))
        ]
    return found


class _Side(NamedTuple):
    """One of the two arrays: its name in the answer, and what it should be."""

    tensor: str
    expected: Expected


def _agree(
    evidence: Evidence, what: str, sides: tuple[_Side, _Side], axes: Axes, limits: Limits = VALUES
) -> Comparison:
    """Compare two observed arrays, the first with its axes permuted as the twin has them."""
    one, other = sides
    targets = (evidence.target(one.expected), evidence.target(other.expected))
    observed = (evidence.array(one.tensor, what), evidence.array(other.tensor, what))
    for array, target in zip(observed, targets, strict=True):
        if array.shape != target.values.shape:
            shapes = f"expected {target.values.shape}, observed {array.shape}"
            return Comparison(what=what, message=f"{what}: shapes differ: {shapes}")
    first, target = observed[0], targets[0]
    if axes is not None and first.ndim == len(axes) + 1:
        behind_batch = [0, *(axis + 1 for axis in axes)]
        first, target = first.transpose(behind_batch), target.transposed(behind_batch)
    if first.shape != observed[1].shape:
        raise ReferenceFaultError(f"{what}: the two truths differ in shape")
    return compare_observed(what, (first, observed[1]), (target, targets[1]), limits)


def _params(evidence: Evidence, twin: Built) -> list[Comparison]:
    """Compare the parameter counts, where the adapter counts."""
    first, second = evidence.observation.params, twin.params
    if first is None or second is None:
        return []
    one = (first.total, first.trainable, first.non_trainable)
    other = (second.total, second.trainable, second.non_trainable)
    message = ""
    if one != other:
        message = (
            "parameters (total, trainable, non-trainable): the first model has "
            f"{text.shape(one)}, the twin {text.shape(other)}"
        )
    return [Comparison(what="parameters", message=message)]


def _gradients(
    evidence: Evidence, expected: ExpectedBuilt, twin: Built, axes: Axes
) -> list[Comparison]:
    """Compare the gradients, inputs by name and weights by their order, where both have them."""
    truth, twin_truth = evidence.expectation.gradients, expected.gradients
    first, second = evidence.observation.gradients, twin.gradients
    if truth is None or twin_truth is None or first is None or second is None:
        return []
    if (len(truth.inputs), len(truth.weights)) != (len(twin_truth.inputs), len(twin_truth.weights)):
        raise ReferenceFaultError("its twin has another number of inputs or trainable weights")
    pairs = [
        *zip(truth.inputs, twin_truth.inputs, strict=True),
        *zip(truth.weights, twin_truth.weights, strict=True),
    ]
    return [
        _agree(
            evidence,
            f"twin's gradient of {two}",
            (
                _Side(_gradient(first, one), _expected(truth, one)),
                _Side(_gradient(second, two), _expected(twin_truth, two)),
            ),
            axes if one in truth.inputs else None,
            TRAINING,
        )
        for one, two in pairs
    ]


def _gradient(gradients: Gradients, name: str) -> str:
    found = gradients.inputs.get(name) or gradients.weights.get(name)
    if found is None:
        raise NotAnsweredError(
            f"the adapter did not answer: the gradient of {name} is missing from its answer"
        )
    return found


def _expected(gradients: ExpectedGradients, name: str) -> Expected:
    return gradients.inputs[name] if name in gradients.inputs else gradients.weights[name]


def _against_truth(evidence: Evidence, expected: ExpectedBuilt, twin: Built) -> list[Comparison]:
    """Compare the twin's ordinary calls with its own truth."""
    found: list[Comparison] = []
    for index, _ in evidence.calls("values"):
        prefix = f"twin's call {index} " if index else "twin's "
        found += evidence.outputs(expected.calls[index].outputs, _outputs(twin, index), prefix)
    return found
