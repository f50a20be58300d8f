"""How each outcome is shown: one table for HTML, terminal and Markdown.

Every outcome has a symbol and a word of its own besides its colour, so that a report reads in
black and white, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from conformance.verdicts.model import FAILING, FacetOutcome, Outcome


@dataclass(frozen=True, slots=True)
class Look:
    """What stands for an outcome."""

    code: str
    """One letter, for the compact grid that travels in the HTML file."""
    symbol: str
    word: str
    meaning: str
    style: str
    """For the terminal, in rich's words."""


LOOKS: dict[Outcome, Look] = {
    "fail": Look("f", "✗", "fail", "the answer is outside what the source allows", "bold red"),
    "error": Look("e", "!", "error", "the framework or adapter raised", "bold red"),
    "crash": Look("c", "†", "crash", "the adapter's process died", "bold red"),
    "timeout": Look("t", "◔", "timeout", "no answer within the time limit", "bold red"),
    "xpass": Look(
        "X", "+", "unexpected pass", "the ledger says that it deviates, and it does not", "magenta"
    ),
    "not-run": Look("n", "?", "not run", "planned, and never reported", "bold yellow"),
    "xfail": Look("x", "Δ", "known deviation", "deviates as the ledger says", "yellow"),
    "pass": Look("p", "✓", "pass", "conforms in every facet that was judged", "green"),
    "unsupported": Look("u", "-", "unsupported", "the adapter cannot express it", "dim"),
    "unspecified": Look(
        "o", "~", "unspecified", "nobody documents an answer: what it says is recorded", "dim"
    ),
    "not-installed": Look(
        "i", "○", "not installed", "the framework is missing on this machine", "dim"
    ),
}
"""Worst first: the order of every legend, bar and list."""

FACET_LOOKS: dict[str, Look] = {
    "fail": LOOKS["fail"],
    "error": LOOKS["error"],
    "blocked": Look("b", "·", "blocked", "not judged: what it rests on failed", "dim"),
    "note": Look(
        "a", "≈", "accuracy note", "passes, with more than half of the tolerance used", "green"
    ),
    "pass": LOOKS["pass"],
    "unsupported": LOOKS["unsupported"],
}
"""The same for the verdict on one facet; ``note`` is a pass with an accuracy note."""

if set(LOOKS) != set(get_args(Outcome)) or set(FACET_LOOKS) != {*get_args(FacetOutcome), "note"}:
    raise AssertionError("an outcome of conformance.verdicts.model has no look")


def fails(outcome: str) -> bool:
    """Whether this outcome makes a run fail."""
    return outcome in FAILING


def deviates(outcome: str) -> bool:
    """Whether it does not conform, expected or not."""
    return outcome in FAILING or outcome == "xfail"
