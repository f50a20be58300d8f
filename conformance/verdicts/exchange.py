"""The facet ``exchange``: files that other adapters wrote, by call 0's own truth."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.acceptance import TRAINING
from conformance.verdicts import text
from conformance.verdicts.evidence import NotAnsweredError, numeric
from conformance.verdicts.model import Comparison, FacetVerdict
from conformance.verdicts.numeric import dtypes, named
from conformance.verdicts.raises import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.adapters.host.observation import Exchanged, Loaded
    from conformance.reference.answer.expectation import ExpectedState
    from conformance.verdicts.evidence import Evidence

_WRITER = re.compile(r"written by (\S+)(?: \(([^()]*)\))?: ")


def exchange(evidence: Evidence) -> FacetVerdict:
    """Judge call 0's outputs from each file that another adapter wrote."""
    evidence.part(evidence.observation.files, "the file that it saves")
    exchanged = evidence.observation.exchanged
    if exchanged is not None and exchanged.refused:
        raise NotAnsweredError(f"the adapter did not answer: {exchanged.refused}")
    if exchanged is None or not exchanged.loaded:
        return FacetVerdict(
            facet="exchange", outcome="unsupported", message=_alone(exchanged), alone=True
        )
    loaded = exchanged.loaded
    reasons = {one.unsupported for one in loaded.values()}
    if "" not in reasons:
        message = text.clean("; ".join(sorted(reasons)))
        return FacetVerdict(facet="exchange", outcome="unsupported", message=message)
    comparisons = [
        found
        for writer, one in sorted(loaded.items())
        if not one.unsupported
        for found in _compared(evidence, _prefix(writer, one), one)
    ]
    return numeric("exchange", comparisons)


def writer_of(comparison: Comparison) -> str:
    """The adapter that wrote the file that a comparison is about; empty where it is about none."""
    found = _WRITER.match(comparison.what)
    return found[1] if found else ""


def release_of(comparison: Comparison) -> dict[str, str]:
    """By distribution, the version that wrote the file, where the reader has another one."""
    found = _WRITER.match(comparison.what)
    name, _, version = ((found[2] or "") if found else "").rpartition(" ")
    return {name: version} if name else {}


def _prefix(writer: str, loaded: Loaded) -> str:
    release = text.clean(loaded.release, 100).translate(_BRACKETS)
    return f"written by {text.clean(writer, 200)}{f' ({release})' if release else ''}: "


_BRACKETS = str.maketrans("", "", "()")


def _alone(exchanged: Exchanged | None) -> str:
    absent = exchanged.absent if exchanged is not None else {}
    told = text.listed([f"{name}: {reason}" for name, reason in absent.items()], limit=3)
    return text.clean(f"no other adapter wrote a file in this run{f' ({told})' if told else ''}")


def _compared(evidence: Evidence, prefix: str, loaded: Loaded) -> Iterator[Comparison]:
    if loaded.lost or (loaded.error is not None and loaded.error.internal):
        why = loaded.lost or (describe(loaded.error) if loaded.error else "")
        raise NotAnsweredError(f"the adapter itself failed: {prefix}{text.clean(why)}")
    if loaded.error is not None or loaded.died:
        why = loaded.died or (f"raised {describe(loaded.error)}" if loaded.error else "")
        yield Comparison(what=f"{prefix}file", message=prefix + text.clean(why))
        return
    later = evidence.expectation.exchanged
    if later is not None:
        yield from _trained_on(evidence, prefix, later, loaded)
        return
    call = evidence.expectation.calls[0]
    yield from evidence.answers(call, loaded.outputs, prefix)
    yield from dtypes(evidence, call.outputs, loaded.outputs, prefix)


def _trained_on(
    evidence: Evidence, prefix: str, later: ExpectedState, loaded: Loaded
) -> Iterator[Comparison]:
    """Compare the losses and weights of a training that went on from a file."""
    if loaded.state is None or later.losses is None:
        raise NotAnsweredError(f"the adapter did not answer: {prefix}the training is missing")
    yield evidence.compare(f"{prefix}losses", later.losses, loaded.state.losses, TRAINING)
    yield from named(evidence, f"{prefix}trained", later.weights, loaded.state.weights)
