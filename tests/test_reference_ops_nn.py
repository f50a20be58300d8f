"""Functions of neural networks, of images, of transforms and of linear algebra, each held against
NumPy, a loop or an identity.
"""

from __future__ import annotations

import colorsys
import itertools
import math
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from ops_samples_nn import BY_TESTS as OTHERS
from ops_samples_nn import HELD
from test_reference_ops import numbers, of

from conformance.reference.engine import solving
from conformance.reference.engine.array import Array
from conformance.reference.errors import Refused, Unsupported

RANDOM = np.random.default_rng(11)
X = RANDOM.standard_normal((3, 4))
WIDE = RANDOM.standard_normal((2, 3, 4))
IMAGE = RANDOM.standard_normal((2, 5, 6, 3))
FIRST = np.ascontiguousarray(np.moveaxis(IMAGE, -1, 1))
SHARES = RANDOM.uniform(0.1, 0.9, (2, 3, 4))
SQUARE = RANDOM.standard_normal((2, 3, 3))
TALL, RIGHT = RANDOM.standard_normal((4, 3)), RANDOM.standard_normal((4, 2))
EVEN = SQUARE[0] @ SQUARE[0].T + np.eye(3)
EVEN = (EVEN + EVEN.T) / 2
SPECTRUM = RANDOM.standard_normal((3, 5, 4)) + 1j * RANDOM.standard_normal((3, 5, 4))


def close(found: Any, truth: Any) -> bool:
    values = numbers(found) if isinstance(found, Array) else found
    return np.shape(values) == np.shape(truth) and np.allclose(values, truth, 1e-11, 1e-13)


def softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.exp(x).sum(axis, keepdims=True)


def normal(x: Any, axes: Any, epsilon: float) -> Any:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def sparse(x: Any) -> Any:
    """By bisection: the shift that makes what is above zero add up to one."""
    low, high = x.min() - 1, x.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(x - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(x - low, 0)


# fmt: off
AGREE: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = [
    ("ops.celu", (X, 2.5), {}, np.where(X > 0, X, 2.5 * np.expm1(X / 2.5))),
    ("ops.squareplus", (X, 0.25), {}, (X + np.sqrt(X * X + 0.25)) / 2),
    ("ops.threshold", (X, 0.5, -1), {}, np.where(X > 0.5, X, -1)),
    ("ops.glu", (WIDE.transpose(1, 2, 0), 1), {},
     WIDE.transpose(1, 2, 0)[:, :2] / (1 + np.exp(-WIDE.transpose(1, 2, 0)[:, 2:]))),
    ("ops.sparsemax", (X, 0), {}, np.stack([sparse(column) for column in X.T], 1)),
    ("ops.batch_normalization", (WIDE, X[0, :3], X[1, :3] ** 2, 1), {"epsilon": 0.5},
     (WIDE - X[0, :3, None]) / np.sqrt(X[1, :3, None] ** 2 + 0.5)),
    ("ops.batch_normalization", (WIDE, X[0], X[1] ** 2, -1, X[2], X[0]), {},
     (WIDE - X[0]) / np.sqrt(X[1] ** 2 + 1e-3) * X[0] + X[2]),
    ("ops.layer_normalization", (WIDE, X, X + 1), {"axis": (1, 2), "epsilon": 0.5},
     normal(WIDE, (1, 2), 0.5) * X + X + 1),
    ("ops.layer_normalization", (WIDE,), {"axis": 0}, normal(WIDE, 0, 1e-7)),
    ("ops.rms_normalization", (WIDE, X[0, :3], 1), {},
     WIDE / np.sqrt((WIDE**2).mean(1, keepdims=True) + 1e-7) * X[0, :3, None]),
    ("ops.normalize", (WIDE, (0, 2)), {}, WIDE / np.sqrt((WIDE**2).sum((0, 2), keepdims=True))),
    ("ops.normalize", (X,), {"order": 3, "axis": 0}, X / np.linalg.norm(X, 3, 0, keepdims=True)),
    ("ops.normalize", (X,), {"epsilon": 10.0}, X / 10),
    ("ops.binary_crossentropy", (np.abs(X) / 5, softmax(X)), {},
     -(np.abs(X) / 5 * np.log(softmax(X)) + (1 - np.abs(X) / 5) * np.log(1 - softmax(X)))),
    ("ops.binary_crossentropy", (np.asarray([0, 1]), X[0, :2]), {"from_logits": True},
     np.log1p(np.exp(X[0, :2] * [1, -1]))),
    ("ops.categorical_crossentropy", (WIDE, SHARES), {"axis": 1},
     -(WIDE * np.log(SHARES / SHARES.sum(1, keepdims=True))).sum(1)),
    ("ops.categorical_crossentropy", (X, X[::-1]), {"from_logits": True, "axis": 0},
     -(X * np.log(softmax(X[::-1], 0))).sum(0)),
    ("ops.sparse_categorical_crossentropy", (np.asarray([0, 3, 1]), X), {"from_logits": True},
     -np.log(softmax(X))[[0, 1, 2], [0, 3, 1]]),
    ("ops.depth_to_space", (np.arange(24).reshape(1, 2, 1, 12), 2), {},
     np.arange(24).reshape(1, 2, 1, 2, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(1, 4, 2, 3)),
    ("ops.image.crop_images", (IMAGE, 1, 2, 1, 3), {}, IMAGE[:, 1:4, 2:3]),
    ("ops.image.crop_images", (FIRST,),
     {"bottom_cropping": 1, "right_cropping": 2, "target_height": 3, "target_width": 1,
      "data_format": "channels_first"}, FIRST[:, :, 1:4, 3:4]),
    ("ops.image.pad_images", (IMAGE[0], 1, 2, 0, 3), {},
     np.pad(IMAGE[0], ((1, 0), (2, 3), (0, 0)))),
    ("ops.image.pad_images", (FIRST,),
     {"top_padding": 1, "right_padding": 2, "target_height": 8, "target_width": 9,
      "data_format": "channels_first"}, np.pad(FIRST, ((0, 0), (0, 0), (1, 2), (1, 2)))),
    ("ops.multi_hot", (np.asarray([[3, 1], [0, 0]]), 4), {}, [[0, 1, 0, 1], [1, 0, 0, 0]]),
    ("ops.psnr", (X, X[::-1]), {"max_val": 2.0}, 10 * np.log10(4 / ((X - X[::-1]) ** 2).mean())),
    ("ops.rfft", (WIDE,), {}, [np.fft.rfft(WIDE).real, np.fft.rfft(WIDE).imag]),
    ("ops.rfft", (WIDE, 3), {}, [np.fft.rfft(WIDE, 3).real, np.fft.rfft(WIDE, 3).imag]),
    ("ops.rfft", (WIDE, 9), {}, [np.fft.rfft(WIDE, 9).real, np.fft.rfft(WIDE, 9).imag]),
    *[("ops.irfft", ([SPECTRUM.real, SPECTRUM.imag], n), {}, np.fft.irfft(SPECTRUM, n))
      for n in (None, 4, 5, 6, 7, 11, 1)],
    ("ops.fft2", ([SPECTRUM.real, SPECTRUM.imag],), {},
     [np.fft.fft2(SPECTRUM).real, np.fft.fft2(SPECTRUM).imag]),
    ("ops.ifft2", ([SPECTRUM.real, SPECTRUM.imag],), {},
     [np.fft.ifft2(SPECTRUM).real, np.fft.ifft2(SPECTRUM).imag]),
    ("ops.extract_sequences", (np.arange(14).reshape(2, 7), 3, 2), {},
     sliding_window_view(np.arange(14).reshape(2, 7), 3, -1)[:, ::2]),
    ("ops.inv", (SQUARE,), {}, np.linalg.inv(SQUARE)),
    ("ops.solve", (SQUARE, WIDE.transpose(0, 1, 2)), {}, np.linalg.solve(SQUARE, WIDE)),
    ("ops.solve", (SQUARE[0], X[:, 0]), {}, np.linalg.solve(SQUARE[0], X[:, 0])),
    ("ops.solve_triangular", (SQUARE[0], X), {}, np.linalg.solve(np.triu(SQUARE[0]), X)),
    ("ops.solve_triangular", (SQUARE, WIDE, True), {}, np.linalg.solve(np.tril(SQUARE), WIDE)),
    ("ops.det", (SQUARE,), {}, np.linalg.det(SQUARE)),
    ("ops.slogdet", (SQUARE[1],), {}, list(np.linalg.slogdet(SQUARE[1]))),
    ("ops.logdet", (EVEN,), {}, np.linalg.slogdet(EVEN)[1]),
    ("ops.cholesky_inverse", (EVEN, True), {}, np.linalg.inv(EVEN)),
    ("ops.pinv", (TALL,), {}, np.linalg.pinv(TALL)),
    ("ops.pinv", (TALL @ np.diag([1, 1, 1e-3]), 0.1), {},
     np.linalg.pinv(TALL @ np.diag([1, 1, 1e-3]), 0.1)),
    ("ops.lstsq", (TALL, RIGHT), {}, np.linalg.lstsq(TALL, RIGHT)[0]),
    ("ops.lstsq", (TALL.T, X[:, 0]), {}, np.linalg.lstsq(TALL.T, X[:, 0])[0]),
    ("ops.matrix_rank", (np.diag([3.0, 1.0, 0.1]), 0.5), {}, np.int32(2)),
    ("ops.matrix_rank", (np.ones((2, 3, 2)),), {}, np.asarray([1, 1], np.int32)),
    ("ops.cdist", (WIDE, X), {},
     np.linalg.norm(WIDE[:, :, None] - X[None, None], axis=-1)),
]
# fmt: on


def test_all_of_them_are_held_against_something() -> None:
    assert {symbol.removeprefix("ops.") for symbol, *_ in AGREE} | OTHERS == HELD


@pytest.mark.parametrize(
    ("symbol", "given", "named", "truth"),
    AGREE,
    ids=[f"{i}-{row[0]}" for i, row in enumerate(AGREE)],
)
def test_functions_agree_with_numpy(symbol: str, given: Any, named: Any, truth: Any) -> None:
    answer = of(symbol, *given, **named)
    pairs = zip(answer, truth, strict=True) if isinstance(answer, list) else [(answer, truth)]
    for found, expected in pairs:
        assert close(found, expected)


def cut(x: Any, size: Any, strides: Any) -> Any:
    """Windows (batch, *windows, channels, *size) of channels-last images."""
    views = sliding_window_view(x, size, (1, 2))
    return views[:, :: strides[0], :: strides[1]]


def test_poolings_are_maxima_and_means_of_windows() -> None:
    windows = cut(IMAGE, (2, 3), (1, 2))
    named = {"pool_size": (2, 3), "strides": (1, 2)}
    assert close(of("ops.max_pool", IMAGE, **named), windows.max((-2, -1)))
    assert close(of("ops.average_pool", IMAGE, **named), windows.mean((-2, -1)))
    first = of("ops.max_pool", FIRST, **named, data_format="channels_first")
    assert close(first, np.moveaxis(windows.max((-2, -1)), -1, 1))
    same = numbers(of("ops.average_pool", IMAGE, 2, 1, "same"))
    assert np.allclose(same[:, -1, -1], IMAGE[:, -1, -1])
    assert np.allclose(same[:, -1, 0], IMAGE[:, -1, :2].mean(1))
    with pytest.raises(Refused):
        of("ops.max_pool", IMAGE, 7)
    with pytest.raises(Refused):
        of("ops.max_pool", X, 2)


def test_adaptive_poolings_cut_evenly() -> None:
    found = numbers(of("ops.adaptive_max_pool", IMAGE, (2, 4)))
    assert np.allclose(found[:, 1, 1], IMAGE[:, 2:, 1:3].max((1, 2)))
    means = numbers(of("ops.adaptive_average_pool", FIRST, 2, "channels_first"))
    assert np.allclose(means[:, :, 0, 1], FIRST[:, :, :3, 3:].mean((2, 3)))


def test_convolutions_by_loops() -> None:
    kernel = RANDOM.standard_normal((2, 3, 3, 2))
    windows = cut(IMAGE, (2, 3), (2, 1))
    truth = np.einsum("bhwcij,ijcm->bhwcm", windows, kernel)
    found = of("ops.depthwise_conv", IMAGE, kernel, (2, 1))
    assert close(found, truth.reshape(*truth.shape[:3], 6))
    point = RANDOM.standard_normal((1, 1, 6, 2))
    mixed = of("ops.separable_conv", IMAGE, kernel, point, (2, 1))
    assert close(mixed, truth.reshape(*truth.shape[:3], 6) @ point[0, 0])
    spread = RANDOM.standard_normal((2, 4, 3))
    whole = np.zeros((2, 11, 4))
    for i, k in itertools.product(range(5), range(2)):
        whole[:, 2 * i + k] += IMAGE[:, i, 0] @ spread[k].T
    made = of("ops.conv_transpose", IMAGE[:, :, 0], spread, 2, "valid", 1)
    assert close(made, whole)
    with pytest.raises(Refused):
        of("ops.conv_transpose", IMAGE[:, :, 0], spread, 2, "valid", 2)
    with pytest.raises(Refused):
        of("ops.depthwise_conv", IMAGE, kernel[:, :, :2])
    with pytest.raises(Unsupported):
        of("ops.depthwise_conv", IMAGE, kernel, 2, dilation_rate=2)


def test_blocks_and_patches() -> None:
    depth = of("ops.space_to_depth", IMAGE[:, :4], 2)
    assert close(of("ops.depth_to_space", depth, 2), IMAGE[:, :4])
    assert np.array_equal(numbers(depth)[0, 1, 2, 3:6], IMAGE[0, 2, 5])
    with pytest.raises(Refused):
        of("ops.space_to_depth", IMAGE, 2)
    with pytest.raises(Unsupported):
        of("ops.depth_to_space", RANDOM.standard_normal((1, 8, 2, 2)), 2, "channels_first")
    patches = numbers(of("ops.image.extract_patches", IMAGE, (2, 3), (1, 2)))
    assert np.array_equal(patches[1, 3, 1], IMAGE[1, 3:5, 2:5].reshape(-1))
    volume = RANDOM.standard_normal((1, 2, 3, 4, 2))
    found = numbers(of("ops.image.extract_patches_3d", volume, (1, 2, 2)))
    assert np.array_equal(found[0, 1, 0, 1], volume[0, 1:2, :2, 2:].reshape(-1))
    again = numbers(of("ops.image.extract_patches", volume[0], (1, 2, 2)))
    assert np.array_equal(again, found[0])


def test_fold_is_the_adjoint_of_unfold() -> None:
    named = {"kernel_size": (2, 3), "dilation": (2, 1), "padding": (1, 0), "stride": (1, 2)}
    cut_out = numbers(of("ops.unfold", FIRST, **named))
    assert cut_out.shape == (2, 18, 10)
    padded = np.pad(FIRST, ((0, 0), (0, 0), (1, 1), (0, 0)))
    assert np.array_equal(cut_out[0, :6, 3], padded[0, 0, 1:4:2, 2:5].reshape(-1))
    other = RANDOM.standard_normal(cut_out.shape)
    back = numbers(of("ops.fold", other, (5, 6), **named))
    assert np.isclose((cut_out * other).sum(), (FIRST * back).sum())
    with pytest.raises(Refused):
        of("ops.fold", other, (5, 7), **named)


def test_attention_of_heads_that_share_keys() -> None:
    q, k, v = (RANDOM.standard_normal((2, t, n, 3)) for t, n in ((4, 6), (5, 2), (5, 2)))
    bias = RANDOM.standard_normal((1, 6, 4, 5))
    mask = RANDOM.integers(0, 2, (2, 1, 4, 5)).astype(bool) | np.eye(4, 5, dtype=bool)
    keys, values = (np.repeat(one, 3, 2) for one in (k, v))
    scores = np.einsum("btnh,bsnh->bnts", q, keys) / np.sqrt(3) + bias
    allowed = mask & np.tri(4, 5, dtype=bool)
    shares = softmax(np.where(allowed, scores, -1e9))
    truth = np.einsum("bnts,bsnh->btnh", shares, values)
    found = of("ops.dot_product_attention", q, k, v, bias, mask, is_causal=True)
    assert close(found, truth)
    with pytest.raises(Unsupported):
        of("ops.dot_product_attention", q, k, v, mask=np.zeros((1, 1, 1, 5), bool))
    with pytest.raises(Refused):
        of("ops.dot_product_attention", q, k[:, :, :1], v)


def said(path: Any, blank: int) -> tuple[int, ...]:
    return tuple(k for k, _ in itertools.groupby(path) if k != blank)


@pytest.mark.parametrize("blank", [0, 2])
def test_ctc_adds_up_every_path(blank: int) -> None:
    logits = RANDOM.standard_normal((2, 4, 3)).astype(np.float32)
    shares = softmax(logits.astype(np.float64))
    target = np.asarray([[1, 1, 2], [1, 2 - blank, 0]])
    target[target == blank] = 1
    lengths, steps = np.asarray([2, 1]), np.asarray([4, 3])
    whole: list[dict[Any, float]] = []
    for row, t in zip(shares, steps, strict=True):
        found: dict[Any, float] = {}
        for path in itertools.product(range(3), repeat=int(t)):
            likely = math.prod(row[i, k] for i, k in enumerate(path))
            found[said(path, blank)] = found.get(said(path, blank), 0) + likely
        whole.append(found)
    wanted = [tuple(row[:n]) for row, n in zip(target.tolist(), lengths, strict=True)]
    truth = [-math.log(found[one]) for found, one in zip(whole, wanted, strict=True)]
    loss = of("ops.ctc_loss", target, logits, lengths, steps, blank)
    assert np.allclose(numbers(loss), truth)
    places, scores = of("ops.ctc_decode", logits, steps, "beam_search", 500, 2, mask_index=blank)
    for i, found in enumerate(whole):
        best = sorted(found, key=lambda one: -found[one])[:2]
        assert [tuple(p[p >= 0]) for p in numbers(places)[:, i]] == best
        assert np.allclose(numbers(scores)[i], [math.log(found[one]) for one in best])
    greedy, total = of("ops.ctc_decode", logits, steps, mask_index=blank)
    for i, t in enumerate(steps):
        row = numbers(greedy)[0, i]
        assert tuple(row[row >= 0]) == said(logits[i, :t].argmax(-1), blank)
        assert np.allclose(numbers(total)[i], -logits[i, :t].max(-1).sum())
    with pytest.raises(Unsupported):
        of("ops.ctc_loss", target, logits, lengths, np.asarray([2, 3]), blank)
    with pytest.raises(Refused):
        of("ops.ctc_decode", logits, steps, "likely")


def window(kind: str, n: int) -> Any:
    a = {"hann": 0.5, "hamming": 0.54}[kind]
    return a - (1 - a) * np.cos(2 * np.pi * np.arange(n) / n)


def test_stft_is_what_keras_documents() -> None:
    re, im = of("ops.stft", np.arange(5.0), 3, 2, 3)
    truth = [[0.75, -0.375], [3.75, -1.875], [5.25, -2.625]]
    assert np.allclose(numbers(re), truth)
    assert np.allclose(numbers(im), [[0, 0.64951905], [0, 0.64951905], [0, -0.64951905]])


@pytest.mark.parametrize("kind", ["hann", "hamming", None])
@pytest.mark.parametrize("center", [True, False])
def test_istft_is_the_way_back(kind: str | None, *, center: bool) -> None:
    x = RANDOM.standard_normal((2, 14))
    size = 4 if kind is None or not center else 6
    if kind == "hann" and not center:
        with pytest.raises(Unsupported):  # the first sample lies under a zero
            of("ops.istft", of("ops.stft", x, 4, 2, 4, center=False), 4, 2, 4, center=False)
        return
    spectrum = of("ops.stft", x, 4, 2, size, kind, center)
    frames = sliding_window_view(x, 4, -1)[:, ::2]
    if not center:
        shape = np.ones(4) if kind is None else window(kind, 4)
        assert np.allclose(numbers(spectrum[0]), np.fft.rfft(frames * shape).real)
    back = numbers(of("ops.istft", spectrum, 4, 2, size, window=kind, center=center))
    assert np.allclose(back, x)
    short = numbers(of("ops.istft", spectrum, 4, 2, size, 9, kind, center))
    assert np.allclose(short, x[:, :9])


def test_colours_are_pythons() -> None:
    x = RANDOM.uniform(0, 1, (4, 5, 3))
    pairs = (("rgb_to_hsv", colorsys.rgb_to_hsv), ("hsv_to_rgb", colorsys.hsv_to_rgb))
    for name, python in pairs:
        truth = np.asarray([[python(*pixel) for pixel in row] for row in x])
        assert close(of(f"ops.image.{name}", x), truth)
        first = of(f"ops.image.{name}", np.moveaxis(x, -1, 0).copy(), "channels_first")
        assert close(first, np.moveaxis(truth, -1, 0))
        with pytest.raises(Refused):
            of(f"ops.image.{name}", np.ones((2, 2, 3), np.int32))
        with pytest.raises(Unsupported):
            of(f"ops.image.{name}", x * 2)


def bell(size: int, sigma: float) -> Any:
    x = np.arange(size) - size // 2
    made = np.exp(-(x**2) / (2 * sigma**2))
    return made / made.sum()


def test_filters_by_loops() -> None:
    found = numbers(of("ops.image.gaussian_blur", IMAGE, (3, 5), (0.5, 2.0)))
    padded = np.pad(IMAGE, ((0, 0), (1, 1), (2, 2), (0, 0)))
    kernel = np.outer(bell(3, 0.5), bell(5, 2.0))
    truth = np.einsum("bhwcij,ij->bhwc", sliding_window_view(padded, (3, 5), (1, 2)), kernel)
    assert np.allclose(found, truth)
    with pytest.raises(Unsupported):
        of("ops.image.gaussian_blur", IMAGE, (2, 3))
    still = np.zeros((1, 7, 8, 1))
    still[0, 2:5, 2:6, 0] = X
    edges = numbers(of("ops.image.sobel_edges", still))
    down = still[0, 4, 1:4, 0] - still[0, 2, 1:4, 0]
    assert np.isclose(edges[0, 3, 2, 0, 0], down @ [1, 2, 1])
    along = still[0, 2:5, 3, 0] - still[0, 2:5, 1, 0]
    assert np.isclose(edges[0, 3, 2, 0, 1], along @ [1, 2, 1])
    with pytest.raises(Unsupported):
        of("ops.image.sobel_edges", IMAGE)


def test_ssim_of_one_window() -> None:
    a, b = RANDOM.uniform(0, 1, (2, 3, 3, 2))
    weights = np.outer(bell(3, 1.5), bell(3, 1.5))[..., None]
    index = []
    for c in range(2):
        x, y, w = a[..., c], b[..., c], weights[..., 0]
        mx, my = (x * w).sum(), (y * w).sum()
        vx, vy = (w * (x - mx) ** 2).sum(), (w * (y - my) ** 2).sum()
        common = (w * (x - mx) * (y - my)).sum()
        above = (2 * mx * my + 4e-4) * (2 * common + 4 * 9e-4)
        index.append(above / ((mx**2 + my**2 + 4e-4) * (vx + vy + 4 * 9e-4)))
    assert close(of("ops.image.ssim", a, b, 2.0, 3), np.mean(index))
    assert close(of("ops.image.ssim", a[None], a[None], filter_size=3), [1.0])
    with pytest.raises(Unsupported):
        of("ops.image.ssim", a, b)
    with pytest.raises(Refused):
        of("ops.image.ssim", a, b, filter_size=2)


CONTINUED = {
    "constant": "kkkk|abcd|kkkk",
    "nearest": "aaaa|abcd|dddd",
    "wrap": "abcd|abcd|abcd",
    "mirror": "cdcb|abcd|cbab",
    "reflect": "dcba|abcd|dcba",
}
"""As the documentation draws them: four on each side."""


@pytest.mark.parametrize("mode", CONTINUED)
def test_arrays_go_on_as_they_are_drawn(mode: str) -> None:
    letters = dict(zip("abcdk", [1.0, 20.0, 300.0, 4000.0, -7.0], strict=True))
    drawn = CONTINUED[mode].replace("|", "")
    line = np.asarray([letters[one] for one in drawn])
    x = np.asarray([1.0, 20.0, 300.0, 4000.0])
    at = np.arange(-4, 8, dtype=np.float64)
    found = of("ops.image.map_coordinates", x, at[None] + 0.25, 1, mode, -7.0)
    assert np.allclose(numbers(found)[:-1], 0.75 * line[:-1] + 0.25 * line[1:])
    near = of("ops.image.map_coordinates", x, at[None] - 0.25, 0, mode, -7.0)
    assert np.array_equal(numbers(near), line)
    with pytest.raises(Unsupported):
        of("ops.image.map_coordinates", x, at[None] + 0.5, 0, mode)


def test_transforms_of_the_plane() -> None:
    shift = [1, 0, 1.5, 0, 1, -1, 0, 0]
    found = numbers(of("ops.image.affine_transform", IMAGE, shift, fill_value=9.0))
    truth = np.full(IMAGE.shape, 9.0)
    truth[:, 1:, :4] = (IMAGE[:, :-1, 1:5] + IMAGE[:, :-1, 2:]) / 2
    truth[:, 1:, 4] = (IMAGE[:, :-1, 5] + 9) / 2
    assert np.allclose(found, truth)
    corners = np.asarray([[0, 0], [5, 0], [0, 4], [5, 4]])
    moved = corners + np.asarray([1, -1])
    seen = numbers(of("ops.image.perspective_transform", IMAGE, corners, moved, "nearest"))
    assert np.array_equal(seen[:, :4, 1:], IMAGE[:, 1:, :5])
    end = np.asarray([[1.0, 0.5], [4, 1], [0, 4], [5, 3]])
    bent = of("ops.image.perspective_transform", IMAGE[0], corners.astype(float), end)
    assert np.allclose(numbers(bent)[4, 0], IMAGE[0, 4, 0])
    with pytest.raises(Unsupported):
        of("ops.image.affine_transform", IMAGE, [1, 0, 0, 0, 1, 0, 0.1, 0])


def test_scale_and_translate_is_the_documents_example() -> None:
    x = np.arange(9.0).reshape(3, 3)
    found = of("ops.image.scale_and_translate", x, (5, 5), [2, 2], [-0.5, -0.5], (0, 1), "linear")
    truth = np.arange(5)[:, None] * 1.5 + np.arange(5) * 0.5
    assert close(found, truth)
    with pytest.raises(Refused):
        of("ops.image.scale_and_translate", x, (5, 5), [2, 2], [0, 0], (0, 1), "nearest")


def test_elastic_transform_of_no_strength() -> None:
    assert close(of("ops.image.elastic_transform", IMAGE, 0.0), IMAGE)
    with pytest.raises(Unsupported):
        of("ops.image.elastic_transform", IMAGE)


def test_lu_factor_gives_the_matrix_back() -> None:
    packed, pivots = (numbers(one) for one in of("ops.lu_factor", SQUARE))
    assert pivots.dtype == np.int32
    for matrix, both, rows in zip(SQUARE, packed, pivots, strict=True):
        made = (np.tril(both, -1) + np.eye(3)) @ np.triu(both)
        assert np.abs(np.tril(both, -1)).max() <= 1
        for i in reversed(range(3)):
            made[[i, rows[i]]] = made[[rows[i], i]]
        assert np.allclose(made, matrix)


def test_what_has_no_inverse_is_not_answered() -> None:
    flat = np.asarray([[1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(Unsupported):
        of("ops.inv", flat)
    with pytest.raises(Unsupported):
        of("ops.solve", flat, np.ones(2))
    with pytest.raises(Refused):
        of("ops.cholesky_inverse", flat - 3)
    with pytest.raises(Unsupported):
        of("ops.matrix_rank", flat, 5.0)
    assert numbers(of("ops.det", flat)) == 0


@pytest.mark.parametrize(
    ("shape", "kept"), [((3, 4), [1, 1, 1]), ((4, 3), [1, 0, 0]), ((3, 3), [0, 0, 1])]
)
def test_vectors_of_a_matrix_nearby(shape: tuple[int, int], kept: list[int]) -> None:
    """What every number of a matrix does to the product of its vectors, by moving it."""
    matrix = np.random.default_rng(0).normal(size=shape)
    moved = np.zeros(shape)
    for at in np.ndindex(shape):
        sides = []
        for step in (1e-6, -1e-6):
            near = matrix.copy()
            near[at] += step
            left, _, right = np.linalg.svd(near, full_matrices=False)
            sides.append((left * kept) @ right)
        moved += np.square((sides[0] - sides[1]) / 2e-6)
    assert np.allclose(solving.bent(matrix, np.asarray(kept, float)), moved, rtol=1e-6)
