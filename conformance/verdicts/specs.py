"""What a layer states by itself: ``compute_output_shape`` and ``compute_output_spec``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from conformance.verdicts import text
from conformance.verdicts.evidence import Evidence, structural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.adapters.host.observation import Spec
    from conformance.reference.answer.expectation import ExpectedSpec
    from conformance.verdicts.model import FacetVerdict

SHAPES: Final = {
    "shape": "compute_output_shape of a new layer",
    "shape_second": "compute_output_shape of a new layer, after compute_output_spec",
    "shape_again": "compute_output_shape of the called layer",
}
"""The questions that shapes alone answer, in words."""

SPECS: Final = {
    "spec": "compute_output_spec of a new layer, after compute_output_shape",
    "spec_first": "compute_output_spec of a new layer",
    "other": "a symbolic call with the other flags",
    "spec_again": "compute_output_spec after a call with the other flags",
}
"""Those that dtypes belong to as well."""

MODEL: Final = ""
"""Among the names of nodes, the model itself."""

OF_MODEL: Final = {
    "shape": "compute_output_shape before any call",
    "spec": "compute_output_spec before any call",
    "spec_again": "compute_output_spec after calls",
    "shape_again": "compute_output_shape after calls",
}
"""What a model is asked, in words."""

OF_BUILT: Final = ("other", "spec_again")
"""What is asked of a layer that leaves its shape for Keras to find out."""


def output_spec(evidence: Evidence) -> FacetVerdict:
    """Judge what every layer states alone, new and after calls.

    A symbolic shape that is wrong and is stated alone just as it is in the model is one fault, and
    it is that of ``symbolic_shape``, which then blocks this. So does a first call that raised.
    """
    observed = evidence.part(evidence.observation.specs, "what the layers state alone")
    symbolic = evidence.observation.symbolic
    in_model = symbolic.nodes if symbolic is not None else {}
    faults: list[str] = []
    alike = True
    for node, want in evidence.expectation.specs.items():
        have = observed.get(node, {})
        if node == MODEL:
            for fault, told in _of_model(want, have):
                faults.append(f"the model, {fault}")
                alike = alike and symbolic is not None and told == symbolic.outputs
            continue
        for fault, stated in _faults(want, have):
            faults.append(f"node {node}, {fault}")
            alike = alike and stated is not None and stated == in_model.get(node)
    verdict = structural(
        "output_spec",
        faults,
        {node: want.shapes for node, want in evidence.expectation.specs.items()},
        {node: _plain(observed.get(node, {})) for node in evidence.expectation.specs},
    )
    blocker = _blocker(evidence, alike=alike) if faults else ""
    if blocker:
        message = f"blocked by {blocker}: {verdict.message}"
        return replace(verdict, outcome="blocked", message=message)
    return verdict


def _blocker(evidence: Evidence, *, alike: bool) -> str:
    """The facet whose failure is the same fault; "" for none."""
    if alike and evidence.failed("symbolic_shape"):
        return "symbolic_shape"
    calls = evidence.observation.calls
    return "shape" if calls and calls[0].error is not None else ""


def _plain(told: Mapping[str, Spec]) -> dict[str, Any]:
    return {question: [spec.shapes, spec.dtypes] for question, spec in told.items()}


def _faults(want: ExpectedSpec, have: Mapping[str, Spec]) -> Iterator[tuple[str, object]]:
    """What is wrong with a node's answers, and the one shape that was stated instead, if any."""
    for question, words in {**SHAPES, **SPECS}.items():
        if want.untold is None and question not in OF_BUILT:
            continue
        if question not in have:
            yield f"{words}: no answer", None
            continue
        expected = want.other if question == "other" else want.shapes
        if question in SHAPES:
            expected = want.untold or []
        told = have[question]
        if told.shapes != expected:
            seen = told.shapes[0] if len(told.shapes) == len(expected) == 1 else None
            yield f"{words}: expected {_listed(expected)}, observed {_listed(told.shapes)}", seen
        elif question in SPECS and want.dtypes and told.dtypes != _dtypes(want, question):
            names = [text.clean(name, text.NAME_LIMIT) for name in told.dtypes]
            yield f"{words}: expected {_dtypes(want, question)}, observed {names}", None


def _of_model(want: ExpectedSpec, have: Mapping[str, Spec]) -> Iterator[tuple[str, object]]:
    """What is wrong with the model's answers, and the shapes that were stated instead, if any."""
    for question, words in OF_MODEL.items():
        if question not in have:
            yield f"{words}: no answer", None
            continue
        told = have[question]
        if told.shapes != want.shapes:
            yield (
                f"{words}: expected {_listed(want.shapes)}, observed {_listed(told.shapes)}",
                told.shapes,
            )
        elif question in SPECS and want.dtypes and told.dtypes != want.dtypes:
            names = [text.clean(name, text.NAME_LIMIT) for name in told.dtypes]
            yield f"{words}: expected {want.dtypes}, observed {names}", None


def _dtypes(want: ExpectedSpec, question: str) -> list[str]:
    """The dtypes due: attention's scores, which other flags ask for, have that of its answer."""
    if question != "other":
        return want.dtypes
    count = len(want.other)
    return [*want.dtypes, *want.dtypes[:1] * count][:count]


def _listed(shapes: list[Any]) -> str:
    return " ".join(text.shape(shape) for shape in shapes[:4]) or "nothing"
