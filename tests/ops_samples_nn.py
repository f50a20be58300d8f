"""What proofs of gradients and spreads call functions with: of networks, images, matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

_RANDOM = np.random.default_rng(31)
_X = _RANDOM.standard_normal((3, 4))
_CUBE = _RANDOM.standard_normal((2, 3, 4))
_IMAGE = _RANDOM.standard_normal((2, 4, 5, 2))
_FIRST = np.ascontiguousarray(np.moveaxis(_IMAGE, -1, 1))
_SHARES = _RANDOM.uniform(0.1, 0.9, (2, 3, 4))
_COLOURS = _RANDOM.uniform(0.1, 0.9, (2, 3, 3, 3))
_SQUARE = _RANDOM.standard_normal((2, 3, 3))
_TALL = _RANDOM.standard_normal((4, 3))
_EVEN = _SQUARE[0] @ _SQUARE[0].T + 2 * np.eye(3)
_EVEN = (_EVEN + _EVEN.T) / 2
_PLACES = _RANDOM.uniform(-0.9, 3.9, (2, 5))
_LOGITS = _RANDOM.standard_normal((2, 5, 3))
_MATRIX = [1.21, 0.27, -1.43, 0.19, 0.87, 0.64, 0, 0]
_CORNERS = [[0.0, 0.0], [4.0, 0.25], [0.0, 3.0], [4.0, 3.0]]
_MOVED = [[1.0, 0.0], [4.0, 1.0], [0.25, 2.75], [3.0, 3.0]]


def _some(*shape: int) -> Any:
    return _RANDOM.standard_normal(shape)


# fmt: off
SAMPLES: dict[str, list[tuple[list[Any], dict[str, Any]]]] = {
    "ops.adaptive_average_pool": [([_IMAGE, (3, 2)], {})],
    "ops.adaptive_max_pool": [([_FIRST, 2, "channels_first"], {})],
    "ops.average_pool": [([_IMAGE, 2, 1, "same"], {})],
    "ops.batch_normalization": [
        ([_CUBE, _X[0, :3], _X[1, :3] ** 2, 1, _X[2, :3], _X[0, 1:]], {})],
    "ops.binary_crossentropy": [([_SHARES, 1 - _SHARES], {}), ([_SHARES, _CUBE, True], {})],
    "ops.categorical_crossentropy": [([_SHARES, _SHARES[::-1].copy()], {"axis": 1}),
                                     ([_SHARES, _CUBE, True], {})],
    "ops.cdist": [([_CUBE, _X], {})],
    "ops.celu": [([_X, 0.5], {})],
    "ops.conv_transpose": [([_IMAGE, _some(3, 2, 3, 2), 2, "same"], {})],
    "ops.ctc_loss": [([np.asarray([[1, 2], [2, 2]]), _LOGITS, np.asarray([2, 2]),
                       np.asarray([4, 5])], {})],
    "ops.depth_to_space": [([_IMAGE.reshape(2, 4, 1, 10)[..., :8], 2], {})],
    "ops.depthwise_conv": [([_IMAGE, _some(2, 3, 2, 2)], {"padding": "same"})],
    "ops.det": [([_SQUARE], {}), ([_some(4, 4)], {})],
    "ops.dot_product_attention": [
        ([_some(2, 3, 4, 2), _some(2, 4, 2, 2), _some(2, 4, 2, 2), _some(4, 3, 4)],
         {"is_causal": True})],
    "ops.extract_sequences": [([_CUBE, 3, 1], {})],
    "ops.fft2": [([[_CUBE, _CUBE[::-1].copy()]], {})],
    "ops.fold": [([_some(2, 8, 6), (3, 4), 2], {})],
    "ops.glu": [([_CUBE, -1], {})],
    "ops.ifft2": [([[_CUBE, _CUBE[::-1].copy()]], {})],
    "ops.image.affine_transform": [
        ([_IMAGE, _MATRIX], {"fill_mode": mode}) for mode in ("constant", "reflect")],
    "ops.image.crop_images": [([_IMAGE, 1, 1, 1, 2], {})],
    "ops.image.elastic_transform": [([_IMAGE, 0.0], {})],
    "ops.image.extract_patches": [([_IMAGE, (2, 3), 1, 1, "same"], {})],
    "ops.image.extract_patches_3d": [([_IMAGE[..., None], 2, 1], {})],
    "ops.image.gaussian_blur": [([_IMAGE, (3, 5), (0.5, 2.0)], {})],
    "ops.image.hsv_to_rgb": [([_COLOURS], {})],
    "ops.image.map_coordinates": [
        ([_X, _PLACES, 1, mode, 0.5], {}) for mode in ("constant", "mirror", "wrap")],
    "ops.image.pad_images": [([_IMAGE, 1, 0, 2, 1], {})],
    "ops.image.perspective_transform": [([_IMAGE, _CORNERS, _MOVED], {})],
    "ops.image.rgb_to_hsv": [([_COLOURS], {})],
    "ops.image.scale_and_translate": [
        ([_X, (3, 6), [0.7, 1.3], [0.3, -0.6], (0, 1), method], {})
        for method in ("linear", "cubic", "lanczos3")],
    "ops.image.sobel_edges": [([np.pad(_IMAGE, ((0, 0), (2, 2), (2, 2), (0, 0)))], {})],
    "ops.image.ssim": [([_COLOURS, _COLOURS[::-1].copy()], {"filter_size": 3})],
    "ops.inv": [([_SQUARE], {})],
    "ops.irfft": [([[_CUBE, _CUBE[::-1].copy()], n], {}) for n in (None, 5, 9)],
    "ops.istft": [([[_some(2, 5, 3), _some(2, 5, 3)], 4, 2, 4], {"window": "hamming"})],
    "ops.layer_normalization": [([_CUBE, _X, _X + 1], {"axis": (1, 2)})],
    "ops.logdet": [([_EVEN], {})],
    "ops.lstsq": [([_TALL, _some(4, 2)], {}), ([_TALL.T.copy(), _some(3)], {})],
    "ops.lu_factor": [([_SQUARE], {})],
    "ops.max_pool": [([_IMAGE, 2, 1], {})],
    "ops.normalize": [([_CUBE, (0, 2)], {}), ([_X, 1, 3], {}), ([_X], {"epsilon": 9.0})],
    "ops.pinv": [([_TALL], {}), ([_CUBE], {})],
    "ops.psnr": [([_X, _X[::-1].copy(), 2.0], {})],
    "ops.rfft": [([_CUBE, n], {}) for n in (None, 3, 7)],
    "ops.rms_normalization": [([_CUBE, _X[0, :3], 1], {})],
    "ops.separable_conv": [([_IMAGE, _some(2, 2, 2, 2), _some(1, 1, 4, 3), 2], {})],
    "ops.slogdet": [([_SQUARE[0]], {})],
    "ops.solve": [([_SQUARE, _some(2, 3, 2)], {}), ([_SQUARE[1], _X[:, 0].copy()], {})],
    "ops.solve_triangular": [([_SQUARE, _some(2, 3, 2), low], {}) for low in (True, False)],
    "ops.space_to_depth": [([_IMAGE[:, :, :4], 2], {})],
    "ops.sparse_categorical_crossentropy": [
        ([np.asarray([0, 3, 1]), _X, True], {}),
        ([np.asarray([[0, 1, 2, 0]] * 2), _SHARES], {"axis": 1})],
    "ops.sparsemax": [([_CUBE, 1], {})],
    "ops.squareplus": [([_X, 0.25], {})],
    "ops.stft": [([_some(2, 11), 4, 2, 6], {})],
    "ops.threshold": [([_X, 0.5, -1.0], {})],
    "ops.unfold": [([_FIRST, (2, 3), 1, 1, 2], {})],
}
# fmt: on
BY_TESTS = {
    "adaptive_average_pool",
    "adaptive_max_pool",
    "average_pool",
    "conv_transpose",
    "ctc_decode",
    "ctc_loss",
    "depthwise_conv",
    "dot_product_attention",
    "fold",
    "image.affine_transform",
    "image.elastic_transform",
    "image.extract_patches",
    "image.extract_patches_3d",
    "image.gaussian_blur",
    "image.hsv_to_rgb",
    "image.map_coordinates",
    "image.perspective_transform",
    "image.rgb_to_hsv",
    "image.scale_and_translate",
    "image.sobel_edges",
    "image.ssim",
    "istft",
    "lu_factor",
    "max_pool",
    "separable_conv",
    "space_to_depth",
    "stft",
    "unfold",
}
"""Functions that ``test_reference_ops_nn.py`` has tests of their own for."""
HELD = (
    BY_TESTS
    | {symbol.removeprefix("ops.") for symbol in SAMPLES}
    | {"cholesky_inverse", "matrix_rank", "multi_hot"}
)
"""All that it is about."""
