"""A choice of faults that spreads over files, functions and kinds, the same for the same seed."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from planting.edits import Edit
    from planting.fields import Field

_IN_OWN: Final = 0.7
"""The share of the faults that are planted in a field's own files; the rest in what they run."""


def choose(
    candidates: Iterable[Edit],
    field: Field,
    number: int,
    seed: int,
    fits: Callable[[Edit], bool],
) -> list[Edit]:
    """So many of them, in an order in which any beginning is spread as well.

    A field's own files take turns, of what they run functions; each gives the kind that was taken
    least so far, of a function that was taken least.

    Args:
        candidates: Edits to choose from.
        field: What they are of.
        number: How many, at most.
        seed: The same one chooses the same.
        fits: Whether one may be chosen; asked of few, in their order.
    """
    rng = random.Random(seed)  # noqa: S311 - drawn alike for everybody
    own: dict[str, list[Edit]] = defaultdict(list)
    below: dict[str, list[Edit]] = defaultdict(list)
    for one in candidates:
        if one.file.startswith(field.own):
            own[one.file].append(one)
        else:
            below[f"{one.file}:{one.function}"].append(one)
    taken: Counter[str] = Counter()
    begun: Counter[str] = Counter()
    turns = [_turns(own, rng), _turns(below, rng)]
    chosen: list[Edit] = []
    while len(chosen) < number and any(turns):
        share = sum(one.file.startswith(field.own) for one in chosen) < _IN_OWN * (len(chosen) + 1)
        turn = turns[0 if (share and turns[0]) or not turns[1] else 1]
        group = turn.pop(0)
        one = _next(group, taken, begun, rng)
        group.remove(one)
        if group:
            turn.append(group)
        if not fits(one):
            continue
        taken[one.kind] += 1
        begun[f"{one.file}:{one.function}"] += 1
        chosen.append(one)
    return chosen


def _turns(groups: dict[str, list[Edit]], rng: random.Random) -> list[list[Edit]]:
    named = sorted(groups)
    rng.shuffle(named)
    return [groups[name] for name in named]


def _next(
    group: Sequence[Edit], taken: Counter[str], begun: Counter[str], rng: random.Random
) -> Edit:
    kinds = sorted({one.kind for one in group})
    rng.shuffle(kinds)
    kind = min(kinds, key=taken.__getitem__)
    fitting = [one for one in group if one.kind == kind]
    least = min(begun[f"{one.file}:{one.function}"] for one in fitting)
    return rng.choice([one for one in fitting if begun[f"{one.file}:{one.function}"] == least])
