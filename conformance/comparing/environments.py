"""What changed between the environments of two columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.comparing.model import CellChange, Change, Column, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.records.model import AdapterLine

_CAUSED: frozenset[Change] = frozenset({"regression", "fixed", "drift"})
"""Changes of behaviour: what must have a cause."""


def changed(old: AdapterLine | None, new: AdapterLine | None) -> list[Version]:
    """List what is not the same: distributions first, then what they run on.

    Args:
        old: the adapter as it introduced itself in OLD; None where it never did.
        new: the same in NEW.
    """
    if old is None or new is None:
        return []
    found = _differences(old.versions, new.versions, "")
    found += _differences(_platform(old), _platform(new), "")
    found += _differences(old.settings, new.settings, "setting ")
    return found


def attribute(changes: Iterable[CellChange], columns: Iterable[Column]) -> list[CellChange]:
    """Say of every change of behaviour what it may be due to: what changed in its environment.

    Where a case changed in the same way on several adapters, what changed on all of them is named
    rather than what changed on one. Nothing is concluded from an adapter on which it did not
    change: a new Keras may well break one backend alone.
    """
    lines = list(changes)
    by_adapter = {column.adapter: [str(v) for v in column.versions] for column in columns}
    common: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line.change in _CAUSED:
            here = by_adapter[line.adapter]
            before = common.get((line.case, line.change), here)
            common[line.case, line.change] = [what for what in before if what in here]
    return [
        replace(line, because=common[line.case, line.change] or by_adapter[line.adapter])
        if line.change in _CAUSED
        else line
        for line in lines
    ]


def _platform(line: AdapterLine) -> dict[str, str]:
    return {
        "status": line.status,
        "python": line.python,
        "platform": line.platform,
        "precision": line.precision,
    }


def _differences(old: Mapping[str, str], new: Mapping[str, str], prefix: str) -> list[Version]:
    return [
        Version(what=f"{prefix}{name}", old=old.get(name, ""), new=new.get(name, ""))
        for name in dict.fromkeys([*new, *old])
        if old.get(name, "") != new.get(name, "")
    ]
