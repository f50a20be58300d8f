"""What one module says of each facet is what is done, documented and proved elsewhere."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from reference_cases import case as reference_case
from reference_cases import chain
from reference_cases import spec as given

from conformance.adapters.host.host import AdapterProcess, Answered
from conformance.adapters.host.observation import Observation
from conformance.adapters.host.registry import select
from conformance.bringup.model import Kind
from conformance.cases import load
from conformance.cases.building import KEYS
from conformance.cases.levels import complexity
from conformance.cases.model import Data, Expect
from conformance.facets import (
    AGAIN,
    APPLICATION,
    FACETS,
    FUNCTION,
    MODEL,
    REPEATS,
    STEPS,
    asked_of,
)
from conformance.reference import evaluate
from conformance.reference.answer.answer import NOTHING_MOVES
from conformance.reference.faults.editing import EDITS
from conformance.reference.faults.observe import observe
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
    assert facet.kinds <= {MODEL, FUNCTION, STEPS, APPLICATION}
    assert "|" not in facet.how + facet.wrong


def test_a_facet_is_asked_of_its_kinds_of_program_alone() -> None:
    everything = frozenset(part for facet in FACETS.values() for part in facet.parts)
    for kind in (MODEL, FUNCTION, STEPS, APPLICATION):
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
    asking = [case for case in load().cases if name in case.program.facets and not case.unspecified]
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
    # Whoever is alone has nobody's file to read.
    expected = "unsupported" if name == "exchange" else "pass"
    assert (facet.outcome, facet.alone) == (expected, name == "exchange"), facet.message
    assert getattr(got.observation, FACETS[name].answer) is not None or name == "raises"


# What a case asks and nothing can answer


WITHOUT_GRADIENTS = {
    "CategoryEncoding",
    "Discretization",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "StringLookup",
    "TextVectorization",
}
"""Layers that no number can be moved through: they answer in steps, or with no real number."""


def test_gradients_are_defined_for_every_layer_but_those_that_answer_in_steps() -> None:
    """A reference that lost a layer's gradient would not take the facet away unseen."""
    asking: defaultdict[str, list[Case]] = defaultdict(list)
    for case in load().cases:
        nodes = case.program.model.nodes
        if len(nodes) == 1 and "gradients" in case.program.facets and "." not in nodes[0].layer:
            asking[nodes[0].layer].append(case)
    lacking = set()
    for layer, cases in asking.items():
        cases.sort(key=lambda c: complexity(c.program, refusal=False))
        # The simplest ones that feed real numbers, where any does.
        cases.sort(key=lambda c: all("float" not in s.dtype for s in c.program.model.inputs))
        if "gradients" in evaluate(cases[0]).expectation.undefined:
            lacking.add(layer)
    assert len(asking) > 100
    assert lacking == WITHOUT_GRADIENTS


def written(layer: str, config: dict[str, Any], **spec: Any) -> Case:
    facets = ["shape", "dtype", "values", "gradients", "compiled"]
    return reference_case(chain((layer, config), given=given([4], **spec)), facets=facets)


@pytest.mark.parametrize(
    ("layer", "config", "spec"),
    [
        ("Discretization", {"bin_boundaries": [-0.5, 0.0, 0.5]}, {}),
        ("Hashing", {"num_bins": 7}, {"dtype": "int32"}),
        ("Flatten", {}, {"dtype": "int32"}),
    ],
)
def test_what_nothing_moves_has_no_gradients_and_no_verdict_on_them(
    layer: str, config: dict[str, Any], spec: dict[str, Any]
) -> None:
    case = written(layer, config, **spec)
    answer = evaluate(case)
    assert answer.expectation.undefined == {"gradients": NOTHING_MOVES}
    assert answer.expectation.gradients is None
    assert not [key for key in answer.feeds if "cotangent" in key]
    assert "gradients" not in answer.expectation.asked(case.program).facets
    verdict = judged(case, answer)
    assert verdict.outcome == "pass"
    assert [facet.facet for facet in verdict.facets] == ["shape", "dtype", "values", "compiled"]


@pytest.mark.parametrize(
    ("layer", "config", "spec"),
    [
        ("Flatten", {}, {}),
        ("Embedding", {"input_dim": 5, "output_dim": 2}, {"dtype": "int32"}),
        # No number passes: the gradient is zero everywhere, and that can be got wrong.
        ("ReLU", {"negative_slope": 0.0, "threshold": 100.0}, {}),
    ],
)
def test_what_a_number_leads_to_has_gradients(
    layer: str, config: dict[str, Any], spec: dict[str, Any]
) -> None:
    data = Data(kind="indices", high=5) if layer == "Embedding" else Data()
    case = written(layer, config, data=data, **spec)
    answer = evaluate(case)
    assert answer.expectation.undefined == {}
    assert answer.expectation.gradients is not None
    assert answer.expectation.asked(case.program) is case.program
    assert "gradients" in [facet.facet for facet in judged(case, answer).facets]


def test_a_seed_is_not_too_near_to_a_step_that_no_gradient_leads_over() -> None:
    """Steps so close that no seed could keep away from them, were there a gradient to judge."""
    case = written("Discretization", {"bin_boundaries": [i * 1e-7 for i in range(-2000, 2000)]})
    assert evaluate(case).expectation.seed == 0


def judged(case: Case, answer: Any) -> Any:
    seen = observe(case, answer.feeds)
    return judge_cell(
        case,
        "reference",
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=seen.observation,
        tensors=seen.tensors,
    )
