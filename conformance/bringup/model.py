"""What ``next`` answers; its JSON has the same names."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Kind = Literal[
    "missing function",
    "refused argument",
    "exception",
    "crash",
    "timeout",
    "unsupported",
    "wrong weights",
    "wrong config",
    "wrong shape",
    "wrong dtype",
    "wrong values",
    "wrong mask",
    "no refusal",
    "wrong gradients",
    "wrong round trip",
    "wrong in graph mode",
    "wrong training",
    "wrong draws",
    "wrong summary",
]
"""How a case went wrong. ``exception``: one that names neither a function nor an argument, not
in the gradients. ``unsupported``: the adapter says that it can't answer, and not which function
is missing."""


class Shared(Struct, frozen=True, kw_only=True):
    """A function that the cases of a cause enter, by the recording."""

    function: str
    """As ``conv (package/nn.py)``."""
    entered: int
    """By how many cases of the cause."""
    passing: int
    """By how many cases that pass."""


class Cause(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to implement or to mend."""

    kind: Kind
    what: str
    """In one line: the function, the argument, the message, or the layer that answers wrongly."""
    unlocks: int
    """Cases of which it is the only cause to be seen: they pass once it is mended."""
    before: int
    """Cases of which it is the first cause, with others behind it."""
    behind: int
    """Cases that have it, behind another cause."""
    unjudged: int = 0
    """Of the cases under ``unlocks``, those in which something has not been judged because of
    it."""
    where: str = ""
    """The backend's function that raised, or the innermost one of all."""
    layers: dict[str, int] = field(default_factory=dict)
    """How many of its cases have which layer, the most first."""
    entry: str = ""
    """The ledger's entry that knows it."""
    reason: str = ""
    """What the ledger says of it."""
    pending: int = 0
    """Cases that the capability file calls pending."""
    example: str
    """The smallest of its cases."""
    message: str = ""
    """What is said of the example."""
    command: str
    """Runs the example."""
    shared: list[Shared] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    """All of its cases, in the order of the run."""


class Unasked(Struct, frozen=True, kw_only=True):
    """What could not be asked in cases that were judged otherwise."""

    facet: str
    reason: str
    cases: int
    """Cases that would be asked for it."""
    example: str


class Rested(Struct, frozen=True, kw_only=True):
    """A recording that functions were looked up in."""

    package: str
    recorded: str
    commit: str


class Next(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to implement or mend next on one adapter, by one run."""

    run: str
    adapter: str
    versions: dict[str, str]
    cases: int
    """Planned on this adapter."""
    passing: int
    deviating: int
    """That fail in any way, known or not."""
    unsupported: int
    """That the adapter can't answer as a whole, or not in what they are about."""
    absent: int = 0
    """Of things that this release of the framework does not have: nothing to be done."""
    broken: list[str] = field(default_factory=list)
    """Why cases say nothing of the framework, each reason once: this suite was at fault, or the
    adapter did not start."""
    unjudged: int = 0
    """Cases without a verdict on the framework: those of ``broken``, and what was not run."""
    level: str = ""
    """Which level was run, in words; empty where all was."""
    partial: bool = False
    causes: list[Cause] = field(default_factory=list)
    """First what unlocks the most."""
    unasked: list[Unasked] = field(default_factory=list)
    recordings: list[Rested] = field(default_factory=list)
    no_recording: str = ""
    """Why no functions are named."""
