"""What one module says of each facet is what is done, documented and proved elsewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from conformance.adapters.host.host import AdapterProcess, Answered
from conformance.adapters.host.observation import Observation
from conformance.adapters.host.registry import select
from conformance.bringup.model import Kind
from conformance.cases import load
from conformance.cases.building import KEYS
from conformance.cases.levels import complexity
from conformance.cases.model import Expect
from conformance.facets import AGAIN, FACETS, FUNCTION, MODEL, REPEATS, STEPS, asked_of
from conformance.reference import evaluate
from conformance.reference.faults.editing import EDITS
from conformance.verdicts.cell import judge_cell
from conformance.verdicts.facets import JUDGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Case

ROOT = Path(__file__).parents[1]
NAMES = [*FACETS]
ANSWERING = "keras-jax"
"""A built-in adapter that has a notion of every facet."""


def rows(page: str, head: str) -> dict[str, str]:
    """The rows of the table with this head, by the facets that stand in their first column."""
    text = (ROOT / "docs" / page).read_text()
    assert text.count(head) == 1, f"{page} has not one table {head}"
    lines = text.partition(head)[2].splitlines()[2:]
    found = {}
    for line in lines:
        if not line.startswith("| `"):
            break
        for name in re.findall(r"`(\w+)`", line.split(" | ")[0]):
            found[name] = line
    return found


@pytest.mark.parametrize("name", NAMES)
def test_each_facet_has_a_judge_and_a_fault_that_it_finds(name: str) -> None:
    assert name in JUDGES
    assert name in {facet for facet, _ in EDITS}


def test_nothing_else_is_judged_or_broken() -> None:
    assert JUDGES.keys() == FACETS.keys() == {facet for facet, _ in EDITS}


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_says_of_each_facet_what_its_row_says(name: str) -> None:
    facet = FACETS[name]
    asked = f"| `{name}` | {facet.answers} | {facet.how} |"
    assert rows("architecture.md", "| facet | the adapter answers with | how |").get(name) == asked
    needs = ", ".join(facet.blocked_by) or "\N{EN DASH}"
    judged = f"| `{name}` | {facet.passes} | {needs} |"
    assert rows("verdicts.md", "| facet | passes when | depends on |").get(name) == judged
    when = f"| `{name}` | {facet.when} |" if facet.when else None
    assert rows("cases.md", "| facet | asked for when |").get(name) == when


def test_the_tables_of_the_documentation_have_the_facets_in_order() -> None:
    assert [*rows("architecture.md", "| facet | the adapter answers with | how |")] == NAMES
    assert [*rows("verdicts.md", "| facet | passes when | depends on |")] == NAMES
    when = [name for name, facet in FACETS.items() if facet.when]
    assert [*rows("cases.md", "| facet | asked for when |")] == when


def test_cases_md_lists_what_every_case_asks_for() -> None:
    always = [f"`{name}`" for name, facet in FACETS.items() if not facet.when]
    sentence = f"Every case asks for {', '.join(always[:-1])} and {always[-1]}."
    assert sentence in " ".join((ROOT / "docs/cases.md").read_text().split())


@pytest.mark.parametrize("name", NAMES)
def test_what_a_row_refers_to_is_there(name: str) -> None:
    facet = FACETS[name]
    # Judged in order: what blocks a facet has its verdict by then.
    assert {*facet.blocked_by} <= {*NAMES[: NAMES.index(name)]}
    assert {*facet.follows} <= {*NAMES} - {name}
    assert facet.wrong in get_args(Kind)
    assert facet.answer in Observation.__struct_fields__
    assert {*facet.stated_by} <= {*KEYS, *Expect.__struct_fields__}
    assert bool(facet.parts) == bool(facet.when)
    assert facet.kinds
    assert facet.kinds <= {MODEL, FUNCTION, STEPS}
    assert "|" not in facet.how + facet.wrong


def test_a_facet_is_asked_of_its_kinds_of_program_alone() -> None:
    everything = frozenset(part for facet in FACETS.values() for part in facet.parts)
    for kind in (MODEL, FUNCTION, STEPS):
        most = asked_of(kind, everything)
        assert most == {name for name, facet in FACETS.items() if kind in facet.kinds}
        assert "values" in asked_of(kind, frozenset()) < most
    assert {*AGAIN} <= REPEATS


@pytest.mark.parametrize("name", NAMES)
def test_without_knows_each_facet(name: str) -> None:
    from conformance.cases.schema import json_schema

    assert f'"{name}"' in msgspec.json.encode(json_schema()).decode()


@cache
def simplest(name: str) -> Case:
    asking = [case for case in load().cases if name in case.program.facets]
    return min(asking, key=lambda c: complexity(c.program, refusal=c.raises is not None))


@pytest.fixture(scope="module")
def process() -> Iterator[AdapterProcess]:
    process = AdapterProcess(select([ANSWERING])[0])
    hello = process.start()
    if hello.status == "not-installed":
        pytest.skip(hello.reason)
    yield process
    process.close()


@pytest.mark.frameworks
@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_adapter_answers_each_facet(name: str, process: AdapterProcess) -> None:
    case = simplest(name)
    answer = evaluate(case)
    got: Any = process.run(case.program, answer.feeds, timeout=120)
    assert isinstance(got, Answered), got.message
    verdict = judge_cell(
        case,
        ANSWERING,
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=got.observation,
        tensors=got.tensors,
    )
    (facet,) = [facet for facet in verdict.facets if facet.facet == name]
    assert facet.outcome == "pass", facet.message
    assert getattr(got.observation, FACETS[name].answer) is not None or name == "raises"
