"""``unspecified``: what no documentation says, and which facet of the case that is about.

Nothing of such a case is right or wrong. So it is asked one facet, whose answer is recorded, and
none of the keys that state what must come out can stand beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from conformance.cases import fields
from conformance.cases.model import Graph, kind_of
from conformance.cases.problems import described
from conformance.cases.reading import Map
from conformance.cases.steps import ANSWERING
from conformance.cases.subjects import has_floats

if TYPE_CHECKING:
    from conformance.cases.model import Program
    from conformance.cases.problems import Where

FACETS: Final[dict[str, tuple[str, ...]]] = {
    "model": ("values", "gradients", "mask", "state", "losses"),
    "function": ("values", "gradients"),
    "steps": ("values", "state"),
}
"""What can be left unsaid of each kind of program, by the facet that is asked for it."""

EVERY: Final = tuple(dict.fromkeys(facet for facets in FACETS.values() for facet in facets))
"""All of these facets."""

_STATED: Final = ("raises", "expect", "equals", "random", "exchange", "without")
"""Keys that mean nothing where no answer is right or wrong."""

_TRAINING: Final = ("train", "targets")
"""Keys that mean nothing where what training does is not what is asked."""

_TRAINED: Final = frozenset({"state", "losses"})


class Unsaid(NamedTuple):
    """What a case says that no documentation says."""

    text: str = ""
    """Empty: the case is an ordinary one."""
    facet: str = ""
    """What it is about; empty: what the subject answers with."""


def read(tree: Map, where: Where) -> Unsaid:
    """What is not documented of what a case asks.

    Args:
        tree: The case.
        where: Its place.
    """
    if "unspecified" not in tree:
        return Unsaid()
    place, written = where.value(tree, "unspecified"), tree["unspecified"]
    for key in _STATED:
        if key in tree:
            where.key(tree, key).refuse("is beside `unspecified`, where no answer is wrong")
    facet = ""
    if isinstance(written, Map):
        if len(written) != 1:
            place.refuse(
                f"names {len(written)} facets",
                expected="the one that is asked for, such as {gradients: what is not said}",
            )
            return Unsaid()
        facet = next(iter(written))
        if facet not in EVERY:
            where_key = place.key(written, facet)
            where_key.refuse(
                f"{described(facet)} can't be unspecified", expected=f"one of {', '.join(EVERY)}"
            )
            return Unsaid()
        place, written = place.value(written, facet), written[facet]
    for key in _TRAINING:
        if key in tree and facet not in _TRAINED:
            where.key(tree, key).refuse(
                "is beside `unspecified`, which asks for no training",
                hint="{losses: …} and {state: …} do",
            )
    return Unsaid(fields.text(written, place, "what is not said") or "", facet)


def asked(program: Program, unsaid: Unsaid, tree: Map, where: Where) -> Program | None:
    """The program, asked what is not said of it and nothing else; None where it can't be.

    Args:
        program: Of the case.
        unsaid: What is not said.
        tree: The case.
        where: Its place.
    """
    if not unsaid.text:
        return program
    facet = unsaid.facet or _of_the_subject(program)
    if unfit := _unfit(program, facet):
        where.key(tree, "unspecified").refuse(unfit)
        return None
    if isinstance(program, Graph):
        return msgspec.structs.replace(program, facets=[facet], extra=[])
    return msgspec.structs.replace(program, facets=[facet])


def _unfit(program: Program, facet: str) -> str:
    """Why a program has no such facet; empty where it has."""
    kind = kind_of(program)
    if kind not in FACETS:
        return f"is about an {kind}: say it of a layer in it"
    if facet not in FACETS[kind]:
        what = "object" if kind == "steps" else kind
        return f"is about {facet}, which no {what} has: it is one of {', '.join(FACETS[kind])}"
    if facet == "losses" and program.train is None:
        return "is about losses, and nothing is trained: write `train`"
    if facet == "gradients" and not has_floats(program.model):
        return "is about gradients, and no input is of floats"
    return ""


def _of_the_subject(program: Program) -> str:
    """What a subject answers with: an optimizer answers nothing, and moves what it trains."""
    answers = isinstance(program, Graph) or any(one.call in ANSWERING for one in program.steps)
    return "values" if answers else "state"
