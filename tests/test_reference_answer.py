"""What `evaluate` answers, and what it says when a case contradicts the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reference_cases import SGD, case, chain, exact, of_layer, spec

from conformance.cases.model import (
    Call,
    Data,
    Expect,
    Extra,
    Influence,
    LayerExpect,
    Named,
    Params,
    Raises,
    SummaryRow,
    Train,
    Twin,
)
from conformance.reference import (
    Contradiction,
    NotClear,
    evaluate,
)
from conformance.reference.engine.dtypes import held
from conformance.reference.model.data import integers, normal, philox_lines

PERCEPTRON = (
    ("Dense", {"units": 16, "activation": "relu"}),
    ("Flatten", {}),
    ("Dense", {"units": 4}),
)


def perceptron(**kwargs: Any) -> Any:
    return case(chain(*PERCEPTRON, given=spec([3, 2])), **kwargs)


def test_feeds_have_the_names_of_the_architecture() -> None:
    answer = evaluate(perceptron(train=SGD))
    assert set(answer.feeds) == {
        "call/0/x",
        "weight/dense_0/kernel",
        "weight/dense_0/bias",
        "weight/dense_2/kernel",
        "weight/dense_2/bias",
        "cotangent/0",
        "target/0",
    }
    assert all(values.dtype == np.float32 for values in answer.feeds.values())


def test_every_array_that_is_named_is_there() -> None:
    from conformance.reference.answer.store import _names

    twin = Twin(model=chain(*PERCEPTRON, given=spec([3, 2])))
    answer = evaluate(perceptron(train=SGD, twin=twin))
    assert _names(answer.expectation) == set(answer.arrays)


def test_structure_of_a_perceptron() -> None:
    expectation = evaluate(perceptron()).expectation
    assert expectation.symbolic.nodes == {
        "dense_0": [None, 3, 16],
        "flatten_1": [None, 48],
        "dense_2": [None, 4],
    }
    assert expectation.params == Params(total=244, trainable=244, non_trainable=0)
    assert [w.name for w in expectation.weights] == [
        "dense_0/kernel",
        "dense_0/bias",
        "dense_2/kernel",
        "dense_2/bias",
    ]
    assert expectation.summary is not None
    assert [row.layer for row in expectation.summary.rows] == ["Dense", "Flatten", "Dense"]


def test_values_are_those_of_plain_numpy() -> None:
    answer = evaluate(perceptron())
    f = {name: values.astype(np.float64) for name, values in answer.feeds.items()}
    hidden = np.maximum(f["call/0/x"] @ f["weight/dense_0/kernel"] + f["weight/dense_0/bias"], 0)
    y = hidden.reshape(2, 48) @ f["weight/dense_2/kernel"] + f["weight/dense_2/bias"]
    np.testing.assert_allclose(answer.arrays["truth/call/0/0"], y, rtol=1e-13)


def test_the_batch_call_is_row_zero() -> None:
    answer = evaluate(perceptron(calls=[Call(batch=3), Extra(batch=1, facet="batch")]))
    assert np.array_equal(answer.feeds["call/1/x"], answer.feeds["call/0/x"][:1])
    assert np.array_equal(answer.arrays["truth/call/1/0"], answer.arrays["truth/call/0/0"][:1])


@pytest.mark.parametrize("batch", [0, 1, 5])
def test_any_batch_size(batch: int) -> None:
    answer = evaluate(perceptron(calls=[Call(batch=2), Call(batch=batch)]))
    assert answer.expectation.calls[1].outputs[0].shape == [batch, 4]


def test_sgd_with_momentum_is_keras_rule() -> None:
    train = Train(
        optimizer=Named(name="SGD", config={"learning_rate": 0.125, "momentum": 0.5}),
        loss=Named(name="mean_squared_error"),
        steps=3,
    )
    answer = evaluate(of_layer("Dense", [2], {"units": 1, "name": "d"}, train=train))
    f = {name: values.astype(np.float64) for name, values in answer.feeds.items()}
    kernel, bias = f["weight/d/kernel"], f["weight/d/bias"]
    speed, losses = [0.0, 0.0], []
    for _ in range(3):
        error = f["call/0/x"] @ kernel + bias - f["target/0"]
        losses.append((error**2).mean())
        slopes = 2 * f["call/0/x"].T @ error / error.size, 2 * error.sum(0) / error.size
        speed = [0.5 * v - 0.125 * g for v, g in zip(speed, slopes, strict=True)]  # type: ignore[misc] # arrays from the first step on
        kernel, bias = kernel + speed[0], bias + speed[1]
    np.testing.assert_allclose(answer.arrays["truth/state/losses"], losses, rtol=1e-13)
    np.testing.assert_allclose(answer.arrays["truth/state/weight/d/kernel"], kernel, rtol=1e-13)
    np.testing.assert_allclose(answer.arrays["truth/state/weight/d/bias"], bias, rtol=1e-13)


CONTRADICTIONS = [
    (Expect(output_shape=[None, 5]), "output_shape"),
    (Expect(input_shape=[None, 3, 3]), "input_shape"),
    (Expect(params=Params(total=243)), "params.total"),
    (Expect(params=Params(trainable=1)), "params.trainable"),
    (Expect(layers=[LayerExpect(params=48)]), "layers"),
    (Expect(layers=[LayerExpect(params=48), LayerExpect(), LayerExpect(params=1)]), "layers.2"),
    (Expect(weights={"dense_0/kernel": [2, 15]}), "weights.dense_0/kernel"),
    (Expect(weights={"dense_0/gamma": [2]}), "dense_0/gamma"),
    (Expect(values=[[0.0] * 4] * 2), "values.0.0"),
    (Expect(values=[0.0]), "shape [1]"),
    (Expect(dtype="float64"), "dtype"),
    (Expect(probes={"lambda": [2, 3]}), "probes.lambda"),
    (Expect(summary=[SummaryRow(layer="Dense", output_shape=[None, 4], params=4)]), "1 rows"),
]


@pytest.mark.parametrize(("expect", "words"), CONTRADICTIONS)
def test_a_contradiction_names_both_sides(expect: Expect, words: str) -> None:
    with pytest.raises(Contradiction) as caught:
        evaluate(perceptron(expect=expect))
    message = str(caught.value)
    assert words in message
    assert "the case states" in message
    assert "the reference computes" in message


def test_what_a_case_states_rightly_passes() -> None:
    expect = Expect(
        input_shape=[None, 3, 2],
        output_shape=[None, 4],
        layers=[LayerExpect(output_shape=[None, 3, 16], params=48), LayerExpect(), LayerExpect()],
        params=Params(total=244),
        weights={"dense_2/kernel": [48, 4]},
        dtype="float32",
    )
    expectation = evaluate(perceptron(expect=expect)).expectation
    assert expectation.claims == ["symbolic_shape", "weights", "params", "shape", "dtype"]


def test_literal_values_become_the_expectation() -> None:
    given = spec([2, 2], data=Data(kind="arange"))
    model = chain(("Flatten", {}), given=given)
    one = case(model, calls=[Call(batch=1)], expect=Expect(values=[[0, 1, 2, 3]]))
    answer = evaluate(one)
    output = answer.expectation.calls[0].outputs[0]
    assert output.stated
    assert output.spread == ""
    assert answer.arrays[output.tensor].tolist() == [[0, 1, 2, 3]]
    assert answer.expectation.claims == ["values"]


def test_influence_is_what_the_case_states() -> None:
    model = chain(("Dense", {"units": 4}), given=spec([3, 2]))
    calls = [Call(batch=2), Extra(batch=2, facet="influence", at=[1])]
    expect = Expect(influence=[Influence(change=[1], changes=[1])])
    answer = evaluate(case(model, calls=calls, expect=expect))
    (influence,) = answer.expectation.influence
    changed = answer.arrays[influence.changed]
    assert influence.call == 1
    assert changed.shape == (2, 3, 4)
    assert changed[0, 1].all()
    assert changed.sum() == 4
    before, after = (answer.arrays[f"truth/call/{i}/0"] for i in (0, 1))
    assert np.array_equal(before != after, changed)


def test_a_wrong_influence_is_a_contradiction() -> None:
    model = chain(("Flatten", {}), ("Dense", {"units": 4}), given=spec([3, 2]))
    calls = [Call(batch=2), Extra(batch=2, facet="influence", at=[1])]
    expect = Expect(influence=[Influence(change=[1], changes=[1])])
    with pytest.raises(Contradiction, match="changes too"):
        evaluate(case(model, calls=calls, expect=expect))


def test_the_twin_gets_the_same_weights_and_permuted_data() -> None:
    config = {"filters": 3, "kernel_size": 2, "name": "c"}
    twin = Twin(
        model=chain(
            ("Conv2D", {**config, "name": "t", "data_format": "channels_first"}),
            given=spec([3, 6, 7]),
        ),
        input_axes=[2, 0, 1],
        output_axes=[2, 0, 1],
    )
    answer = evaluate(of_layer("Conv2D", [6, 7, 3], config, twin=twin))
    assert np.array_equal(answer.feeds["twin/weight/t/kernel"], answer.feeds["weight/c/kernel"])
    assert np.array_equal(
        answer.feeds["twin/call/0/x"], answer.feeds["call/0/x"].transpose(0, 3, 1, 2)
    )
    np.testing.assert_allclose(
        answer.arrays["truth/twin/call/0/0"],
        answer.arrays["truth/call/0/0"].transpose(0, 3, 1, 2),
        atol=1e-12,
    )
    np.testing.assert_allclose(
        answer.arrays["truth/twin/gradient/weight/t/kernel"],
        answer.arrays["truth/gradient/weight/c/kernel"],
        atol=1e-12,
    )


@pytest.mark.parametrize(
    ("twin", "words"),
    [
        (
            Twin(model=chain(("Dense", {"units": 4, "activation": "tanh"}), given=spec([3, 2]))),
            "instead of",
        ),
        (Twin(model=chain(("Dense", {"units": 5}), given=spec([3, 2]))), "shapes"),
        (Twin(model=chain(("Dense", {"units": 4}), given=spec([5, 2]))), "is fed"),
    ],
)
def test_a_twin_that_differs_is_a_contradiction(twin: Twin, words: str) -> None:
    with pytest.raises(Contradiction, match=words):
        evaluate(of_layer("Dense", [3, 2], {"units": 4}, twin=twin))


def test_a_documented_refusal_at_build() -> None:
    model = chain(
        ("Conv1D", {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": 2}),
        given=spec([9, 2]),
    )
    answer = evaluate(case(model, raises=Raises(at="build"), facets=["raises"]))
    assert answer.expectation.raises == "build"
    assert answer.expectation.claims == ["raises"]
    assert set(answer.feeds) == {"call/0/x"}
    with pytest.raises(Contradiction, match="expects an answer"):
        evaluate(case(model))


def test_a_documented_refusal_at_the_call() -> None:
    model = chain(("Flatten", {}), given=spec([5, 2], batch_size=3))
    one = case(model, raises=Raises(at="call"), facets=["raises"], calls=[Call(batch=2)])
    answer = evaluate(one)
    assert answer.expectation.symbolic.inputs == [[3, 5, 2]]
    assert answer.expectation.calls[0].outputs == []
    with pytest.raises(Contradiction, match="refuses at call"):
        evaluate(case(model, calls=[Call(batch=2)]))
    with pytest.raises(Contradiction, match="accepts"):
        evaluate(case(model, raises=Raises(at="call"), calls=[Call(batch=3)]))


def test_seeds_whose_data_touch_a_kink_are_passed_over() -> None:
    model = chain(("Dense", {"units": 6, "activation": "relu"}), given=exact([2]))
    answer = evaluate(case(model, weights="integers", facets=["values", "gradients"]))
    assert answer.expectation.seed > 0
    kernel, bias = answer.feeds["weight/dense_0/kernel"], answer.feeds["weight/dense_0/bias"]
    assert (answer.feeds["call/0/x"] @ kernel + bias).all()
    without = evaluate(case(model, weights="integers", facets=["values"]))
    assert without.expectation.seed == 0


def test_adam_keeps_away_from_gradients_near_zero() -> None:
    # +1/4 and -1/4 of two rows cancel in a bias's gradient; Adam's step would jump there.
    train = Train(optimizer=Named(name="Adam"), loss=Named(name="mean_absolute_error"), steps=1)
    model = chain(("Dense", {"units": 3, "activation": "tanh"}), given=spec([4]))
    answer = evaluate(case(model, train=train))
    assert all(np.isfinite(a).all() for a in answer.arrays.values())


def test_ties_that_no_seed_avoids_are_an_error_that_helps() -> None:
    model = chain(("MaxPooling2D", {}), given=exact([20, 20, 2]))
    with pytest.raises(NotClear, match="data: normal"):
        evaluate(case(model, facets=["values", "gradients"]))


def test_dead_relus_in_a_pooling_window_are_no_tie() -> None:
    model = chain(
        ("Conv2D", {"filters": 4, "kernel_size": 2, "activation": "relu"}),
        ("MaxPooling2D", {"pool_size": 2}),
        given=spec([9, 9, 2]),
    )
    answer = evaluate(case(model, facets=["values", "gradients"]))
    assert (answer.arrays["truth/call/0/0"] == 0).any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_numbers_of_another_dtype_are_rounded_to_it_and_answered_in_it(dtype: str) -> None:
    model = chain(
        ("Flatten", {"dtype": dtype}), ("Dense", {"units": 3, "dtype": dtype}), given=spec([4])
    )
    answer = evaluate(case(model, facets=["values", "weights", "gradients"]))
    assert {w.dtype for w in answer.expectation.weights} == {dtype}
    output = answer.expectation.calls[0].outputs[0]
    assert output.dtype == dtype
    x, kernel, bias = (
        held(answer.feeds[name], dtype)
        for name in ("call/0/x", "weight/dense_1/kernel", "weight/dense_1/bias")
    )
    np.testing.assert_allclose(answer.arrays[output.tensor], x @ kernel + bias, rtol=1e-13)
    gradients = answer.expectation.gradients
    assert gradients is not None
    assert gradients.inputs["x"].dtype == "float32"  # cast as the input is, on the way back
    assert gradients.weights["dense_1/kernel"].dtype == dtype


def test_bfloat16_is_rounded_to_even() -> None:
    numbers = np.asarray([1 + 2**-8, 1 + 3 * 2**-8, -1.00390625, 0.5, np.inf, np.nan])
    expected = [1.0, 1 + 2**-6, -1.0, 0.5]
    np.testing.assert_array_equal(held(numbers, "bfloat16")[:4], expected)
    assert np.isinf(held(numbers, "bfloat16")[4])
    assert np.isnan(held(numbers, "bfloat16")[5])


@pytest.mark.parametrize("kind", ["normal", "integers"])
def test_five_lines_of_numpy_draw_the_same_numbers(kind: Any) -> None:
    import hashlib

    scope: dict[str, Any] = {"hashlib": hashlib, "np": np}
    lines = philox_lines(3, "call/0/x", (2, 5), kind)
    assert len(lines) <= 5
    exec("\n".join(lines), scope)  # noqa: S102 (the lines are this package's own)
    drawn = (normal if kind == "normal" else integers)(3, "call/0/x", (2, 5))
    assert scope["values"].dtype == np.float32
    assert np.array_equal(scope["values"], drawn)


def test_the_generator_never_changes() -> None:
    # Frozen: these numbers are in repro scripts and bug reports all over the world.
    assert (normal(0, "call/0/x", (4,)) * 32768).tolist() == FROZEN_NORMAL
    assert integers(0, "call/0/x", (8,)).tolist() == FROZEN_INTEGERS


def test_normal_numbers_look_normal() -> None:
    values = normal(1, "many", (100_000,)).astype(np.float64)
    assert abs(values.mean()) < 0.02
    assert abs(values.std() - 2 / np.sqrt(3)) < 0.01
    assert np.abs(values).max() <= 4


FROZEN_NORMAL = [-30492.0, -23768.0, -54582.0, -79251.0]
FROZEN_INTEGERS = [-4.0, -3.0, 2.0, -4.0, 0.0, -1.0, 0.0, -2.0]
