"""What recorded runs answered where nobody documents an answer, case by case."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.cases.model import InputSpec, Json, Node
    from conformance.records import Run
    from conformance.records.model import CaseLine

UNTOLD = frozenset({"unsupported", "not-installed", "not-run"})
"""Outcomes that are no answer."""


class Entry(Struct, frozen=True, kw_only=True):
    """One case that knows no right answer."""

    case: str
    """Its id."""
    digest: str
    """What the case is, by content."""
    call: str
    """What is asked, as it would be written: ``ops.clip([1, 2], x_min=3, x_max=0)``."""
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
                unsaid=lines[case].unspecified,
                answers=dict(sorted(given.items())),
            )
            for case, given in sorted(answers.items())
        ],
    )


def call_of(line: CaseLine) -> str:
    """Write what a case asks: ``ops.take([1, 2], indices=[5])``."""
    model = getattr(line.program, "model", None)
    if model is None:
        return line.id
    inputs = {spec.name: spec for spec in model.inputs}
    return "; ".join(_call(node, inputs) for node in model.nodes)


def _call(node: Node, inputs: dict[str, InputSpec]) -> str:
    arrays = [_array(name, inputs) for name in node.inputs]
    for position, (name, given) in enumerate(node.tensors.items()):
        written = _array(given, inputs)
        arrays.append(written if position == 0 and not node.inputs else f"{name}={written}")
    literals = [f"{key}={_literal(value)}" for key, value in node.arguments.items()]
    made = ", ".join(f"{key}={_literal(value)}" for key, value in node.config.items())
    made = f"({made})" if node.config else ""
    return f"{node.layer}{made}({', '.join([*arrays, *literals])})"


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
