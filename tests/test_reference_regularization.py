"""The laws of layers that draw, against the documentation's words worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from reference_cases import case

from conformance.cases.model import InputSpec, Model, Named, Node, Train
from conformance.reference.answer.answer import evaluate
from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.engine.laws import Affine, Bounds, Choice, Drawn
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import table
from conformance.reference.spec.layers.base import Context, Drawing, make

X = np.random.default_rng(3).normal(size=(5, 4, 3, 3))


def drawn(layer: str, x: Any = X, **config: Any) -> Drawn:
    made = make(layer, {"seed": 1, **config})
    assert isinstance(made, Drawing)
    arithmetic = Arithmetic()
    return made.drawn(Context(arithmetic), arithmetic.leaf(np.asarray(x, float)))


def options(found: Drawn) -> list[Any]:
    assert isinstance(found.law, Choice)
    return [np.broadcast_to(option.value, found.shape) for option in found.law.options]


def test_dropout_keeps_the_mean() -> None:
    found = drawn("Dropout", rate=0.2)
    kept, lost = options(found)
    assert isinstance(found.law, Choice)
    assert found.law.probabilities == [0.8, 0.2]
    np.testing.assert_allclose(0.8 * kept + 0.2 * lost, X)
    assert not lost.any()


@pytest.mark.parametrize(
    ("layer", "config", "draws"),
    [
        ("Dropout", {}, (5, 4, 3, 3)),
        ("Dropout", {"noise_shape": [None, 1, None, 3]}, (5, 1, 3, 3)),
        ("SpatialDropout2D", {}, (5, 1, 1, 3)),
        ("SpatialDropout2D", {"data_format": "channels_first"}, (5, 4, 1, 1)),
        ("AlphaDropout", {"noise_shape": [None, None, 1, 1]}, (5, 4, 1, 1)),
        ("GaussianDropout", {}, (5, 4, 3, 3)),
    ],
)
def test_the_mask_has_the_documented_shape(
    layer: str, config: dict[str, Any], draws: tuple[int, ...]
) -> None:
    assert drawn(layer, rate=0.5, **config).draws == draws


def test_a_mask_that_does_not_broadcast_is_refused() -> None:
    with pytest.raises(Refused):
        drawn("Dropout", rate=0.5, noise_shape=[None, 2, 3, 3])


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_alpha_dropout_keeps_mean_and_variance(rate: float) -> None:
    # Of normal numbers: E[y] = 0 and E[y²] = 1 over the draw and the numbers.
    x = np.random.default_rng(1).normal(size=(200_000, 1))
    x = (x - x.mean()) / x.std()
    kept, lost = options(drawn("AlphaDropout", x, rate=rate))
    mean = (1 - rate) * kept.mean() + rate * lost.mean()
    square = (1 - rate) * (kept**2).mean() + rate * (lost**2).mean()
    assert mean == pytest.approx(0, abs=1e-9)
    assert square == pytest.approx(1)


def test_gaussian_noise_has_the_documented_deviation() -> None:
    law = drawn("GaussianNoise", stddev=0.7).law
    assert isinstance(law, Affine)
    assert law.law == "normal"
    assert float(law.scale.value.max()) == 0.7
    law = drawn("GaussianDropout", rate=0.2).law
    assert isinstance(law, Affine)
    np.testing.assert_allclose(law.scale.value, X * math.sqrt(0.2 / 0.8))


@pytest.mark.parametrize("layer", ["Dropout", "AlphaDropout", "GaussianDropout"])
@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_is_between_0_and_1(layer: str, rate: float) -> None:
    with pytest.raises(Refused):
        make(layer, {"rate": rate})


def pixels() -> Any:
    return np.random.default_rng(2).uniform(100, 140, (4, 3, 5, 3))


def test_brightness_is_a_share_of_the_value_range() -> None:
    law = drawn("RandomBrightness", pixels(), factor=0.2).law
    assert isinstance(law, Affine)
    assert (law.low, law.high, float(law.scale.value.max())) == (-0.2, 0.2, 255)
    assert drawn("RandomBrightness", pixels(), factor=0.9).law == Bounds(0, 255)


@pytest.mark.parametrize(
    ("factor", "low", "high"), [(0.3, 0.7, 1.3), ([0.2, 0.5], 0.8, 1.5), ([0.0, 0.1], 1.0, 1.1)]
)
def test_contrast_is_drawn_from_1_minus_lower_to_1_plus_upper(
    factor: Any, low: float, high: float
) -> None:
    x = pixels()
    found = drawn("RandomContrast", x, factor=factor)
    law = found.law
    assert isinstance(law, Affine)
    assert (law.low, law.high) == (pytest.approx(low), pytest.approx(high))
    mean = x.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(
        law.location.value + 1.2 * law.scale.value, (x - mean) * 1.2 + mean, rtol=1e-12
    )
    assert found.draws == (4, 1, 1, 1)


@pytest.mark.parametrize(("mode", "axes"), [("horizontal", 2), ("vertical", 1)])
def test_flips(mode: str, axes: int) -> None:
    same, mirrored = options(drawn("RandomFlip", mode=mode))
    np.testing.assert_array_equal(same, X)
    np.testing.assert_array_equal(mirrored, np.flip(X, axes))
    first = options(drawn("RandomFlip", mode=mode, data_format="channels_first"))[1]
    np.testing.assert_array_equal(first, np.flip(X, axes + 1))


def test_all_four_ways_of_flipping_both_ways_are_right() -> None:
    found = options(drawn("RandomFlip"))
    np.testing.assert_array_equal(found[3], X[:, ::-1, ::-1])
    assert len(found) == 4


def test_every_window_of_a_crop_is_right() -> None:
    found = options(drawn("RandomCrop", height=3, width=2))
    expected = [X[:, a : a + 3, b : b + 2] for a in range(2) for b in range(2)]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("limits", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)])
def test_the_complement_lies_within_the_value_range(limits: tuple[float, float]) -> None:
    x = np.random.default_rng(4).uniform(*limits, (3, 2, 2, 3))
    changed = options(drawn("RandomInvert", x, factor=[0.2, 0.6], value_range=list(limits)))[1]
    np.testing.assert_allclose(changed - limits[0], limits[1] - x)
    law = drawn("RandomInvert", x, factor=[0.2, 0.6], value_range=list(limits)).law
    assert isinstance(law, Choice)
    assert law.probabilities == [0.6, 0.4]


def test_gray_is_a_weighted_mean_of_red_green_and_blue() -> None:
    x = pixels()
    expected = x @ np.array([0.2989, 0.587, 0.114])
    changed = options(drawn("RandomGrayscale", x, factor=0.4))[1]
    np.testing.assert_allclose(changed, np.repeat(expected[..., None], 3, axis=-1))
    with pytest.raises(Refused):
        drawn("RandomGrayscale", x[..., :2], factor=0.4)


@pytest.mark.parametrize(
    ("layer", "config"),
    [
        ("Dropout", {"rate": 0.0}),
        ("GaussianNoise", {"stddev": 0}),
        ("RandomRotation", {"factor": 0}),
        ("RandomZoom", {"height_factor": 0}),
        ("RandomHue", {"factor": 0.0}),
        ("RandomSaturation", {"factor": [0.5, 0.5]}),
        ("RandomErasing", {"factor": [0, 0]}),
    ],
)
def test_at_strength_nought_the_input_is_the_only_answer(
    layer: str, config: dict[str, Any]
) -> None:
    (only,) = options(drawn(layer, **config))
    np.testing.assert_allclose(only, X, rtol=1e-12, atol=1e-14)


def test_pixels_from_beyond_the_edges_may_be_the_fill_value() -> None:
    x = pixels()
    law = drawn("RandomRotation", x, factor=0.2, fill_mode="constant", fill_value=7).law
    assert law == Bounds(7.0, x.max())
    law = drawn("RandomRotation", x, factor=0.2, fill_mode="nearest", fill_value=7).law
    assert law == Bounds(x.min(), x.max())


def test_a_layer_that_draws_has_no_values_in_training() -> None:
    arithmetic = Arithmetic()
    context = Context(arithmetic, arguments={"training": True})
    x = arithmetic.leaf(X)
    assert make("Dropout", {"rate": 0.0}).forward(context, [x], {}) is x
    with pytest.raises(Unsupported, match="random"):
        make("Dropout", {"rate": 0.5}).forward(context, [x], {})


def test_every_image_layer_is_the_identity_without_training() -> None:
    arguments = {
        "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
        "RandomZoom": {"height_factor": 0.3},
        "RandomCrop": {"height": 4, "width": 3},
        "RandomPosterization": {"factor": 4},
        "GaussianNoise": {"stddev": 0.3},
    }
    factored = {"RandomBrightness", "RandomContrast", "RandomHue", "RandomSaturation"}
    factored |= {"RandomSharpness", "RandomRotation", "RandomColorDegeneration"}
    arithmetic = Arithmetic()
    x = arithmetic.leaf(X)
    for name in table.known("layers"):
        if issubclass(table.find(f"layers.{name}"), Drawing):
            known = arguments.get(name, {"factor": 0.3} if name in factored else {})
            config = {"rate": 0.3} if "Dropout" in name else known
            made = make(name, config)
            assert made.forward(Context(arithmetic), [x], {}) is x, name


@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.0, 0.2), (0.3, 0.2), (0.0, 0.0)])
def test_activity_is_penalized_by_its_mean_over_the_batch(l1: float, l2: float) -> None:
    nodes = [
        Node(name="before", layer="Dense", config={"units": 3}, inputs=["x"]),
        Node(
            name="penalty",
            layer="ActivityRegularization",
            config={"l1": l1, "l2": l2},
            inputs=["before"],
        ),
    ]
    model = Model(
        form="sequential",
        inputs=[InputSpec(name="x", shape=[4])],
        nodes=nodes,
        outputs=["penalty"],
    )
    train = Train(optimizer=Named(name="SGD"), loss=Named(name="mean_squared_error"), steps=1)
    answer = evaluate(case(model, facets=["values", "state"], train=train))
    feeds = answer.feeds
    y = feeds["call/0/x"] @ feeds["weight/before/kernel"] + feeds["weight/before/bias"]
    loss = np.square(y - feeds["target/0"]).mean()
    loss += (l1 * np.abs(y).sum() + l2 * np.square(y).sum()) / len(y)
    assert answer.arrays["truth/state/losses"][0] == pytest.approx(loss, rel=1e-5)
