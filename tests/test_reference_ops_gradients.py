"""Functions, activations and losses: the tape against the complex step, float64 against longdouble,
and honest float32 against the spread.
"""

from __future__ import annotations

from typing import Any

import number_samples
import numpy as np
import pytest
from ops_samples_nn import SAMPLES as OF_NETWORKS

from conformance.reference.engine.arithmetic import Arithmetic, Variance
from conformance.reference.engine.array import Array, gradients
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.dtypes import held
from conformance.reference.engine.working import Working
from conformance.reference.spec import table

RANDOM = np.random.default_rng(21)
X = RANDOM.standard_normal((3, 4))
Y = RANDOM.standard_normal((3, 4))
CUBE = RANDOM.standard_normal((2, 3, 4))
ABOVE = RANDOM.uniform(0.2, 3, (3, 4))
INSIDE = RANDOM.uniform(-0.9, 0.9, (3, 4))
EVEN = X @ X.T + 2 * np.eye(3)
EVEN = (EVEN + EVEN.T) / 2
FLAGS = RANDOM.integers(0, 2, (3, 4)).astype(bool)
PLACES = np.asarray([[0, 2], [2, 2]])

# fmt: off
SAMPLES: dict[str, list[tuple[list[Any], dict[str, Any]]]] = {
    "ops.absolute": [([X], {})],
    "ops.add": [([X, Y[:1]], {})],
    "ops.amax": [([CUBE, (0, 2)], {})],
    "ops.amin": [([CUBE, 1], {})],
    "ops.arcsin": [([INSIDE], {})],
    "ops.cast": [([X, "float64"], {})],
    "ops.cholesky": [([EVEN], {}), ([EVEN], {"upper": True})],
    "ops.concatenate": [([[X, Y, X], 1], {})],
    "ops.conjugate": [([X], {})],
    "ops.conv": [
        ([RANDOM.standard_normal((2, 7, 4)), RANDOM.standard_normal((3, 2, 6)), 2, "same"], {}),
        ([RANDOM.standard_normal((1, 2, 5, 4)), RANDOM.standard_normal((2, 2, 2, 3))],
         {"data_format": "channels_first"}),
    ],
    "ops.cos": [([X], {})],
    "ops.cumsum": [([CUBE, 1], {}), ([X], {})],
    "ops.divide": [([X, ABOVE[:, :1]], {}), ([2.0, ABOVE], {})],
    "ops.dot": [([CUBE, CUBE.transpose(0, 2, 1).copy()], {}), ([X[0], Y[0]], {})],
    "ops.einsum": [(["abc,dc,b->ad", CUBE, X, Y[0, :3]], {}),
                   (["ii...->...i", EVEN[..., None]], {})],
    "ops.exp": [([X], {})],
    "ops.expand_dims": [([X, (0, -1)], {})],
    "ops.expm1": [([X], {})],
    "ops.fft": [([[CUBE, CUBE[::-1].copy()]], {})],
    "ops.floor": [([X], {})],
    "ops.flip": [([CUBE, (0, 2)], {})],
    "ops.image.resize": [([CUBE, (5, 2)], {"antialias": True}),
                         ([CUBE[None], (3, 4), "nearest"], {"data_format": "channels_first"})],
    "ops.image.rgb_to_grayscale": [([CUBE[..., :3]], {})],
    "ops.log": [([ABOVE], {})],
    "ops.log1p": [([INSIDE], {})],
    "ops.logsumexp": [([CUBE, (0, -1), True], {})],
    "ops.matmul": [([CUBE, X.T.copy()], {}), ([X[0], X.T.copy()], {}),
                   ([CUBE[:, None], X[:, :, None]], {})],
    "ops.max": [([CUBE, 2, True], {}), ([CUBE, 0], {"initial": 0.25})],
    "ops.maximum": [([X, Y], {}), ([X, 0.3], {})],
    "ops.mean": [([CUBE, (1, 2)], {})],
    "ops.min": [([CUBE, 1], {})],
    "ops.minimum": [([X, Y], {})],
    "ops.multiply": [([X, Y[:, :1]], {})],
    "ops.negative": [([X], {})],
    "ops.norm": [([X], {}), ([X, 1, 0], {}), ([X, 3, 1], {}), ([X, float("inf"), 1], {}),
                 ([CUBE, "fro", (0, 2)], {}), ([CUBE, 1, (1, 2)], {}),
                 ([X, float("-inf")], {"axis": (0, 1)}), ([CUBE, "nuc", (1, 2)], {}),
                 ([CUBE, 2, (0, 2)], {}), ([CUBE, -2, (2, 1)], {})],
    "ops.pad": [([X, ((1, 0), (2, 1))], {"constant_values": 1.5}), ([CUBE, 1, "reflect"], {})],
    "ops.power": [([ABOVE, Y], {}), ([X, 3.0], {})],
    "ops.prod": [([CUBE, (0, 2)], {})],
    "ops.real": [([X], {})],
    "ops.relu": [([X], {})],
    "ops.reshape": [([CUBE, (4, -1)], {})],
    "ops.segment_sum": [([X, [1, 0, 1]], {"num_segments": 3})],
    "ops.sigmoid": [([X], {})],
    "ops.sign": [([X], {})],
    "ops.sin": [([X], {})],
    "ops.softmax": [([CUBE, (0, 2)], {})],
    "ops.sort": [([CUBE, 1], {}), ([X, None], {})],
    "ops.sqrt": [([ABOVE], {})],
    "ops.square": [([X], {})],
    "ops.squeeze": [([X[:1]], {})],
    "ops.stack": [([[X, Y], -1], {})],
    "ops.subtract": [([X[:1], Y], {})],
    "ops.sum": [([CUBE, (0, -1), True], {})],
    "ops.take": [([CUBE, PLACES, 1], {}), ([X, [3, 3, -1]], {})],
    "ops.take_along_axis": [([X, PLACES[:1], 1], {})],
    "ops.transpose": [([CUBE, (1, 2, 0)], {})],
    "ops.var": [([CUBE, (0, 2)], {})],
    "ops.where": [([FLAGS, X, Y[:1]], {})],
    "ops.append": [([X, Y], {}), ([X, Y], {"axis": 1})],
    "ops.array": [([X], {})],
    "ops.array_split": [([CUBE, 2, 1], {})],
    "ops.broadcast_to": [([X[:1], (2, 3, X.shape[1])], {})],
    "ops.copy": [([X], {})],
    "ops.cross": [([X[:, :3], Y[:, :3]], {}), ([X[:, :2], Y[:, :3]], {}),
                  ([X[:, :2], Y[:, :2]], {})],
    "ops.diag": [([X, 1], {}), ([X[0], -1], {})],
    "ops.diagflat": [([X], {})],
    "ops.diagonal": [([CUBE, 1, 2, 0], {})],
    "ops.dsplit": [([CUBE, [1]], {})],
    "ops.dstack": [([[X, Y]], {})],
    "ops.fliplr": [([X], {})],
    "ops.flipud": [([X], {})],
    "ops.get_item": [([CUBE, 1], {})],
    "ops.hsplit": [([CUBE, [1]], {})],
    "ops.hstack": [([[X, Y]], {})],
    "ops.inner": [([X, Y], {})],
    "ops.meshgrid": [([X[0], Y[0]], {})],
    "ops.moveaxis": [([CUBE, 0, 2], {})],
    "ops.outer": [([X, Y[0]], {})],
    "ops.ravel": [([CUBE], {})],
    "ops.rearrange": [([CUBE, "a b c -> c (b a)"], {})],
    "ops.repeat": [([X, 2, 1], {}), ([X, 3], {})],
    "ops.roll": [([CUBE, 2, 1], {}), ([X, 3], {})],
    "ops.rot90": [([CUBE, 1, (0, 2)], {})],
    "ops.scatter": [([[[2], [0]], X[:2], (4, X.shape[1])], {})],
    "ops.scatter_update": [([X, [[2], [0]], Y[:2], how], {})
                           for how in (None, "add", "mul", "max", "min")],
    "ops.segment_max": [([X, [1, 0, 1]], {"num_segments": 2})],
    "ops.segment_min": [([X, [1, 0, 1]], {"num_segments": 2})],
    "ops.segment_prod": [([X, [1, 0, 1]], {"num_segments": 2})],
    "ops.select": [([[FLAGS], [X], Y], {})],
    "ops.slice": [([CUBE, (1, 0, 1), (1, 2, 2)], {})],
    "ops.slice_update": [([X, (1, 2), Y[:2, :2]], {})],
    "ops.split": [([CUBE, [1], 1], {})],
    "ops.swapaxes": [([CUBE, 0, 2], {})],
    "ops.tensordot": [([CUBE, CUBE, ((0, 2), (0, 2))], {}), ([X, Y.T.copy(), 1], {})],
    "ops.tile": [([X, (2, 1, 2)], {})],
    "ops.trace": [([CUBE, 1], {})],
    "ops.tril": [([CUBE, -1], {})],
    "ops.triu": [([X, 1], {})],
    "ops.unstack": [([X], {"axis": 1})],
    "ops.vander": [([X[0], 4], {}), ([X[0]], {"increasing": True})],
    "ops.vdot": [([X, Y], {})],
    "ops.vsplit": [([CUBE, [1]], {})],
    "ops.vstack": [([[X, Y[0]]], {})],
    **{f"ops.{name}": [([X], {})] for name in (
        "tanh", "silu", "softplus", "softsign", "selu",
        "hard_sigmoid", "hard_silu", "relu6", "log_sigmoid", "hard_tanh",
        "tanh_shrink", "sparse_plus", "sparse_sigmoid", "elu", "leaky_relu",
        "soft_shrink", "hard_shrink", "gelu", "log_softmax",
    )},
    "activations.gelu": [([X], {})],
    "activations.exponential": [([X], {})],
    "activations.linear": [([X], {})],
    "activations.mish": [([X], {})],
    "activations.relu": [([X, 0.25, 0.75, 0.5], {}), ([X], {})],
    "losses.BinaryCrossentropy": [([np.abs(INSIDE), (INSIDE + 1) / 2], {}),
                                  ([np.abs(INSIDE), X],
                                   {"from_logits": True, "label_smoothing": 0.2})],
    "losses.Huber": [([X, 2 * Y], {"delta": 0.5}), ([X, Y, ABOVE[:, 0]], {"reduction": "none"})],
    "losses.MeanAbsoluteError": [([X, Y], {"reduction": "mean_with_sample_weight"})],
    "losses.MeanSquaredError": [([X, Y, ABOVE[:, 0]], {"reduction": "mean_with_sample_weight"})],
    "losses.SparseCategoricalCrossentropy": [
        ([np.asarray([0, 3, 1]), ABOVE / 3], {"ignore_class": 3}),
        ([np.asarray([0, 3, 1]), X], {"from_logits": True, "reduction": "sum"}),
    ],
}
SAMPLES |= number_samples.SAMPLES
# fmt: on
SAMPLES |= OF_NETWORKS
SAME = {"abs": "absolute", "conj": "conjugate", "swish": "silu", "hard_swish": "hard_silu"}


def every() -> list[Any]:
    return [
        pytest.param(symbol, given, named, id=f"{symbol}-{i}")
        for symbol, rows in SAMPLES.items()
        for i, (given, named) in enumerate(rows)
    ]


def test_every_differentiable_definition_is_proved() -> None:
    def wanted(namespace: str) -> set[str]:
        names = {f"{namespace}.{name}" for name in table.known(namespace) if name not in SAME}
        return {symbol for symbol in names if table.differentiable(symbol)}

    # What is constant between its steps or told to be has zeros: cases/ops/numpy/elementwise/steps.
    constant = {"ops.floor", "ops.sign", "ops.stop_gradient", *number_samples.CONSTANT}
    # One definition under two names is proved once.
    shared = {
        symbol
        for symbol in wanted("activations") - {*SAMPLES}
        if table.find(symbol) is table.find(f"ops.{symbol.removeprefix('activations.')}")
    }
    # Losses are proved in test_reference_gradients.py.
    proved = {symbol for symbol in SAMPLES if not symbol.startswith("losses.")}
    assert wanted("ops") | wanted("activations") == proved | shared | constant
    assert not table.differentiable("ops.argmax")


def flat(given: list[Any]) -> list[Any]:
    """The float arrays among arguments and in lists of them, in order."""
    found = []
    for value in given:
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
            found += flat(value)
        elif isinstance(value, np.ndarray) and value.dtype.kind in "fc":
            found.append(value)
    return found


def called(
    symbol: str, given: list[Any], named: dict[str, Any], arrays: list[Array], arithmetic: Any
) -> list[Array]:
    """The real outputs, the float arrays among the arguments being these."""
    left = iter(arrays)

    def put(value: Any) -> Any:
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
            return [put(v) for v in value]
        if isinstance(value, np.ndarray):
            return next(left) if value.dtype.kind in "fc" else arithmetic.whole(value)
        return value

    definition = table.find(symbol)
    arguments = [put(value) for value in given]
    if symbol.startswith("losses."):
        answer = definition(**named, arithmetic=arithmetic)(*arguments)
    else:
        answer = definition(*arguments, **named)
    outputs = answer if isinstance(answer, list) else [answer]
    return [
        part for o in outputs for part in ((o.real, o.imag) if isinstance(o, Complex) else (o,))
    ]


@pytest.mark.parametrize(("symbol", "given", "named"), every())
def test_the_complex_step_confirms_every_gradient(
    symbol: str, given: list[Any], named: dict[str, Any]
) -> None:
    plain = Arithmetic()
    fed = flat(given)
    watched = [plain.at("float64").leaf(v).watched() for v in fed]
    float64 = plain.at("float64")
    if symbol.startswith("losses."):
        named = {**named, "dtype": "float64"}
    outputs = called(symbol, given, named, watched, plain)
    random = np.random.default_rng(5)
    cotangents = [random.standard_normal(o.shape) for o in outputs]
    found = gradients(outputs, [float64.leaf(c) for c in cotangents], watched)
    for i, gradient in enumerate(found):
        direction = random.standard_normal(fed[i].shape)
        if symbol == "ops.cholesky":
            direction = (direction + direction.T) / 2  # a symmetric matrix stays one
        stepped = Arithmetic(np.complex128)
        at = stepped.at("float64")
        moved = [at.leaf(v + 1e-40j * direction if j == i else v) for j, v in enumerate(fed)]
        results = called(symbol, given, named, moved, stepped)
        slope = (
            sum((r.value * c).sum() for r, c in zip(results, cotangents, strict=True)).imag / 1e-40
        )
        assert agree(gradient.value, direction, slope), i
        assert not agree(gradient.value + 1e-6 * np.sign(direction), direction, slope), i


def agree(gradient: Any, direction: Any, slope: float) -> bool:
    """Whether a slope along a direction is what a gradient says."""
    parts = gradient * direction
    return bool(abs(slope - parts.sum()) <= 1e-12 * np.abs(parts).sum() + 1e-15)


@pytest.mark.parametrize(("symbol", "given", "named"), every())
def test_longdouble_agrees_and_honest_float32_stays_within_the_spread(
    symbol: str, given: list[Any], named: dict[str, Any]
) -> None:
    given = _single(given)
    variance = Variance()
    truths = called(symbol, given, named, [variance.leaf(v) for v in flat(given)], variance)
    for arithmetic, limit in ((Arithmetic(np.longdouble), 1e-5), (Working(3), 6.0)):
        if symbol == "ops.cast" and isinstance(arithmetic, Working):
            continue
        made = called(symbol, given, named, [arithmetic.leaf(v) for v in flat(given)], arithmetic)
        for truth, other in zip(truths, made, strict=True):
            assert truth.shape == other.shape
            assert truth.dtype == other.dtype
            tau = 2.0**-24 * np.sqrt(truth.variance + truth.value**2 / 3) + 2.0**-124
            if truth.quantum is not None:
                tau = np.full(truth.shape, 2.0**-124)
            assert np.all(np.abs(other.value - truth.value) <= limit * tau)


@pytest.mark.parametrize("symbol", ["ops.sum", "ops.matmul", "ops.exp", "ops.logsumexp", "ops.fft"])
def test_what_is_worked_in_bfloat16_does_not(symbol: str) -> None:
    given, named = SAMPLES.get(symbol, [])[0]
    given = _single(given)
    variance = Variance()
    narrow = Working(3, results=lambda v: held(v, "bfloat16").astype(np.float32))
    pairs = zip(
        called(symbol, given, named, [variance.leaf(v) for v in flat(given)], variance),
        called(symbol, given, named, [narrow.leaf(v) for v in flat(given)], narrow),
        strict=True,
    )
    for truth, other in pairs:
        tau = 2.0**-24 * np.sqrt(truth.variance + truth.value**2 / 3)
        assert np.any(np.abs(other.value - truth.value) > 100 * tau)


def _single(given: Any) -> Any:
    """Floats that float32 holds."""
    if isinstance(given, list):
        return [_single(value) for value in given]
    if isinstance(given, np.ndarray) and given.dtype.kind == "f":
        return given.astype(np.float32)
    return given
