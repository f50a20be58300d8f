"""What went wrong in one cell: its causes in order, each with what it has in common with its like.

A facet that fails because an earlier one does is no cause of its own: wrong values have wrong
gradients. What the ledger knows is put together as the ledger has it, since a person has looked
at it; anything else by what an exception says, or by the layer that answers wrongly.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from conformance.facets import FACETS
from conformance.verdicts.capabilities import CAPABILITIES_SAY
from conformance.wording.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.bringup.model import Kind
    from conformance.verdicts.model import CellVerdict, FacetVerdict, Known

_KINDS: Final = {facet.name: cast("Kind", facet.wrong) for facet in FACETS.values()}

SEVERAL: Final = frozenset(kind for kind, n in Counter(_KINDS.values()).items() if n > 1)
"""Kinds that do not tell which facet it is."""

_ANSWERS: Final = frozenset({"values", "raises"})
"""Facets without which a case says nothing."""

_RAISED: Final = ": raised: "
_TYPE: Final = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)(?:: |$)")
_MISSING: Final = (
    re.compile(r"module ['\"]([\w.]+)['\"] has no attribute ['\"](\w+)['\"]"),
    re.compile(r"type object ['\"]([\w.]+)['\"] has no attribute ['\"](\w+)['\"]"),
    re.compile(r"['\"]([\w.]+)['\"] object has no attribute ['\"](\w+)['\"]"),
    re.compile(r"No module named ['\"]()([\w.]+)['\"]"),
    re.compile(r"cannot import name ['\"]()(\w+)['\"]"),
    re.compile(r"name ['\"]()(\w+)['\"] is not defined"),
)
_VALUES: Final = frozenset(
    (
        "NoneType",
        "bool",
        "dict",
        "float",
        "function",
        "int",
        "list",
        "method",
        "set",
        "str",
        "tuple",
    )
)
"""Types whose want of an attribute says that something else was expected there."""
_UNIMPLEMENTED: Final = re.compile(
    r"not (?:yet )?(?:implemented|supported|available)|unsupported|NotImplemented", re.IGNORECASE
)
_QUOTED: Final = re.compile(r"[`'\"]([A-Za-z_][\w.]*)(?:\(\))?[`'\"]")
_IN: Final = re.compile(r"\(in (\S+) of ([\w.]+)\)$")
_REFUSED: Final = (
    re.compile(r"(?:([\w.<>]+)\(\) )?got an unexpected keyword argument ['\"](\w+)['\"]"),
    re.compile(r"(?:([\w.<>]+)\(\) )?got multiple values for argument ['\"](\w+)['\"]"),
    re.compile(r"([\w.<>]+)\(\) (missing \d+ required [\w-]+ arguments?: .+)"),
    re.compile(r"([\w.<>]+)\(\) (takes .+ but \d+ (?:was|were) given)"),
    re.compile(r"Unrecognized keyword arguments passed to ()([\w.]+: .+)"),
    re.compile(r"([\w.<>]+)\(\): (incompatible function arguments)"),
)
_OWN: Final = (
    (re.compile(r"\(at /\S+\)|0x[0-9a-f]+"), "…"),
    (re.compile(r"[\[(](?:\s*-?[\d.]+\s*,?)+[\])]"), "(…)"),
    (re.compile(r"=[^\s,;]+"), "=…"),
    (re.compile(r"-?\b\d[\d.,_]*\b"), "…"),
)
"""What differs from case to case in a message: addresses, shapes, values, numbers."""
_QUOTATION: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
"""Names and values; but of an attribute that is not there, which it is."""


class Fault(NamedTuple):
    """One cause in one cell."""

    kind: Kind
    facet: str
    common: str
    """What it has in common with its like."""
    told: str
    """The same in its own words."""
    message: str
    """What the verdict says."""
    frames: tuple[str, ...] = ()
    entry: Known | None = None
    """What the ledger says of it."""
    by_layer: bool = False
    """Whether its like is told by the layer that it shows in, too."""


class Faults(NamedTuple):
    """What went wrong in one cell."""

    found: list[Fault]
    """In order; one that follows from another is left out."""
    blocked: bool
    """Whether something was not judged because of it."""
    unasked: list[tuple[str, str]]
    """Facets that could not be asked, each with the reason."""
    unsupported: bool = False
    """Whether the adapter says that it can't answer what the case is about."""


def faults(verdict: CellVerdict, known: Sequence[Known]) -> Faults:
    """Tell what went wrong in a cell.

    Args:
        verdict: as it was judged, before any ledger was applied.
        known: the ledger's entries that cover something of it.
    """
    facets = verdict.facets
    blocked = any(one.outcome == "blocked" for one in facets)
    unasked = [(one.facet, one.message) for one in facets if one.outcome == "unsupported"]
    found = list(_failing(facets, known))
    lost = CAPABILITIES_SAY in verdict.message and not found
    if reasons := _lacking_answers(verdict, unasked, lost=lost):
        of_them = [_unsupported(reason) for reason in dict.fromkeys(reasons.values())]
        told = reasons.values()  # what is mended for one facet is for the others
        rest = [(facet, why) for facet, why in unasked if lost and why not in told]
        return Faults([*of_them, *found], bool(found) and blocked, rest, unsupported=not lost)
    if not found and verdict.outcome in {"fail", "error", "crash", "timeout"}:
        found = [_whole(verdict, known)]
    return Faults(found, blocked, unasked)


def _lacking_answers(
    verdict: CellVerdict, unasked: Sequence[tuple[str, str]], *, lost: bool
) -> dict[str, str]:
    """Why a cell does not answer what it is about, by facet; empty where it does.

    Args:
        verdict: of the cell.
        unasked: its unsupported facets.
        lost: whether it would pass or be unsupported, if a capability file did not state that the
            adapter supports what it doesn't answer.
    """
    if lost:
        whole = verdict.message.partition(CAPABILITIES_SAY)[0].removeprefix("unsupported: ")
        told = {facet: reason for facet, reason in unasked if f"{facet}: {reason}" in whole}
        return told or {"": whole}
    told = {facet: reason for facet, reason in unasked if facet in _ANSWERS}
    if not told and verdict.outcome == "unsupported":
        told = {"": verdict.message}
    return told


def _failing(facets: Sequence[FacetVerdict], known: Sequence[Known]) -> Iterator[Fault]:
    wrong = {one.facet for one in facets if one.outcome in {"fail", "error"}}
    for one in facets:
        if one.facet in wrong and wrong.isdisjoint(_explained_by(one.facet)):
            yield _fault(one, next((k for k in known if _covers(k, one.facet)), None))


def _explained_by(facet: str) -> frozenset[str]:
    """The facets whose failure explains this one's."""
    return FACETS[facet].explained_by if facet in FACETS else frozenset()


def _covers(known: Known, facet: str) -> bool:
    return not known.facets or facet in known.facets


def _fault(facet: FacetVerdict, entry: Known | None) -> Fault:
    kind: Kind = _KINDS.get(facet.facet, "exception")
    raised = facet.message.partition(_RAISED)[2]
    frames, message = tuple(facet.raised_in), one_line(facet.message)
    if raised:
        kind, common, told = _of_exception(raised, kind, frames)
        return Fault(kind, facet.facet, common, told, message, frames, entry)
    told = f"behaves like: {one_line(facet.behaves_like)}" if facet.behaves_like else ""
    return Fault(kind, facet.facet, told, told, message, entry=entry, by_layer=True)


def _whole(verdict: CellVerdict, known: Sequence[Known]) -> Fault:
    """A cell without any facet that failed: its process died, or no answer came in time."""
    kind: Kind = "exception"
    if verdict.outcome in {"crash", "timeout"}:
        kind = "crash" if verdict.outcome == "crash" else "timeout"
    told = one_line(verdict.message)
    return Fault(kind, "", "", "", told, entry=next(iter(known), None), by_layer=True)


def _unsupported(reason: str) -> Fault:
    told = one_line(reason)
    place = _IN.search(told)
    name = f"{place[2]}.{place[1]}" if place else _named(told)
    if name:
        return Fault("missing function", "", name, name, told)
    return Fault("unsupported", "", _common(told), told, told)


def _of_exception(raised: str, kind: Kind, frames: tuple[str, ...]) -> tuple[Kind, str, str]:
    """Of which kind an exception is, what it has in common with its like, and it in its words."""
    told = one_line(raised, 400)
    found = _TYPE.match(told)
    name = found[1] if found else ""
    if absent := _absent(told):
        return "missing function", absent, absent
    for pattern in _REFUSED:
        if refused := pattern.search(told):
            owner, argument = refused.groups()
            said = f"{owner}: {argument}" if owner else argument
            return "refused argument", said, said
    if name == "NotImplementedError":
        at = frames[0].partition(" (")[0] if frames else ""
        named = _named(told) or at or _common(told)
        return "missing function", named, named
    kind = kind if kind == "wrong gradients" else "exception"
    return kind, _common(told), told


def _named(told: str) -> str:
    """The function of which a text says that it is not there; empty where it names none."""
    if absent := _absent(told):
        return absent
    if not _UNIMPLEMENTED.search(told):
        return ""
    quoted = _QUOTED.search(told)
    return quoted[1] if quoted else ""


def _absent(told: str) -> str:
    """The attribute, name or module that an exception says is not there; else empty."""
    for pattern in _MISSING:
        missing = pattern.search(told)
        if missing and missing[1] not in _VALUES:
            return ".".join(filter(None, missing.groups()))
    return ""


def _common(told: str) -> str:
    if not told.startswith("AttributeError"):
        told = _QUOTATION.sub("'…'", told)
    for pattern, instead in _OWN:
        told = pattern.sub(instead, told)
    return one_line(told)
