"""What keras.random draws: honest draws pass, and each thing that can be wrong is caught."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conformance.adapters.host.observation import Draws, Observation, Output
from conformance.cases import load
from conformance.reference import evaluate
from conformance.reference.errors import Contradiction, NoAnswer
from conformance.reference.faults.observe import observe
from conformance.verdicts import statistics
from conformance.verdicts.distributions import ALARM
from conformance.verdicts.facets import judge
from conformance.verdicts.special import beta_level, gamma_level

HEAD = "- id: case\n  title: A function that draws\n  source: {keras: keras.random}\n"
COUNT = 2**17
NORMAL = f"random.normal\n  config: {{shape: [{COUNT}], seed: 7}}"
TRUNCATED = f"random.truncated_normal\n  config: {{shape: [{COUNT}], seed: 7}}"
UNIFORM = f"random.uniform\n  config: {{shape: [{COUNT}], minval: 1.0, maxval: 3.0, seed: 7}}"
RANDINT = f"random.randint\n  config: {{shape: [{COUNT}], minval: -2, maxval: 5, seed: 7}}"
GAMMA = f"random.gamma\n  config: {{shape: [{COUNT}], alpha: 1.5, seed: 7}}"
BETA = f"random.beta\n  config: {{shape: [{COUNT}], alpha: 2.0, beta: 3.0, seed: 7}}"
BINOMIAL = (
    f"random.binomial\n  config: {{shape: [{COUNT}], counts: 10, probabilities: 0.3, seed: 7}}"
)
CATEGORICAL = (
    "random.categorical\n  input: {values: [[0.0, 1.0, -.inf], [0.5, 0.0, 1.0]]}\n"
    "  config: {num_samples: 65536, seed: 7}"
)
SHUFFLE = "random.shuffle\n  input: {shape: [4096, 2]}\n  config: {seed: 7}"
DROPOUT = "random.dropout\n  input: {shape: [512, 256]}\n  config: {rate: 0.3, seed: 7}"
GENERATOR = f"random.normal\n  config: {{shape: [{COUNT}], seed: {{SeedGenerator: {{seed: 7}}}}}}"
ALL = [
    *(NORMAL, TRUNCATED, UNIFORM, RANDINT, GAMMA, BETA, BINOMIAL, CATEGORICAL, SHUFFLE, DROPOUT),
    GENERATOR,
]


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """A case from its text, the reference's answer and an honest observation, each made once."""
    path = tmp_path_factory.mktemp("cases") / "one.yaml"
    known = {}

    def case_of(body):
        if body not in known:
            path.write_text(f"{HEAD}  function: {body}\n  random: {{other: 8}}\n")
            case = load([path]).checked()[0]
            answer = evaluate(case)
            known[body] = case, answer, observe(case, answer.feeds)
        return known[body]

    return case_of


def verdict(made, *, rebuilt=None, kept=True, dtype="", **answers):
    """The verdict on four answers; an honest one stands where none is given."""
    case, answer, honest = made
    arrays = {
        name: np.asarray(answers.get(name, honest.tensors[f"random/{name}"]))
        for name in ("first", "second", "again", "other")
    }
    if "first" in answers:
        arrays["again"] = arrays["first"]
        arrays["second"] = np.asarray(answers.get("second", arrays["first"]))
    if rebuilt is not None:
        arrays["rebuilt"] = np.asarray(rebuilt)
    stated = dtype or answer.expectation.random.dtype
    outputs = {
        name: Output(shape=list(a.shape), dtype=stated, tensor=f"random/{name}")
        for name, a in arrays.items()
    }
    tensors = {f"random/{name}": array for name, array in arrays.items()}
    observation = Observation(case=case.id, random=Draws(input_kept=kept, **outputs))
    return judge(["random"], answer.expectation, answer.arrays, observation, tensors)[0]


def failed(found):
    """The checks that fail, by their first word."""
    return {one.what.partition(" ")[0] for one in found.comparisons if one.message}


@pytest.mark.parametrize("body", ALL, ids=lambda body: body.partition("\n")[0])
def test_honest_draws_pass_well_below_the_limits(make, body):
    found = verdict(make(body))
    assert found.outcome == "pass", found.message
    assert found.margin < 0.8


DEEP = "random.normal\n  config: {shape: [64, 16, 128], seed: {SeedGenerator: {seed: 7}}}"
ORDER = "random.shuffle\n  input: {shape: [4096, 2]}\n  config: {seed: {SeedGenerator: {seed: 7}}}"
BOUNDS = frozenset({"distribution", "mean", "spread", "frequency", "in", "behind", "before"})
CORRELATIONS = frozenset({"neighbours", "first", "second", "places"})


@pytest.mark.parametrize("body", [*ALL, DEEP, ORDER], ids=lambda body: body.partition("\n")[0])
def test_a_case_raises_a_false_alarm_less_than_once_in_a_billion(make, body):
    found = verdict(make(body))
    names = [one.what.partition(" ")[0] for one in found.comparisons if "call" not in one.what]
    bounds = sum(name in BOUNDS for name in names)
    correlations = sum(name in CORRELATIONS for name in names)
    beyond = math.erfc(statistics.LIMIT / math.sqrt(2))
    if body is DROPOUT:  # how often a number is dropped is a fraction, judged as correlations are
        bounds, correlations = 0, correlations + bounds
    assert bounds + correlations
    assert bounds * ALARM + correlations * beyond < statistics.COINCIDENCE


SINGLE = np.float32
DRAWN = np.random.default_rng(3)
WRONG = {
    "a deviation that is 2 % off": (NORMAL, DRAWN.normal(0, 1.02, COUNT), {"spread"}),
    "a mean that is off": (NORMAL, DRAWN.normal(0.03, 1, COUNT), {"distribution", "mean"}),
    "a law that is cut off": (
        NORMAL,
        np.clip(DRAWN.normal(0, 1, COUNT), -1.5, 1.5),
        {"distribution", "spread"},
    ),
    "numbers of another law": (
        NORMAL,
        DRAWN.uniform(-math.sqrt(3), math.sqrt(3), COUNT),
        {"distribution", "spread"},
    ),
    "a number that is none": (NORMAL, np.full(COUNT, np.nan), {"range"}),
    "one beyond two deviations": (TRUNCATED, np.full(COUNT, 2.01), {"range"}),
    "the bound that is excluded": (UNIFORM, np.full(COUNT, 3.0), {"range"}),
    "one below the other bound": (UNIFORM, np.full(COUNT, 0.9999), {"range"}),
    "a range that is not reached": (
        UNIFORM,
        DRAWN.uniform(1, 2.96, COUNT),
        {"distribution", "mean", "spread"},
    ),
    "the integer that is excluded": (RANDINT, np.full(COUNT, 5), {"range"}),
    "half an integer": (RANDINT, np.full(COUNT, 0.5), {"range"}),
    "an integer that never comes": (
        RANDINT,
        DRAWN.choice([-2, -1, 0, 1, 2, 3], COUNT),
        {"distribution", "mean", "spread", "frequency"},
    ),
    "a scale of 2": (GAMMA, DRAWN.gamma(1.5, 2.0, COUNT), {"distribution", "mean", "spread"}),
    "another alpha": (GAMMA, DRAWN.gamma(1.53, 1.0, COUNT), {"mean"}),
    "parameters exchanged": (BETA, DRAWN.beta(3, 2, COUNT), {"distribution", "mean", "spread"}),
    "beyond 1": (BETA, np.full(COUNT, 1.01), {"range"}),
    "a normal law for a count": (
        BINOMIAL,
        np.clip(np.round(DRAWN.normal(3, math.sqrt(2.1), COUNT)), 0, 10),
        {"distribution", "frequency"},
    ),
    "a probability that is a hundredth off": (
        BINOMIAL,
        DRAWN.binomial(10, 0.31, COUNT),
        {"distribution", "mean", "frequency"},
    ),
    "more than there are": (BINOMIAL, np.full(COUNT, 11), {"range"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_draws_of_another_law_are_caught(make, name):
    body, drawn, expected = WRONG[name]
    found = verdict(make(body), first=np.asarray(drawn, SINGLE))
    assert found.outcome == "fail"
    assert expected <= failed(found), found.message


def test_a_category_of_no_probability_is_caught_among_many(make):
    made = make(CATEGORICAL)
    drawn = made[2].tensors["random/first"].copy()
    drawn[0, 100] = 2
    found = verdict(made, first=drawn)
    assert failed(found) == {"range"}
    assert "[0, 100]: drew 2, none of whole numbers in [0, 2]" in found.message


def test_each_row_of_categories_is_judged_by_its_own_odds(make):
    made = make(CATEGORICAL)
    drawn = made[2].tensors["random/first"].copy()
    drawn[1] = DRAWN.choice(3, 65536, p=[0.34, 0.165, 0.495])
    found = verdict(made, first=drawn)
    assert "frequency" in failed(found)
    assert "(parameters 1 of 2)" in found.message


def test_draws_that_follow_each_other_are_caught(make):
    drawn = DRAWN.normal(0, 1, COUNT)
    drawn[1::20] = drawn[::20][: len(drawn[1::20])]
    found = verdict(make(NORMAL), first=np.asarray(drawn, SINGLE))
    assert failed(found) == {"neighbours"}


def test_draws_of_two_seeds_that_are_correlated_are_caught(make):
    made = make(NORMAL)
    other = 0.95 * made[2].tensors["random/other"] + 0.05 * made[2].tensors["random/first"]
    assert "first" in failed(verdict(made, other=np.asarray(other / np.hypot(0.95, 0.05), SINGLE)))


def shuffled(made, order):
    return made[1].feeds["call/0/x"][order]


def test_lines_that_move_together_or_apart_pass(make):
    made = make(SHUFFLE)
    order = np.random.default_rng(4).permutation(4096)
    apart = np.random.default_rng(5).permuted(made[1].feeds["call/0/x"], axis=0)
    assert verdict(made, first=shuffled(made, order)).outcome == "pass"
    assert verdict(made, first=apart).outcome == "pass"


ORDERS = {
    "none": np.arange(4096),
    "turned round": np.arange(4096)[::-1],
    "a shift": np.roll(np.arange(4096), 1000),
    "pairs kept": (
        np.random.default_rng(6).permutation(2048)[:, None] * 2 + np.array([0, 1])
    ).ravel(),
    "nearly where it was": np.argsort(np.arange(4096) + DRAWN.normal(0, 4096, 4096)),
}


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_that_chance_does_not_make_is_caught(make, name):
    made = make(SHUFFLE)
    found = verdict(made, first=shuffled(made, ORDERS[name]))
    assert found.outcome == "fail"
    assert "lines" not in failed(found)


def test_numbers_that_are_lost_or_moved_to_another_line_are_caught(make):
    made = make(SHUFFLE)
    lost = shuffled(made, np.random.default_rng(4).integers(0, 4096, 4096))
    assert failed(verdict(made, first=lost)) == {"lines"}
    moved = shuffled(made, np.random.default_rng(4).permutation(4096)).copy()
    moved[5] = moved[5, ::-1]
    assert failed(verdict(made, first=moved)) == {"lines"}


def test_dropped_numbers_are_judged_by_rate_and_scale(make):
    made = make(DROPOUT)
    x = made[1].feeds["call/0/x"]
    for keep, scale, passes in ((0.7, 0.7, True), (0.69, 0.7, False), (0.7, 0.701, False)):
        drawn = [np.asarray(x / scale * (DRAWN.random(x.shape) < keep), SINGLE) for _ in range(2)]
        found = verdict(made, first=drawn[0], other=drawn[1])
        assert (found.outcome == "pass") is passes, (keep, scale)


def test_seeds_decide_what_is_drawn(make):
    made = make(NORMAL)
    first, other = (made[2].tensors[f"random/{name}"] for name in ("first", "other"))
    assert "second" in failed(verdict(made, second=other))
    assert "same" in failed(verdict(made, again=other))
    assert "other" in failed(verdict(made, other=first))
    assert failed(verdict(made, kept=False)) == {"input"}
    assert failed(verdict(made, dtype="float64")) == {"dtype"}


def test_a_generator_goes_on_and_its_configuration_keeps_the_sequence(make):
    made = make(GENERATOR)
    first, second = (made[2].tensors[f"random/{name}"] for name in ("first", "second"))
    assert verdict(made, rebuilt=second).outcome == "pass"
    assert failed(verdict(made, rebuilt=first)) == {"same"}
    assert "second" in failed(verdict(made, second=first))
    assert "seeds" in failed(verdict(made, other=second))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_rounding_to_a_narrow_dtype_is_no_other_law(make, dtype):
    body = NORMAL.replace("seed", f"mean: 0.5, stddev: 2.0, dtype: {dtype}, seed")
    assert verdict(make(body)).outcome == "pass"
    wide = np.asarray(DRAWN.normal(0.5, 2.3, COUNT), SINGLE)
    assert verdict(make(body), first=wide).outcome == "fail"


@pytest.mark.parametrize(
    "body",
    [
        "random.normal\n  config: {shape: [9], seed: {Generator: {seed: 7}}}",
        "random.normal\n  config: {shape: [9], seed: {SeedGenerator: {}}}",
        "random.normal\n  config: {shape: [9]}",
    ],
)
def test_a_case_without_a_seed_is_refused(tmp_path, body):
    path = tmp_path / "one.yaml"
    path.write_text(f"{HEAD}  function: {body}\n  random: {{}}\n")
    (problem,) = load([path]).problems
    assert "needs random.normal with a seed" in str(problem)


@pytest.mark.parametrize(
    "body",
    [
        "random.uniform\n  config: {shape: [9], minval: 1.0, maxval: 0.0, seed: 7}",
        "random.gamma\n  config: {shape: [9], alpha: 0.0, seed: 7}",
        "random.binomial\n  config: {shape: [9], counts: 3, probabilities: 1.5, seed: 7}",
        "random.dropout\n  input: {shape: [4]}\n  config: {rate: 1.5, seed: 7}",
    ],
)
def test_parameters_of_no_distribution_have_no_answer(tmp_path, body):
    path = tmp_path / "one.yaml"
    path.write_text(f"{HEAD}  function: {body}\n  random: {{}}\n")
    with pytest.raises(NoAnswer, match="documented nowhere"):
        evaluate(load([path]).checked()[0])


def test_a_refusal_of_what_is_drawn_contradicts_the_reference(tmp_path):
    path = tmp_path / "one.yaml"
    path.write_text(f"{HEAD}  function: {NORMAL}\n  raises: call\n")
    with pytest.raises(Contradiction, match=r"the reference accepts and draws \[\[131072\]\]"):
        evaluate(load([path]).checked()[0])


def test_numbers_can_not_be_asked_of_what_is_drawn(tmp_path):
    path = tmp_path / "one.yaml"
    path.write_text(f"{HEAD}  function: {NORMAL}\n")
    with pytest.raises(NoAnswer, match="numbers to be held to"):
        evaluate(load([path]).checked()[0])


X = np.linspace(0.0, 12.0, 241)
P = np.linspace(0.0, 1.0, 101)


@pytest.mark.parametrize("alpha", [1, 2, 7])
def test_gamma_levels_are_sums_of_poisson_numbers(alpha):
    terms = [np.exp(-X) * X**k / math.factorial(k) for k in range(alpha)]
    np.testing.assert_allclose(gamma_level(np.array(float(alpha)), X), 1 - sum(terms), atol=1e-12)


def test_the_gamma_level_of_a_half_is_the_error_function():
    errors = [math.erf(math.sqrt(x)) for x in X]
    np.testing.assert_allclose(gamma_level(np.array(0.5), X), errors, atol=1e-12)


@pytest.mark.parametrize(("alpha", "beta"), [(1, 1), (2, 5), (6, 2)])
def test_beta_levels_are_sums_of_binomial_numbers(alpha, beta):
    n = alpha + beta - 1
    sums = sum(math.comb(n, k) * P**k * (1 - P) ** (n - k) for k in range(alpha, n + 1))
    found = beta_level(np.array(float(alpha)), np.array(float(beta)), P)
    np.testing.assert_allclose(found, sums, atol=1e-12)


def test_the_beta_level_of_two_halves_is_the_arcsine():
    found = beta_level(np.array(0.5), np.array(0.5), P)
    np.testing.assert_allclose(found, 2 / np.pi * np.arcsin(np.sqrt(P)), atol=1e-12)
