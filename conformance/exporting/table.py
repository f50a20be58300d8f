"""What recorded runs say of exported models, layer by layer and way by way."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

from conformance.adapters.shared.exporters import ROUTES
from conformance.adapters.shared.naming import base_of
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from conformance.records import Run
    from conformance.records.model import CaseLine
    from conformance.verdicts.model import CellVerdict

REFUSED = "export refused: "
"""Begins an adapter's reason where the exporter wrote no file."""

NOT_READ = "import refused: "
"""Begins the reason where what reads the file in another language doesn't take it."""

SEVERAL = "several layers"
"""The row of the models that are made of more than one."""

_FOLDERS = re.compile(r"/\S*/(?=\S)")
"""Folders of the machine that ran it."""

Ending = Literal["passes", "refused", "deviates"]


class Trouble(Struct, frozen=True, kw_only=True):
    """Cases of a layer that don't come out as they are, by one way out and for one reason."""

    layer: str
    cases: list[str]
    """Sorted."""
    adapter: str
    ending: Ending
    why: str
    """The exporter's reason, the ledger's entry, or what was wrong."""


class Table(Struct, frozen=True, kw_only=True):
    """All that the runs say."""

    versions: dict[str, str]
    """By adapter: ``torch 2.13.0, onnxruntime 1.32.0``."""
    levels: dict[str, str]
    """By adapter which cases were run, in words; those of which all were are not there."""
    counts: dict[str, dict[str, dict[Ending, int]]]
    """By layer and adapter, how many cases ended how. What can't be asked of a file isn't there."""
    troubles: list[Trouble]


def table_of(runs: Iterable[Run]) -> Table:
    """Collect what runs say of exporters; of two that asked the same, the later one counts.

    Args:
        runs: Recorded runs; brief ones are enough.
    """
    versions: dict[str, str] = {}
    levels: dict[str, str] = {}
    cells: dict[tuple[str, str], tuple[str, CellVerdict]] = {}
    for run in runs:
        ways = {name for name in run.header.plan if base_of(name) in ROUTES}
        for case, adapter in run.planned() if ways else ():
            if adapter not in ways:
                continue
            line, cell = run.cases.get(case), run.cells.get((case, adapter))
            if line is None or cell is None:
                continue
            cells[case, adapter] = layer_of(line), cell.verdict
            told = run.adapters.get(adapter)
            if told is not None and told.versions:
                versions[adapter] = ", ".join(f"{k} {v}" for k, v in told.versions.items())
        levels |= dict.fromkeys(ways, _level(run))
    counts: dict[str, dict[str, dict[Ending, int]]] = defaultdict(lambda: defaultdict(dict))
    troubled: dict[tuple[str, str, Ending, str], list[str]] = defaultdict(list)
    for (case, adapter), (layer, verdict) in sorted(cells.items()):
        if (found := ending_of(verdict)) is None:
            continue
        ending, why = found
        tally = counts[layer][adapter]
        tally[ending] = tally.get(ending, 0) + 1
        if ending != "passes":
            troubled[layer, adapter, ending, why].append(case)
    return Table(
        versions=_ordered(versions),
        levels=_ordered({name: told for name, told in levels.items() if told and name in versions}),
        counts={layer: dict(counts[layer]) for layer in sorted(counts)},
        troubles=[
            Trouble(layer=layer, cases=cases, adapter=adapter, ending=ending, why=why)
            for (layer, adapter, ending, why), cases in troubled.items()
        ],
    )


def _level(run: Run) -> str:
    """Which cases a run had, in words; empty where it was all of them."""
    level = run.header.level
    return "" if level is None else f"{level.name}: {level.holds}"


def joined(earlier: Table, found: Table) -> Table:
    """An earlier table with what was found in the place of what it says of the same ways out."""
    kept = set(earlier.versions) - set(found.versions)
    counts: dict[str, dict[str, dict[Ending, int]]] = defaultdict(dict)
    for table, names in ((earlier, kept), (found, set(found.versions))):
        for layer, told in table.counts.items():
            counts[layer].update({name: tally for name, tally in told.items() if name in names})
    troubles = [one for one in earlier.troubles if one.adapter in kept] + found.troubles
    versions = _ordered({**{name: earlier.versions[name] for name in kept}, **found.versions})
    levels = {
        **{name: told for name, told in earlier.levels.items() if name in kept},
        **found.levels,
    }
    return Table(
        versions=versions,
        levels=_ordered(levels),
        counts={layer: counts[layer] for layer in sorted(counts) if counts[layer]},
        troubles=sorted(troubles, key=lambda one: (one.cases[0], one.adapter)),
    )


class Befallen(NamedTuple):
    """What befalls cases of one layer alike.

    Attributes:
        ending: Which kind of trouble it is.
        why: As in :class:`Trouble`.
        cases: The ways out that it befalls, by case.
    """

    ending: Ending
    why: str
    cases: dict[str, list[str]]

    @property
    def ways(self) -> list[str]:
        """The ways out, sorted."""
        return sorted({name for names in self.cases.values() for name in names})


def by_layer(
    troubles: Iterable[Trouble], told: Callable[[str], str] = str
) -> dict[str, list[Befallen]]:
    """Gather what befalls cases alike, by layer.

    Args:
        troubles: What doesn't come out as it is.
        told: Shortens a reason; of what it makes alike, the cases are gathered.
    """
    found: dict[str, dict[tuple[Ending, str], dict[str, list[str]]]] = {}
    for one in troubles:
        groups = found.setdefault(one.layer, {})
        cases = groups.setdefault((one.ending, told(one.why)), {})
        for case in one.cases:
            cases.setdefault(case, []).append(one.adapter)
    return {
        layer: [Befallen(*key, cases) for key, cases in found[layer].items()]
        for layer in sorted(found)
    }


def tallied(tally: Mapping[Ending, int]) -> tuple[int, int, int, int]:
    """How many cases of a layer were asked of a way out, passed, were refused, and are wrong."""
    asked, passed, refused = sum(tally.values()), tally.get("passes", 0), tally.get("refused", 0)
    return asked, passed, refused, asked - passed - refused


def _ordered(versions: dict[str, str]) -> dict[str, str]:
    order = [name for name in ROUTES if name in versions]
    order += sorted(set(versions) - set(order))
    return {name: versions[name] for name in order}


def ending_of(verdict: CellVerdict) -> tuple[Ending, str] | None:
    """How a case ended, and why; None where nothing could be asked or was answered."""
    if verdict.known is not None:
        return "deviates", verdict.known.entry
    if verdict.outcome in {"pass", "xpass"}:
        return "passes", ""
    for begins in (REFUSED, NOT_READ):
        if verdict.message.startswith(begins):
            return "refused", verdict.message.removeprefix(begins)
    if verdict.outcome in {"fail", "error", "crash", "timeout"} and verdict.outcome in FAILING:
        return "deviates", _FOLDERS.sub("", verdict.message)
    return None


def layer_of(line: CaseLine) -> str:
    """The layer that a case is about; of several that are not all alike, that there are several."""
    model = getattr(line.program, "model", None)
    layers = {node.layer for node in model.nodes} if model is not None else set()
    return layers.pop() if len(layers) == 1 else SEVERAL
