"""Facets that compare shapes, names, counts and dtypes: all of them exact."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from conformance.verdicts import text
from conformance.verdicts.comparison import dtype_name
from conformance.verdicts.evidence import Evidence, structural, wrong_number
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.adapters.host.observation import Output, Weight
    from conformance.reference.answer.expectation import ExpectedCall, ExpectedWeight
    from conformance.verdicts.model import FacetVerdict

    Shape = Sequence[int | None]

_STORED_AS: Final = {"bfloat16": {"bfloat16", "float32"}}
"""Dtypes in which an array may travel, where NumPy has none of the name."""

_COUNTS: Final = ("total", "trainable", "non_trainable")


def symbolic_shape(evidence: Evidence) -> FacetVerdict:
    """Judge the shapes that the framework states before it has seen any data.

    ``None`` must be ``None``: a model that fixes a size which the document leaves open does not
    take what the document says it takes. Nodes that the case doesn't know (input layers) are not
    looked at.
    """
    expected = evidence.expectation.symbolic
    observed = evidence.part(evidence.observation.symbolic, "the symbolic shapes")
    faults = [
        *_shapes("input", expected.inputs, observed.inputs),
        *_shapes("output", expected.outputs, observed.outputs),
    ]
    for node, shape in expected.nodes.items():
        if node not in observed.nodes:
            faults.append(f"node {node}: no shape stated")
        elif observed.nodes[node] != shape:
            faults.append(_differs(f"node {node}", shape, observed.nodes[node]))
    faults += [
        f"output {index}: expected {want}, observed {text.clean(have, text.NAME_LIMIT)}"
        for index, (want, have) in enumerate(zip(expected.dtypes, observed.dtypes, strict=False))
        if want != have
    ]
    dtypes = ({"dtypes": one.dtypes} if expected.dtypes else {} for one in (expected, observed))
    return structural(
        "symbolic_shape",
        faults,
        {"inputs": expected.inputs, "outputs": expected.outputs, "nodes": expected.nodes}
        | next(dtypes),
        {
            "inputs": observed.inputs,
            "outputs": observed.outputs,
            "nodes": {node: observed.nodes.get(node) for node in expected.nodes},
        }
        | next(dtypes),
    )


def weights(evidence: Evidence) -> FacetVerdict:
    """Judge the model's variables: names, shapes, dtypes, which train, and their order.

    Where names or shapes differ, the case's weights can't have been set, and what depends on their
    numbers is blocked.
    """
    expected = evidence.expectation.weights
    observed = evidence.part(evidence.observation.weights, "the list of weights")
    faults = _variables(expected, observed)
    evidence.misplaced = Counter((w.name, tuple(w.shape)) for w in expected) != Counter(
        (w.name, tuple(w.shape)) for w in observed
    )
    if not faults and [w.name for w in expected] != [w.name for w in observed]:
        faults.append(
            f"order: expected {text.listed(w.name for w in expected)}, "
            f"observed {text.listed(_name(w) for w in observed)}"
        )
    return structural(
        "weights",
        faults,
        [[w.name, w.shape, w.dtype, w.trainable] for w in expected],
        [[w.name, w.shape, w.dtype, w.trainable] for w in observed],
    )


def _name(weight: Weight) -> str:
    return text.clean(weight.name, text.NAME_LIMIT)


def _variables(expected: list[ExpectedWeight], observed: list[Weight]) -> list[str]:
    by_name = {weight.name: weight for weight in observed}
    faults = []
    for want in expected:
        have = by_name.get(want.name)
        if have is None:
            faults.append(f"{want.name}: missing")
            continue
        if have.shape != want.shape:
            faults.append(_differs(want.name, want.shape, have.shape))
        if have.dtype != want.dtype:
            dtype = text.clean(have.dtype, text.NAME_LIMIT)
            faults.append(f"{want.name}: expected {want.dtype}, observed {dtype}")
        if have.trainable != want.trainable:
            state = "trainable" if want.trainable else "not trainable"
            faults.append(f"{want.name}: expected to be {state}, observed the opposite")
    wanted = {weight.name for weight in expected}
    faults += [f"{_name(have)}: not expected" for have in observed if have.name not in wanted]
    seen = Counter(weight.name for weight in observed)
    faults += [
        f"{text.clean(name, text.NAME_LIMIT)}: {count} variables of one name"
        for name, count in seen.items()
        if count > 1
    ]
    return faults


def params(evidence: Evidence) -> FacetVerdict:
    """Judge the parameter counts, of the model and of each node that the adapter can see."""
    expected = evidence.expectation.params
    observed = evidence.part(evidence.observation.params, "the parameter counts")
    want, have = _counts(expected), _counts(observed)
    faults = _wrong_counts(want, have)
    for node, count in evidence.expectation.nodes.items():
        if observed.nodes.get(node, count) != count:
            seen = text.count(observed.nodes[node])
            faults.append(f"node {node}: expected {text.count(count)}, observed {seen}")
    return structural("params", faults, want, have)


def _counts(counts: Any) -> dict[str, int]:
    """Return the counts that are stated, by their name."""
    stated = {name: getattr(counts, name) for name in _COUNTS}
    return {name: count for name, count in stated.items() if count is not None}


def _wrong_counts(want: dict[str, int], have: dict[str, int]) -> list[str]:
    return [
        f"{name.replace('_', '-')}: expected {text.count(count)}, observed {text.count(have[name])}"
        for name, count in want.items()
        if have[name] != count
    ]


def shape(evidence: Evidence) -> FacetVerdict:
    """Judge the shapes of the outputs of every call, and of the nodes that the adapter sees."""
    faults: list[str] = []
    observed: list[list[list[int]]] = []
    calls = evidence.calls("values")
    for index, expected in calls:
        prefix = _prefix(index, calls)
        result = evidence.call(index)
        observed.append([output.shape for output in result.outputs])
        if len(result.outputs) != len(expected.outputs):
            faults.append(wrong_number(prefix, len(expected.outputs), len(result.outputs)).message)
            continue
        for number, (want, have) in enumerate(zip(expected.outputs, result.outputs, strict=True)):
            what = f"{prefix}output {number}"
            actual = list(evidence.array(have.tensor, what).shape)
            if have.shape != want.shape:
                faults.append(_differs(what, want.shape, have.shape))
            elif actual != want.shape:
                faults.append(f"{_differs(what, want.shape, actual)} in the array itself")
        faults += [
            _differs(f"{prefix}node {node}", sizes, result.nodes[node])
            for node, sizes in expected.nodes.items()
            if result.nodes.get(node, sizes) != sizes
        ]
    return structural(
        "shape", faults, [[want.shape for want in call.outputs] for _, call in calls], observed
    )


def dtype(evidence: Evidence) -> FacetVerdict:
    """Judge the dtypes of the outputs of every call, as stated and as sent."""
    faults = []
    observed: list[list[str]] = []
    calls = evidence.calls("values")
    for index, expected in calls:
        outputs = evidence.call(index).outputs
        observed.append([output.dtype for output in outputs])
        for number, (want, have) in enumerate(zip(expected.outputs, outputs, strict=False)):
            what = f"{_prefix(index, calls)}output {number}"
            fault = _wrong_dtype(evidence, what, want.dtype, have)
            if fault:
                faults.append(fault)
    return structural(
        "dtype", faults, [[want.dtype for want in call.outputs] for _, call in calls], observed
    )


def _wrong_dtype(evidence: Evidence, what: str, want: str, have: Output) -> str:
    stated = text.clean(have.dtype, text.NAME_LIMIT)
    if have.dtype != want:
        return f"{what}: expected {want}, observed {stated}"
    sent = dtype_name(evidence.array(have.tensor, what).dtype)
    if sent not in _STORED_AS.get(want, {want}):
        return f"{what}: said to be {stated}, but sent as {sent}"
    return ""


def probes(evidence: Evidence) -> FacetVerdict:
    """Judge the shapes, batch axis included, that probing Lambda layers saw."""
    faults = []
    observed = []
    calls = evidence.calls("values")
    for index, expected in calls:
        seen = evidence.call(index).probes
        observed.append(seen)
        for probe, sizes in expected.probes.items():
            what = f"{_prefix(index, calls)}probe {probe}"
            if probe not in seen:
                faults.append(f"{what}: expected to see {text.shape(sizes)}, was not called")
            elif seen[probe] != sizes:
                faults.append(_differs(what, sizes, seen[probe]))
    return structural("probes", faults, [call.probes for _, call in calls], observed)


def summary(evidence: Evidence) -> FacetVerdict:
    """Judge the rows of ``model.summary()``, without those of inputs, and its totals."""
    expected = evidence.expectation.summary
    if expected is None:
        raise ReferenceFaultError("it states no summary")
    observed = evidence.part(evidence.observation.summary, "the summary")
    want = [(row.layer, row.output_shape, row.params) for row in expected.rows]
    have = [(row.layer, row.output_shape, row.params) for row in observed.rows]
    faults = []
    if len(want) != len(have):
        faults.append(f"expected {len(want)} rows, observed {len(have)}")
    for number, (one, other) in enumerate(zip(want, have, strict=False), start=1):
        if one != other:
            faults.append(f"row {number}: expected {_row(*one)}, observed {_row(*other)}")
    totals = {name: getattr(observed, name) for name in _COUNTS}
    faults += _wrong_counts(_counts(expected.params), totals)
    return structural("summary", faults, list(map(list, want)), list(map(list, have)))


def _row(layer: str, sizes: Shape, count: int) -> str:
    return f"{text.clean(layer, text.NAME_LIMIT)} {text.shape(sizes)} {text.count(count)}"


def _prefix(index: int, calls: Sequence[tuple[int, ExpectedCall]]) -> str:
    """Name the call where there is more than one."""
    return f"call {index} " if len(calls) > 1 else ""


def _shapes(what: str, expected: Sequence[Shape], observed: Sequence[Shape]) -> Iterable[str]:
    if len(expected) != len(observed):
        yield f"expected {len(expected)} {what}s, observed {len(observed)}"
    for index, (want, have) in enumerate(zip(expected, observed, strict=False)):
        if list(want) != list(have):
            yield _differs(f"{what} {index}", want, have)


def _differs(what: str, expected: Shape, observed: Shape) -> str:
    return f"{what}: expected {text.shape(expected)}, observed {text.shape(observed)}"
