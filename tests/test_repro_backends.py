"""Scripts on real Keras backends: made of one, they pass on every other one that conforms.

The verdicts are on the reference's own answers, honest or with a seeded fault, so that a script of
every kind is there whatever today's frameworks do wrong. On a Keras that is broken on purpose every
one of them must fail.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from msgspec.structs import replace
from repro_cells import catalogue, judged

from conformance.cases.model import Raises
from conformance.globs import matches
from conformance.records.model import AdapterLine
from conformance.reference.faults.applicable import applicable
from conformance.reference.faults.editing import EDITS
from conformance.repro.script import NoScript, script
from conformance.verdicts.entries import read_entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro_cells import Judged

RUNNER = Path(__file__).with_name("repro_runner.py")
LEDGER = Path(__file__).parents[1] / "cases" / "divergences"
MADE_OF = "keras-mlx"
"""A backend that the suite has no way of its own for: all that is asked is Keras's public API."""
FACETS = (
    "symbolic_shape",
    "weights",
    "params",
    "config",
    "shape",
    "dtype",
    "values",
    "mask",
    "gradients",
    "batch",
    "compiled",
    "config_round_trip",
    "save_round_trip",
    "state",
)
EACH = 5
"""Scripts of a facet."""
KEPT = {"symbolic_shape", "weights", "params", "shape", "dtype", "values"}
"""Facets of which the record of a passing cell keeps what they must be, or enough of it."""

OF_FAILURES = {"config"}
"""Facets of which only a failure has a script: it asks for the arguments that were told wrongly."""


class Made(NamedTuple):
    name: str
    facet: str
    text: str


def families() -> list[str]:
    """Cases of layers, the families by turns; in each, the order of a hash."""
    found: dict[str, list[str]] = {}
    for case in catalogue().values():
        if case.suite == "layers" and case.raises is None:
            found.setdefault(case.family, []).append(case.id)
    lists = [sorted(ids, key=lambda name: zlib.crc32(name.encode())) for ids in found.values()]
    return [ids[turn] for turn in range(8) for ids in lists if turn < len(ids)]


@functools.cache
def known() -> list[str]:
    """Patterns of the cases in which some framework is known to do otherwise.

    What comes out of Keras is no Keras: a script asks no file.
    """
    return [
        pattern
        for path in sorted(LEDGER.glob("*.yaml"))
        if not path.name.startswith("exported")
        for entry in read_entries(path)[0]
        for pattern in entry.cases
    ]


def deviating(case_id: str, facet: str) -> Judged | None:
    """An answer with a fault that this facet shows."""
    faults = applicable(catalogue()[case_id])
    edits = {edit.name for name, edit in EDITS if name == facet}
    for fault in [*faults[:6], *(one for one in faults[6:] if one.name in edits)]:
        one = judged(case_id, MADE_OF, fault)
        verdict = next(found for found in one.verdict.facets if found.facet == facet)
        if verdict.outcome == "fail":
            return one
    return None


@functools.cache
def made() -> list[Made]:
    return list(_made())


def _made() -> Iterator[Made]:
    """Scripts of many families and facets: of passes and failures, with and without the answer."""
    count = dict.fromkeys(FACETS, 0)
    adapter = AdapterLine(name=MADE_OF, status="ready", versions={"keras": "3.15.1", "mlx": "1.0"})
    for case_id in families():
        case = catalogue()[case_id]
        strings = any(spec.dtype == "string" for spec in case.program.model.inputs)
        if case.program.twin or case.program.random or strings:
            continue
        if any(matches(pattern, case_id) for pattern in known()):
            continue
        wanted = [f for f in FACETS if f in case.program.facets and count[f] < EACH]
        # The scarce facets first: not all of one case's.
        for facet in wanted[-3:]:
            turn = count[facet]
            failing = turn % 2 or facet in OF_FAILURES
            one = (deviating(case_id, facet) if failing else None) or judged(case_id, MADE_OF)
            if facet in {"weights", "params"} and not one.answer.expectation.weights:
                continue
            recorded = turn % 4 >= 2 and (one.verdict.outcome == "fail" or facet in KEPT)
            answer = None if recorded else one.answer
            try:
                text = script(one.line, one.cell, adapter, facet, answer)
            except NoScript:
                continue
            count[facet] += 1
            yield Made(f"{facet} of {case_id} ({turn})", facet, text)
    assert min(count.values()) >= 3, count


def came_to(backend: str, scripts: list[Made], *mode: str) -> dict[str, str]:
    pytest.importorskip("keras")
    run = subprocess.run(
        [sys.executable, str(RUNNER), backend, *mode],
        input=json.dumps({one.name: one.text for one in scripts}),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


@functools.cache
def refusals() -> list[Made]:
    """Scripts that want a model refused that is in order, as it is built or called."""
    one = judged("documents/dense/last-axis", MADE_OF)
    scripts = []
    for stage in ("build", "call"):
        line = replace(one.line, raises=Raises(at=stage))
        text = script(line, one.cell, facet="raises")
        scripts.append(Made(stage, "raises", text))
    return scripts


@functools.cache
def honest(backend: str) -> dict[str, str]:
    """What all these scripts came to on a Keras as it is, in one process."""
    return came_to(backend, [*made(), *refusals()])


@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_scripts_of_one_backend_pass_on_another_that_conforms(backend: str) -> None:
    wrong = {one.name: said for one in made() if (said := honest(backend)[one.name])}
    assert not wrong, wrong


@pytest.mark.frameworks
def test_every_kind_of_script_fails_on_a_keras_that_is_broken() -> None:
    scripts = made()
    passed = {name for name, said in came_to("torch", scripts, "broken").items() if not said}
    # No number is looked at for a shape; and where no mask must be there, none is.
    left = [one for one in scripts if one.name in passed and one.facet not in {"shape", "mask"}]
    assert not left, [one.name for one in left]
    masks = [one for one in scripts if one.facet == "mask"]
    assert any(one.name not in passed for one in masks)
    shapes = [one for one in scripts if one.facet == "shape"]
    assert all(came_to("torch", shapes, "reshaped").values())


@pytest.mark.frameworks
def test_a_refusal_that_does_not_come_fails() -> None:
    said = {one.name: honest("torch")[one.name] for one in refusals()}
    assert len(said) == 2
    assert all("accepted, although it must be refused" in text for text in said.values()), said
