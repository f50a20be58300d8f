"""Promise 1, on the cases of keras.applications: each passes an honest answer and can fail.

As ``test_every_layer_check_can_fail.py``; ``KERAS_CONFORMANCE_VARIANT`` chooses variants likewise.
Numbers are tried of the smallest models alone: a larger one takes seconds a fault.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import pytest
from catalogue import variants, written
from seeded import answered

from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import applicable
from conformance.reference.model.network import Network

if TYPE_CHECKING:
    from conformance.cases.model import Case

CHOICE = os.environ.get("KERAS_CONFORMANCE_VARIANT", "0")
FUNCTIONS = "applications/preprocessing/"
WRITTEN = [name for name in written("applications") if not name.startswith(FUNCTIONS)]
WEIGHTS = 2_000_000
"""Of a model whose numbers are tried."""

WITHOUT_EFFECT = {
    ("applications/models/input-tensor-and-shape", "input_shape"): "it is documented to be ignored",
    ("applications/models/too-small", "include_top"): "what is too small is so either way",
    ("applications/values/mobilenet-v3-with-top", "dropout_rate"): "it acts in training alone",
}
"""Arguments that are set where they move nothing, by written case, each with the reason."""

each_written = pytest.mark.parametrize("name", WRITTEN)


def chosen(name: str) -> list[Case]:
    """The variants of what is written under this id that are tried."""
    every = [one for one in variants("applications")[name] if small(one)]
    if CHOICE == "all" or not every:
        return every
    return [every[(zlib.crc32(name.encode()) + int(CHOICE)) % len(every)]]


def small(case: Case) -> bool:
    if not case.program.calls:
        return True
    return (Network.build(case.program.model).params.total or 0) <= WEIGHTS


@each_written
def test_an_honest_answer_passes_and_each_facet_can_fail(name: str) -> None:
    for case in chosen(name):
        one = answered(case)
        honest = one.judged(one.honest)
        assert honest.outcome == "pass", (case.id, honest.message)
        asked = set(one.answer.expectation.asked(case.program).facets)
        faults = applicable(case)
        edited = set().union(*(one.failed(each) for each in faults if each.edit is not None))
        assert asked - edited == set(), f"no seeded fault fails these facets of {case.id}"
        if "values" in asked:
            moving = [each for each in faults if each.name.startswith("inputs-")]
            assert any("values" in one.failed(each) for each in moving), case.id


def told(case: Case, without: str = "") -> object:
    """What a model is told to be, and what it is said to be without one of its arguments."""
    node = case.program.model.nodes[0]
    left = {key: value for key, value in node.config.items() if key != without}
    model = case.program.model
    changed = type(model)(
        form=model.form,
        inputs=model.inputs,
        nodes=[type(node)(**{**fields(node), "config": left})],
        outputs=model.outputs,
    )
    try:
        network = Network.build(changed)
    except NoAnswer as refusal:
        return str(refusal)
    layers = [(one.layer, one.config) for one in network.model.nodes if one.layer != "Dropout"]
    return network.inputs, network.outputs, network.params, layers if case.program.calls else []


def fields(node: object) -> dict[str, object]:
    return {key: getattr(node, key) for key in node.__struct_fields__}  # type: ignore[attr-defined]


@each_written
def test_an_argument_that_is_set_moves_something_of_some_variant(name: str) -> None:
    every = variants("applications")[name]
    for key in {key for case in every for key in case.program.model.nodes[0].config}:
        if every[0].program.model.form != "application":
            continue
        giving = [case for case in every if key in case.program.model.nodes[0].config]
        moving = any(told(case) != told(case, key) for case in giving)
        assert moving != ((name, key) in WITHOUT_EFFECT), (name, key)


def test_a_model_that_looks_at_no_argument_of_its_own_is_caught() -> None:
    case = next(
        one
        for one in variants("applications")["applications/models/mobilenet"]
        if one.id.endswith("[alpha=0.5,depth_multiplier=2]")
    )
    one = answered(case)
    ignored = {
        fault.name: one.failed(fault)
        for fault in applicable(case)
        if fault.name.startswith("ignored:")
    }
    assert ignored == {
        "ignored:applications.MobileNet.alpha": {"params"},
        "ignored:applications.MobileNet.depth_multiplier": {"params"},
    }


def test_what_is_excused_is_there() -> None:
    assert {name for name, _ in WITHOUT_EFFECT} <= set(WRITTEN)


def test_what_is_tried_is_all_that_is_written() -> None:
    names = [*written("applications")]
    assert set(names) == variants("applications").keys()
