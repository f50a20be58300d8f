"""Nothing of ours is known to end or hang a process of the software that it asks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cases_samples import load_body

from conformance.cases import default_root, load
from conformance.cases.model import Graph
from conformance.run.session import LEDGER_FOLDER
from conformance.verdicts.entries import read_entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Case

HERE = Path(__file__).parents[1]
CATALOGUE = load([default_root()]).cases

ENDS = re.compile(
    r"\bSIG(FPE|SEGV|ABRT|BUS|ILL|KILL)\b|core dumped|segmentation fault"
    r"|\b(kill|abort|end|hang|crash)(s|ed)? (the|its|a) process\b"
    r"|\bthe process (is gone|dies|ends)\b|\bend of the process\b",
    re.IGNORECASE,
)
"""How one says that a process ended or hung."""


def layers(value: Any) -> Iterator[tuple[str, Any]]:
    """Every layer in a model's or a layer's description, with its arguments."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from layers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from layers(inner)


def one_window(case: Case) -> bool:
    """Whether an adaptive maximum is taken of one window along an axis (docs/coverage.md)."""
    program = case.program
    if not isinstance(program, Graph):
        return False
    models = [program.model, *([program.twin.model] if program.twin else ())]
    for node in (node for model in models for node in model.nodes):
        for layer, config in [(node.layer, node.config), *layers(node.config)]:
            if layer.startswith("AdaptiveMaxPooling"):
                size = config.get("output_size")
                if 1 in (size if isinstance(size, list) else [size]):
                    return True
    return False


def test_no_case_takes_an_adaptive_maximum_of_one_window() -> None:
    assert [case.id for case in CATALOGUE if one_window(case)] == []


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("[{AdaptiveMaxPooling1D: {output_size: 1}}]", True),
        ("[{AdaptiveMaxPooling1D: {output_size: 2}}]", False),
        ("[{AdaptiveAveragePooling1D: {output_size: 1}}]", False),
    ],
)
def test_such_a_case_would_be_found(tmp_path: Path, model: str, *, found: bool) -> None:
    (case,) = load_body(tmp_path, f"input: {{shape: [4, 2]}}\nmodel: {model}\n").cases
    assert one_window(case) == found


def test_no_entry_of_the_ledger_says_that_a_process_ends_or_hangs() -> None:
    read = [read_entries(file) for file in sorted((default_root() / LEDGER_FOLDER).rglob("*.yaml"))]
    entries = [entry for found, _ in read for entry in found]
    assert len(entries) > len(read)
    fatal = [
        one.id for one in entries if one.outcome in {"crash", "timeout"} or ENDS.search(one.reason)
    ]
    assert fatal == []


def files() -> list[Path]:
    """What shows an input: the cases with their ledger, the findings, their pages and scripts."""
    found = [
        *(HERE / "cases").rglob("*.yaml"),
        *(HERE / "docs" / "findings").glob("*.md"),
        *(HERE / "findings").glob("*.sh"),
        HERE / "docs" / "findings.md",
    ]
    return sorted(found)


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(HERE)))
def test_nothing_that_shows_an_input_says_that_it_ends_a_process(file: Path) -> None:
    text = file.read_text("utf-8")
    shown = [text]
    if file.suffix == ".md":  # its code, its headings, and the list of findings
        shown = re.findall(r"^```\w*\n.*?^```|^#.*?$|^- \[.*?$", text, re.MULTILINE | re.DOTALL)
    assert [found.group() for part in shown if (found := ENDS.search(part))] == []


@pytest.mark.parametrize(
    "said",
    [
        "# observed: SIGFPE; every other backend answers",
        "an input that kills the process",
        "the eager kernel divides by zero: the process is gone",
        "# observed in some runs: False, or the end of the process",
    ],
)
def test_how_it_was_said_would_be_found(said: str) -> None:
    assert ENDS.search(said)
