"""What the cases don't ask of Keras, as one list: each with its namespace and its reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from conformance.facets import FACETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.coverage.measure import Coverage

LAYERS = "layers"
_CONDITION = re.compile(r"(?:`[^`]*`|[^`:;])*")
"""The beginning of what :attr:`Facet.when` says; behind it stands what is asked for then."""


class Gap(Struct, frozen=True, kw_only=True):
    """One thing that no case asks of Keras."""

    namespace: str
    """Without ``keras.``; ``keras`` of what stands in no other namespace."""
    kind: Literal["whole", "argument", "facet"]
    """What of the subject isn't asked: all of it, one argument, one facet."""
    subject: str
    """A layer, function or object, without its namespace."""
    part: str = ""
    """The argument, that of a call as ``call.mask``; or the facet."""
    reason: str
    pending: bool
    """Whether the reason is only that no case does yet: it isn't left out on purpose."""


class Namespace(Struct, frozen=True, kw_only=True):
    """A namespace of Keras, and what of it isn't asked."""

    name: str
    subjects: list[str]
    """Everything that it holds, without the namespace."""
    gaps: list[Gap]
    beyond: bool = False
    """Whether it holds nothing that a case could be about."""

    @property
    def asked(self) -> list[str]:
        """The subjects that cases are about."""
        whole = {gap.subject for gap in self.gaps if gap.kind == "whole"}
        return [one for one in self.subjects if one not in whole]


PENDING = "No case yet."


def missing(found: Coverage) -> list[Namespace]:
    """List what no case asks for, by namespace.

    Args:
        found: What the cases exercise of a Keras, and what is left out.

    Returns:
        Layers first, then the namespaces of functions and objects, then those that no case can be
        about, each by name.
    """
    spaces = [_layers(found)]
    facets: dict[str, list[Gap]] = {}
    for gap in _facets(found):
        facets.setdefault(gap.namespace, []).append(gap)
    spaces[0].gaps.extend(facets.get(LAYERS, ()))
    for one in found.namespaces:
        exempt = [_exempt(one.namespace, key, why) for key, why in one.exempt.items()]
        gaps = [
            *(gap for gap in exempt if gap.kind == "whole"),
            *(_gap(one.namespace, "whole", name) for name in one.untouched),
            *(gap for gap in exempt if gap.kind == "argument"),
            *(
                _gap(one.namespace, "argument", _short(symbol.symbol), argument)
                for symbol in one.touched
                for argument in symbol.uncovered
            ),
            *facets.get(one.namespace, ()),
        ]
        subjects = {_short(symbol.symbol) for symbol in one.symbols}
        subjects |= {gap.subject for gap in exempt if gap.kind == "whole"}
        spaces.append(Namespace(name=one.namespace, subjects=sorted(subjects), gaps=gaps))
    for other in found.elsewhere:
        gaps = [_gap(other.namespace, "whole", name, why=other.reason) for name in other.names]
        spaces.append(Namespace(name=other.namespace, subjects=other.names, gaps=gaps, beyond=True))
    return spaces


def _layers(found: Coverage) -> Namespace:
    gaps = [
        _gap(LAYERS, "whole", layer.layer, why=layer.out_of_scope)
        for layer in found.layers
        if layer.out_of_scope is not None or not layer.cases
    ]
    for layer in found.layers:
        # Of a layer that no case builds, it is the layer that is missing.
        why = {**layer.exempt, **dict.fromkeys(layer.uncovered)} if layer.cases else {}
        gaps += [_gap(LAYERS, "argument", layer.layer, key, why=why[key]) for key in why]
    return Namespace(name=LAYERS, subjects=[layer.layer for layer in found.layers], gaps=gaps)


def _facets(found: Coverage) -> Iterator[Gap]:
    for one in found.unasked:
        namespace = one.subject.rpartition(".")[0] or LAYERS
        gap = _gap(namespace, "facet", _short(one.subject), one.facet, why=one.reason)
        condition = _CONDITION.match(FACETS[one.facet].when)
        if gap.pending and condition and condition.group():
            # What a case must have to be asked for it says why those that there are aren't.
            # Its link leads within another page.
            told = re.sub(r"\s*\(\[\w+\]\(#[\w-]+\)\)", "", condition.group())
            gap = replace(gap, reason=f"No case yet in which {told}.")
        yield gap


def _exempt(namespace: str, key: str, reason: str) -> Gap:
    """What is left out of a namespace: ``ops.cond``, or ``ops.sum axis``."""
    symbol, _, argument = key.partition(" ")
    kind: Literal["whole", "argument"] = "argument" if argument else "whole"
    return _gap(namespace, kind, _short(symbol), argument, why=reason)


def _gap(
    namespace: str,
    kind: Literal["whole", "argument", "facet"],
    subject: str,
    part: str = "",
    *,
    why: str | None = None,
) -> Gap:
    return Gap(
        namespace=namespace,
        kind=kind,
        subject=subject,
        part=part,
        reason=PENDING if why is None else " ".join(why.split()),
        pending=why is None,
    )


def _short(symbol: str) -> str:
    return symbol.rpartition(".")[2]
