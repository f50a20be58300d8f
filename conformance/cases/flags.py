"""What ``training:`` says: with which flag, or through which method, the model itself is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.cases import fields, inputs
from conformance.cases.problems import described
from conformance.cases.reading import Map

if TYPE_CHECKING:
    from conformance.cases.model import Call
    from conformance.cases.problems import Where
    from conformance.cases.reading import Seq

PREDICT = "predict"
MAX_FLAGS = 16


def read_flags(tree: Map, where: Where, calls: list[Call]) -> list[Call] | None:
    """The calls of a case, each with its flag; as many as there are flags.

    Args:
        tree: The case.
        where: Its place.
        calls: Those that its inputs list: one, or one for each flag.

    Returns:
        The calls; None where the log says what is wrong.
    """
    if "training" not in tree:
        return calls
    place = where.value(tree, "training")
    listed = listed_flags(tree["training"], place)
    if listed is None:
        return None
    if len(calls) == 1:
        calls = calls * len(listed)
    if len(calls) != len(listed):
        place.refuse(f"has {len(listed)} flags", expected=f"{len(calls)}: one a call")
        return None
    return [_flagged(call, flag) for call, flag in zip(calls, listed, strict=True)]


def listed_flags(value: object, place: Where) -> Seq | None:
    """The flags, one a call; None where the log says what is wrong with them."""
    listed = fields.items(value, place, "flags, one a call")
    return listed if listed is not None and _sound(listed, place) else None


def _sound(listed: Seq, place: Where) -> bool:
    if not 0 < len(listed) <= MAX_FLAGS:
        place.refuse(f"has {len(listed)} flags", expected=f"1 to {MAX_FLAGS}")
        return False
    for i, flag in enumerate(listed):
        if isinstance(flag, Map):
            if _rows(flag, place.item(listed, i)) is None:
                return False
        elif flag is not None and not isinstance(flag, bool) and flag != PREDICT:
            place.item(listed, i).refuse(
                f"is {described(flag)}", expected="null, true, false, predict or {predict: 2}"
            )
            return False
    predicted = [flag == PREDICT or isinstance(flag, Map) for flag in listed]
    if predicted[0] or predicted != sorted(predicted):
        place.refuse(
            "has a call behind `predict`, or none before",
            expected="calls, and `predict` at the end: the first is made again in other ways",
        )
        return False
    return True


def _rows(flag: Map, where: Where) -> int | None:
    """In batches of how many rows ``predict`` goes."""
    given = fields.mapping(flag, where, (PREDICT,), required=(PREDICT,))
    if given is None or PREDICT not in given:
        return None
    place = where.value(given, PREDICT)
    return fields.whole(
        given[PREDICT], place, least=1, most=inputs.MAX_BATCH, what="a number of rows"
    )


def _flagged(call: Call, flag: object) -> Call:
    if isinstance(flag, Map):
        return msgspec.structs.replace(call, predict=True, predict_rows=int(flag[PREDICT]))
    if flag == PREDICT:
        return msgspec.structs.replace(call, predict=True)
    return msgspec.structs.replace(call, training=flag)
