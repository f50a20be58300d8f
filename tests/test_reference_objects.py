"""Losses, metrics, optimizers, schedules and initializers of the reference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.invariants import Invariants, check
from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.conversion import fed
from conformance.reference.engine.laws import Affine, Drawn
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import table

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array

RANDOM = np.random.default_rng(3)
ONE = Variance()


def array(values: Any, dtype: str = "") -> Any:
    return fed(ONE, np.asarray(values), dtype)


def made(symbol: str, **config: Any) -> Any:
    return table.find(symbol)(**config, arithmetic=ONE)


def near(answer: Array, truth: Any) -> bool:
    return bool(np.allclose(answer.value, truth, rtol=1e-12, atol=1e-14))


TRUE, PRED = RANDOM.standard_normal((2, 4, 3))
WEIGHTS = RANDOM.uniform(0, 2, 4)
SQUARES = np.square(TRUE - PRED).mean(-1)


@pytest.mark.parametrize(
    ("reduction", "plain", "weighed"),
    [
        ("sum_over_batch_size", SQUARES.mean(), (SQUARES * WEIGHTS).mean()),
        ("mean", SQUARES.mean(), (SQUARES * WEIGHTS).mean()),
        ("sum", SQUARES.sum(), SQUARES @ WEIGHTS),
        ("mean_with_sample_weight", SQUARES.mean(), SQUARES @ WEIGHTS / WEIGHTS.sum()),
        ("none", SQUARES, SQUARES * WEIGHTS),
        (None, SQUARES, SQUARES * WEIGHTS),
    ],
)
def test_a_loss_weighs_samples_and_reduces(reduction: Any, plain: Any, weighed: Any) -> None:
    loss = made("losses.MeanSquaredError", reduction=reduction)
    true, pred = array(TRUE, "float32"), array(PRED, "float32")
    assert near(loss(true, pred), plain)
    assert near(loss(true, pred, sample_weight=array(WEIGHTS, "float32")), weighed)
    assert near(loss(true, pred, sample_weight=array(WEIGHTS[:, None], "float32")), weighed)
    assert near(
        loss(true, pred, sample_weight=2.0),
        2 * plain if reduction != "mean_with_sample_weight" else plain,
    )


def test_weights_of_nothing_leave_nothing() -> None:
    loss = made("losses.MeanSquaredError", reduction="mean_with_sample_weight")
    assert near(loss(array(TRUE), array(PRED), sample_weight=array(np.zeros(4))), 0.0)


def test_weights_that_fit_no_sample_are_not_judged() -> None:
    loss = made("losses.MeanSquaredError")
    wide = array(RANDOM.standard_normal((4, 3, 2)))
    with pytest.raises(Unsupported, match="sample_weight"):
        loss(wide, wide, sample_weight=array(WEIGHTS))


def test_losses_compute_in_their_own_dtype() -> None:
    true, pred = array(TRUE, "bfloat16"), array(PRED, "bfloat16")
    assert made("losses.Huber")(true, pred).dtype == "float32"
    assert made("losses.Huber", dtype="float16")(true, pred).dtype == "float16"


@pytest.mark.parametrize("delta", [0.5, 1.0, 3.0])
def test_huber_is_quadratic_then_linear(delta: float) -> None:
    size = np.abs(TRUE - PRED)
    truth = np.where(size <= delta, size**2 / 2, delta * size - delta**2 / 2).mean(-1)
    loss = made("losses.Huber", delta=delta, reduction="none")
    assert near(loss(array(TRUE), array(PRED)), truth)


def test_mean_absolute_error_and_targets_of_one_axis_less() -> None:
    loss = made("losses.MeanAbsoluteError", reduction="none")
    assert near(loss(array(TRUE), array(PRED)), np.abs(TRUE - PRED).mean(-1))
    # Targets of four numbers beside predictions of shape (4, 1): pairs, not a table of 16.
    assert loss(array(TRUE[:, 0]), array(PRED[:, :1])).shape == ()


def test_binary_crossentropy_of_probabilities_and_of_logits() -> None:
    y, x = RANDOM.integers(0, 2, (4, 3)).astype(float), RANDOM.standard_normal((4, 3))
    p = 1 / (1 + np.exp(-x))
    truth = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(-1)
    plain, logits = (
        made("losses.BinaryCrossentropy", from_logits=f, reduction="none") for f in (False, True)
    )
    assert near(plain(array(y), array(p)), truth)
    assert near(logits(array(y), array(x)), truth)
    smooth = y * 0.8 + 0.1
    truth = -(smooth * np.log(p) + (1 - smooth) * np.log(1 - p)).mean(0)
    by_axis = made("losses.BinaryCrossentropy", label_smoothing=0.2, axis=0, reduction="none")
    assert near(by_axis(array(y), array(p)), truth)
    # Documented: 0.8654 of these logits, 0.916 and 0.714 of these probabilities.
    known = made("losses.BinaryCrossentropy", from_logits=True)
    few = known(array([0, 1, 0, 0]), array([-18.6, 0.51, 2.94, -12.8]))
    assert float(few.value) == pytest.approx(0.8654, abs=1e-4)
    rows = plain(array([[0, 1], [0, 0]]), array([[0.6, 0.4], [0.4, 0.6]]))
    assert rows.value.round(3).tolist() == [0.916, 0.714]
    assert np.isfinite(plain(array([[1.0]]), array([[0.0]])).value).all()


def test_sparse_crossentropy_names_classes() -> None:
    scores, labels = RANDOM.standard_normal((4, 3)), np.asarray([2, 0, 1, 2])
    shares = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    truth = -np.log(shares[np.arange(4), labels])
    loss = made("losses.SparseCategoricalCrossentropy", reduction="none")
    logits = made("losses.SparseCategoricalCrossentropy", reduction="none", from_logits=True)
    assert near(loss(array(labels), array(shares)), truth)
    assert near(loss(array(labels[:, None]), array(shares / 2)), truth)
    assert near(logits(array(labels), array(scores)), truth)
    by_axis = made("losses.SparseCategoricalCrossentropy", reduction="none", axis=0)
    assert near(by_axis(array(labels), array(shares.T)), truth)
    known = made("losses.SparseCategoricalCrossentropy")
    few = array([[0.05, 0.95, 0], [0.1, 0.8, 0.1]])
    assert round(float(known(array([1, 2]), few).value), 3) == 1.177
    weighed = known(array([1, 2]), few, sample_weight=array([0.3, 0.7]))
    assert round(float(weighed.value), 3) == 0.814
    without = made("losses.SparseCategoricalCrossentropy", ignore_class=2)
    assert near(without(array(labels), array(shares)), truth[[1, 2]].mean())
    with pytest.raises(Unsupported, match="label"):
        loss(array([3, 0, 1, 2]), array(shares))
    with pytest.raises(Unsupported, match="probability"):
        loss(array(labels), array(2 * shares))


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(Refused, match="reduction"):
        made("losses.Huber", reduction="average")


def test_mean_adds_up_over_updates_and_begins_again() -> None:
    mean = made("metrics.Mean")
    assert list(mean.variables) == ["total", "count"]
    assert near(mean.result(), 0.0)
    mean.update_state(array([1.0, 3, 5, 7]))
    assert near(mean.result(), 4.0)
    mean.update_state(array([1.0, 3, 5, 7]), sample_weight=array([1.0, 1, 0, 0]))
    assert near(mean.result(), 20 / 6)
    assert [float(v.value) for v in mean.variables.values()] == [20.0, 6.0]
    mean.reset_state()
    assert [float(v.value) for v in mean.variables.values()] == [0.0, 0.0]
    mean.update_state(array(np.ones((2, 3))), sample_weight=array([[1.0, 2, 3], [0, 1, 0]]))
    assert near(mean.variables["total"], 2 + 1 / 3)
    assert near(mean.variables["count"], 2 + 1 / 3)
    mean.reset_state()
    mean.update_state(array([[1.0, 2], [3, 6]]), sample_weight=array([1.0, 3.0]))
    assert near(mean.result(), (1.5 + 13.5) / 4)
    mean.reset_state()
    mean.update_state(array([1.0, 3.0]), sample_weight=0.5)
    assert [float(v.value) for v in mean.variables.values()] == [1.0, 0.5]
    mean.update_state(4.0)
    assert near(mean.variables["count"], 1.5)


def test_sparse_categorical_accuracy_is_as_documented() -> None:
    metric = made("metrics.SparseCategoricalAccuracy")
    scores = array([[0.1, 0.6, 0.3], [0.05, 0.95, 0]])
    metric.update_state(array([[2], [1]]), scores)
    assert near(metric.result(), 0.5)
    metric.reset_state()
    metric.update_state(array([[2], [1]]), scores, sample_weight=array([0.7, 0.3]))
    assert near(metric.result(), 0.3)
    metric.update_state(array([1, 1]), scores)
    assert near(metric.result(), 2.3 / 3)
    with pytest.raises(Unsupported, match="equal"):
        metric.update_state(array([0]), array([[0.5, 0.5]]))


def test_mean_iou_is_as_documented() -> None:
    metric = made("metrics.MeanIoU", num_classes=2)
    metric.update_state(array([0, 0, 1, 1]), array([0, 1, 0, 1]))
    assert near(metric.result(), 1 / 3)
    metric.reset_state()
    weights = array(np.asarray([0.3, 0.3, 0.3, 0.1]))
    metric.update_state(array([0, 0, 1, 1]), array([0, 1, 0, 1]), sample_weight=weights)
    assert round(float(metric.result().value), 8) == 0.23809524
    assert near(metric.variables["total_confusion_matrix"], [[0.3, 0.3], [0.3, 0.1]])


def test_mean_iou_leaves_out_classes_that_nobody_saw_and_the_ignored_one() -> None:
    metric = made("metrics.MeanIoU", num_classes=4, ignore_class=3)
    metric.update_state(array([[0, 1], [3, 1]]), array([[0, 0], [1, 1]]))
    assert near(metric.result(), (1 / 2 + 1 / 2) / 2)
    dense = made("metrics.MeanIoU", num_classes=3, sparse_y_pred=False)
    dense.update_state(array([0, 2]), array([[0.9, 0.0, 0.1], [0.2, 0.5, 0.3]]))
    assert near(dense.result(), 1 / 3)


def test_optimizers_name_their_variables_in_keras_order() -> None:
    weights = {"w": array(np.float32([1, 2])), "b": array(np.float32([3]))}

    def names(symbol: str, **config: Any) -> list[str]:
        optimizer = made(symbol, **config)
        optimizer.build(weights)
        return list(optimizer.variables)

    first = ["iteration", "learning_rate"]
    assert names("optimizers.SGD") == first
    assert names("optimizers.SGD", momentum=0.9) == [*first, "w/momentum", "b/momentum"]
    assert names("optimizers.Adam", amsgrad=True, use_ema=True, gradient_accumulation_steps=2) == [
        *first,
        *("w/average", "b/average", "w/gradient_accumulator", "b/gradient_accumulator"),
        *("w/momentum", "w/velocity", "b/momentum", "b/velocity"),
        *("w/velocity_hat", "b/velocity_hat"),
    ]
    decay = {
        "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5}
    }
    assert names("optimizers.SGD", learning_rate=decay) == ["iteration"]


def moved(symbol: str, gradients: Any, rate: Any = 0.1, **config: Any) -> Any:
    optimizer = made(symbol, learning_rate=rate, **config)
    optimizer.build({"w": array(np.float64([1.0, -2.0]))})
    seen = []
    for gradient in gradients:
        optimizer.apply({"w": array(np.float64(gradient))})
        seen.append(optimizer.values["w"].value)
    return np.asarray(seen), optimizer


GRADIENTS = RANDOM.standard_normal((5, 2))


def by_hand(step: Any, gradients: Any = GRADIENTS) -> Any:
    """Trajectory of ``w``, from a function of (w, gradient, number of the step)."""
    w, seen = np.float64([1.0, -2.0]), []
    for number, gradient in enumerate(gradients):
        w = step(w, gradient, number)
        seen.append(w)
    return np.asarray(seen)


def test_sgd_follows_the_documented_rules() -> None:
    assert np.allclose(moved("optimizers.SGD", GRADIENTS)[0], by_hand(lambda w, g, _: w - 0.1 * g))
    for nesterov in (False, True):
        v = np.zeros(2)

        def step(w: Any, g: Any, _: int, nesterov: bool = nesterov) -> Any:  # noqa: FBT001
            nonlocal v
            v = 0.9 * v - 0.1 * g
            return w + (0.9 * v - 0.1 * g if nesterov else v)

        found = moved("optimizers.SGD", GRADIENTS, momentum=0.9, nesterov=nesterov)[0]
        assert np.allclose(found, by_hand(step))
        assert not np.allclose(found, by_hand(lambda w, g, _: w - 0.1 * g))


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_is_kingmas_with_epsilon_hat(amsgrad: bool) -> None:  # noqa: FBT001 (a parameter)
    m, v, top = np.zeros(2), np.zeros(2), np.zeros(2)

    def step(w: Any, g: Any, number: int) -> Any:
        nonlocal m, v, top
        t = number + 1
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        top = np.maximum(top, v)
        rate = 0.1 * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return w - rate * m / (np.sqrt(top if amsgrad else v) + 1e-3)

    falling = GRADIENTS / (1 + np.arange(5))[:, None] ** 2
    found = moved("optimizers.Adam", falling, amsgrad=amsgrad, epsilon=1e-3)[0]
    assert np.allclose(found, by_hand(step, falling))


def test_decay_clipping_and_scale() -> None:
    def change(**config: Any) -> Any:
        return moved("optimizers.SGD", GRADIENTS, **config)[0]

    assert np.allclose(change(weight_decay=0.2), by_hand(lambda w, g, _: w - 0.02 * w - 0.1 * g))
    left = made("optimizers.SGD", learning_rate=0.1, weight_decay=0.2)
    left.exclude_from_weight_decay(var_list=["a"], var_names=["bia"])
    left.build({name: array(np.float64([1.0])) for name in ("a", "bias", "b")})
    left.apply({name: array(np.float64([0.0])) for name in ("a", "bias", "b")})
    assert near(left.values["a"], 1.0)
    assert near(left.values["bias"], 1.0)
    assert np.allclose(left.values["b"].value, 0.98)
    assert np.allclose(
        change(clipvalue=0.3), by_hand(lambda w, g, _: w - 0.1 * np.clip(g, -0.3, 0.3))
    )
    assert np.allclose(change(loss_scale_factor=4.0), by_hand(lambda w, g, _: w - 0.025 * g))
    for kind in ("clipnorm", "global_clipnorm"):
        short = by_hand(lambda w, g, _: w - 0.1 * g * min(1, 0.7 / np.linalg.norm(g)))
        assert np.allclose(change(**{kind: 0.7}), short)
    two = made("optimizers.SGD", learning_rate=1.0, global_clipnorm=1.0)
    two.build({"a": array(np.float64([0.0])), "b": array(np.float64([0.0]))})
    two.apply({"a": array(np.float64([3.0])), "b": array(np.float64([4.0]))})
    assert near(two.values["a"], -0.6)
    assert near(two.values["b"], -0.8)
    with pytest.raises(Refused, match="only one"):
        made("optimizers.SGD", clipnorm=1.0, clipvalue=1.0)


def test_averages_follow_and_overwrite() -> None:
    values, optimizer = moved("optimizers.SGD", GRADIENTS, use_ema=True, ema_momentum=0.9)
    assert np.allclose(values, by_hand(lambda w, g, _: w - 0.1 * g))
    average = values[0]
    for value in values[1:]:
        average = 0.9 * average + 0.1 * value
    assert near(optimizer.variables["w/average"], average)
    average = np.zeros(2)

    def step(w: Any, g: Any, number: int) -> Any:
        nonlocal average
        w = w - 0.1 * g
        average = 0.9 * average + 0.1 * w if number else w
        return average if number % 2 else w

    found, _ = moved(
        "optimizers.SGD", GRADIENTS, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=2
    )
    assert np.allclose(found, by_hand(step))


def test_gradients_are_collected() -> None:
    found, optimizer = moved("optimizers.SGD", GRADIENTS, gradient_accumulation_steps=2)
    pair = GRADIENTS[0] + GRADIENTS[1], GRADIENTS[2] + GRADIENTS[3]
    start = np.float64([1, -2])
    after = [start, start - 0.05 * pair[0]]
    after += [after[-1], after[-1] - 0.05 * pair[1]]
    assert np.allclose(found, [*after, after[-1]])
    assert near(optimizer.variables["w/gradient_accumulator"], GRADIENTS[4])
    assert int(optimizer.variables["iteration"].integers) == 5


def test_a_learning_rate_can_be_set_and_a_schedules_cannot() -> None:
    optimizer = made("optimizers.SGD", learning_rate=1.0)
    optimizer.build({"w": array(np.float64([0.0]))})
    optimizer.set(learning_rate=0.25)
    optimizer.apply({"w": array(np.float64([1.0]))})
    assert near(optimizer.values["w"], -0.25)
    assert near(optimizer.variables["learning_rate"], 0.25)
    decay = {"initial_learning_rate": 1.0, "decay_steps": 1, "decay_rate": 0.5}
    found, optimizer = moved("optimizers.SGD", np.ones((3, 2)), {"ExponentialDecay": decay})
    assert np.allclose(found[:, 0], [0, -0.5, -0.75])
    with pytest.raises(Refused):
        optimizer.set(learning_rate=0.1)


def test_cosine_decay_warms_up_and_falls() -> None:
    plain = made(
        "optimizers.schedules.CosineDecay", initial_learning_rate=0.4, decay_steps=8, alpha=0.25
    )
    for step in (0, 3, 8, 20):
        truth = 0.4 * (0.75 * 0.5 * (1 + math.cos(math.pi * min(step, 8) / 8)) + 0.25)
        assert near(plain(step), truth)
        assert near(plain(array(np.asarray(step, np.int32))), truth)
    warm = made(
        "optimizers.schedules.CosineDecay",
        initial_learning_rate=0.1,
        decay_steps=8,
        warmup_target=0.5,
        warmup_steps=4,
    )
    assert [round(float(warm(i).value), 6) for i in (0, 1, 4, 8, 12)] == [0.1, 0.2, 0.5, 0.25, 0.0]


def test_exponential_decay_falls_smoothly_or_by_stairs() -> None:
    config = {"initial_learning_rate": 0.4, "decay_steps": 4, "decay_rate": 0.5}
    smooth = made("optimizers.schedules.ExponentialDecay", **config)
    stairs = made("optimizers.schedules.ExponentialDecay", **config, staircase=True)
    for step in (0, 1, 4, 7):
        assert near(smooth(step), 0.4 * 0.5 ** (step / 4))
        assert near(stairs(step), 0.4 * 0.5 ** (step // 4))


def test_deterministic_initializers() -> None:
    assert made("initializers.Zeros")((2, 3)).value.tolist() == [[0.0] * 3] * 2
    assert made("initializers.Ones")((2,), dtype="int8").integers.tolist() == [1, 1]
    assert made("initializers.Constant", value=2.5)((2,), "float16").dtype == "float16"
    assert made("initializers.Identity", gain=3.0)((2, 3)).value.tolist() == [[3, 0, 0], [0, 3, 0]]
    with pytest.raises(Refused):
        made("initializers.Identity")((2, 2, 2))


@pytest.mark.parametrize(
    ("symbol", "config", "shape", "law", "scale"),
    [
        ("GlorotUniform", {}, (30, 20), "uniform", math.sqrt(6 / 50)),
        ("GlorotUniform", {"seed": 3}, (3, 3, 4, 8), "uniform", math.sqrt(6 / 108)),
        ("GlorotNormal", {}, (30, 20), "truncated", math.sqrt(2 / 50) / 0.8796256610342398),
        ("HeUniform", {}, (3, 4, 8), "uniform", math.sqrt(6 / 12)),
        ("HeNormal", {}, (50,), "truncated", math.sqrt(2 / 50) / 0.8796256610342398),
        ("TruncatedNormal", {"stddev": 0.2}, (9,), "truncated", 0.2),
        ("RandomNormal", {"stddev": 0.2}, (9,), "normal", 0.2),
        ("RandomUniform", {"minval": -1.0, "maxval": 3.0}, (9,), "uniform", 2.0),
        (
            "VarianceScaling",
            {"distribution": "untruncated_normal", "mode": "fan_out"},
            (4, 16),
            "normal",
            0.25,
        ),
    ],
)
def test_random_initializers_state_a_law(
    symbol: str, config: dict[str, Any], shape: tuple[int, ...], law: str, scale: float
) -> None:
    drawn = made(f"initializers.{symbol}", **config)(shape)
    assert isinstance(drawn, Drawn)
    assert (drawn.shape, drawn.draws, drawn.dtype) == (shape, shape, "float32")
    assert isinstance(drawn.law, Affine)
    assert drawn.law.law == law
    assert near(drawn.law.scale, scale)
    assert (drawn.law.low, drawn.law.high) == {
        "uniform": (-1, 1),
        "truncated": (-2, 2),
        "normal": (0, 1),
    }[law]


def test_the_cut_of_a_normal_law_leaves_the_promised_deviation() -> None:
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    left = math.sqrt(1 - 4 * density / math.erf(math.sqrt(2)))
    assert left == pytest.approx(0.87962566103423978, rel=1e-14)


@pytest.mark.parametrize("shape", [(6, 4), (3, 8), (2, 3, 4)])
def test_orthogonal_is_judged_by_its_columns_or_rows(shape: tuple[int, ...]) -> None:
    law = made("initializers.Orthogonal", gain=2.0)(shape)
    assert isinstance(law, Invariants)
    matrix = RANDOM.standard_normal((math.prod(shape[:-1]), shape[-1]))
    u, _, vh = np.linalg.svd(matrix, full_matrices=False)
    good = (2 * u @ vh).astype(np.float32).reshape(shape)
    assert not check(law, [good])
    assert not check(law, [-good])
    assert check(law, [good / 2])
    assert check(law, [(good + np.float32(1e-3)).astype(np.float32)])
