"""The lines of a run's record file, in the order in which they are written.

A run is a JSON-lines file: one header, a line per case and adapter that was planned, a line per
cell as soon as its verdict is known, and a footer. A file without footer is a partial run.
"""

from __future__ import annotations

from msgspec import Struct, field

from conformance.adapters.observation import Native
from conformance.cases.model import Expect, Json, Place, Program, Raises, Source
from conformance.verdicts.model import CellVerdict

SCHEMA = 1
"""Version of this file's schema, raised with every change that an older reader can't skip."""


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
    without: dict[str, str] = field(default_factory=dict)
    variation: dict[str, Json] = field(default_factory=dict)
    reference: str = ""
    """Why the reference could not answer; empty when it did."""
    seed: int | None = None
    """Seed of the case's data, once the reference has chosen it."""


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
    precision: str = "float32"
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


class Footer(Struct, frozen=True, kw_only=True, tag="footer", tag_field="type", omit_defaults=True):
    """The run's end. ``planned`` must equal ``reported``."""

    finished: str
    planned: int
    reported: int
    counts: dict[str, int]
    problems: list[str] = field(default_factory=list)
    """What made the run itself faulty: stale ledger entries, lost cells, a failed probe."""


Line = Header | CaseLine | AdapterLine | CellLine | Footer
