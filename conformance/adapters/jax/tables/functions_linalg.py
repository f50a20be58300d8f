"""Linear algebra, transforms and images as functions of JAX. Data only: no JAX is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import LIST, NUMBER, REQUIRED, WHOLE, Direct, Own, Row

_FORMATS = (None, "channels_last", "channels_first")
_WINDOW = {"window": ("hann", "hamming", None, LIST)}
_OF_FORMAT = {"data_format": _FORMATS}

_LINALG: dict[str, list[Row]] = {
    "ops.inv": [Direct("jax.numpy.linalg.inv")],
    "ops.eig": [Direct("jax.numpy.linalg.eig")],
    "ops.det": [Direct("jax.numpy.linalg.det")],
    "ops.slogdet": [Direct("jax.numpy.linalg.slogdet")],
    "ops.logdet": [Own("ops.linalg", "logdet", "jax.numpy.linalg.slogdet")],
    "ops.solve": [Own("ops.linalg", "solve", "jax.numpy.linalg.solve")],
    "ops.solve_triangular": [
        Direct("jax.scipy.linalg.solve_triangular", ("a", "b"), keywords={"lower": False})
    ],
    "ops.lstsq": [Own("ops.linalg", "lstsq", "jax.numpy.linalg.lstsq")],
    "ops.lu_factor": [Direct("jax.scipy.linalg.lu_factor")],
    "ops.matrix_rank": [
        Direct("jax.numpy.linalg.matrix_rank", only={"tol": (None,)}),
        Own(
            "ops.linalg",
            "matrix_rank",
            "jax.numpy.linalg.svdvals",
            composed=True,
            only={"tol": (NUMBER,)},
        ),
    ],
    "ops.pinv": [
        Direct("jax.numpy.linalg.pinv", keywords={"rcond": None}, rename={"rcond": "rtol"})
    ],
    "ops.cholesky_inverse": [
        Direct("jax.numpy.linalg.inv", only={"upper": (False, True)}, note="one way for both")
    ],
    "ops.cdist": [Own("ops.linalg", "cdist", "jax.numpy.linalg.norm", composed=True)],
}

_TRANSFORMS: dict[str, list[Row]] = {
    "ops.fft2": [Own("ops.fft", "fft2", "jax.numpy.fft.fft2, jax.lax.complex")],
    "ops.ifft2": [Own("ops.fft", "ifft2", "jax.numpy.fft.ifft2, jax.lax.complex")],
    "ops.rfft": [Own("ops.fft", "rfft", "jax.numpy.fft.rfft")],
    "ops.irfft": [Own("ops.fft", "irfft", "jax.numpy.fft.irfft, jax.lax.complex")],
    "ops.stft": [Own("ops.fft", "stft", "jax.numpy.fft.rfft", composed=True, only=_WINDOW)],
    "ops.istft": [Own("ops.fft", "istft", "jax.scipy.signal.istft", only=_WINDOW)],
    "ops.extract_sequences": [
        Own("ops.fft", "extract_sequences", "jax.numpy.arange", composed=True)
    ],
}

_IMAGES: dict[str, list[Row]] = {
    "ops.image.crop_images": [
        Own("ops.image", "crop_images", "jax.lax.slice_in_dim", only=_OF_FORMAT)
    ],
    "ops.image.pad_images": [Own("ops.image", "pad_images", "jax.numpy.pad", only=_OF_FORMAT)],
    "ops.image.gaussian_blur": [
        Own(
            "ops.image",
            "gaussian_blur",
            "jax.lax.conv_general_dilated",
            composed=True,
            only=_OF_FORMAT,
        )
    ],
    "ops.image.sobel_edges": [
        Own(
            "ops.image",
            "sobel_edges",
            "jax.lax.conv_general_dilated",
            composed=True,
            only=_OF_FORMAT,
        )
    ],
    "ops.image.map_coordinates": [
        Direct(
            "jax.scipy.ndimage.map_coordinates",
            ("inputs", "coordinates"),
            keywords={"order": REQUIRED, "fill_mode": "constant", "fill_value": 0},
            rename={"fill_mode": "mode", "fill_value": "cval"},
            only={"order": (WHOLE,)},
        )
    ],
    "ops.image.affine_transform": [
        Own(
            "ops.image",
            "affine_transform",
            "jax.scipy.ndimage.map_coordinates",
            composed=True,
            only=_OF_FORMAT,
        )
    ],
    "ops.image.perspective_transform": [
        Own(
            "ops.image",
            "perspective_transform",
            "jax.scipy.ndimage.map_coordinates",
            composed=True,
            only=_OF_FORMAT,
        )
    ],
    "ops.image.scale_and_translate": [
        Own("ops.image", "scale_and_translate", "jax.image.scale_and_translate")
    ],
}

FUNCTIONS: dict[str, list[Row]] = {**_LINALG, **_TRANSFORMS, **_IMAGES}
"""By Keras's symbol."""
