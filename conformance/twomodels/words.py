"""What the terminal and the page say alike of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.twomodels.result import Layer, Mistake, Result, Training

_HUGE, _MANY = 1e6, 10.0
LISTED = 8
"""Layers that are named in one line."""
_ORDERS = {(0, 3, 1, 2), (0, 4, 1, 2, 3), (0, 2, 1), (0, 2, 3, 1), (0, 2, 3, 4, 1)}
"""Orders of axes by which channels are moved: first to last or last to first."""


def headline(result: Result) -> str:
    """The result in one sentence."""
    if result.equal:
        trained = result.training
        behind = (
            f", and after {trained.steps} steps of {trained.optimizer}"
            if trained is not None and trained.agrees
            else ""
        )
        return f"The models are equal: rounding explains every difference{behind}"
    if result.undecided:
        return "The models are equal in inference; of their training nothing can be said"
    if result.mistakes:
        first = result.mistakes[0]
        more = len(result.mistakes) - 1
        rest = f", and {more} more" if more else ""
        where = f"at {first.layer} ({first.kind})" if first.layer else "in their outputs"
        seen = "first seen" if first.suspects and first.layer else "first"
        return f"The models differ: {seen} {where}{rest}"
    if result.training is not None and result.training.agrees is False:
        return "The models are equal in inference and differ in training"
    return "The models differ"


def times(margin: float | None) -> str:
    """How far off, in words: ``0.3 of what rounding may do``."""
    if margin is None:
        return "off by more than any rounding"
    if margin <= 1:
        return f"{margin:.2f} of what rounding may do"
    if margin >= _HUGE:
        return "over a million times what rounding may do"
    digits = 0 if margin >= _MANY else 1
    return f"{margin:,.{digits}f} times what rounding may do"


def used(margin: float | None) -> str:
    """The same as a number for a table."""
    if margin is None:
        return ""
    return f"{margin:.2g}" if margin < _HUGE else f"> {_HUGE:.0e}"


def relative(error: float | None) -> str:
    """The largest difference over the largest number."""
    return "" if error is None else f"largest difference {error:.2g} of the largest number"


def answer(layer: Layer) -> str:
    """Which answer of the other model a layer is held against."""
    if not layer.answer:
        return ""
    told = layer.answer
    notes = [layer.stage] if layer.stage else []
    if layer.axes:
        moved = tuple(layer.axes) in _ORDERS
        notes.append("channels moved" if moved else f"axes {layer.axes}")
    if layer.paired_by == "order":
        notes.append("by order and shape")
    return f"{told} ({', '.join(notes)})" if notes else told


def grouped(mistakes: Sequence[Mistake]) -> list[tuple[Mistake, list[str]]]:
    """Each mistake once, with the other layers in which it is made."""
    found: dict[tuple[str, str, str], tuple[Mistake, list[str]]] = {}
    for place, one in enumerate(mistakes):
        known = (one.kind, one.name, one.hint) if one.name else (str(place), "", "")
        if known in found:
            found[known][1].append(one.layer)
        else:
            found[known] = one, []
    return list(found.values())


def reason(mistake: Mistake, others: Sequence[str] = ()) -> list[str]:
    """What is said of one mistake, line by line.

    Args:
        mistake: The mistake.
        others: Further layers in which it is made.
    """
    lines = []
    sized = [times(mistake.margin), relative(mistake.error)]
    where = f"seen at {mistake.shown_by}: " if mistake.shown_by else ""
    lines.append(where + ", ".join(part for part in sized if part))
    if mistake.behaves_as_if:
        lines.append(f"it behaves as if it {mistake.behaves_as_if}")
        lines += [f"or as if it {one}" for one in mistake.also]
    else:
        lines.append("no mistake that is known gives this answer")
        if mistake.suspects:
            further = len(mistake.suspects) - LISTED
            named = ", ".join(mistake.suspects[-LISTED:])  # the nearest are the last
            before = f", or one of {further} layers before them" if further > 0 else ""
            lines.append(f"it can be any of {named}{before}")
    if mistake.hint:
        lines += mistake.hint.split("\n")
    if others:
        rest = f" and {len(others) - LISTED} more" if len(others) > LISTED else ""
        lines.append(f"the same in {', '.join(others[:LISTED])}{rest}")
    if mistake.guide:
        lines.append(f"see {mistake.guide}")
    return lines


def trained(training: Training) -> str:
    """What came of training, in one sentence."""
    if training.agrees is None:
        if training.message:
            return f"Training was not compared: {training.message}"
        return f"After {training.steps} steps of {training.optimizer}: nothing can be said"
    alike = training.losses_margin is not None and training.losses_margin <= 1
    said = "the losses agree, the answers differ" if alike else "losses and answers differ"
    if training.agrees:
        said = "losses and answers agree"
    return f"After {training.steps} steps of {training.optimizer} {said}"
