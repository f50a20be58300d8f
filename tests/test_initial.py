"""The facet ``initial``: honest first numbers pass, and each thing that can be wrong is caught."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from catalogue import cases_of

from conformance.adapters.host.observation import Observation
from conformance.cases import load, names
from conformance.reference import evaluate
from conformance.reference.answer.initial import imagined_initial
from conformance.reference.errors import NoAnswer
from conformance.reference.model.network import Network
from conformance.reference.spec.initial import read
from conformance.verdicts import bounds
from conformance.verdicts.facets import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from conformance.cases.model import Case
    from conformance.verdicts.model import FacetVerdict

    Made = tuple[Case, Any, Network]

HEAD = "- id: case\n  title: A layer as it is made\n  source: {keras: keras.layers.Dense}\n"
DENSE = "  input: {shape: [4]}\n  layer: Dense\n  config: {units: 100, kernel_initializer: %s}\n"
TWO = (
    "  input: {shape: [10]}\n  model:\n"
    "    - Dense: {units: 10, kernel_initializer: {class_name: HeNormal, config: {seed: %s}}}\n"
    "    - Dense: {units: 10, kernel_initializer: {class_name: HeNormal, config: {seed: %s}}}\n"
)
LSTM = "  input: {shape: [2, 4]}\n  layer: LSTM\n  config: {units: 12}\n"
KERNEL = "dense/kernel"
SEEDS = range(20)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """A case from its text, what the reference says of it, and its network."""
    path = tmp_path_factory.mktemp("cases") / "one.yaml"

    @functools.cache
    def made(body: str) -> Made:
        path.write_text(HEAD + body)
        case = load([path]).checked()[0]
        assert "initial" in case.program.facets
        return case, evaluate(case), Network.build(case.program.model)

    return made


def verdict(made: Made, arrays: dict[str, NDArray[Any]]) -> FacetVerdict:
    """The verdict on variables that hold these numbers."""
    case, answer, _ = made
    observation = Observation(case=case.id, initial={name: f"initial/{name}" for name in arrays})
    tensors = {f"initial/{name}": np.asarray(array) for name, array in arrays.items()}
    return judge(["initial"], answer.expectation, answer.arrays, observation, tensors)[0]


def with_kernel(
    made: Made, change: Callable[[NDArray[Any]], NDArray[Any]], seed: int = 1
) -> FacetVerdict:
    """The verdict on an honest model whose kernel is changed."""
    honest = imagined_initial(made[2], seed)
    name = next(name for name in honest if name.endswith("/kernel"))
    return verdict(made, {**honest, name: np.asarray(change(honest[name]), "float32")})


# --- that it is asked everywhere ------------------------------------------------------------------


def networks() -> Iterator[tuple[Case, Network]]:
    for case in cases_of("layers"):
        if case.raises is None:
            try:
                yield case, Network.build(case.program.model)
            except NoAnswer:
                continue


def test_each_variable_of_each_layer_is_asked_for_in_some_case() -> None:
    there, asked, without = set(), set(), set()
    for case, network in networks():
        if case.id.startswith(("layers/quantization/", "layers/cloning/quantized")):
            continue  # what quantizing leaves is made of the weights, or documented nowhere
        layers = {node.name: node.layer for node in case.program.model.nodes}
        for name, variable in network.variables.items():
            node, _, own = name.partition("/")
            one = (layers[node], own.rpartition("/")[2])
            (there if variable.initial else without).add(one)
            if "initial" in case.program.facets:
                asked.add(one)
    assert there <= asked
    # What an adapted layer holds is what it has learned; before, nothing is documented.
    assert without - there == {("Normalization", one) for one in ("mean", "variance", "count")}


def given_initializers() -> Iterator[tuple[str, str, Any]]:
    """Layer, argument and value of every initializer that a case gives and is asked about."""

    def inside(layer: str, config: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
        for argument, value in config.items():
            if argument.endswith("_initializer") or argument == "unit_forget_bias":
                yield layer, argument, value
            elif isinstance(value, dict) and len(value) == 1:
                ((name, own),) = value.items()
                if isinstance(own, dict):
                    yield from inside(name, own)

    for case in cases_of("layers"):
        if "initial" in case.program.facets:
            for node in case.program.model.nodes:
                yield from inside(node.layer, node.config)


def test_each_argument_that_takes_an_initializer_is_given_one() -> None:
    every = {
        (layer, argument)
        for layer in names.known("layers")
        for argument in names.arguments("layers", layer) or ()
        if argument.endswith("_initializer") or argument == "unit_forget_bias"
    }
    assert every - {(layer, argument) for layer, argument, _ in given_initializers()} == set()


def test_each_initializer_of_keras_is_given_to_some_layer() -> None:
    every = {
        name.partition(".")[2] for name in names.functions() if name.startswith("initializers.")
    }
    aliases = {"normal": "RandomNormal", "uniform": "RandomUniform"}
    given = {
        aliases.get(name, "".join(word[:1].upper() + word[1:] for word in name.split("_")))
        for _, argument, value in given_initializers()
        if argument != "unit_forget_bias"
        for name in [read(value)[0]]
    }
    # Aliases of Keras 2; and the layer of spectra makes its kernels with STFT itself.
    every = {name for name in every if not name.endswith("Initializer")}
    assert every - given == {"STFT"}
    assert any(
        "initial" in case.program.facets and case.program.model.nodes[0].layer == "STFTSpectrogram"
        for case in cases_of("layers")
    )


# --- honest numbers -------------------------------------------------------------------------------

BODIES = [
    *(DENSE % one for one in ("glorot_uniform", "he_normal", "random_normal", "orthogonal")),
    DENSE % "{class_name: Constant, config: {value: 0.1}}",
    DENSE % "{class_name: RandomUniform, config: {minval: 5.0, maxval: 5.5}}",
    "  input: {shape: [1]}\n  layer: Dense\n  config: {units: 1}\n",
    LSTM,
]


@pytest.mark.parametrize("body", BODIES)
def test_honest_numbers_pass_far_from_the_limits(make: Callable[[str], Made], body: str) -> None:
    made = make(body)
    for seed in SEEDS:
        found = verdict(made, imagined_initial(made[2], seed))
        assert found.outcome == "pass", (seed, found.message)
        # A limit of 1e-15; a twentieth of the seeds may come as near as 1e-3.
        assert max(one.margin or 0.0 for one in found.comparisons) < 0.5


@pytest.mark.parametrize("bits", [7, 23])
def test_numbers_on_a_coarse_grid_pass_in_half_precision(
    make: Callable[[str], Made], bits: int
) -> None:
    body = (DENSE % "random_uniform").replace("{units: 100", "{units: 100, dtype: bfloat16")
    made = make(body)
    honest = imagined_initial(made[2], 0)
    for seed in SEEDS:
        draws = np.random.default_rng(seed).integers(0, 2**bits, (4, 100)) / 2**bits
        found = verdict(made, {**honest, KERNEL: (-0.05 + 0.1 * draws).astype("float32")})
        assert found.outcome == "pass", (seed, found.message)


# --- what is wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "made_by"),
    [
        ("glorot_uniform", "he_uniform"),
        ("he_uniform", "glorot_uniform"),
        ("lecun_uniform", "he_uniform"),
        ("he_uniform", "lecun_uniform"),
        ("he_normal", "lecun_normal"),
        ("lecun_normal", "he_normal"),
        ("random_uniform", "random_normal"),
        ("truncated_normal", "random_normal"),
        ("orthogonal", "random_normal"),
        ("orthogonal", "identity"),
        ("identity", "orthogonal"),
        ("zeros", "ones"),
        (
            "{class_name: VarianceScaling, config: {mode: fan_out}}",
            "{class_name: VarianceScaling, config: {mode: fan_in}}",
        ),
        (
            "{class_name: RandomUniform, config: {minval: -1.0}}",
            "{class_name: RandomUniform, config: {minval: -0.5}}",
        ),
        (
            "{class_name: RandomNormal, config: {mean: 1.0, stddev: 0.5}}",
            "{class_name: RandomNormal, config: {mean: 0.75, stddev: 0.5}}",
        ),
    ],
)
def test_one_initializer_in_the_place_of_another_is_caught(
    make: Callable[[str], Made], asked: str, made_by: str
) -> None:
    for seed in SEEDS:
        other = imagined_initial(make(DENSE % made_by)[2], seed)
        assert verdict(make(DENSE % asked), other).outcome == "fail", seed


UNIFORM = DENSE % "glorot_uniform"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda k: k * 1.05, "outside of"),
        (lambda k: k * 0.9, "no number is further out than"),
        (lambda k: k * np.where(np.arange(k.size).reshape(k.shape) == 7, np.nan, 1), "NaN"),
        (np.abs, "its mean is"),
        (lambda k: np.sign(k) * np.abs(k).max(), "its standard deviation is"),
        (lambda k: np.repeat(k[:1], len(k), axis=0), "3 of 4 slices along axis 0 repeat"),
    ],
)
def test_numbers_of_another_law_are_caught(
    make: Callable[[str], Made], change: Callable[[NDArray[Any]], NDArray[Any]], said: str
) -> None:
    found = with_kernel(make(UNIFORM), change)
    assert found.outcome == "fail"
    assert any(said in one.message for one in found.comparisons), found.message


def test_a_law_of_the_right_reach_and_size_but_another_form_is_caught(
    make: Callable[[str], Made],
) -> None:
    made = make(UNIFORM)
    limit = math.sqrt(6 / 104)
    generator = np.random.default_rng(0)
    # Two thirds at the middle, the rest at the ends: a variance of a third, as it should be.
    where = generator.choice([-1.0, 0.0, 1.0], (4, 100), p=[1 / 6, 2 / 3, 1 / 6])
    found = with_kernel(made, lambda _: limit * where)
    assert found.outcome == "fail"
    assert any("its distance from the uniform law" in one.message for one in found.comparisons)


def test_two_layers_of_the_same_draws_are_caught_unless_they_have_a_seed(
    make: Callable[[str], Made],
) -> None:
    for seeds, outcome in (("null", "null"), "fail"), (("5", "5"), "pass"):
        made = make(TWO % seeds)
        honest = imagined_initial(made[2], 1)
        found = verdict(made, {**honest, "dense_1/kernel": honest["dense/kernel"]})
        assert found.outcome == outcome
        assert ("holds the same draws as" in found.message) == (outcome == "fail")


@pytest.mark.parametrize("gate", [0, 2, 3])
def test_ones_in_another_gate_s_bias_are_caught(make: Callable[[str], Made], gate: int) -> None:
    made = make(LSTM)
    bias = np.zeros(48, "float32")
    bias[12 * gate : 12 * gate + 12] = 1
    found = verdict(made, {**imagined_initial(made[2], 1), "lstm/bias": bias})
    assert found.outcome == "fail"
    assert "lstm/bias as made (from 0 up to 12 along its last axis)" in found.message or gate


def test_states_kernels_that_are_not_orthogonal_are_caught(make: Callable[[str], Made]) -> None:
    made = make(LSTM)
    honest = imagined_initial(made[2], 1)
    kernel = honest["lstm/recurrent_kernel"]
    for wrong in (kernel * 1.001, np.eye(12, 48), np.random.default_rng(0).normal(size=(12, 48))):
        found = verdict(made, {**honest, "lstm/recurrent_kernel": wrong.astype("float32")})
        assert found.outcome == "fail"


def test_a_variable_that_is_left_out_or_misshapen_is_caught(make: Callable[[str], Made]) -> None:
    made = make(UNIFORM)
    honest = imagined_initial(made[2], 1)
    found = verdict(made, {KERNEL: honest[KERNEL]})
    assert found.outcome == "fail"
    assert found.message.startswith("dense/bias: it is not said what it was made with")
    found = verdict(made, {**honest, KERNEL: honest[KERNEL].T})
    assert found.message.startswith("dense/kernel: expected shape (4, 100), observed (100, 4)")
    assert verdict(made, {}).outcome != "pass"


def test_no_answer_is_an_error(make: Callable[[str], Made]) -> None:
    case, answer, _ = make(UNIFORM)
    silent = Observation(case=case.id)
    found = judge(["initial"], answer.expectation, answer.arrays, silent, {})[0]
    assert found.outcome == "error"


def test_the_expectation_survives_its_journey(make: Callable[[str], Made]) -> None:
    for body in (LSTM, UNIFORM):
        _, answer, _ = make(body)
        text = msgspec.json.encode(answer.expectation)
        assert msgspec.json.decode(text, type=type(answer.expectation)) == answer.expectation


def test_a_model_without_variables_is_asked_nothing(tmp_path: Any) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(HEAD + "  input: {shape: [4]}\n  layer: Flatten\n")
    assert "initial" not in load([path]).checked()[0].program.facets


# --- the bounds -----------------------------------------------------------------------------------


def draws(law: str, count: int, rounds: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(3)
    if law == "uniform":
        return generator.uniform(-1, 1, (rounds, count))
    theta = generator.standard_normal((rounds, count))
    while law == "truncated" and (far := np.abs(theta) > 2).any():
        theta[far] = generator.standard_normal(int(far.sum()))
    return theta


@pytest.mark.parametrize("count", [1, 3, 20, 200])
@pytest.mark.parametrize("law", ["normal", "uniform", "truncated"])
def test_the_bounds_are_no_smaller_than_how_often_it_happens(law: str, count: int) -> None:
    kind, rounds = bounds.LAWS[law], 20_000
    theta = draws(law, count, rounds)
    squares = np.square(theta).mean(axis=1)
    assert theta.std() == pytest.approx(kind.deviation, rel=0.03)
    assert (theta**4).mean() == pytest.approx(kind.fourth, rel=0.1)
    largest = np.abs(theta).max(axis=1)
    found = {
        "reach": [bounds.all_within(kind, one, count) for one in largest],
        "mean": [bounds.mean_tail(kind, abs(one), count) for one in theta.mean(axis=1)],
        "size": [bounds.square_tail(kind, one - kind.deviation**2, count) for one in squares],
        "distance": [
            bounds.distance_tail(bounds.distance(kind, one), count) for one in theta[:2000]
        ],
    }
    for what, logarithms in found.items():
        for level in (0.3, 0.1, 0.01):
            often = np.mean(np.array(logarithms) <= math.log(level))
            # Four deviations of the count itself.
            slack = 4 * math.sqrt(level / len(logarithms))
            assert often <= level + slack, (what, level, often)


def test_a_run_raises_a_false_alarm_less_than_once_in_a_billion() -> None:
    """As docs/numerics.md says: by the number of checks, with room."""
    checks = 0
    for case in cases_of("layers"):
        if "initial" in case.program.facets and case.raises is None:
            for variable in Network.build(case.program.model).variables.values():
                # Range, reach, mean, size and law of each part; slices along each axis.
                checks += len(variable.initial) * 5 + len(variable.shape)
    adapters = 10
    assert 0 < checks * adapters * bounds.ALARM < 1e-9 / 5
