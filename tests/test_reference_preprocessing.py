"""Preprocessing layers of the reference against naive loops and the documentation's own numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from reference_cases import case, chain, of_layer, spec

from conformance.cases.model import Call, Data
from conformance.reference.answer.answer import evaluate
from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.engine.resampling import KINDS, sampling
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.base import make
from conformance.reference.spec.layers.preprocessing.hashing import farmhash64, siphash64
from conformance.reference.spec.layers.preprocessing.spectrograms import mel_matrix

FEW = ["values", "shape"]


def first(one: Any) -> tuple[Any, dict[str, Any]]:
    answer = evaluate(one)
    return answer.arrays[answer.expectation.calls[0].outputs[0].tensor], answer.feeds


def of_values(layer: str, config: dict[str, Any], values: Any, dtype: str) -> Any:
    given = np.asarray(values)
    one = spec(list(given.shape[1:]), dtype=dtype, data=Data(kind="values", values=values))
    calls = [Call(batch=len(given))]
    return first(case(chain((layer, config), given=one), calls=calls, facets=FEW))[0]


# --- images ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize(("source", "target"), [(5, 8), (7, 3), (4, 4), (1, 3), (6, 1)])
def test_weights_of_one_pixel_add_up_to_one(
    kind: str, source: int, target: int, *, antialias: bool
) -> None:
    matrix = sampling(Arithmetic(), kind, source, target, antialias=antialias).value
    assert matrix.shape == (target, source)
    assert np.allclose(matrix.sum(axis=1), 1)
    # The image turned round is the answer turned round; a tie of `nearest` has a side.
    if kind != "nearest":
        assert np.allclose(matrix[::-1, ::-1], matrix)


def test_bilinear_interpolates_between_the_middles_of_pixels() -> None:
    matrix = sampling(Arithmetic(), "bilinear", 2, 4, antialias=False).value
    assert np.allclose(matrix, [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])


def test_antialiasing_averages_what_is_skipped_without_it() -> None:
    sharp = sampling(Arithmetic(), "bilinear", 8, 2, antialias=False).value
    soft = sampling(Arithmetic(), "bilinear", 8, 2, antialias=True).value
    assert (sharp[0] > 0).sum() == 2
    assert (soft[0] > 0).sum() == 6


def test_a_cubic_has_keyss_constant() -> None:
    # Half way between pixels: -1/16, 9/16, 9/16, -1/16; torch's constant gives -3/32, 19/32.
    matrix = sampling(Arithmetic(), "bicubic", 8, 16, antialias=False).value
    quarter = matrix[7]  # at 3.25: between pixels 3 and 4
    t = np.asarray([1.25, 0.25, 0.75, 1.75])
    near = 1.5 * t**3 - 2.5 * t**2 + 1
    far = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    assert np.allclose(quarter[2:6], np.where(t < 1, near, far))


def test_a_ramp_stays_a_ramp() -> None:
    values = np.arange(9.0)
    for kind in ("bilinear", "bicubic"):
        matrix = sampling(Arithmetic(), kind, 9, 27, antialias=False).value
        inner = (matrix @ values)[9:18]
        assert np.allclose(np.diff(inner), 1 / 3)


@pytest.mark.parametrize(("height", "width"), [(3, 4), (4, 3), (7, 1)])
def test_the_middle_is_cropped(height: int, width: int) -> None:
    y, feeds = first(of_layer("CenterCrop", [7, 8, 2], {"height": height, "width": width}))
    top, left = (7 - height) // 2, (8 - width) // 2
    assert np.array_equal(y, feeds["call/0/x"][:, top : top + height, left : left + width])


def test_padding_keeps_the_aspect_ratio_and_is_filled() -> None:
    config = {"height": 3, "width": 3, "pad_to_aspect_ratio": True, "fill_value": 2.5}
    y, feeds = first(
        of_layer("Resizing", [3, 1, 1], {**config, "interpolation": "nearest"}, facets=FEW)
    )
    assert np.array_equal(y[:, :, 0], np.full((2, 3, 1), 2.5))
    assert np.array_equal(y[:, :, 1], feeds["call/0/x"][:, :, 0])
    assert np.array_equal(y[:, :, 2], np.full((2, 3, 1), 2.5))


def test_contrast_is_stretched_channel_by_channel() -> None:
    images = [[[[10.0, 7.0], [20.0, 7.0]], [[30.0, 7.0], [15.0, 7.0]]]]
    y = of_values("AutoContrast", {}, images, "float32")
    assert np.allclose(y[0, ..., 0], [[0, 127.5], [255, 63.75]])
    assert np.array_equal(y[0, ..., 1], [[7, 7], [7, 7]])


def test_solarization_of_the_documentations_pixel() -> None:
    y = of_values("Solarization", {}, [[[[59.0, 62.0, 63.0]]]], "float32")
    assert y.tolist() == [[[[196, 193, 192]]]]


def test_solarization_spares_what_is_below_the_threshold() -> None:
    config = {"threshold_factor": [0.4, 0.4], "addition_factor": [0.2, 0.2]}  # 102 and 51
    y = of_values("Solarization", config, [[[[30.0, 90.0, 250.0]]]], "float32")
    assert np.allclose(y, [[[[81, 114, 0]]]])


def test_a_drawn_threshold_has_no_answer() -> None:
    with pytest.raises(Unsupported, match="is drawn"):
        make("Solarization", {"threshold_factor": 0.5})


def test_equalization_gives_every_brightness_its_share() -> None:
    images = [[[[10.0], [10.0]], [[20.0], [200.0]]]]
    # Two of four pixels are darkest; the third is one of the two others, the last is all of them.
    assert of_values("Equalization", {}, images, "float32").ravel().tolist() == [0, 0, 128, 255]


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("invert", [False, True])
def test_normalization_takes_statistics_along_its_axes(*, invert: bool) -> None:
    config = {"axis": [1, 3], "mean": [[1, 2], [3, 4]], "variance": [[4, 9], [16, 25]]}
    one = of_layer("Normalization", [2, 3, 2], {**config, "invert": invert}, facets=FEW)
    y, feeds = first(one)
    for i in range(2):
        for j in range(2):
            mean, deviation = config["mean"][i][j], math.sqrt(config["variance"][i][j])
            x = feeds["call/0/x"][:, i, :, j].astype(np.float64)
            expected = mean + x * deviation if invert else (x - mean) / deviation
            assert np.allclose(y[:, i, :, j], expected)


@pytest.mark.parametrize(
    "config",
    [
        {"mean": 1.0},
        {},
        {"mean": [1.0, 2.0], "variance": [1.0, 2.0]},
        {"mean": 1.0, "variance": 1.0, "axis": 2},
    ],
)
def test_normalization_refuses(config: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        make("Normalization", config).output_shape([[None, 3]])


# --- encodings ------------------------------------------------------------------------------------


def test_discretization_of_the_documentation() -> None:
    values = [[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]]
    y = of_values("Discretization", {"bin_boundaries": [0.0, 1.0, 2.0]}, values, "float32")
    assert y.tolist() == [[0, 2, 3, 1], [1, 3, 2, 1]]
    assert y.dtype == np.int32


@pytest.mark.parametrize(
    ("mode", "answer"),
    [
        ("multi_hot", [[1, 1, 0], [0, 0, 1]]),
        ("count", [[2, 1, 0], [0, 0, 3]]),
        ("one_hot", [[[1, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 0, 1]] * 3]),
    ],
)
def test_category_encoding(mode: str, answer: Any) -> None:
    config = {"num_tokens": 3, "output_mode": mode}
    y = of_values("CategoryEncoding", config, [[0, 0, 1], [2, 2, 2]], "int32")
    assert y.tolist() == answer


VOCABULARY = {"vocabulary": [12, 36, 1138, 42]}


@pytest.mark.parametrize(
    ("config", "values", "answer"),
    [
        ({}, [[12, 1138, 42], [42, 1000, 36]], [[1, 3, 4], [4, 0, 2]]),
        ({"num_oov_indices": 2}, [[12, 1138, 42], [37, 1000, 36]], [[2, 4, 5], [1, 0, 3]]),
        ({"output_mode": "count"}, [[12, 1138, 42, 42], [42, 7, 36, 7]],
         [[0, 1, 0, 1, 2], [2, 0, 1, 0, 1]]),
        ({"output_mode": "tf_idf", "idf_weights": [0.25, 0.75, 0.6, 0.4]},
         [[12, 1138, 42, 42], [42, 7, 36, 7]], [[0, 0.25, 0, 0.6, 0.8], [1, 0, 0.75, 0, 0.4]]),
        ({"mask_token": 0}, [[0, 12, 5]], [[0, 2, 1]]),
        ({"mask_token": 0, "output_mode": "multi_hot"}, [[0, 12, 5]], [[1, 1, 0, 0, 0]]),
        ({"invert": True}, [[0, 1, 4, 5]], [[-1, 12, 42, -1]]),
    ],
)  # fmt: skip
def test_integer_lookup_of_the_documentation(config: Any, values: Any, answer: Any) -> None:
    y = of_values("IntegerLookup", {**VOCABULARY, **config}, values, "int64")
    assert np.allclose(y, answer, atol=1e-12)


def test_the_hashes_of_the_documentation() -> None:
    letters = [letter.encode() for letter in "ABCDE"]
    assert [farmhash64(text) % 3 for text in letters] == [1, 0, 1, 1, 2]
    assert [siphash64(text, (133, 137)) % 3 for text in letters] == [1, 2, 1, 0, 2]
    assert [siphash64(text, (133, 133)) % 3 for text in letters] == [0, 0, 2, 1, 0]
    numbers = [str(number).encode() for number in (100, 300, 700, 1100, 1700, 2000)]
    assert [farmhash64(text) % 4 for text in numbers] == [3, 3, 2, 2, 0, 1]


def test_the_masks_bin_is_its_own() -> None:
    values = [[3, 4, 5, 6, 7, 8, 9]]
    y = of_values("Hashing", {"num_bins": 3, "mask_value": 5}, values, "int64")
    assert (y == 0).tolist() == [[False, False, True, False, False, False, False]]


# --- spectrograms ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["real", "imag", "stft", "psd", "magnitude", "log", "angle"])
def test_stft_is_the_sum_over_its_frames(mode: str) -> None:
    config = {"mode": mode, "frame_length": 4, "frame_step": 3, "name": "s", "expand_dims": True}
    y, feeds = first(of_layer("STFTSpectrogram", [11, 2], config, facets=FEW))
    x = feeds["call/0/x"].astype(np.float64)
    frames = np.stack([x[:, i : i + 4] for i in (0, 3, 6)], axis=1)
    found = {
        side: np.einsum("bftc,tk->bfkc", frames, feeds[f"weight/s/{side}_kernel"][:, 0])
        for side in ("real", "imag")
        if f"weight/s/{side}_kernel" in feeds
    }
    if mode in {"real", "imag"}:
        assert list(found) == [mode]
        assert np.allclose(y, found[mode])
        return
    number = found["real"] + 1j * found["imag"]
    power = np.abs(number) ** 2
    doubled = power * np.asarray([1, 2, 1])[:, None]
    expected = {
        "stft": np.concatenate([found["real"], found["imag"]], axis=2),
        "psd": doubled,
        "magnitude": np.abs(number),
        "log": np.log(np.abs(number)),
        "angle": np.angle(number),
    }
    assert np.allclose(y, expected[mode])


def test_mels_are_triangles_with_their_peak_at_one() -> None:
    matrix, _ = mel_matrix(2001, 5, 100.0, 1.0, 50.0)
    assert np.allclose(matrix.max(axis=0), 1, atol=0.01)
    assert not matrix[0].any()
    edges = 700 * (np.exp(np.linspace(*np.log(1 + np.asarray([1.0, 50.0]) / 700), 7)) - 1)
    for i in range(5):
        inside = np.flatnonzero(matrix[:, i]) * 50 / 2000
        assert inside.min() >= edges[i]
        assert inside.max() <= edges[i + 2]


@pytest.mark.parametrize("samples", [14, 15, 16])
def test_mel_frames_stand_around_every_strideth_sample(samples: int) -> None:
    config = {"fft_length": 8, "sequence_stride": 4, "sampling_rate": 100, "num_mel_bins": 3,
              "min_freq": 1.0, "power_to_db": False, "window": None, "mag_exp": 2.0}  # fmt: skip
    y, feeds = first(of_layer("MelSpectrogram", [samples], config, facets=FEW))
    assert y.shape == (2, 3, 1 + samples // 4)
    x = feeds["call/0/x"].astype(np.float64)
    mirrored = np.pad(x, ((0, 0), (4, 4)), mode="reflect")
    matrix, _ = mel_matrix(5, 3, 100, 1.0, 50)
    for i in range(y.shape[2]):
        power = np.abs(np.fft.rfft(mirrored[:, 4 * i : 4 * i + 8])) ** 2
        assert np.allclose(y[:, :, i], power @ matrix)


def test_decibels_are_cut_below_the_loudest() -> None:
    config = {"fft_length": 8, "sequence_stride": 4, "sampling_rate": 100, "num_mel_bins": 3,
              "min_freq": 1.0, "ref_power": 2.0}  # fmt: skip
    plain, _ = first(of_layer("MelSpectrogram", [21], {**config, "power_to_db": False}, facets=FEW))
    cut, _ = first(of_layer("MelSpectrogram", [21], {**config, "top_db": 6.0}, facets=FEW))
    decibels = 10 * np.log10(plain / 2)
    assert np.allclose(cut, np.maximum(decibels, decibels.max() - 6))
    assert (cut > decibels).any()
