"""The facet ``random``: honest draws pass, and each thing that can be wrong with them is caught."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from conformance.adapters.host.observation import Draws, Observation, Output
from conformance.cases import load
from conformance.reference import evaluate
from conformance.reference.faults.applicable import applicable
from conformance.reference.faults.observe import observe
from conformance.verdicts import statistics
from conformance.verdicts.facets import judge

HEAD = "- id: case\n  title: A layer that draws\n  source: {keras: keras.layers.Dropout}\n"
DROPOUT = "  input: {shape: [8, 4]}\n  layer: Dropout\n  config: {rate: 0.3, seed: 7}\n"
SHARED = (
    "  input: {shape: [8, 4]}\n  layer: Dropout\n"
    "  config: {rate: 0.3, noise_shape: [null, 1, null], seed: 7}\n"
)
NOISE = "  input: {shape: [8, 4]}\n  layer: GaussianNoise\n  config: {stddev: 0.5, seed: 7}\n"
BRIGHTNESS = (
    "  input: {shape: [2, 2, 1], data: uniform, low: 100, high: 150}\n  layer: RandomBrightness\n"
    "  config: {factor: [-0.1, 0.3], seed: 7}\n  call: {training: false}\n"
)
HUE = (
    "  input: {shape: [2, 2, 3], data: uniform, low: 0, high: 255}\n  layer: RandomHue\n"
    "  config: {factor: 0.5, seed: 7}\n  call: {training: false}\n"
)
ROWS = 4096


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Cases from their text, and the reference's answer, each made once."""
    path = tmp_path_factory.mktemp("cases") / "one.yaml"
    known = {}

    def case_of(body):
        if body not in known:
            path.write_text(f"{HEAD}{body}  random: {{rows: {ROWS}}}\n")
            case = load([path]).checked()[0]
            known[body] = case, evaluate(case)
        return known[body]

    return case_of


def verdict(made, **answers):
    """The verdict on four answers; an honest one stands where none is given."""
    case, answer = made
    honest = observe(case, answer.feeds)
    arrays = {
        name: answers.get(name, honest.tensors[f"random/{name}"])
        for name in ("first", "second", "again", "other")
    }
    if "first" in answers and "again" not in answers:
        arrays["again"] = answers["first"]
    tensors = {f"random/{name}": np.asarray(array) for name, array in arrays.items()}
    outputs = {
        name: Output(shape=list(a.shape), dtype=a.dtype.name, tensor=f"random/{name}")
        for name, a in arrays.items()
    }
    observation = Observation(case=case.id, random=Draws(**outputs))
    return judge(["random"], answer.expectation, answer.arrays, observation, tensors)[0]


def dropped(made, mask, scale=1 / 0.7):
    x = made[1].feeds["random/x"]
    return (x * np.float32(scale) * mask).astype(np.float32)


def mask(seed, shape, keep=0.7):
    return np.random.default_rng(seed).random(shape) < keep


def margins(found):
    return [one.margin for one in found.comparisons if one.margin is not None]


@pytest.mark.parametrize("body", [DROPOUT, SHARED, NOISE, BRIGHTNESS, HUE])
def test_honest_draws_pass(make, body):
    found = verdict(make(body))
    assert found.outcome == "pass", found.message
    assert max(margins(found)) < 1


def test_honest_draws_stay_well_below_the_limits(make):
    made = make(DROPOUT)
    shape = made[1].feeds["random/x"].shape
    largest = 0.0
    for seed in range(8):
        first, second, other = (dropped(made, mask(3 * seed + k, shape)) for k in range(3))
        found = verdict(made, first=first, second=second, other=other)
        assert found.outcome == "pass", found.message
        largest = max(largest, *margins(found))
    assert largest < 0.75


@pytest.mark.parametrize(("rate", "outcome"), [(0.3, "pass"), (0.31, "fail"), (0.29, "fail")])
def test_a_rate_that_is_off_by_a_hundredth_is_caught(make, rate, outcome):
    made = make(DROPOUT)
    draws = {
        name: dropped(made, mask(seed, made[1].feeds["random/x"].shape, 1 - rate))
        for seed, name in enumerate(("first", "second", "other"))
    }
    found = verdict(made, **draws)
    assert found.outcome == outcome
    assert ("frequency" in found.message) == (outcome == "fail")


def test_a_missing_scale_is_caught(make):
    made = make(DROPOUT)
    first = dropped(made, mask(1, made[1].feeds["random/x"].shape), 1.0)
    found = verdict(made, first=first)
    assert found.outcome == "fail"
    assert "none of the possible ones" in found.message


def test_a_scale_that_is_off_by_more_than_rounding_is_caught(make):
    made = make(DROPOUT)
    kept = mask(1, made[1].feeds["random/x"].shape)
    assert verdict(made, first=dropped(made, kept, 1 / 0.7)).outcome == "pass"
    assert verdict(made, first=dropped(made, kept, 1 / 0.7 + 1e-5)).outcome == "fail"


@pytest.mark.parametrize(("axis", "name"), [(0, "axis 0"), (1, "axis 1"), (2, "axis 2")])
def test_a_mask_that_is_shared_along_an_axis_is_caught(make, axis, name):
    made = make(DROPOUT)
    shape = list(made[1].feeds["random/x"].shape)
    shape[axis] = 1
    found = verdict(made, first=dropped(made, mask(1, shape)))
    assert found.outcome == "fail"
    assert any(f"neighbours along {name}" in one.message for one in found.comparisons)


def test_a_mask_that_repeats_its_neighbour_now_and_then_is_caught(make):
    made = make(DROPOUT)
    shape = made[1].feeds["random/x"].shape
    kept = mask(1, shape).reshape(-1)
    again = np.random.default_rng(5).random(kept.size) < 0.05
    again[0] = False
    kept[again] = kept[np.flatnonzero(again) - 1]
    found = verdict(made, first=dropped(made, kept.reshape(shape)))
    assert found.outcome == "fail"
    assert "neighbours along axis 2" in found.message


def test_a_mask_that_ought_to_be_shared_and_is_not_is_caught(make):
    made = make(SHARED)
    found = verdict(made, first=dropped(made, mask(1, made[1].feeds["random/x"].shape)))
    assert found.outcome == "fail"
    assert "share a draw" in found.message


@pytest.mark.parametrize(
    ("kept", "lost", "says"),
    [
        ("other", "again", "the same seed answers otherwise"),
        ("first", "second", "the second call repeats"),
        ("first", "other", "another seed repeats"),
    ],
)
@pytest.mark.parametrize("body", [DROPOUT, NOISE, BRIGHTNESS, HUE])
def test_seeds_that_do_not_do_their_work_are_caught(make, body, kept, lost, says):
    made = make(body)
    honest = observe(made[0], made[1].feeds).tensors
    found = verdict(made, **{lost: honest[f"random/{kept}"], "first": honest["random/first"]})
    if lost == "again":
        found = verdict(made, again=honest[f"random/{kept}"])
    assert found.outcome == "fail"
    assert says in found.message


def test_a_second_call_that_goes_on_with_half_of_the_first_draws_is_caught(make):
    made = make(DROPOUT)
    shape = made[1].feeds["random/x"].shape
    first, second = mask(1, shape), mask(2, shape)
    second[: ROWS // 10] = first[: ROWS // 10]
    found = verdict(made, first=dropped(made, first), second=dropped(made, second))
    assert found.outcome == "fail"
    assert "first and second" in found.message


def noisy(made, noise):
    return (made[1].feeds["random/x"] + noise).astype(np.float32)


def test_noise_of_the_promised_law_passes(make):
    made = make(NOISE)
    shape = made[1].feeds["random/x"].shape
    noise = 0.5 * np.random.default_rng(4).standard_normal(shape)
    assert verdict(made, first=noisy(made, noise)).outcome == "pass"


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda g, n: 0.5 * g.standard_normal(n) + 0.01, "mean"),
        (lambda g, n: 0.51 * g.standard_normal(n), "standard deviation"),
        (lambda g, n: 0.25 * g.standard_normal(n), "standard deviation"),
        (lambda g, n: 0.5 * math.sqrt(3) * g.uniform(-1, 1, n), "distribution"),
        (lambda g, n: 0.5 * g.laplace(0, math.sqrt(0.5), n), "distribution"),
        (lambda g, n: 0.5 * g.standard_normal((n[0], n[1], 1)) + np.zeros(n), "neighbours"),
    ],
)
def test_noise_of_another_law_is_caught(make, draw, says):
    made = make(NOISE)
    noise = draw(np.random.default_rng(4), made[1].feeds["random/x"].shape)
    found = verdict(made, first=noisy(made, noise))
    assert found.outcome == "fail"
    assert says in " ".join(one.message for one in found.comparisons)


def test_a_draw_for_each_pixel_where_an_image_has_one_is_caught(make):
    made = make(BRIGHTNESS)
    x = made[1].feeds["random/x"]
    shift = 255 * np.random.default_rng(1).uniform(-0.1, 0.3, x.shape)
    found = verdict(made, first=(x + shift).astype(np.float32))
    assert found.outcome == "fail"
    assert "by the draw of its neighbours" in found.message


@pytest.mark.parametrize(("low", "high"), [(-0.1, 0.2), (0.0, 0.3), (-0.1, 0.31)])
def test_draws_from_another_range_are_caught(make, low, high):
    made = make(BRIGHTNESS)
    x = made[1].feeds["random/x"]
    shift = 255 * np.random.default_rng(1).uniform(low, high, (len(x), 1, 1, 1))
    assert verdict(made, first=(x + shift).astype(np.float32)).outcome == "fail"


@pytest.mark.parametrize("value", [256.0, -1.0, math.nan, math.inf])
def test_one_number_out_of_its_range_is_caught(make, value):
    made = make(HUE)
    first = observe(made[0], made[1].feeds).tensors["random/first"].copy()
    first[5, 1, 0, 2] = value
    found = verdict(made, first=first)
    assert found.outcome == "fail"
    assert "[5, 1, 0, 2]" in found.message


def test_another_shape_or_dtype_is_caught(make):
    made = make(DROPOUT)
    first = observe(made[0], made[1].feeds).tensors["random/first"]
    assert "shape" in verdict(made, first=first[:-1]).message
    assert "float64" in verdict(made, first=first.astype(np.float64)).message


def test_an_absent_answer_is_no_pass(make):
    case, answer = make(DROPOUT)
    found = judge(["random"], answer.expectation, answer.arrays, Observation(case=case.id), {})[0]
    assert found.outcome == "error"


@pytest.mark.parametrize("body", [DROPOUT, SHARED, NOISE, BRIGHTNESS, HUE])
def test_every_named_fault_of_draws_is_caught(make, body):
    case, answer = make(body)
    meant = [
        fault
        for fault in applicable(case)
        if fault.name.startswith(("off:", "shared:", "seed", "draws"))
    ]
    assert len(meant) >= 3
    for fault in meant:
        seen = observe(case, answer.feeds, fault)
        found = judge(
            ["random"], answer.expectation, answer.arrays, seen.observation, seen.tensors
        )[0]
        if body is HUE and fault.name in {"off:factor", "draws-scaled"}:
            continue  # of hue only a range is promised
        assert found.outcome == "fail", fault.name


def test_the_distance_of_a_sample_is_that_of_the_definition():
    levels = np.sort(np.random.default_rng(2).random(50))
    naive = max(
        max((i + 1) / 50 - level, level - i / 50) for i, level in enumerate(levels.tolist())
    )
    assert statistics.distance(levels) == pytest.approx(naive)


def test_the_normal_law_is_that_of_erf():
    scores = np.linspace(-6, 6, 241)
    exact = [0.5 * (1 + math.erf(s / math.sqrt(2))) for s in scores.tolist()]
    assert np.abs(statistics.normal_levels(scores) - exact).max() < 1e-7


def test_limits_keep_false_alarms_below_one_in_a_thousand_million():
    assert math.erfc(statistics.LIMIT / math.sqrt(2)) < 1e-9
    count = 10_000
    d = statistics.farthest(count)
    assert 2 * math.exp(-2 * count * d * d) == pytest.approx(1e-9)


def test_statistics_are_standard_normal_under_the_law():
    generator = np.random.default_rng(8)
    found = []
    for _ in range(300):
        normal, even = generator.standard_normal((2, 5000)), generator.uniform(-1, 1, 5000)
        found.append(
            [
                statistics.mean(normal[0]),
                statistics.variance(normal[0], 3.0),
                statistics.variance(even * math.sqrt(3), 1.8),
                statistics.correlation(normal[0], normal[1]),
                statistics.neighbours(normal, 1),
                statistics.fraction(int((even > 0.6).sum()), 5000, 0.2),
            ]
        )
    columns = np.asarray(found)
    assert np.abs(columns.mean(axis=0)).max() < 0.3
    assert np.abs(columns.std(axis=0) - 1).max() < 0.2


def test_a_case_needs_one_layer_with_a_seed(tmp_path):
    def problems(body):
        path = tmp_path / "one.yaml"
        path.write_text(HEAD + body)
        return " ".join(str(one) for one in load([path]).problems)

    one = "  input: {shape: [4]}\n  layer: Dropout\n  random: {rows: 8}\n"
    assert "seed" in problems(one + "  config: {rate: 0.5}\n")
    assert problems(one + "  config: {rate: 0.5, seed: 1}\n") == ""
    two = "  input: {shape: [4]}\n  random: {rows: 8}\n  model: [Flatten, {Dropout: {rate: 0.5}}]\n"
    assert "one layer" in problems(two)
    assert "numbers" in problems(
        "  input: {shape: [4000]}\n  layer: Dropout\n  config: {rate: 0.5, seed: 1}\n"
        "  random: {rows: 60000}\n"
    )


def test_the_expectation_survives_its_journey(make):
    _, answer = make(BRIGHTNESS)
    text = msgspec.json.encode(answer.expectation)
    assert msgspec.json.decode(text, type=type(answer.expectation)) == answer.expectation
