"""What a case states, against what the reference computes.

Each statement of the source is checked before any framework is asked: where the two disagree, one
of them is wrong, and no verdict may rest on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.acceptance import VALUES
from conformance.cases.model import Case, Params, Shape
from conformance.facets import FACETS
from conformance.reference.engine.dtypes import unit
from conformance.reference.errors import Contradiction, NoAnswer, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.reference.answer.expectation import Expectation, ExpectedCall
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
        raise Contradiction(message)


def check(case: Case, network: Network, run: Run, expectation: Expectation) -> None:
    """Compare everything that the case states with the answer.

    Raises:
        Contradiction: With every disagreement in its message.
    """
    refusals = [trace for trace in run.calls if isinstance(trace, NoAnswer)]
    if case.raises is not None and not refusals:
        message = (
            f"the case states a refusal at {case.raises.at}, the reference accepts and answers "
            f"{network.outputs}"
        )
        raise Contradiction(message)
    if refusals:
        check_refusal(case, refusals[0])
    problems = [
        *_shapes(case, network),
        *_counts(case, network),
        *_weights(case, network),
        *_summary_rows(case, network),
        *_calls(case, expectation),
    ]
    if problems:
        raise Contradiction("; ".join(problems))


def differ(key: str, stated: object, computed: object) -> str:
    """A disagreement, in words."""
    return f"expect.{key}: the case states {stated}, the reference computes {computed}"


def agrees(stated: Shape, computed: Sequence[int | None]) -> bool:
    """Whether a stated shape fits; ``null`` in it stands for any size."""
    return len(stated) == len(computed) and all(
        a is None or a == b for a, b in zip(stated, computed, strict=True)
    )


def _shapes(case: Case, network: Network) -> Iterator[str]:
    expect = case.expect
    if expect.input_shape is not None and not agrees(expect.input_shape, network.inputs[0]):
        yield differ("input_shape", expect.input_shape, network.inputs[0])
    stated: Any = expect.output_shape
    if stated is not None:
        several = bool(stated) and isinstance(stated[0], list)
        shapes = stated if several else [stated]
        if len(shapes) != len(network.outputs) or not all(
            agrees(a, b) for a, b in zip(shapes, network.outputs, strict=True)
        ):
            yield differ("output_shape", stated, network.outputs)
    if expect.layers is None:
        return
    nodes = network.model.layers
    if len(expect.layers) != len(nodes):
        yield differ("layers", f"{len(expect.layers)} layers", f"{len(nodes)}")
        return
    for i, (layer, node) in enumerate(zip(expect.layers, nodes, strict=True)):
        shape, count = network.shapes[node.name], network.counts[node.name]
        if layer.output_shape is not None and not agrees(layer.output_shape, shape):
            yield differ(f"layers[{i}].output_shape ({node.name})", layer.output_shape, shape)
        if layer.params is not None and layer.params != count:
            yield differ(f"layers[{i}].params ({node.name})", layer.params, count)


def _counts(case: Case, network: Network) -> Iterator[str]:
    stated = case.expect.params or Params()
    for name in ("total", "trainable", "non_trainable"):
        number, computed = getattr(stated, name), getattr(network.params, name)
        if number is not None and number != computed:
            yield differ(f"params.{name}", number, computed)


def _weights(case: Case, network: Network) -> Iterator[str]:
    for name, shape in (case.expect.weights or {}).items():
        variable = network.variables.get(name)
        if variable is None:
            yield differ("weights", name, f"only {', '.join(network.variables) or 'none'}")
        elif list(variable.shape) != list(shape):
            yield differ(f"weights.{name}", shape, list(variable.shape))


def _summary_rows(case: Case, network: Network) -> Iterator[str]:
    if case.expect.summary is None:
        return
    nodes = network.model.layers
    if len(case.expect.summary) != len(nodes):
        yield differ("summary", f"{len(case.expect.summary)} rows", f"{len(nodes)}")
        return
    for i, (row, node) in enumerate(zip(case.expect.summary, nodes, strict=True)):
        shape, count = network.shapes[node.name], network.counts[node.name]
        if row.layer != node.layer or row.params != count or not agrees(row.output_shape, shape):
            stated = (row.layer, row.output_shape, row.params)
            yield differ(f"summary[{i}]", stated, (node.layer, shape, count))


def _calls(case: Case, expectation: Expectation) -> Iterator[str]:
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


def stated_values(
    case: Case, calls: Sequence[ExpectedCall], arrays: dict[str, Values]
) -> dict[int, Values]:
    """The literal answer to the first call, by output.

    Raises:
        Contradiction: It is not what the reference computes.
    """
    if case.expect.values is None or not calls:
        return {}
    outputs = calls[0].outputs
    literals = [case.expect.values] if len(outputs) == 1 else list(case.expect.values)
    if len(literals) != len(outputs):
        message = differ("values", f"{len(literals)} outputs", f"{len(outputs)}")
        raise Contradiction(message)
    result: dict[int, Values] = {}
    for j, (literal, output) in enumerate(zip(literals, outputs, strict=True)):
        stated = np.asarray(literal, np.float64)
        truth = arrays[output.tensor]
        if stated.size == 0 and truth.size == 0:
            stated = stated.reshape(truth.shape)
        if stated.shape != truth.shape:
            message = differ("values", f"shape {list(stated.shape)}", list(truth.shape))
            raise Contradiction(message)
        limit = (
            VALUES.peak * unit(output.dtype) * arrays[output.spread].astype(np.float64)
            if output.spread
            else np.zeros(truth.shape)
        )
        apart = ~(np.abs(stated - truth) <= limit) & ~(np.isnan(stated) & np.isnan(truth))
        apart &= stated != truth  # equal infinities
        if apart.any():
            place = tuple(int(i) for i in np.argwhere(apart)[0])
            message = differ(f"values at {list(place)}", float(stated[place]), float(truth[place]))
            raise Contradiction(message)
        result[j] = stated
    return result
