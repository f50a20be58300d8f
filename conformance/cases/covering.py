"""Few cases that show every layer with every value of every argument: ``--level covering``.

They are chosen by the rule by which few cases of a file are asked for what is asked again
(:mod:`.repeating`), from all of a folder of the catalogue. What is called in inference and answers
numbers goes first: what an exported file is asked. Only what no such case shows is left for those
that are called in training, or are refused.
"""

from __future__ import annotations

import functools
import operator
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from conformance.cases import combining, repeating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Case

COVERING: Final = "covering"
"""What is said in the place of a level's number."""

HOLDS: Final = "each layer with every value of every argument, in few cases"
"""What is chosen, in words."""


def few_that_cover(cases: Sequence[Case]) -> list[Case]:
    """Few of these cases that together show everything that any of them shows.

    Which they are is told for each of the folders ``layers``, ``ops`` … by itself, so that a run of
    one of them misses nothing that another folder has a case of.

    Args:
        cases: a catalogue, whole and in its order.

    Returns:
        Those that are chosen, in the same order. The same catalogue always gives the same ones.
    """
    folders: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        folders[case.id.partition("/")[0]].append(case)
    chosen: set[str] = set()
    for inside in folders.values():
        chosen.update(_few(inside))
    return [case for case in cases if case.id in chosen]


def _few(cases: Sequence[Case]) -> set[str]:
    """The ids of those that are chosen in one folder."""
    places: dict[repeating.Shown, int] = {}
    rows: list[dict[str, int]] = [{}, {}]
    for case, shown in zip(cases, repeating.shown_by_each(cases), strict=True):
        bits = 0
        for one in shown:
            bits |= 1 << places.setdefault(one, len(places))
        rows[not _is_plain(case)][case.id] = bits
    plain, others = rows
    there = functools.reduce(operator.or_, plain.values(), 0)
    rest = {case_id: bits & ~there for case_id, bits in others.items()}
    return combining.few_that_show_all(plain) | combining.few_that_show_all(rest)


def _is_plain(case: Case) -> bool:
    """Whether numbers are fed, by a call in inference, and numbers are what is answered."""
    program = case.program
    model = program.model
    return (
        case.raises is None
        and not case.unspecified
        and "values" in program.facets
        and model.quantize is None
        and all(call.batch > 0 and not call.training for call in program.calls)
        and all(node.arguments.get("training") is not True for node in model.nodes)
        and all(spec.dtype != "string" for spec in model.inputs)
    )
