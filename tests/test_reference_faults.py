"""Honest float32 stays within the rule, and every fault leaves it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from msgspec.structs import replace
from reference_cases import SGD, case, chain, exact, of_layer, spec

from conformance.cases.model import (
    Call,
    Case,
    Data,
    Expect,
    Extra,
    Influence,
    Model,
    Named,
    Node,
    Raises,
    Train,
    Twin,
)
from conformance.reference import Unsupported, evaluate
from conformance.reference.faults.applicable import applicable, explanations, find
from conformance.reference.faults.fault import rounded_to
from conformance.reference.faults.observe import observe

if TYPE_CHECKING:
    from collections.abc import Iterator

MOMENTUM = Train(
    optimizer=Named(name="SGD", config={"momentum": 0.9, "nesterov": True}),
    loss=Named(name="mean_squared_error"),
    steps=4,
)
ADAM = Train(optimizer=Named(name="Adam"), loss=Named(name="mean_squared_error"), steps=3)

CASES: dict[str, Case] = {
    "perceptron": case(
        chain(
            ("Dense", {"units": 6, "activation": "relu"}),
            ("Flatten", {}),
            ("Dense", {"units": 4}),
            ("Activation", {"activation": "softmax"}),
            given=spec([3, 2]),
        ),
        train=MOMENTUM,
        calls=[Call(batch=2), Extra(batch=1, facet="batch")],
    ),
    "image": case(
        chain(
            (
                "Conv2D",
                {
                    "filters": 4,
                    "kernel_size": [3, 2],
                    "strides": [2, 1],
                    "padding": "same",
                    "activation": "elu",
                },
            ),
            ("MaxPooling2D", {"pool_size": 2, "padding": "same"}),
            ("Flatten", {}),
            ("Dense", {"units": 3}),
            given=spec([6, 7, 3]),
        ),
        train=ADAM,
    ),
    "first": case(
        chain(
            (
                "Conv2D",
                {
                    "filters": 4,
                    "kernel_size": 2,
                    "dilation_rate": 2,
                    "padding": "same",
                    "groups": 2,
                    "data_format": "channels_first",
                },
            ),
            ("Flatten", {"data_format": "channels_first"}),
            given=spec([4, 5, 6]),
        ),
    ),
    "causal": of_layer(
        "Conv1D",
        [9, 3],
        {"filters": 4, "kernel_size": 3, "padding": "causal", "activation": "gelu"},
    ),
    "lstm": case(
        chain(
            ("LSTM", {"units": 3, "return_sequences": True}),
            ("LSTM", {"units": 2}),
            given=spec([4, 3]),
        )
    ),
    "gru": of_layer("GRU", [4, 3], {"units": 3, "go_backwards": True}),
    "rnn": of_layer("SimpleRNN", [4, 3], {"units": 3, "activation": "softsign"}),
    "exact": case(
        chain(
            ("Conv1D", {"filters": 4, "kernel_size": 3}),
            ("Flatten", {}),
            ("Dense", {"units": 2}),
            given=exact([6, 3]),
        ),
        weights="integers",
    ),
}

HARMLESS_ROUNDING = {"exact"}
"""Small integers survive coarser formats: that is why such cases are exact on all hardware."""


@functools.cache
def answered(name: str) -> Any:
    return evaluate(CASES[name])


def pairs(expectation: Any, observation: Any) -> Iterator[tuple[str, Any, str]]:
    """Each expected array beside the name of the observed one, by kind of result."""
    for expected, call in zip(expectation.calls, observation.calls, strict=True):
        for e, o in zip(expected.outputs, call.outputs, strict=True):
            yield "values", e, o.tensor
    if expectation.gradients is not None:
        for part in ("inputs", "weights"):
            for name, e in getattr(expectation.gradients, part).items():
                yield "gradients", e, getattr(observation.gradients, part)[name]
    if expectation.state is not None:
        if expectation.state.losses is not None:
            yield "state", expectation.state.losses, observation.state.losses
        for name, e in expectation.state.weights.items():
            yield "state", e, observation.state.weights[name]


def scores(answer: Any, observed: Any) -> dict[str, float]:
    """max|z| by kind of result; infinite where shapes or exact numbers differ."""
    observation, tensors = observed
    found: dict[str, float] = {}
    for kind, expected, name in pairs(answer.expectation, observation):
        truth, value = answer.arrays[expected.tensor], tensors[name]
        if truth.shape != value.shape:
            found[kind] = np.inf
            continue
        if expected.spread:
            z = np.abs(value - truth) / (2.0**-24 * answer.arrays[expected.spread] + 2.0**-124)
        else:
            z = np.where(value == truth, 0.0, np.inf)
        worst = float(np.max(z, initial=0.0))
        found[kind] = max(found.get(kind, 0.0), np.inf if np.isnan(worst) else worst)
    return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_honest_float32_stays_within_the_rule(name: str, seed: int) -> None:
    answer = answered(name)
    found = scores(answer, observe(CASES[name], answer.feeds, seed=seed))
    assert max(found.values()) <= 8, found


def computing_faults() -> list[Any]:
    return [
        pytest.param(name, fault.name, id=f"{name}-{fault.name}")
        for name, one in CASES.items()
        for fault in explanations(one)
        if not (name in HARMLESS_ROUNDING and (fault.operands or fault.results))
    ]


@pytest.mark.parametrize(("name", "fault"), computing_faults())
def test_every_fault_leaves_the_rule(name: str, fault: str) -> None:
    rounding = fault.split("-", maxsplit=1)[0] in {"bfloat16", "float16", "tensorfloat32"}
    if rounding and name in HARMLESS_ROUNDING:
        pytest.skip("small integers survive this rounding")
    answer = answered(name)
    found = scores(answer, observe(CASES[name], answer.feeds, find(CASES[name], fault)))
    assert max(found.values()) > 48, found


@pytest.mark.parametrize("name", CASES)
def test_a_faulty_answer_is_what_the_faulty_framework_gives(name: str) -> None:
    # "Behaves like": the observation with a fault must agree with evaluate(case, fault).
    one, answer = CASES[name], answered(name)
    for fault in explanations(one):
        # A format that rounds every operand or result rounds differently in float32 and float64.
        if fault.operands or fault.results or fault.name.startswith("learning-rate-times-10"):
            continue
        explained = evaluate(one, fault)
        found = scores(explained, observe(one, answer.feeds, fault))
        assert max(found.values()) <= 16, (fault.name, found)


def test_names_are_unique_and_found() -> None:
    for one in CASES.values():
        names = [fault.name for fault in applicable(one)]
        assert len(names) == len(set(names))
        assert find(one, names[0]).name == names[0]
    with pytest.raises(Unsupported, match="no-such-fault"):
        find(CASES["gru"], "no-such-fault")


def test_an_argument_at_its_default_is_no_fault() -> None:
    one = of_layer("MaxPooling2D", [4, 4, 1], {"pool_size": 2, "padding": "same"})
    names = {fault.name for fault in applicable(one)}
    assert "ignored:MaxPooling2D.pool_size" not in names
    assert "average-for-maximum" in names


def test_expected_faults_are_offered() -> None:
    offered = {fault.name for one in CASES.values() for fault in applicable(one)}
    assert offered >= {
        "average-for-maximum",
        "bfloat16-operands",
        "bias-missing",
        "channels-first-read-as-last",
        "flatten-fortran-order",
        "gates-swapped:GRU.01",
        "gates-swapped:LSTM.23",
        "hard-gates",
        "ignored:Conv2D.dilation_rate",
        "ignored:Flatten.data_format",
        "ignored:GRU.go_backwards",
        "ignored:SGD.momentum",
        "ignored:SGD.nesterov",
        "kernel-flipped",
        "kernel-transposed",
        "leaky-relu",
        "learning-rate-times-10",
        "loss-summed",
        "one-step-too-few",
        "padding-other-side",
        "padding-same-not-causal",
        "sequence-reversed",
        "softmax-other-axis",
    }


EDITED = case(
    chain(("Dense", {"units": 4}), ("Lambda", {"function": "probe"}), given=spec([3, 2])),
    calls=[
        Call(batch=2),
        Extra(batch=1, facet="batch"),
        Extra(batch=2, facet="influence", at=[1]),
    ],
    expect=Expect(influence=[Influence(change=[1], changes=[1])]),
    train=SGD,
    twin=Twin(
        model=chain(("TimeDistributed", {"layer": {"Dense": {"units": 4}}}), given=spec([3, 2]))
    ),
)


def test_edits_change_the_observation_and_have_no_answer_of_their_own() -> None:
    answer = evaluate(EDITED)
    honest = observe(EDITED, answer.feeds)
    edits = [fault for fault in applicable(EDITED) if fault.edit is not None]
    assert len(edits) >= 15
    for fault in edits:
        if fault.name == "accepts":  # it refused nothing, so there is nothing to accept
            continue
        if not fault.name.isidentifier() and any(of in fault.name for of in ("-open-", "numpy")):
            continue  # of functions alone
        changed = observe(EDITED, answer.feeds, fault)
        same = changed.observation == honest.observation and all(
            np.array_equal(changed.tensors[k], v) for k, v in honest.tensors.items()
        )
        assert not same, fault.name
        with pytest.raises(Unsupported):
            evaluate(EDITED, fault)


def test_an_observation_has_every_facet() -> None:
    observation = observe(EDITED, evaluate(EDITED).feeds).observation
    for part in (
        "symbolic",
        "weights",
        "params",
        "config",
        "calls",
        "gradients",
        "twin",
        "compiled",
        "config_round_trip",
        "save_round_trip",
        "state",
        "summary",
    ):
        assert getattr(observation, part), part
    assert observation.calls[0].probes == {"lambda_1": [2, 3, 4]}


def test_refusals_are_observed_and_can_be_missing() -> None:
    model = chain(("Flatten", {}), given=spec([5, 2], batch_size=3))
    one = case(model, raises=Raises(at="call"), facets=["raises"], calls=[Call(batch=2)])
    feeds = evaluate(one).feeds
    error = observe(one, feeds).observation.calls[0].error
    assert error is not None
    assert error.stage == "call"
    accepted = observe(one, feeds, find(one, "accepts")).observation
    assert accepted.calls == []
    built = chain(("Dense", {"units": 0}), given=spec([2]))
    refused = observe(case(built, raises=Raises(at="build")), {}).observation
    assert refused.error is not None
    assert refused.error.stage == "build"


def of_function(symbol: str, shape: list[int], *, facets: list[str], **parts: Any) -> Case:
    """A function of one array ``x``."""
    literal = parts.pop("arguments", {})
    node = Node(name="f", layer=symbol, config={}, inputs=[], arguments=literal, tensors={"x": "x"})
    model = Model(form="function", inputs=[spec(shape)], nodes=[node], outputs=["f"])
    return case(model, calls=[Call(batch=1)], facets=facets, **parts)


def test_a_function_s_refusal_is_observed_and_can_be_missing() -> None:
    one = of_function(
        "ops.sum",
        [2, 3],
        arguments={"axis": 2},
        facets=["raises"],
        raises=Raises(at="call"),
    )
    feeds = evaluate(one).feeds
    (call,) = observe(one, feeds).observation.calls
    assert call.error is not None
    assert call.error.stage == "call"
    assert {fault.name for fault in applicable(one)} == {"accepts", "crashes"}
    assert observe(one, feeds, find(one, "accepts")).observation.calls == []


def test_what_a_case_states_is_not_held_against_a_fault() -> None:
    one = of_function(
        "ops.absolute",
        [2],
        facets=["values"],
        expect=Expect(values=[1.0, 2.0]),
    )
    given = spec([2], data=Data(kind="values", values=[1.0, -2.0]))
    model = replace(one.program.model, inputs=[given])
    one = replace(one, program=replace(one.program, model=model))
    assert evaluate(one).expectation.calls[0].outputs[0].stated
    faulty = evaluate(one, find(one, "taken-for:ops.absolute.relu"))
    assert faulty.arrays["truth/call/0/0"].tolist() == [1.0, 0.0]
    assert not faulty.expectation.calls[0].outputs[0].stated


def test_an_argument_of_a_function_at_its_default_is_not_ignored() -> None:
    one = of_function(
        "ops.sum", [2, 3], arguments={"axis": None, "keepdims": True}, facets=["values"]
    )
    names = {fault.name for fault in explanations(one)}
    assert "ignored:ops.sum.keepdims" in names
    assert "ignored:ops.sum.axis" not in names


def test_rounding_to_a_format() -> None:
    values = np.array([1.0, 1 + 2.0**-8, 1 + 2.0**-7, -3.14159, 0.0, np.inf], np.float32)
    rounded = rounded_to(8)(values)
    assert rounded.tolist() == [1.0, 1.0, 1 + 2.0**-7, -3.140625, 0.0, np.inf]
    assert rounded.dtype == np.float32


def test_infinities_and_nan_pass_through() -> None:
    given = spec([3], data=Data(kind="values", values=[[np.inf, np.nan, -1.0]]))
    answer = evaluate(
        case(chain(("Flatten", {}), given=given), calls=[Call(batch=1)], facets=["values"])
    )
    assert np.array_equal(answer.arrays["truth/call/0/0"], [[np.inf, np.nan, -1.0]], equal_nan=True)
