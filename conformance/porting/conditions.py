"""When one of several ways is taken: Keras's arguments whose values tell the ways apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.porting.model import Condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.porting.samples import Sample

_MOST = 2
"""Values that a condition lists at most: more are chance, not a condition."""


def restrictions(mine: Sequence[Sample], others: Sequence[Sample]) -> list[Condition]:
    """Arguments that have few values here and others there: what a way is restricted to.

    Sizes are left out: a number that happens to occur on one side only says nothing.
    """
    return [
        Condition(keras=name, values=_plain(here), always=False)
        for name in _names([*mine, *others])
        if (here := _values(name, mine))
        and (there := _values(name, others))
        and len(here) <= _MOST
        and not _are_sizes(here | there)
        and there - here
        and not _chance(here, mine)
    ]


def occasions(having: Sequence[Sample], lacking: Sequence[Sample]) -> list[Condition]:
    """When something is there, of which some samples have it and others lack it.

    Of several arguments the one that tells the most samples apart.
    """
    best: list[Condition] = []
    most = 0
    for name in _names([*having, *lacking]):
        here, there = _values(name, having), _values(name, lacking)
        if not here or len(here) > _MOST or _are_sizes(here | there):
            continue
        if not here & there:
            return [Condition(keras=name, values=_plain(here), always=True)]
        apart = sum(1 for sample in lacking if _value(name, sample) not in here)
        if apart > most:
            best, most = [Condition(keras=name, values=_plain(here), always=False)], apart
    return best


def _names(samples: Sequence[Sample]) -> list[str]:
    return list(dict.fromkeys(name for sample in samples for name in sample.keras))


def _values(name: str, samples: Sequence[Sample]) -> set[bytes]:
    return {_value(name, sample) for sample in samples}


def _value(name: str, sample: Sample) -> bytes:
    value = sample.keras.get(name)
    # Keras takes padding in upper case as well.
    folded = value.lower() if name == "padding" and isinstance(value, str) else value
    return msgspec.json.encode(folded)


def _are_sizes(values: set[bytes]) -> bool:
    """Whether these are numbers, or lists of them."""
    plain = _plain(values)
    return any(
        isinstance(value, list) or (isinstance(value, (int, float)) and not isinstance(value, bool))
        for value in plain
    )


def _chance(here: set[bytes], mine: Sequence[Sample]) -> bool:
    """Whether so few samples took this way that a single value means nothing."""
    return len(mine) < 3 and len(here) == 1 and _plain(here)[0] not in {None, "array"}  # noqa: PLR2004


def _plain(values: set[bytes]) -> list[Any]:
    return [msgspec.json.decode(value) for value in sorted(values)]
