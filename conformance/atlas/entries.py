"""What recorded runs answered where nobody documents an answer, case by case."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from conformance.cases.model import Graph, Steps
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.cases.model import InputSpec, Json, Node, Train
    from conformance.records import Run
    from conformance.records.model import CaseLine

UNTOLD = frozenset({"unsupported", "not-installed", "not-run"})
"""Outcomes that are no answer."""


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One case that knows no right answer."""

    case: str
    """Its id."""
    digest: str
    """What the case is, by content."""
    call: str
    """What is asked, as it would be written: ``ops.clip([1, 2], x_min=3, x_max=0)``."""
    facet: str = "values"
    """Which facet is recorded of it."""
    unsaid: str
    """What no documentation says."""
    answers: dict[str, str]
    """By adapter what it answered, in words."""


class Atlas(Struct, frozen=True, kw_only=True):
    """All of them, with the versions that answered."""

    versions: dict[str, str]
    """By adapter: ``keras 3.15.1, torch 2.13.0``."""
    entries: list[Entry]


def atlas_of(runs: Iterable[Run]) -> Atlas:
    """Collect what runs answered; of a later run counts what an earlier one tells too.

    Args:
        runs: Recorded runs, brief ones are enough.
    """
    lines: dict[str, CaseLine] = {}
    answers: dict[str, dict[str, str]] = defaultdict(dict)
    versions: dict[str, str] = {}
    for run in runs:
        for case, adapter in run.planned():
            line = run.cases.get(case)
            cell = run.cells.get((case, adapter))
            if line is None or cell is None or not line.unspecified:
                continue
            if lines.get(case, line).digest != line.digest:
                answers.pop(case, None)  # another case by the same name
            lines[case] = line
            outcome = cell.verdict.outcome
            if outcome == "unspecified":
                answers[case][adapter] = cell.verdict.message
            elif outcome in FAILING and outcome not in UNTOLD:
                answers[case][adapter] = f"({outcome})"
            told = run.adapters.get(adapter)
            if told is not None:
                versions[adapter] = ", ".join(f"{k} {v}" for k, v in told.versions.items())
    return Atlas(
        versions=dict(sorted(versions.items())),
        entries=[
            Entry(
                case=case,
                digest=lines[case].digest,
                call=call_of(lines[case]),
                facet=facet_of(lines[case]),
                unsaid=lines[case].unspecified,
                answers=dict(sorted(given.items())),
            )
            for case, given in sorted(answers.items())
        ],
    )


def facet_of(line: CaseLine) -> str:
    """Which facet is recorded of a case."""
    return next(iter(getattr(line.program, "facets", ())), "values")


def call_of(line: CaseLine) -> str:
    """Write what a case asks: ``ops.take([1, 2], indices=[5])``.

    Of a layer it is made and then called, with what the model itself is told behind it; of an
    object each step.
    """
    program = line.program
    if isinstance(program, Steps):
        return "; ".join(_steps(program))
    if not isinstance(program, Graph):
        return line.id
    model = program.model
    inputs = {spec.name: spec for spec in model.inputs}
    layers = model.form != "function"
    told = [_call(node, inputs, made=layers and not node.is_function) for node in model.nodes]
    told += [f"{name} = {_literal(value)}" for name, value in program.given.items()]
    flags: list[Json] = [one.training for one in program.calls]
    if any(flag is not None for flag in flags):
        told.append(f"training={_literal(flags if len(flags) > 1 else flags[0])}")
    if program.train is not None:
        told += _training(program.train)
    return "; ".join(told)


def _training(train: Train) -> Iterator[str]:
    yield f"{train.optimizer.name}, {train.loss.name}, {train.steps} steps"
    beside = {"sample_weight": train.sample_weight, "class_weight": train.class_weight}
    yield from (f"{key}={_literal(value)}" for key, value in beside.items() if value is not None)
    for target in train.targets:
        if target.data.values is not None:
            yield f"targets={_literal(target.data.values)}"


def _steps(program: Steps) -> Iterator[str]:
    made = ", ".join(f"{key}={_literal(value)}" for key, value in program.object.config.items())
    inputs = {spec.name: spec for spec in program.inputs}
    yield f"{program.object.layer}({made})"
    for spec in program.variables:
        yield f"{spec.name} = {_array(spec.name, {spec.name: spec})}"
    for step in program.steps:
        arrays = [_array(name, inputs) for name in step.inputs]
        arrays += [f"{name}={_array(given, inputs)}" for name, given in step.tensors.items()]
        arrays += [f"{key}={_literal(value)}" for key, value in step.arguments.items()]
        yield f"{step.call}({', '.join(arrays)})"


def _call(node: Node, inputs: dict[str, InputSpec], *, made: bool) -> str:
    arrays = [_array(name, inputs) for name in node.inputs]
    for position, (name, given) in enumerate(node.tensors.items()):
        written = _array(given, inputs)
        arrays.append(written if position == 0 and not node.inputs else f"{name}={written}")
    literals = [f"{key}={_literal(value)}" for key, value in node.arguments.items()]
    config = ", ".join(f"{key}={_literal(value)}" for key, value in node.config.items())
    config = f"({config})" if node.config or made else ""
    return f"{node.layer}{config}({', '.join([*arrays, *literals])})"


def _array(given: Any, inputs: dict[str, InputSpec]) -> str:
    if isinstance(given, list):
        return f"[{', '.join(_array(one, inputs) for one in given)}]"
    if not isinstance(given, str) or given not in inputs:
        return str(given)
    spec = inputs[given]
    numbers = _literal(spec.data.values) if spec.data.values is not None else str(spec.shape)
    plain = "float32" if spec.data.values is not None else ""
    return numbers if spec.dtype == plain else f"{spec.dtype}({numbers})"


def _literal(value: Json) -> str:
    """A literal as Python has it; NaN and infinities are written as words in a case."""
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.lstrip("+-") not in {"nan", "inf"}:
        return repr(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
