"""What a script asks of a model as it is made: what each variable holds, or how it is drawn.

The numbers of a draw are those of the run, as Python's generator begins with the case's name there
and here. Each statistic of them stands beside the limit that the suite sets for so many draws.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.acceptance import UNITS
from conformance.adapters.worker.failure import Unsupported
from conformance.repro import data
from conformance.repro.drawing import within
from conformance.repro.text import literal
from conformance.verdicts import bounds
from conformance.verdicts.initial import FARTHEST, blur_of, ends_of, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.reference.answer.expectation import (
        Expected,
        ExpectedInitial,
        ExpectedLaw,
        ExpectedPart,
    )
    from conformance.reference.answer.store import StoredAnswer
    from conformance.repro.plan import Plan

_SHOWN = ("", "range of ", "reach of ", "mean of ", "size of ")
"""How checks begin that a script makes, before what they are about."""

_STEPS = 200
"""Of a bisection: more than a number in float64 has digits to find."""


def initial_lines(plan: Plan, build: list[str]) -> list[str]:
    """Statements that build a model anew, and hold what its variables are made with to the truth.

    Args:
        plan: What is shown.
        build: Statements that build the model.

    Returns:
        The statements, about the parts that fail; about all where none does.

    Raises:
        Unsupported: The reference's answer is not at hand, or what fails takes more than a script.
    """
    answer = plan.answer
    if answer is None or not answer.expectation.initial or plan.network is None:
        raise Unsupported("the record keeps no law of this; without --run it is computed anew")
    of_layer: dict[str, int] = {}
    places = {}
    for name in plan.network.variables:
        layer = name.split("/")[0]
        places[name] = (layer, of_layer.setdefault(layer, 0))
        of_layer[layer] += 1
    judged = plan.judged
    wrong = [one.what for one in judged.comparisons if one.message] if judged else []
    checks: list[str] = []
    for one in answer.expectation.initial:
        for what, place, part in parts_of(one):
            if wrong and not {f"{check}{what}" for check in _SHOWN} & {*wrong}:
                continue
            layer, at = places[one.name]
            where = "" if place is None else f"[..., {place.start}:{place.stop}]"
            own = f"as_numpy(model.get_layer({literal(layer)}).weights[{at}]){where}"
            lines = list(_checked(answer, one, part))
            if lines:
                checks += [f"made = np.asarray({own}, np.float64)  # {one.name}", *lines]
    if not checks:
        raise Unsupported(f"the check of {wrong[0] if wrong else 'it'} takes more than a script")
    return [
        "# What is given no seed takes one out of Python's generator.",
        f"random.seed({literal(plan.program.case)})",
        *build,
        *checks,
    ]


def _checked(answer: StoredAnswer, one: ExpectedInitial, part: ExpectedPart) -> Iterator[str]:
    if part.values is not None:
        yield from _values(answer, part.values)
    elif part.law is not None:
        size = math.prod([*one.shape[:-1], part.size or one.shape[-1]] if one.shape else [])
        if size:
            yield from _law(part.law, size, UNITS[one.dtype])


def _values(answer: StoredAnswer, one: Expected) -> Iterator[str]:
    array = np.asarray(answer.arrays[one.tensor], np.float64)
    alike = array.size and (array == array.flat[0]).all()
    if not alike and array.size > data.LITERAL:
        return
    expected = repr(float(array.flat[0])) if alike else f"np.array({literal(array.tolist())})"
    # NaN is within nothing.
    yield f"wrong = ~(np.abs(made - {expected}) <= {within(answer, one)})"
    yield 'assert not wrong.any(), f"{wrong.sum()} numbers are wrong, first {made[wrong][0]}"'


def _law(law: ExpectedLaw, count: int, unit: float) -> Iterator[str]:
    """Where the draws lie, how far they reach, and their moments."""
    kind = bounds.LAWS[law.law]
    low, high = ends_of(law)
    blur = blur_of(law, unit)
    yield f"theta = (made - {law.location!r}) / {law.scale!r}"
    yield f"inside = (theta >= {low - blur!r}) & (theta <= {high + blur!r})"
    yield (
        'assert inside.all(), f"{(~inside).sum()} of {made.size} numbers lie out of bounds, '
        'the first is {made[~inside][0]}"'
    )
    least = _edge(lambda far: bounds.all_within(kind, far + blur + bounds.GRID, count), FARTHEST)
    yield "largest = np.abs(theta).max()  # by chance each limit is passed once in 10^15 times"
    yield f'assert largest >= {least!r}, f"no number is further out than {{largest}} deviations"'
    mean = blur + _edge(lambda off: -bounds.mean_tail(kind, off, count), FARTHEST, rising=True)
    yield f'assert abs(theta.mean()) <= {mean!r}, f"the mean is {{made.mean()}}"'
    room = blur * (2 * kind.deviation + blur)
    ends = [
        kind.deviation**2
        + sign * (room + _edge(_tail(kind, sign, count), FARTHEST**2, rising=True))
        for sign in (-1, 1)
    ]
    yield "square = np.square(theta).mean()"
    yield (
        f"assert {max(ends[0], 0.0)!r} <= square <= {ends[1]!r}, "
        'f"the standard deviation is {square**0.5} times its unit"'
    )


def _tail(kind: bounds.Law, sign: int, count: int) -> Callable[[float], float]:
    return lambda off: -bounds.square_tail(kind, sign * off, count)


def _edge(odds: Callable[[float], float], high: float, *, rising: bool = False) -> float:
    """Where the logarithm of a probability comes to that of an alarm, by bisection.

    Args:
        odds: The logarithm, which rises with its argument; where ``rising``, its negative does.
        high: Where it is above; at 0 it is below.
        rising: Whether ``odds`` is the negative.
    """
    level = -math.log(bounds.ALARM) if rising else math.log(bounds.ALARM)
    low = 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if odds(middle) < level else (low, middle)
    return high
