"""The reference's simple layers (core to reshaping) against loops and known numbers."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from reference_cases import case, chain, of_layer, spec

from conformance.cases.model import Call, Case, Data, InputSpec, Model, Node
from conformance.reference.answer.answer import evaluate
from conformance.reference.engine import functions
from conformance.reference.engine.arithmetic import Variance
from conformance.reference.errors import NoAnswer, Refused
from conformance.reference.model.network import Network

FEW = ["values", "gradients"]


def answered(one: Case, output: int = 0) -> tuple[Any, dict[str, Any]]:
    """The first call's answer, and all that was fed."""
    answer = evaluate(one)
    expected = answer.expectation.calls[0].outputs[output]
    return answer.arrays[expected.tensor], answer.feeds


def of_two(layer: str, shapes: list[list[int]], config: dict[str, Any]) -> Case:
    inputs = [InputSpec(name=n, shape=s) for n, s in zip("ab", shapes, strict=True)]
    node = Node(name="both", layer=layer, config=config, inputs=["a", "b"])
    model = Model(form="functional", inputs=inputs, nodes=[node], outputs=["both"])
    return case(model, facets=["values"])


def of_numbers(layer: str, values: Any, config: dict[str, Any], dtype: str = "float32") -> Case:
    shape = list(np.shape(values)[1:])
    given = InputSpec(name="x", shape=shape, dtype=dtype, data=Data(kind="values", values=values))
    calls = [Call(batch=len(values))]
    return case(chain((layer, config), given=given), facets=["values"], calls=calls)


KNOWN = {
    "celu": [math.exp(-1.5) - 1, 0.75],
    "elu": [math.exp(-1.5) - 1, 0.75],
    "hard_shrink": [-1.5, 0.75],
    "hard_tanh": [-1.0, 0.75],
    "log_sigmoid": [-math.log(1 + math.exp(1.5)), -math.log(1 + math.exp(-0.75))],
    "soft_shrink": [-1.0, 0.25],
    "sparse_plus": [0.0, 0.765625],
    "sparse_sigmoid": [0.0, 0.875],
    "squareplus": [0.5, (0.75 + math.sqrt(4.5625)) / 2],
    "tanh_shrink": [-1.5 - math.tanh(-1.5), 0.75 - math.tanh(0.75)],
}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_activations_at_two_places(name: str) -> None:
    y, _ = answered(of_numbers("Activation", [[-1.5, 0.75]], {"activation": name}))
    np.testing.assert_allclose(y[0], KNOWN[name], rtol=1e-15)


def test_glu_halves_the_last_axis() -> None:
    y, _ = answered(of_numbers("Activation", [[2.0, -4.0, 0.0, 0.0]], {"activation": "glu"}))
    assert y.tolist() == [[1.0, -2.0]]
    network = Network.build(of_layer("Activation", [3, 4], {"activation": "glu"}).program.model)
    assert network.outputs == [[None, 3, 2]]


def test_sparsemax_is_the_nearest_distribution() -> None:
    # Checked by its definition: no other point of the simplex is nearer.
    random = np.random.default_rng(4)
    y, feeds = answered(of_layer("Activation", [5], {"activation": "sparsemax"}, facets=["values"]))
    x = feeds["call/0/x"].astype(float)
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-14)
    assert (y >= 0).all()
    others = random.dirichlet(np.full(5, 0.3), size=2000)
    nearest = ((others[:, None] - x) ** 2).sum(axis=-1).min(axis=0)
    assert (((y - x) ** 2).sum(axis=-1) <= nearest).all()


def test_sparsemax_shares_a_tie_and_takes_a_clear_winner() -> None:
    y, _ = answered(
        of_numbers("Activation", [[1.0, 1.0, 0.0], [5.0, 1.0, 0.0]], {"activation": "sparsemax"})
    )
    np.testing.assert_allclose(y, [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]], atol=1e-15)


@pytest.mark.parametrize("limit", [None, 2.0])
def test_relu_is_its_docstring_number_by_number(limit: float | None) -> None:
    x = [-1.0, 0.5, 1.0, 1.5, 2.0, 3.0]
    config = {"threshold": 1.0, "negative_slope": 0.5, "max_value": limit}
    y, _ = answered(of_numbers("ReLU", [x], config))
    top = math.inf if limit is None else limit
    assert y[0].tolist() == [top if v >= top else v if v >= 1 else 0.5 * (v - 1) for v in x]


def test_prelu_shares_slopes_along_its_axes() -> None:
    one = of_layer("PReLU", [3, 2], {"shared_axes": [1], "name": "p"}, facets=FEW)
    y, feeds = answered(one)
    x, alpha = feeds["call/0/x"], feeds["weight/p/alpha"]
    assert alpha.shape == (1, 2)
    for n, i, j in np.ndindex(*x.shape):
        value = float(x[n, i, j])
        assert y[n, i, j] == (value if value > 0 else value * float(alpha[0, j]))


def test_softmax_over_several_axes_and_masked() -> None:
    inputs = [
        InputSpec(name="x", shape=[2, 3]),
        InputSpec(name="m", shape=[2, 3], dtype="bool", data=Data(kind="boolean")),
    ]
    node = Node(
        name="s", layer="Softmax", config={"axis": [1, 2]}, inputs=["x"], tensors={"mask": "m"}
    )
    model = Model(form="functional", inputs=inputs, nodes=[node], outputs=["s"])
    y, feeds = answered(case(model, facets=["values"]))
    x, mask = feeds["call/0/x"].astype(float), feeds["call/0/m"].astype(bool)
    shares = np.where(mask, np.exp(x), 0)
    np.testing.assert_allclose(y, shares / shares.sum(axis=(1, 2), keepdims=True), rtol=1e-13)


DOTS = [
    ([3], [3], 1, "za,za->z"),
    ([4, 3], [5, 3], 2, "zab,zcb->zac"),
    ([4, 3], [4, 5], 1, "zab,zac->zbc"),
    ([4, 3], [5, 4], [1, 2], "zab,zca->zbc"),
    ([2, 4, 3], [3, 5, 2], [3, 1], "zabc,zcde->zabde"),
    ([3], [2, 3], [-1, -1], "za,zba->zb"),
]


@pytest.mark.parametrize(("left", "right", "axes", "equation"), DOTS)
@pytest.mark.parametrize("normalize", [False, True])
def test_dot_is_an_einsum(
    left: list[int],
    right: list[int],
    axes: Any,
    equation: str,
    normalize: bool,  # noqa: FBT001 (pytest gives arguments by name)
) -> None:
    config = {"axes": axes, "normalize": normalize}
    y, feeds = answered(of_two("Dot", [left, right], config))
    a, b = (feeds[f"call/0/{n}"].astype(float) for n in "ab")
    if normalize:
        first, second = (axes, axes) if isinstance(axes, int) else axes
        a = a / np.sqrt((a * a).sum(axis=first, keepdims=True))
        b = b / np.sqrt((b * b).sum(axis=second, keepdims=True))
    expected = np.einsum(equation, a, b)
    np.testing.assert_allclose(y, expected[:, None] if expected.ndim == 1 else expected, atol=1e-12)


def test_missing_axes_stand_behind_the_batch_axis() -> None:
    y, feeds = answered(of_two("Subtract", [[2], [2, 2]], {}))
    a, b = feeds["call/0/a"].astype(float), feeds["call/0/b"].astype(float)
    for n, i, j in np.ndindex(*y.shape):
        assert y[n, i, j] == a[n, j] - b[n, i, j]


@pytest.mark.parametrize(
    ("shape", "equation", "output", "bias", "bias_shape"),
    [
        ([3, 5], "abc,cd->adb", [4, 3], "d", (4, 1)),
        ([3, 5], "abc,cde->abde", [None, 2, 4], "e", (4,)),
        ([3, 4], "abc,bcd->abd", [3, 5], "bd", (3, 5)),
        ([3, 4], "abc,c->abc", [3, 4], None, None),
        ([2, 3, 5], "...x,xy->...y", [4], "y", (4,)),
        ([3, 2], "ab...,bc->ac...", [4], "c", (4, 1)),
    ],
)
def test_einsum_dense_is_an_einsum_and_a_bias(
    shape: list[int],
    equation: str,
    output: list[int | None],
    bias: str | None,
    bias_shape: tuple[int, ...] | None,
) -> None:
    config = {"equation": equation, "output_shape": output, "bias_axes": bias, "name": "e"}
    y, feeds = answered(of_layer("EinsumDense", shape, config, facets=FEW))
    expected = np.einsum(equation, feeds["call/0/x"].astype(float), feeds["weight/e/kernel"])
    if bias is not None:
        assert feeds["weight/e/bias"].shape == bias_shape
        expected = expected + feeds["weight/e/bias"]
    np.testing.assert_allclose(y, expected, atol=1e-12)


def test_an_embedding_row_used_twice_gets_both_gradients() -> None:
    given = InputSpec(
        name="x", shape=[3], dtype="int32", data=Data(kind="values", values=[[0, 2, 0], [2, 2, 1]])
    )
    model = chain(("Embedding", {"input_dim": 4, "output_dim": 2, "name": "e"}), given=given)
    answer = evaluate(case(model, facets=FEW))
    gradients = answer.expectation.gradients
    assert gradients is not None
    assert not gradients.inputs
    truth = answer.arrays[gradients.weights["e/embeddings"].tensor]
    expected = np.zeros((4, 2))
    for place, row in np.ndenumerate(answer.feeds["call/0/x"]):
        expected[row] += answer.feeds["cotangent/0"][place]
    np.testing.assert_allclose(truth, expected, atol=1e-12)


def test_masks_of_embedding_and_masking() -> None:
    given = spec([2, 2], data=Data(kind="values", values=[[[3.0, 3.0], [3.0, 0.0]]]))
    model = chain(("Masking", {"mask_value": 3.0}), ("Identity", {}), given=given)
    answer = evaluate(case(model, facets=["values", "mask"], calls=[Call(batch=1)]))
    call = answer.expectation.calls[0]
    assert answer.arrays[call.outputs[0].tensor].tolist() == [[[0.0, 0.0], [3.0, 0.0]]]
    assert call.masks[0] is not None
    assert answer.arrays[call.masks[0].tensor].tolist() == [[False, True]]


@pytest.mark.parametrize("tied", [True, False])
def test_a_reversible_embedding_multiplies_on_its_way_back(tied: bool) -> None:  # noqa: FBT001
    config = {"input_dim": 4, "output_dim": 3, "tie_weights": tied, "logit_soft_cap": 1.5}
    node = Node(
        name="r",
        layer="ReversibleEmbedding",
        config=config,
        inputs=["x"],
        arguments={"reverse": True},
    )
    model = Model(form="functional", inputs=[spec([2, 3])], nodes=[node], outputs=["r"])
    y, feeds = answered(case(model, facets=FEW))
    table = feeds["weight/r/embeddings"].T if tied else feeds["weight/r/reverse_embeddings"]
    logits = feeds["call/0/x"].astype(float) @ table.astype(float)
    np.testing.assert_allclose(y, np.tanh(logits / 1.5) * 1.5, atol=1e-12)


def weight(name: str, x: float) -> float:
    """An interpolation's kernel, from its textbook definition."""
    x = abs(x)
    if name == "bilinear":
        return max(0.0, 1 - x)
    if name == "bicubic":
        if x <= 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0
    radius = int(name[-1])
    return float(np.sinc(x) * np.sinc(x / radius)) if x < radius else 0.0


@pytest.mark.parametrize("name", ["bilinear", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("factors", [[2, 3], [1, 4]])
def test_upsampling_is_a_weighted_mean_of_neighbours(name: str, factors: list[int]) -> None:
    config = {"size": factors, "interpolation": name}
    y, feeds = answered(of_layer("UpSampling2D", [3, 4, 1], config, facets=FEW))
    x = feeds["call/0/x"].astype(float)
    for n, i, j in np.ndindex(*y.shape[:3]):
        total = mean = 0.0
        for p, q in itertools.product(range(3), range(4)):
            share = weight(name, (i + 0.5) / factors[0] - 0.5 - p)
            share *= weight(name, (j + 0.5) / factors[1] - 0.5 - q)
            total, mean = total + share, mean + share * x[n, p, q, 0]
        assert y[n, i, j, 0] == pytest.approx(mean / total, abs=1e-12)


def test_upsampling_of_whole_numbers_by_two_is_exact() -> None:
    given = spec([3, 4, 2], data=Data(kind="integers"))
    config = {"interpolation": "bilinear"}
    answer = evaluate(case(chain(("UpSampling2D", config), given=given), facets=["values"]))
    assert not answer.expectation.calls[0].outputs[0].spread


def test_repetition_keeps_copies_together() -> None:
    y, _ = answered(of_numbers("UpSampling1D", [[[1.0], [2.0]]], {"size": 3}))
    assert y[0, :, 0].tolist() == [1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("layer", ["Cropping3D", "ZeroPadding3D"])
def test_borders_are_what_slices_say(layer: str) -> None:
    amounts = [[1, 0], [0, 2], [1, 1]]
    argument = "cropping" if layer.startswith("Cropping") else "padding"
    config = {argument: amounts, "data_format": "channels_first"}
    y, feeds = answered(of_layer(layer, [2, 3, 4, 5], config, facets=FEW))
    x = feeds["call/0/x"]
    if argument == "padding":
        assert np.array_equal(y, np.pad(x, [(0, 0), (0, 0), *map(tuple, amounts)]))
    else:
        assert np.array_equal(y, x[:, :, 1:, :2, 1:4])


@pytest.mark.parametrize(
    ("layer", "shape", "config", "words"),
    [
        ("Cropping1D", [3, 2], {"cropping": [1, 2]}, "can't be cut"),
        ("Cropping2D", [3, 4, 2], {"cropping": [1, 1, 1]}, "cropping"),
        ("EinsumDense", [3, 5], {"equation": "abc,cd,de->abe", "output_shape": 4}, "equation"),
        ("EinsumDense", [3, 5], {"equation": "abc,cd->abd", "output_shape": [2, 4]}, "output_sha"),
        ("Embedding", [3], {"input_dim": 0, "output_dim": 2}, "input_dim"),
        ("LeakyReLU", [3], {"negative_slope": None}, "negative_slope"),
        ("ReLU", [3], {"threshold": -1.0}, "threshold"),
        ("ZeroPadding3D", [3, 4, 5, 2], {"padding": [1, 1]}, "padding"),
    ],
)
def test_what_keras_refuses_is_refused(
    layer: str, shape: list[int], config: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        Network.build(of_layer(layer, shape, config).program.model)


def test_dot_refuses_the_batch_axis_and_sizes_that_differ() -> None:
    for axes in (0, [1, 0], 1, [1, 1, 1]):
        with pytest.raises(Refused):
            Network.build(of_two("Dot", [[4, 3], [5, 3]], {"axes": axes}).program.model)


def test_what_merging_does_to_masked_entries_is_not_guessed() -> None:
    inputs = [InputSpec(name=n, shape=[3, 2]) for n in "ab"]
    nodes = [Node(name=f"m{n}", layer="Masking", config={}, inputs=[n]) for n in "ab"]
    nodes.append(Node(name="both", layer="Multiply", config={}, inputs=["ma", "mb"]))
    model = Model(form="functional", inputs=inputs, nodes=nodes, outputs=["both"])
    with pytest.raises(NoAnswer, match="not documented"):
        evaluate(case(model, facets=["values", "mask"]))


def test_a_share_of_a_sum_need_not_be_told_below_u_squared() -> None:
    """What 1.6e-28 is of a row whose largest number is 1 concerns nobody; 1e-12 does."""
    fed = Variance().leaf(np.array([[0.0, -100.0, -1.0]]))
    shares = functions.softmax(fed, -1)
    unit = 2.0**-24
    tolerance = 16 * unit * np.sqrt(shares.variance + shares.value**2 / 3)
    assert 1.6e-28 - shares.value[0, 1] < tolerance[0, 1]
    assert tolerance[0, 1] < 1e-12
    # And the others are known as well as they were.
    plain = functions.exp(fed) / functions.exp(fed).sum((1,), keepdims=True)
    assert shares.variance[0, 2] < 4 * plain.variance[0, 2]
