"""Regularizers and constraints: what the reference adds to losses, and how it binds weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases_samples import load_case
from seeded import answered

from conformance.reference import evaluate
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import find
from conformance.reference.spec.rules import Rules, rules_of

if TYPE_CHECKING:
    from pathlib import Path

BODY = """
input: {shape: [3], batch: 4}
layer: Dense
config: {units: 2, use_bias: false, RULE}
train: {optimizer: {SGD: {learning_rate: 0.1}}, loss: mean_squared_error, steps: 1}
"""


@pytest.fixture
def case(tmp_path: Path) -> Any:
    return lambda rule: load_case(tmp_path, BODY.replace("RULE", rule))


def step(found: Any) -> tuple[float, Any, Any, Any, Any]:
    """Loss and gradient without any rule; the answer, the input and the kernel."""
    feeds = {name: np.asarray(one, np.float64) for name, one in found.feeds.items()}
    x, kernel, target = feeds["call/0/x"], feeds["weight/dense/kernel"], feeds["target/0"]
    y = x @ kernel
    return ((y - target) ** 2).mean(), x.T @ (y - target) * 2 / y.size, y, x, kernel


@pytest.mark.parametrize(
    ("rule", "penalty", "gradient"),
    [
        ("kernel_regularizer: l1", lambda w: 0.01 * np.abs(w).sum(), lambda w: 0.01 * np.sign(w)),
        ("kernel_regularizer: l2", lambda w: 0.01 * (w**2).sum(), lambda w: 0.02 * w),
        (
            "kernel_regularizer: {class_name: L1L2, config: {l1: 0.2, l2: 0.3}}",
            lambda w: 0.2 * np.abs(w).sum() + 0.3 * (w**2).sum(),
            lambda w: 0.2 * np.sign(w) + 0.6 * w,
        ),
    ],
)
def test_a_regularizer_adds_to_the_loss(case: Any, rule: str, penalty: Any, gradient: Any) -> None:
    found = evaluate(case(rule))
    loss, slope, _, _, kernel = step(found)
    np.testing.assert_allclose(found.arrays["truth/state/losses"], [loss + penalty(kernel)])
    expected = kernel - 0.1 * (slope + gradient(kernel))
    np.testing.assert_allclose(found.arrays["truth/state/weight/dense/kernel"], expected)


def test_a_penalty_on_what_is_answered_is_divided_by_the_rows(case: Any) -> None:
    found = evaluate(case("activity_regularizer: {class_name: L2, config: {l2: 0.5}}"))
    loss, slope, y, x, kernel = step(found)
    np.testing.assert_allclose(found.arrays["truth/state/losses"], [loss + 0.5 * (y**2).sum() / 4])
    expected = kernel - 0.1 * (slope + x.T @ y / 4)
    np.testing.assert_allclose(found.arrays["truth/state/weight/dense/kernel"], expected)


@pytest.mark.parametrize(
    ("rule", "bound"),
    [
        ("non_neg", lambda w: np.maximum(w, 0)),
        ("unit_norm", lambda w: w / (1e-7 + np.sqrt((w**2).sum(0, keepdims=True)))),
        (
            "{class_name: MaxNorm, config: {max_value: 0.5, axis: 1}}",
            lambda w: (
                w * np.clip(norm := np.sqrt((w**2).sum(1, keepdims=True)), 0, 0.5) / (1e-7 + norm)
            ),
        ),
        (
            "{class_name: MinMaxNorm, config: {min_value: 0.5, max_value: 0.75, rate: 0.5}}",
            lambda w: (
                w
                * (
                    0.5 * np.clip(norm := np.sqrt((w**2).sum(0, keepdims=True)), 0.5, 0.75)
                    + norm / 2
                )
                / (1e-7 + norm)
            ),
        ),
    ],
)
def test_a_constraint_binds_the_weight_after_the_step(case: Any, rule: str, bound: Any) -> None:
    found = evaluate(case(f"kernel_constraint: {rule}"))
    loss, slope, _, _, kernel = step(found)
    np.testing.assert_allclose(found.arrays["truth/state/losses"], [loss])
    expected = bound(kernel - 0.1 * slope)
    np.testing.assert_allclose(found.arrays["truth/state/weight/dense/kernel"], expected)


def test_each_rule_that_is_forgotten_is_noticed(case: Any) -> None:
    for argument, facets in (
        ("kernel_regularizer", {"losses", "state"}),
        ("activity_regularizer", {"losses", "state"}),
        ("kernel_constraint", {"state"}),
    ):
        rule = "unit_norm" if argument.endswith("constraint") else "l2"
        one = case(f"{argument}: {rule}")
        assert answered(one).failed(find(one, f"ignored:Dense.{argument}")) == facets


def test_a_rule_goes_to_the_variables_that_its_argument_names() -> None:
    rules, rest = rules_of(
        "X",
        {
            "units": 2,
            "kernel_regularizer": "l2",
            "recurrent_constraint": "non_neg",
            "bias_regularizer": None,
        },
    )
    assert rest == {"units": 2, "bias_regularizer": None}
    found = rules.by_variable(["kernel", "recurrent_kernel", "bias"])
    assert found.keys() == {"kernel", "recurrent_kernel"}
    assert found["kernel"].penalty is not None
    assert found["recurrent_kernel"].constraint is not None
    several = Rules(rules.by_argument).by_variable(["query/kernel", "value/kernel", "query/bias"])
    assert {"query/kernel", "value/kernel"} <= several.keys()


@pytest.mark.parametrize("rule", ["orthogonal", "{class_name: L2, config: {l3: 1}}"])
def test_a_rule_that_the_reference_lacks_is_told(case: Any, rule: str) -> None:
    with pytest.raises(NoAnswer, match="is not in the reference"):
        evaluate(case(f"kernel_regularizer: {rule}"))
