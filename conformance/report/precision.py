"""What a run says first: which adapters are coarser than float32, as declared or against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wording.text import one_line

if TYPE_CHECKING:
    from conformance.records.model import AdapterLine
    from conformance.records.reader import Run


def precision_lines(run: Run) -> list[str]:
    """A line for each adapter that isn't held to float32, or isn't what it declares."""
    lines = [_line(run.adapters[name]) for name in run.header.plan if name in run.adapters]
    return [line for line in lines if line]


def precision_head(run: Run) -> str:
    """The same in a few words, to begin the headline with; empty where all is float32."""
    adapters = [run.adapters[name] for name in run.header.plan if name in run.adapters]
    wrong = [one_line(line.name) for line in adapters if line.imprecise]
    if wrong:
        return f"Not in the declared precision: {', '.join(wrong)}. "
    coarse = [f"{one_line(line.name)} ({_operations(line)})" for line in adapters if line.lowered]
    return f"With more room, as declared: {', '.join(coarse)}. " if coarse else ""


def _line(line: AdapterLine) -> str:
    name = one_line(line.name)
    if line.imprecise:
        return (
            f"Precision: {name} {one_line(line.imprecise)}. Nothing is given more room for it: "
            "what fails may be that alone."
        )
    if line.lowered:
        return (
            f"Precision: {name} is declared {one_line(line.precision)}: {_operations(line)}. "
            "What comes of these operations is given that much room, all else float32's."
        )
    if line.status == "ready" and line.precision not in {"float32", "float64"}:
        return (
            f"Precision: {name} is declared {one_line(line.precision)} and delivers float32: "
            "nothing is given more room."
        )
    return ""


def _operations(line: AdapterLine) -> str:
    return ", ".join(f"{one_line(name)} in {one_line(how)}" for name, how in line.lowered.items())
