"""The key ``random``: that a layer's draws are looked at, on how many numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cases import fields, inputs
from conformance.cases.model import Random

if TYPE_CHECKING:
    from conformance.cases.models import Read
    from conformance.cases.problems import Where
    from conformance.cases.reading import Map

FARTHER = 1000
"""From a layer's seed to the other one, where the case names none."""
MAX_NUMBERS = 2**20
"""Numbers of one input that are drawn for; each answer to them travels four times."""


def read_random(value: object, where: Where, read: Read) -> Random | None:
    """``{rows: 4096}``, for a model of one layer whose ``seed`` is a whole number.

    ``other`` is the seed that must draw otherwise.
    """
    given = fields.mapping(value, where, ("rows", "other"), required=("rows",))
    if given is None or "rows" not in given:
        return None
    place = where.value(given, "rows")
    rows = fields.whole(
        given["rows"], place, least=1, most=inputs.MAX_BATCH, what="a number of rows"
    )
    if len(read.model.nodes) != 1 or len(read.model.inputs) != 1:
        where.refuse("needs a model of one layer and one input")
        return None
    node = read.model.nodes[0]
    seed = node.config.get("seed")
    if isinstance(seed, bool) or not isinstance(seed, int):
        where.refuse(
            f"needs a {node.layer} with a seed",
            expected="a whole number as its argument `seed`",
        )
        return None
    other = _other(given, where, seed)
    if rows is None or other is None:
        return None
    numbers = rows
    for size in read.model.inputs[0].shape:
        numbers *= size
    if numbers > MAX_NUMBERS:
        place.refuse(f"makes {numbers:,} numbers", expected=f"at most {MAX_NUMBERS:,}")
        return None
    return Random(rows=rows, other=other)


GENERATOR = "SeedGenerator"
"""What stands for a number where a seed is an object: ``{SeedGenerator: {seed: 7}}``."""


def read_seed(value: object, where: Where, read: Read) -> Random | None:
    """``{other: 8}`` of a function with a seed: it says itself how many numbers it draws."""
    given = fields.mapping(value, where, ("other",))
    if given is None:
        return None
    node = read.model.nodes[0]
    seed = _number({**node.config, **node.arguments}.get("seed"))
    if seed is None:
        where.refuse(
            f"needs {node.layer} with a seed",
            expected=f"`seed: 7`, or `seed: {{{GENERATOR}: {{seed: 7}}}}`",
        )
        return None
    other = _other(given, where, seed)
    return None if other is None else Random(other=other)


def _number(seed: object) -> int | None:
    """The whole number that a seed is, or that its generator begins with."""
    if isinstance(seed, dict) and [*seed] == [GENERATOR]:
        config = seed[GENERATOR]
        seed = config.get("seed") if isinstance(config, dict) else None
    return seed if isinstance(seed, int) and not isinstance(seed, bool) else None


def _other(given: Map, where: Where, seed: int) -> int | None:
    """The seed that must draw otherwise."""
    if "other" not in given:
        return seed + FARTHER
    place = where.value(given, "other")
    other = fields.whole(given["other"], place, least=0, most=2**31 - 1, what="another seed")
    if other == seed:
        place.refuse("is the layer's own seed", expected="another")
    return other
