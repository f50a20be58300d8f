"""The rules of optimizers, schedules, regularizers and constraints, each against its formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.conversion import fed
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import table

RANDOM = np.random.default_rng(11)
ONE = Variance()
START = np.float64([[1.0, -2.0], [0.5, 3.0], [-0.25, 0.75]])
GRADIENTS = RANDOM.standard_normal((4, 3, 2))
RATE = 0.1


def array(values: Any) -> Any:
    return fed(ONE, np.asarray(values, np.float64), "")


def made(symbol: str, **config: Any) -> Any:
    definition = table.find(symbol)
    more = {} if symbol.startswith(("regularizers", "constraints")) else {"arithmetic": ONE}
    return definition(**config, **more)


def moved(
    name: str, gradients: Any = GRADIENTS, start: Any = START, called: str = "w", **config: Any
) -> Any:
    """Where a variable is after each step."""
    optimizer = made(f"optimizers.{name}", learning_rate=RATE, **config)
    optimizer.build({called: array(start)})
    seen = []
    for gradient in gradients:
        optimizer.apply({called: array(gradient)})
        seen.append(optimizer.values[called].value)
    return np.asarray(seen)


def by_hand(step: Any, slots: int, gradients: Any = GRADIENTS, start: Any = START) -> Any:
    """The same of a function that answers the weight and what it remembers."""
    w, kept, seen = np.asarray(start), [np.zeros_like(start) for _ in range(slots)], []
    for at, gradient in enumerate(gradients):
        w, *kept = step(w, gradient, at + 1, *kept)
        seen.append(w)
    return np.asarray(seen)


@pytest.mark.parametrize("momentum", [0.0, 0.7])
@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop(momentum: float, centered: bool) -> None:  # noqa: FBT001 (a parameter)
    def step(w: Any, g: Any, _: int, v: Any, a: Any, m: Any) -> Any:
        v, a = 0.8 * v + 0.2 * g * g, 0.8 * a + 0.2 * g
        spread = v - a * a if centered else v
        m = momentum * m + RATE * g / (np.sqrt(spread) + 0.01)
        return w - m, v, a, m

    config = {"rho": 0.8, "momentum": momentum, "centered": centered, "epsilon": 0.01}
    assert np.allclose(moved("RMSprop", **config), by_hand(step, 3))


def test_rmsprop_is_as_documented() -> None:
    (seen,) = moved("RMSprop", [[10.0]], [10.0])
    assert seen[0] == pytest.approx(9.683772, abs=1e-6)


def test_adagrad_and_adadelta() -> None:
    def adagrad(w: Any, g: Any, _: int, n: Any) -> Any:
        n = n + g * g
        return w - RATE * g / (np.sqrt(n + 0.3) + 0.01), n

    found = moved("Adagrad", initial_accumulator_value=0.3, epsilon=0.01)
    assert np.allclose(found, by_hand(adagrad, 1))

    def adadelta(w: Any, g: Any, _: int, v: Any, d: Any) -> Any:
        v = 0.7 * v + 0.3 * g * g
        move = np.sqrt(d + 0.01) / np.sqrt(v + 0.01) * g
        return w - RATE * move, v, 0.7 * d + 0.3 * move**2

    assert np.allclose(moved("Adadelta", rho=0.7, epsilon=0.01), by_hand(adadelta, 2))


def test_adamax_and_nadam() -> None:
    def adamax(w: Any, g: Any, t: int, m: Any, u: Any) -> Any:
        m, u = 0.7 * m + 0.3 * g, np.maximum(0.6 * u, np.abs(g))
        return w - RATE / (1 - 0.7**t) * m / (u + 0.01), m, u

    found = moved("Adamax", beta_1=0.7, beta_2=0.6, epsilon=0.01)
    assert np.allclose(found, by_hand(adamax, 2))

    def momentum(t: int) -> float:
        return 0.7 * (1 - 0.5 * 0.96 ** (t / 250))

    def nadam(w: Any, g: Any, t: int, m: Any, v: Any) -> Any:
        m, v = 0.7 * m + 0.3 * g, 0.6 * v + 0.4 * g * g
        before = math.prod(momentum(i) for i in range(1, t + 1))
        after = before * momentum(t + 1)
        ahead = momentum(t + 1) * m / (1 - after) + (1 - momentum(t)) * g / (1 - before)
        return w - RATE * math.sqrt(1 - 0.6**t) * ahead / (np.sqrt(v) + 0.01), m, v

    found = moved("Nadam", beta_1=0.7, beta_2=0.6, epsilon=0.01)
    assert np.allclose(found, by_hand(nadam, 2))


def test_adamw_is_adam_with_a_decay_that_it_must_have() -> None:
    assert np.allclose(moved("AdamW", weight_decay=0.2), moved("Adam", weight_decay=0.2))
    assert np.allclose(moved("AdamW"), moved("Adam", weight_decay=0.004))
    with pytest.raises(Refused, match="weight_decay"):
        made("optimizers.AdamW", weight_decay=None)


@pytest.mark.parametrize("power", [-0.5, -0.8, 0.0])
def test_ftrl(power: float) -> None:
    def step(w: Any, g: Any, _: int, n: Any, z: Any) -> Any:
        g = g + 2 * 0.25 * w
        before, n = n + 0.3, n + g * g
        z = z + g - ((n + 0.3) ** -power - before**-power) / RATE * w
        new = (np.sign(z) * 0.4 - z) / ((0.5 + (n + 0.3) ** -power) / RATE + 0.2)
        return np.where(np.abs(z) < 0.4, 0.0, new), n, z

    found = moved(
        "Ftrl",
        learning_rate_power=power,
        initial_accumulator_value=0.3,
        l1_regularization_strength=0.4,
        l2_regularization_strength=0.2,
        l2_shrinkage_regularization_strength=0.25,
        beta=0.5,
    )
    assert np.allclose(found, by_hand(step, 2))
    for wrong in ({"learning_rate_power": 0.5}, {"l1_regularization_strength": -1.0}):
        with pytest.raises(Refused, match=next(iter(wrong))):
            made("optimizers.Ftrl", **wrong)


def test_lion_and_lamb() -> None:
    def lion(w: Any, g: Any, _: int, m: Any) -> Any:
        return w - RATE * np.sign(0.3 * m + 0.7 * g), 0.6 * m + 0.4 * g

    assert np.allclose(moved("Lion", beta_1=0.3, beta_2=0.6), by_hand(lion, 1))

    def lamb(w: Any, g: Any, t: int, m: Any, v: Any) -> Any:
        m, v = 0.7 * m + 0.3 * g, 0.6 * v + 0.4 * g * g
        move = m / (1 - 0.7**t) / (np.sqrt(v / (1 - 0.6**t)) + 0.01)
        return w - RATE * np.linalg.norm(w) / np.linalg.norm(move) * move, m, v

    found = moved("Lamb", beta_1=0.7, beta_2=0.6, epsilon=0.01)
    assert np.allclose(found, by_hand(lamb, 2))
    (alone,) = moved("Lamb", [[2.0]], [0.0])
    assert alone[0] == pytest.approx(-RATE), "a weight of nought has no ratio"
    with pytest.raises(Unsupported, match="weight_decay"):
        made("optimizers.Lamb", weight_decay=0.1)


@pytest.mark.parametrize("relative", [True, False])
def test_adafactor(relative: bool) -> None:  # noqa: FBT001 (a parameter)
    def rms(x: Any) -> Any:
        return np.sqrt(np.mean(x * x))

    def step(w: Any, g: Any, t: int, r: Any, c: Any) -> Any:
        # The paper's own: sums of rows and columns, over the sum of all.
        beta, square = 1 - t**-0.5, g * g + 0.01
        r = beta * r + (1 - beta) * square.sum(1, keepdims=True)
        c = beta * c + (1 - beta) * square.sum(0, keepdims=True)
        move = g / np.sqrt(r[:, :1] * c[:1] / r[:, 0].sum())
        move = move / max(1.0, rms(move) / 0.4)
        size = min(RATE * 9, 1 / math.sqrt(t)) if relative else RATE * 9
        return w - max(3.0, rms(w)) * size * move, r, c

    optimizer = made(
        "optimizers.Adafactor",
        learning_rate=RATE * 9,
        beta_2_decay=-0.5,
        epsilon_1=0.01,
        epsilon_2=3.0,
        clip_threshold=0.4,
        relative_step=relative,
    )
    optimizer.build({"w": array(START)})
    found = []
    for gradient in GRADIENTS:
        optimizer.apply({"w": array(gradient)})
        found.append(optimizer.values["w"].value)
    assert np.allclose(found, by_hand(step, 2))
    assert optimizer.variables["w/r"].shape == (3,)
    assert optimizer.variables["w/c"].shape == (2,)


@pytest.mark.parametrize("shape", [(3, 2), (2, 4)])
def test_muon_works_on_singular_values(shape: tuple[int, ...]) -> None:
    gradient, start = RANDOM.standard_normal((2, *shape))
    u, s, vh = np.linalg.svd(1.95 * gradient, full_matrices=False)
    s = s / (np.linalg.norm(s) + 1e-7)
    for _ in range(5):
        s = 3.4445 * s - 4.775 * s**3 + 2.0315 * s**5
    size = RATE * 0.2 * math.sqrt(max(shape))
    (found,) = moved("Muon", [gradient], start, weight_decay=None)
    assert np.allclose(found, start - size * u * s @ vh)
    assert np.allclose(
        moved("Muon", [gradient], start, called="embedding_table", adam_weight_decay=0.1),
        moved("Adam", [gradient], start, weight_decay=0.1),
    )


def test_a_loss_scale_is_halved_by_an_overflow_and_doubled_after_so_many_steps() -> None:
    inner = {"SGD": {"learning_rate": 1.0}}
    optimizer = made(
        "optimizers.LossScaleOptimizer",
        inner_optimizer=inner,
        initial_scale=8.0,
        dynamic_growth_steps=2,
    )
    optimizer.build({"w": array([0.0])})
    seen = []
    for gradient in (8.0, math.inf, 4.0, 4.0, 8.0):
        optimizer.apply({"w": array([gradient])})
        held = optimizer.variables
        seen.append(
            (
                float(optimizer.values["w"].value[0]),
                float(held["dynamic_scale"].value),
                int(held["step_counter"].integers),
                int(held["iteration"].integers),
            )
        )
    assert seen == [
        (-1.0, 8.0, 1, 1),
        (-1.0, 4.0, 0, 1),
        (-2.0, 4.0, 1, 2),
        (-3.0, 8.0, 0, 3),
        (-4.0, 8.0, 1, 4),
    ]


SEVERAL = {
    "default_optimizer": {"SGD": {"learning_rate": 1.0}},
    "optimizer_map": {
        "enc.*": {"SGD": {"learning_rate": 0.5, "loss_scale_factor": 8.0}},
        "enc_head": {"SGD": {"learning_rate": 0.25}},
        "none": {"SGD": {"learning_rate": 0.125}},
    },
}


@pytest.mark.parametrize("form", ["OptimizerMap", "function"])
def test_several_optimizers_each_move_the_variables_that_the_map_gives_them(form: str) -> None:
    optimizer = made("optimizers.MultiOptimizer", optimizer_map={form: SEVERAL})
    names = ("enc_body", "enc_head", "old_enc", "enc")
    optimizer.build({name: array([0.0]) for name in names})
    for _ in range(2):
        optimizer.apply({name: array([1.0]) for name in names})
    moved_by = {name: -float(optimizer.values[name].value[0]) / 2 for name in optimizer.values}
    assert moved_by == {"enc_body": 0.5, "enc_head": 0.25, "old_enc": 1.0, "enc": 0.5}
    held = optimizer.variables
    counts = {name: int(held[name].integers) for name in held if name.endswith("iteration")}
    assert counts == {
        "iteration": 2,
        "enc.*/iteration": 2,
        "enc_head/iteration": 2,
        "none/iteration": 0,
        "default_optimizer/iteration": 2,
    }
    assert "learning_rate" not in held
    with pytest.raises(Refused, match="no learning rate"):
        optimizer.set(learning_rate=0.5)


def test_the_loss_scale_of_several_optimizers_overrides_their_own() -> None:
    optimizer = made(
        "optimizers.MultiOptimizer", optimizer_map={"OptimizerMap": SEVERAL}, loss_scale_factor=2.0
    )
    optimizer.build({"enc": array([0.0])})
    optimizer.apply({"enc": array([4.0])})
    assert float(optimizer.values["enc"].value[0]) == -1.0


def test_several_optimizers_refuse_what_two_patterns_fit_and_wrap_no_wrapper() -> None:
    both = {**SEVERAL, "optimizer_map": {"a.*": {"SGD": {}}, ".*b": {"SGD": {}}}}
    optimizer = made("optimizers.MultiOptimizer", optimizer_map={"OptimizerMap": both})
    with pytest.raises(Refused, match="both fit ab"):
        optimizer.build({"ab": array([0.0])})
    wrapper = {"default_optimizer": {"LossScaleOptimizer": {"inner_optimizer": {"SGD": {}}}}}
    with pytest.raises(Unsupported, match="wraps no other"):
        made("optimizers.MultiOptimizer", optimizer_map={"OptimizerMap": wrapper})
    with pytest.raises(Unsupported, match="OptimizerMap"):
        made("optimizers.MultiOptimizer", optimizer_map={"SGD": {}})


def rate(name: str, step: int, **config: Any) -> float:
    found = made(f"optimizers.schedules.{name}", **config)(step)
    return float(found.value)


def test_schedules_are_their_formulas() -> None:
    fall = {"initial_learning_rate": 0.3, "decay_steps": 4, "end_learning_rate": 0.05, "power": 2.0}
    for step, left in ((0, 1.0), (1, 0.75), (4, 0.0), (9, 0.0)):
        assert rate("PolynomialDecay", step, **fall) == pytest.approx(0.25 * left**2 + 0.05)
    for step, left in ((0, 1.0), (3, 1 / 4), (6, 2 / 8), (11, 1 / 12)):
        found = rate("PolynomialDecay", step, **fall, cycle=True)
        assert found == pytest.approx(0.25 * left**2 + 0.05)
    with pytest.raises(Unsupported, match="two answers"):
        rate("PolynomialDecay", 8, **fall, cycle=True)
    slow = {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}
    assert rate("InverseTimeDecay", 7, **slow) == pytest.approx(0.1 / (1 + 0.5 * 7 / 3))
    assert rate("InverseTimeDecay", 7, **slow, staircase=True) == pytest.approx(0.05)
    pieces = {"boundaries": [100000, 110000], "values": [1.0, 0.5, 0.1]}
    known = {0: 1.0, 100000: 1.0, 100001: 0.5, 110000: 0.5, 110001: 0.1}
    assert {step: rate("PiecewiseConstantDecay", step, **pieces) for step in known} == known


def test_cosines_begin_again_with_the_rate_of_their_period() -> None:
    config = {"initial_learning_rate": 0.2, "first_decay_steps": 4, "t_mul": 1.5, "m_mul": 0.5}
    periods = {0: (0, 4, 0.2), 3: (0, 4, 0.2), 4: (4, 6, 0.1), 9: (4, 6, 0.1), 10: (10, 9, 0.05)}
    for step, (start, length, top) in periods.items():
        share = (1 + math.cos(math.pi * (step - start) / length)) / 2
        found = rate("CosineDecayRestarts", step, **config, alpha=0.1)
        assert found == pytest.approx(0.02 + (top - 0.02) * share)


def called(symbol: str, values: Any, **config: Any) -> Any:
    return made(symbol, **config)(array(values)).value


def test_penalties() -> None:
    assert called("regularizers.L2", np.ones((5, 5)), l2=0.5) == pytest.approx(12.5)
    sizes, squares = np.abs(START).sum(), np.square(START).sum()
    assert called("regularizers.L1", START, l1=0.3) == pytest.approx(0.3 * sizes)
    both = called("regularizers.L1L2", START, l1=0.3, l2=0.2)
    assert both == pytest.approx(0.3 * sizes + 0.2 * squares)
    for mode, matrix in (("rows", START), ("columns", START.T)):
        unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        count = len(unit)
        sizes = [abs(unit[i] @ unit[k]) for i in range(count) for k in range(i)]
        found = called("regularizers.OrthogonalRegularizer", START, factor=0.3, mode=mode)
        assert found == pytest.approx(0.3 * np.mean(sizes))
    with pytest.raises(Refused, match="no matrix"):
        called("regularizers.OrthogonalRegularizer", np.ones(3))
    with pytest.raises(Refused, match="mode"):
        made("regularizers.OrthogonalRegularizer", mode="diagonals")
    with pytest.raises(Unsupported, match="no answer"):
        made("regularizers.L1", l1=-1.0)


def test_constraints() -> None:
    assert np.allclose(called("constraints.NonNeg", START), np.maximum(START, 0))
    norms = np.linalg.norm(START, axis=0, keepdims=True)
    assert np.allclose(called("constraints.UnitNorm", START), START / norms)
    shorter = START * np.minimum(norms, 2.0) / norms
    assert np.allclose(called("constraints.MaxNorm", START, max_value=2.0), shorter)
    wide = np.linalg.norm(START, axis=1, keepdims=True)
    desired = 0.25 * np.clip(wide, 1.0, 2.0) + 0.75 * wide
    found = called("constraints.MinMaxNorm", START, min_value=1, max_value=2, rate=0.25, axis=1)
    assert np.allclose(found, START * desired / wide)
