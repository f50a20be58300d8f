"""The lines of a run's record file, in the order in which they are written.

A run is a JSON-lines file: one header, a line per case and adapter that was planned, a line per
cell as soon as its verdict is known, and a footer. A file without footer is a partial run.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from conformance.adapters.host.observation import Native
from conformance.cases.model import (
    Expect,
    Json,
    Place,
    Program,
    Raises,
    Source,
    kind_of,
    symbols_of,
)
from conformance.verdicts.model import CellVerdict, FacetOutcome, Outcome

SCHEMA = 2
"""Version of this file's schema, raised with every change that an older reader can't skip."""


class ShardOf(Struct, frozen=True, kw_only=True):
    """Of which whole a run is a part (``--shard 2/8``)."""

    index: int
    """From 1."""
    count: int
    plan: str
    """Hash of the whole plan: cases by name and content, adapters by name."""
    cases: int
    """How many cases the whole plan has."""
    positions: list[int]
    """Where each of this part's cases stands in the whole plan."""


class TouchedAdapter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a change of a package means for one adapter."""

    of: int | None = None
    """How many cases were there to choose from, where that is known."""
    chosen: int
    everything: list[str] = field(default_factory=list)
    """Why all of them are run; empty where the change tells which."""
    recorded: str = ""
    """When it was recorded which functions they enter; UTC, ISO 8601. Empty: never."""
    commit: str = ""
    """Of the package when it was recorded, where it was as in a commit."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of the adapter when it was recorded."""
    precision: str = ""
    """Of the adapter when it was recorded."""
    unknown: int = 0
    """Chosen because it isn't known what they enter: cases that are new, or could not be
    recorded."""
    besides: int = 0
    """Functions that had changed between the recording and the base, and count as changed."""
    imports: bool = False
    """No case enters what changed, and one is run to see that the package can be imported."""


class Touched(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That only the cases are planned which run what a change touches (``--touched-by``)."""

    base: str
    """What the change is held against, as people read it."""
    commit: str
    source: str
    """The package's folder in its repository."""
    files: int
    """Files of the package that differ."""
    outside: int
    """Files that differ and are not the package's, which nobody looks at."""
    functions: list[str]
    """What changed, as ``name (path)``, for whichever adapter."""
    adapters: dict[str, TouchedAdapter]


class LevelOf(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That only the cases of a level are planned (``--level``)."""

    level: int
    """From 1; each holds the ones before it. 0: the covering selection, which is no level."""
    of: int
    """The last level, which is everything."""
    holds: str
    """What it holds beside the ones before it."""
    chosen: int
    """How many cases of it were there, before any other choice."""
    cases: int | None = None
    """How many there were to choose from, where that is known."""

    @property
    def name(self) -> str:
        """What it is called."""
        return f"level {self.level}" if self.level else "the covering selection"


class Header(Struct, frozen=True, kw_only=True, tag="header", tag_field="type"):
    """What was planned, where, with what."""

    schema: int
    run: str
    """Unique name of the run: UTC time and a random suffix."""
    started: str
    """UTC, ISO 8601."""
    suite: str
    """Version of keras-conformance."""
    machine: dict[str, str]
    command: list[str]
    cases: list[str]
    """Ids of every planned case."""
    plan: dict[str, list[int] | None]
    """Adapter name to the indices of its planned cases; None: all of them."""
    rule: str = ""
    """Hash of what judges: the specification and the rule of acceptance. Two runs of one rule held
    every case to the same. Empty in records that are older than this field."""
    shard: ShardOf | None = None
    """What it is a part of; None for a whole run."""
    touched: Touched | None = None
    """The change for whose sake these cases were chosen; None where they were not."""
    level: LevelOf | None = None
    """The level whose cases these are; None where none was asked for."""


class CaseLine(Struct, frozen=True, kw_only=True, tag="case", tag_field="type", omit_defaults=True):
    """A planned case: enough to explain it without its file."""

    id: str
    digest: str
    title: str
    source: Source
    place: Place
    yaml: str
    program: Program
    expect: Expect
    why: str | None = None
    raises: Raises | None = None
    unspecified: str = ""
    without: dict[str, str] = field(default_factory=dict)
    variation: dict[str, Json] = field(default_factory=dict)
    reference: str = ""
    """Why the reference could not answer; empty when it did."""
    seed: int | None = None
    """Seed of the case's data, once the reference has chosen it."""
    held_to: str = ""
    """Hash of the truth and of how far rounding may move it, number by number. It may differ in
    the last bit between machines; two runs of one ``Header.rule`` held the case to the same."""
    undefined: dict[str, str] = field(default_factory=dict)
    """Facets of the program to which the reference finds no answer, each with the reason: no
    adapter was asked for them."""

    @property
    def kind(self) -> str:
        """What the case is about: a ``model``, a ``function``, or an object's ``steps``."""
        return kind_of(self.program)

    @property
    def symbols(self) -> list[str]:
        """The layers, functions or the object that it is about, each once: ``ops.sum``."""
        return symbols_of(self.program)


class AdapterLine(
    Struct, frozen=True, kw_only=True, tag="adapter", tag_field="type", omit_defaults=True
):
    """An adapter as it introduced itself, or why it could not."""

    name: str
    status: str
    """``ready`` · ``not-installed`` · ``error``."""
    reason: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    python: str = ""
    platform: str = ""
    known_as: str = ""
    """Another name under which ledgers speak of it."""
    precision: str = "float32"
    """What it declares for its float32 work."""
    lowered: dict[str, str] = field(default_factory=dict)
    """Operations that are given the room of a coarser precision, as declared, each with it."""
    imprecise: str = ""
    """In what it is coarser than it declares; empty where it isn't."""
    probe: dict[str, float] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


class CellLine(Struct, frozen=True, kw_only=True, tag="cell", tag_field="type", omit_defaults=True):
    """The verdict on one case by one adapter."""

    digest: str
    verdict: CellVerdict
    native: list[Native] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    stderr: str = ""
    """The tail of what the adapter process printed, kept when it failed."""


class BriefFacet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a facet's verdict, what two runs are compared by."""

    facet: str
    outcome: FacetOutcome
    message: str = ""
    margin: float | None = None
    behaves_like: str = ""


class BriefKnown(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a ledger entry that covered a cell, which it is and what it says."""

    entry: str
    kind: Literal["bug", "by-design", "removed", "precision", "pending"]
    reason: str
    facets: list[str]


class BriefVerdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a cell's verdict, what two runs are compared by."""

    case: str
    adapter: str
    outcome: Outcome
    message: str = ""
    facets: list[BriefFacet] = field(default_factory=list)
    known: BriefKnown | None = None
    mended: list[BriefKnown] = field(default_factory=list)
    judged: Outcome | None = None
    absent: bool = False


class BriefCell(Struct, frozen=True, kw_only=True, tag="cell", tag_field="type"):
    """A cell's line without its samples, native equivalents and times.

    Every field is one of :class:`CellLine` and its parts under the same name, and what is left
    out has a default there, so that a brief cell's JSON is a cell's.
    """

    digest: str
    verdict: BriefVerdict


class Footer(Struct, frozen=True, kw_only=True, tag="footer", tag_field="type", omit_defaults=True):
    """The run's end. ``planned`` must equal ``reported``."""

    finished: str
    planned: int
    reported: int
    counts: dict[str, int]
    problems: list[str] = field(default_factory=list)
    """What made the run itself faulty: stale ledger entries, lost cells, a failed probe."""
    remarks: list[str] = field(default_factory=list)
    """What those who keep the catalogue should look at; no fault of this run."""
    excused: dict[str, int] = field(default_factory=dict)
    """Cells that a capability file states to be unsupported, by the group of it."""
    caps: dict[str, int] = field(default_factory=dict)
    """How many cells each of these groups may excuse in a run of everything."""
    covered: list[str] = field(default_factory=list)
    """Of a shard: the ledger's entries that covered a cell of it."""
    idle: dict[str, str] = field(default_factory=dict)
    """Of a shard: the entries that applied to cells of it and covered none, each with the problem
    that it is unless it covered one in another shard."""


Line = Header | CaseLine | AdapterLine | CellLine | Footer
