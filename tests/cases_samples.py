"""Small case files for the tests of the case language."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from conformance.cases import load_file
from conformance.reference import evaluate
from conformance.reference.faults.observe import observe
from conformance.verdicts.facets import judge

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.cases import Catalogue
    from conformance.cases.model import Case

HEAD = """\
- id: a
  title: Something holds
  source: {keras: keras.layers.Dense}
"""
DENSE = "input: {shape: [5]}\nmodel: [{Dense: {units: 2}}]\n"


def load_body(folder: Path, body: str, head: str = HEAD) -> Catalogue:
    """Load a file of one case, ``documents/x/a``: its head, and a body that is indented here."""
    inner = folder / "cases" / "documents"
    inner.mkdir(parents=True, exist_ok=True)
    file = inner / "x.yaml"
    file.write_text(head + textwrap.indent(textwrap.dedent(body), "  "))
    return load_file(file)


def load_case(folder: Path, body: str) -> Case:
    """The one case of such a file, in which nothing is wrong."""
    found = load_body(folder, body)
    assert [str(problem) for problem in found.problems] == []
    return found.cases[0]


def deviations(case: Case) -> dict[str, str]:
    """What is said of an honest answer to a case, by facet: nothing, where all is well."""
    answer = evaluate(case)
    observed = observe(case, answer.feeds)
    found = judge(
        answer.expectation.asked(case.program).facets,
        answer.expectation,
        answer.arrays,
        observed.observation,
        observed.tensors,
    )
    return {verdict.facet: verdict.message for verdict in found if verdict.outcome != "pass"}
