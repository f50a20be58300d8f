"""A deviation on a few lines of Keras: what a maintainer reads at a glance.

For small cases on Keras, of any backend. Everything is written out: the numbers that go in, those
that must come out, and how far rounding may move each of them.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from conformance.adapters.shared.naming import base_of
from conformance.adapters.worker.failure import Unsupported
from conformance.cases.model import STRING, Steps
from conformance.reference.errors import NoAnswer
from conformance.reference.model.network import Network
from conformance.repro import quantizing
from conformance.repro.data import array, strings
from conformance.repro.keras import listed, model_lines, nests
from conformance.repro.pieces import IMPORTED_BY_KERAS
from conformance.repro.plan import Plan, is_model
from conformance.repro.short_asking import asked, needs_arrays, needs_weights
from conformance.repro.short_parts import TooLong
from conformance.repro.subjects.short import subject_lines
from conformance.repro.subjects.steps import step_shown
from conformance.repro.text import comment, literal
from conformance.repro.versions import install_lines, needed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from conformance.cases.model import Case, Model
    from conformance.reference.answer.store import StoredAnswer
    from conformance.verdicts.model import CellVerdict

__all__ = ["TooLong", "short_script"]

LINES = 25
"""A script is at most so long."""
WIDTH = 99
MOST_NUMBERS = 400
"""Beyond so many in one array, writing them out helps nobody."""

_ANNOUNCED = [
    "for point in [p for d in importlib.metadata.distributions() for p in d.entry_points]:",
    (
        '    if (point.group, point.name) == ("keras.backends", os.environ["KERAS_BACKEND"]): '
        '__import__(point.value.split(".")[0])'
    ),
]
"""Some backends have to be brought to Keras by their own packages, which are imported first."""

_PINNED = [
    "import openvino; plain = openvino.compile_model  # its own default may be bfloat16",
    (
        "openvino.compile_model = lambda model, *_, **__: "
        'plain(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})'
    ),
]

_TOLD = [
    '    found = next((d.version for d in importlib.metadata.distributions(name=name)), "none")',
    (
        '    print(name, found, "" if found.startswith(seen) '
        'else f"(seen with {seen}: it may differ)")'
    ),
]


def short_script(
    case: Case,
    verdict: CellVerdict,
    answer: StoredAnswer,
    *,
    facet: str,
    versions: Mapping[str, str],
) -> str:
    """Write the script.

    Args:
        case: A reduced case.
        verdict: Of an adapter on it.
        answer: The reference's answer, and what was fed.
        facet: The facet to show.
        versions: What the adapter reported.

    Raises:
        TooLong: The adapter, the facet or the size are not for such a script.
    """
    try:
        plan = _plan(case, verdict, answer, facet)
        head = _head(plan, case, versions)
        lines = [*head, *_body(plan, case, answer)]
        if len(lines) > LINES:
            lines = [*head, *_body(plan, case, answer, answered=False)]
    except (Unsupported, NoAnswer, TypeError) as reason:
        raise TooLong(str(reason)) from reason
    if len(lines) > LINES:
        raise TooLong(f"it takes {len(lines)} lines")
    return "\n".join(lines) + "\n"


def _plan(case: Case, verdict: CellVerdict, answer: StoredAnswer, facet: str) -> Plan:
    """What is to be shown.

    Raises:
        TooLong: There are no short scripts of this.
    """
    model, calls = case.program.model, case.program.every_call
    verdicts = {judged.facet: judged for judged in verdict.facets}
    shown = next((i for i, call in enumerate(calls) if call.facet == "batch"), 0)
    if isinstance(case.program, Steps):
        shown = step_shown(case.program, verdicts.get(facet), facet)
    elif facet != "batch":
        shown = 0
    plan = Plan(
        adapter=base_of(verdict.adapter),
        facet=facet,
        program=case.program,
        seed=answer.expectation.seed,
        call=shown,
        network=Network.build(model) if is_model(case.program) and facet != "raises" else None,
        raises=case.raises.at if case.raises and facet == "raises" else "",
        verdicts=verdicts,
        answer=answer,
    )
    if not plan.keras or plan.judged is None:
        raise TooLong(f"short scripts are of Keras's backends, not of {plan.adapter}")
    if not plan.of_model:
        return plan
    if plan.before:
        raise TooLong("it takes an earlier call to see it")
    if plan.said(0):
        raise TooLong("a model that is told a flag takes more than a few lines")
    if any(node.layer == "Lambda" for node in model.nodes):
        raise TooLong("a probing Lambda takes more than a few lines")
    if any(map(nests, model.nodes)):
        raise TooLong("the states of several cells take more than a few lines")
    if len(plan.ordinary) > 1 and facet != "raises" and not plan.structural:
        raise TooLong("it takes several calls to see it")
    return plan


def _head(plan: Plan, case: Case, versions: Mapping[str, str]) -> list[str]:
    """What it is about, and what it was seen with."""
    pinned = needed(versions)
    if len(pinned) > 1 and plan.backend != "numpy":
        pinned.pop("numpy", None)
    standard = ["importlib.metadata"] if plan.old else ["importlib.metadata", "os"]
    lines = [
        comment(f"{case.id} on {plan.adapter}, reduced: {plan.facet}", 180),
        *install_lines(pinned),
        f"import {', '.join(standard)}",
    ]
    if plan.old:
        lines.append("import tf_keras as keras, tensorflow as tf, numpy as np")
    else:
        lines.append(f'os.environ["KERAS_BACKEND"] = {plan.backend!r}')
        if plan.backend not in IMPORTED_BY_KERAS:
            lines += _ANNOUNCED
        if plan.backend == "openvino":
            lines += _PINNED
        lines.append("import keras, numpy as np")
    if pinned:
        while len(loop := f"for name, seen in {literal(pinned)}.items():") > WIDTH and pinned:
            pinned.popitem()
        lines += [loop, *_TOLD]
    return lines


def _body(plan: Plan, case: Case, answer: StoredAnswer, *, answered: bool = True) -> list[str]:
    if not plan.of_model:
        return subject_lines(plan, _array, answered=answered)
    lines = []
    if needs_arrays(plan):
        arrays = [
            strings(spec.data.values)
            if spec.dtype == STRING
            else _array(answer.feeds[f"call/0/{spec.name}"])
            for spec in case.program.model.inputs
        ]
        lines = [f"x = {listed(arrays)}"]
    model = _compact(model_lines(case.program.model, named=False, old=plan.old))
    weights = _weights(case.program.model, answer) if needs_weights(plan) else []
    weights += quantizing.lines(case.program.model.quantize)
    return [*lines, *asked(plan, model, weights, _array, answered=answered)]


def _compact(lines: list[str]) -> list[str]:
    """The statements that build a model, on as few lines as its width allows."""
    if lines[-1] != "])":
        return lines
    start = max(at for at, line in enumerate(lines) if line.startswith("model = "))
    parts = [line.strip().removesuffix(",") for line in lines[start + 1 : -1]]
    return [*lines[:start], *_packed(lines[start], parts)]


def _packed(begin: str, parts: list[str]) -> list[str]:
    """A list in a call, ``begin`` up to its bracket, on as few lines as its width allows."""
    lines = [begin]
    for at, part in enumerate(parts):
        text = part + ("])" if at == len(parts) - 1 else ",")
        longer = f"{lines[-1]}{' ' if at else ''}{text}"
        if at == 0 or len(longer) <= WIDTH:
            lines[-1] = longer
        else:
            lines.append(f"    {text}")
    return lines


def _weights(model: Model, answer: StoredAnswer) -> list[str]:
    """All variables, in the order in which Keras takes them.

    Raises:
        TooLong: The order of the layers is Keras's own matter.
    """
    if model.form == "application":
        raise TooLong("its weights have to be set layer by layer")
    network = Network.build(model)
    learned = network.learned
    names = list(network.drawn)
    if not names or all(name in learned for name in names):
        return []
    if learned or not _in_order(model, network):
        raise TooLong("its weights have to be set layer by layer")
    arrays = [_array(answer.feeds[f"weight/{name}"]) for name in names]
    return _packed("model.set_weights([", arrays)


def _in_order(model: Model, network: Network) -> bool:
    """Whether Keras has the layers in the case's order, as it sorts them from first to last."""
    if model.form == "sequential":
        return True
    depth: dict[str, int] = {}
    for node in reversed(model.nodes):
        behind = [
            depth[other.owner]
            for other in model.nodes
            if any(name == node.name or name.startswith(f"{node.name}.") for name in _taken(other))
            and other.owner in depth
        ]
        depth[node.owner] = max(depth.get(node.owner, 0), 1 + max(behind, default=0))
    weighted = dict.fromkeys(name.split("/")[0] for name in network.drawn)
    depths = [depth[node] for node in weighted]
    return all(one > other for one, other in itertools.pairwise(depths))


def _taken(node: Any) -> list[str]:
    passed = [names if isinstance(names, list) else [names] for names in node.tensors.values()]
    return [*node.inputs, *(name for names in passed for name in names)]


def _array(values: NDArray[Any]) -> str:
    """An array as source.

    Raises:
        TooLong: It is none that helps a reader.
    """
    if values.size > MOST_NUMBERS:
        raise TooLong(f"{values.size} numbers are too many to write out")
    return array(values)
