"""Where a case can't fail, whatever a framework does wrong: its data don't show it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from conformance.cases.model import Data, Graph
from conformance.detecting.counting import is_asked
from conformance.detecting.planting import dropped
from conformance.detecting.seeing import Witness, shows
from conformance.reference.answer.answer import evaluate
from conformance.reference.errors import Contradiction, NoAnswer
from conformance.reference.faults.applicable import explanations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Case
    from conformance.reference.answer.book import Answer

LARGEST: Final = 2**18
"""Numbers that a case feeds, weights included, up to which it is looked at: each argument takes
another pass through the model."""

_FIRST_VALUES: Final = "_initializer"
_IGNORED: Final = "ignored:"


class Argument(NamedTuple):
    """An argument that a case gives, and whether the case sees that it is ignored."""

    layer: str
    name: str
    seen: bool


class Weakness(NamedTuple):
    """Something in which a case can't fail: its key in the case, and why."""

    key: str
    message: str
    expected: str = ""


def is_too_large(answer: Answer) -> bool:
    """Whether a case is passed over, as looking would take minutes."""
    return sum(array.size for array in answer.feeds.values()) > LARGEST


def weaknesses(case: Case, answer: Answer) -> Iterator[Weakness]:
    """What a case can't see, but for its arguments.

    Args:
        case: The case.
        answer: The reference's to it.
    """
    if case.raises is not None or case.unspecified:
        return
    yield from _constant(case, answer)
    program = case.program
    if isinstance(program, Graph) and program.twin is not None:
        yield from _alike(case, program)


def arguments(case: Case, answer: Answer) -> Iterator[Argument]:
    """The arguments that a case gives, each with whether it sees that one is ignored.

    Left out are those of which the case can't tell: what an initializer gives is looked at in few
    cases of a file, and an argument that is written at its default may as well be ignored.
    """
    if case.raises is not None or case.unspecified:
        return
    if is_asked(case):
        witness = Witness(case)
        for plant in dropped(case):
            owner, name = plant.argument
            if name.endswith(_FIRST_VALUES) and "initial" not in case.program.facets:
                continue
            seen = witness.sees(plant)
            if seen is not None:
                yield Argument(owner, name, seen)
        return
    for fault in explanations(case):
        owner, _, name = fault.name.removeprefix(_IGNORED).rpartition(".")
        if fault.name.startswith(_IGNORED) and owner:
            yield Argument(owner, name, shows(case, answer, fault))


def _constant(case: Case, answer: Answer) -> Iterator[Weakness]:
    calls = answer.expectation.calls
    if not calls or not case.program.model.inputs:
        return
    for index, output in enumerate(calls[0].outputs):
        truth = answer.arrays.get(output.tensor)
        if truth is None or math.prod(truth.shape) < 2:  # noqa: PLR2004 - one number is no pattern
            continue
        first = truth.flat[0]
        if np.isnan(truth).all() or (truth == first).all():
            yield Weakness(
                "",
                f"every number of output {index} is {first.item()}: what goes wrong on the way "
                "there hardly shows",
                expected="data of which different numbers come",
            )


def _alike(case: Case, program: Graph) -> Iterator[Weakness]:
    twin = program.twin
    if twin is None:
        return
    if twin.model == program.model and twin.input_axes is None and twin.output_axes is None:
        yield Weakness("equals", "is the same model once more, which can only answer alike")
        return
    inputs = [
        msgspec.structs.replace(one, data=Data()) if "float" in one.dtype else one
        for one in program.model.inputs
    ]
    plain = msgspec.structs.replace(program.model, inputs=inputs)
    drawn = msgspec.structs.replace(program, model=plain, given={}, initial=False, weights="normal")
    if drawn == program:
        return
    stated = msgspec.structs.replace(case.expect, values=None, influence=None)
    try:
        evaluate(msgspec.structs.replace(case, program=drawn, expect=stated))
    except Contradiction as contradiction:
        if any(one.key == "equals" for one in contradiction.statements):
            yield Weakness(
                "equals",
                "the two models differ, and these data don't show it: on drawn numbers their "
                "answers are not the same",
                expected="data: normal and drawn weights",
            )
    except NoAnswer:
        return
