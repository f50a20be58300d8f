"""How much an answer may say: checked where it is read, so that nothing behind has to ask.

A schema bounds neither depth nor length where a field may hold anything, and what a process tells
of itself goes into the record as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.adapters.host.observation import Built, Observation

MESSAGE: Final = 4 * 2**20
"""Characters of a message's JSON. The largest of the suite's own adapters takes a tenth of it."""

HELLO: Final = 256 * 2**10
"""Likewise of what an adapter says of itself, all of which goes into the record."""

DEPTH: Final = 64
"""Lists and mappings inside each other, as in case files."""

TEXT: Final = 20_000
"""Characters of one text, or of one name, where it is kept as it is."""

VALUES: Final = 20_000
"""Values of what is kept as it is."""


def excess(observation: Observation, calls: int) -> str:
    """Say in what an answer goes beyond what it may say; empty where it doesn't.

    Args:
        observation: The answer.
        calls: How many were made of the model.
    """
    for where, built in (("", observation), ("twin.", observation.twin)):
        if built is not None and len(built.calls) > calls:
            return f"{where}calls answers {len(built.calls):,} calls of {calls} that were made"
    left = VALUES
    for where, value in _kept(observation):
        left, wrong = _walked(value, left)
        if wrong:
            return f"{where} {wrong}"
    return ""


def contradiction(observation: Observation) -> str:
    """Say in what an answer contradicts itself, so that nothing of it can be judged."""
    if observation.status == "error" and observation.error is None:
        return "its status is 'error', and it gives no error"
    if observation.error is not None and _answers(observation):
        return "it gives an error of the whole case, and answers calls all the same"
    return ""


def _answers(built: Built) -> bool:
    return any(call.outputs for call in built.calls)


def _kept(observation: Observation) -> Iterator[tuple[str, Any]]:
    """What goes into the record, or is compared, as it is; where it stands."""
    if observation.seconds:
        yield "seconds", observation.seconds
    for index, native in enumerate(observation.native):
        where = f"native[{index}]"
        yield where, [native.node, native.symbol, native.note, native.weights]
        yield f"{where}.arguments", native.arguments
        yield f"{where}.keras", native.keras
        for call in native.calls:
            yield f"{where}.calls", [call.symbol, call.arguments, call.defaults]
    if (config := observation.config) is not None:
        yield "config.made", config.made
        yield "config.rebuilt", config.rebuilt
        yield "config.loaded", config.loaded


def _walked(value: Any, left: int) -> tuple[int, str]:
    """How many values are still allowed, and what is wrong with this one."""
    level: list[Any] = [value]
    for _ in range(DEPTH):
        deeper: list[Any] = []
        for one in level:
            kind = type(one)
            if kind is str:
                if len(one) > TEXT:
                    return left, f"has a text of {len(one):,} characters; {TEXT:,} are allowed"
            elif kind is dict:
                deeper.extend(one)
                deeper.extend(one.values())
            elif kind is list:
                deeper.extend(one)
        left -= len(deeper)
        if left < 0:
            return left, f"has too many values; an answer may keep {VALUES:,}"
        if not deeper:
            return left, ""
        level = deeper
    return left, _too_deep(level)


def _too_deep(level: Iterable[Any]) -> str:
    if any(isinstance(one, dict | list) for one in level):
        return f"is nested more than {DEPTH} levels deep"
    return ""
