"""Running an object with a memory through its steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.reference.errors import Unsupported
from conformance.reference.model import data
from conformance.reference.model.arrays import fed
from conformance.reference.model.functions import applied, made
from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Step, Steps
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.model.functions import Find


@dataclass
class StepsRun:
    """What an object answered and held.

    Attributes:
        results: Of each step; None where the step answers nothing.
        states: Every variable after each step, by name.
    """

    results: list[Array | None] = field(default_factory=list)
    states: list[dict[str, Array]] = field(default_factory=list)


def steps_feeds(program: Steps, seed: int) -> dict[str, Values]:
    """What is fed, by the names of docs/architecture.md: each step has numbers of its own."""
    specs = {spec.name: spec for spec in program.inputs}
    feeds = {
        f"variable/{spec.name}": data.input_values(spec, seed, f"variable/{spec.name}", None)
        for spec in program.variables
    }
    for index, step in enumerate(program.steps):
        for name in dict.fromkeys(step.names):
            key = f"step/{index}/{name}"
            feeds[key] = data.input_values(specs[name], seed, key, None)
    return feeds


def run_steps(
    program: Steps,
    feeds: Mapping[str, Values],
    arithmetic: Arithmetic,
    find: Find = table.find,
) -> StepsRun:
    """Make the object, and call it step by step.

    Args:
        program: The object and its steps.
        feeds: What is fed.
        arithmetic: In which to compute.
        find: The definition of a symbol.

    Raises:
        Unsupported: The object, an argument or a method is not in the reference.
    """
    symbol = program.object.layer
    subject = made(symbol, program.object.config, arithmetic, find)
    if program.variables:
        subject.build(
            {
                spec.name: fed(arithmetic, spec, feeds[f"variable/{spec.name}"])
                for spec in program.variables
            }
        )
    specs = {spec.name: spec for spec in program.inputs}
    run = StepsRun()
    for index, step in enumerate(program.steps):
        arrays = {
            name: fed(arithmetic, specs[name], feeds[f"step/{index}/{name}"]) for name in step.names
        }
        run.results.append(_step(program, subject, step, arrays, arithmetic))
        run.states.append(state_of(subject))
    return run


def state_of(subject: Any) -> dict[str, Array]:
    """Every variable of an object, and of what it trains, as it is now."""
    return {**getattr(subject, "values", {}), **subject.variables}


def _step(
    program: Steps, subject: Any, step: Step, arrays: dict[str, Array], arithmetic: Arithmetic
) -> Array | None:
    symbol = program.object.layer
    if step.call == "apply":
        subject.apply({variable: arrays[name] for variable, name in step.tensors.items()})
        return None
    place = [arrays[name] for name in step.inputs]
    keywords = {key: arrays[name] for key, name in step.tensors.items()} | step.arguments
    method = getattr(subject, step.call, None)
    if method is None:
        message = f"{symbol} has no {step.call} in the reference"
        raise Unsupported(message)
    answer = applied(f"{symbol}.{step.call}", method, place, keywords, arithmetic)
    return answer if step.call in {"result", "next"} else None
