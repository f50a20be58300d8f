"""What a case states, against what the reference computes.

Each statement of the source is checked before any framework is asked: where the two disagree, one
of them is wrong, and no verdict may rest on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.cases.model import Case, Params, Shape
from conformance.facets import FACETS
from conformance.reference.answer import stated
from conformance.reference.errors import Contradiction, NoAnswer, Refused, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.reference.answer.expectation import Expectation
    from conformance.reference.engine.array import Values
    from conformance.reference.model.execution import Run
    from conformance.reference.model.network import Network


def claimed(case: Case) -> list[str]:
    """Facets that the source itself speaks of.

    Where it says nothing in particular, ``values``; without these, all that is asked.
    """
    program, expect = case.program, case.expect
    said = {key for key in expect.__struct_fields__ if getattr(expect, key) not in (None, False)}
    if expect.layers is not None and any(one.params is not None for one in expect.layers):
        said.add("params")
    beside = {
        "raises": case.raises,
        "equals": program.twin,
        "train": program.train,
        "random": program.random,
        "exchange": program.exchange,
        "clone": getattr(program, "clone", None),
    }
    said.update(key for key, there in beside.items() if there is not None)
    facets = {name for name, facet in FACETS.items() if not said.isdisjoint(facet.stated_by)}
    if len(program.calls) > 1:
        facets.add("values")
    asked = [facet for facet in program.facets if facet in facets]
    if asked or "values" in program.facets:
        return asked or ["values"]
    return list(program.facets)


def check_refusal(case: Case, refusal: Refused) -> None:
    """A refusal must be what the case expects.

    Raises:
        Contradiction: It expects an answer, or a refusal at another stage.
    """
    if case.raises is None:
        message = f"the case expects an answer, the reference refuses at {refusal.at}: {refusal}"
        raise Contradiction(message)
    if case.raises.at != refusal.at:
        message = (
            f"the case states a refusal at {case.raises.at}, the reference refuses at "
            f"{refusal.at}: {refusal}"
        )
        raise Contradiction([Statement("raises", message)])


def check(  # noqa: PLR0913 (an answer, and what else of it is known)
    case: Case,
    network: Network,
    run: Run,
    expectation: Expectation,
    arrays: dict[str, Values],
    *,
    beside: Sequence[Statement] = (),
) -> None:
    """Compare everything that the case states with the answer.

    Args:
        case: The case.
        network: Its model.
        run: What the model did.
        expectation: The answer.
        arrays: The answer's arrays.
        beside: What has been found not to hold already.

    Raises:
        Contradiction: With everything that doesn't hold.
    """
    refusals = [trace for trace in run.calls if isinstance(trace, NoAnswer)]
    if case.raises is not None and not refusals:
        message = (
            f"the case states a refusal at {case.raises.at}, the reference accepts and answers "
            f"{network.outputs}"
        )
        raise Contradiction([Statement("raises", message)])
    if refusals:
        check_refusal(case, refusals[0])
    problems = [
        *_shapes(case, network),
        *_counts(case, network),
        *_weights(case, network),
        *_summary_rows(case, network),
        *_calls(case, expectation),
        *stated.disagreements(case, expectation.calls, arrays),
        *beside,
    ]
    if problems:
        raise Contradiction(problems)


def differ(key: str, stated: object, computed: object, of: str = "") -> Statement:
    """A disagreement, in words.

    Args:
        key: What is stated, below ``expect``.
        stated: By the case.
        computed: By the reference.
        of: The layer that it is stated of.
    """
    said = f"the case states {stated}, the reference computes {computed}"
    return Statement(f"expect.{key}", f"{said} ({of})" if of else said)


def agrees(stated: Shape, computed: Sequence[int | None]) -> bool:
    """Whether a stated shape fits; ``null`` in it stands for any size."""
    return len(stated) == len(computed) and all(
        a is None or a == b for a, b in zip(stated, computed, strict=True)
    )


def _shapes(case: Case, network: Network) -> Iterator[Statement]:
    expect = case.expect
    if expect.input_shape is not None and not agrees(expect.input_shape, network.inputs[0]):
        yield differ("input_shape", expect.input_shape, network.inputs[0])
    said: Any = expect.output_shape
    if said is not None:
        several = bool(said) and isinstance(said[0], list)
        shapes = said if several else [said]
        if len(shapes) != len(network.outputs) or not all(
            agrees(a, b) for a, b in zip(shapes, network.outputs, strict=True)
        ):
            yield differ("output_shape", said, network.outputs)
    if expect.layers is None:
        return
    nodes = network.model.layers
    if len(expect.layers) != len(nodes):
        yield differ("layers", f"{len(expect.layers)} layers", f"{len(nodes)}")
        return
    for i, (layer, node) in enumerate(zip(expect.layers, nodes, strict=True)):
        shape, count = network.shapes[node.name], network.counts[node.name]
        if layer.output_shape is not None and not agrees(layer.output_shape, shape):
            yield differ(f"layers.{i}.output_shape", layer.output_shape, shape, node.name)
        if layer.params is not None and layer.params != count:
            yield differ(f"layers.{i}.params", layer.params, count, node.name)


def _counts(case: Case, network: Network) -> Iterator[Statement]:
    stated = case.expect.params or Params()
    for name in ("total", "trainable", "non_trainable"):
        number, computed = getattr(stated, name), getattr(network.params, name)
        if number is not None and number != computed:
            yield differ(f"params.{name}", number, computed)


def _weights(case: Case, network: Network) -> Iterator[Statement]:
    for name, shape in (case.expect.weights or {}).items():
        variable = network.variables.get(name)
        if variable is None:
            yield differ(f"weights.{name}", "it", f"only {', '.join(network.variables) or 'none'}")
        elif list(variable.shape) != list(shape):
            yield differ(f"weights.{name}", shape, list(variable.shape))


def _summary_rows(case: Case, network: Network) -> Iterator[Statement]:
    if case.expect.summary is None:
        return
    nodes = network.model.layers
    if len(case.expect.summary) != len(nodes):
        yield differ("summary", f"{len(case.expect.summary)} rows", f"{len(nodes)}")
        return
    for i, (row, node) in enumerate(zip(case.expect.summary, nodes, strict=True)):
        shape, count = network.shapes[node.name], network.counts[node.name]
        if row.layer != node.layer or row.params != count or not agrees(row.output_shape, shape):
            said = (row.layer, row.output_shape, row.params)
            yield differ(f"summary.{i}", said, (node.layer, shape, count))


def _calls(case: Case, expectation: Expectation) -> Iterator[Statement]:
    if not expectation.calls:
        return
    first = expectation.calls[0]
    for name, shape in (case.expect.probes or {}).items():
        if first.probes.get(name) != list(shape):
            yield differ(f"probes.{name}", shape, first.probes.get(name))
    if case.expect.dtype is not None:
        found = [output.dtype for output in first.outputs]
        if any(dtype != case.expect.dtype for dtype in found):
            yield differ("dtype", case.expect.dtype, found)
