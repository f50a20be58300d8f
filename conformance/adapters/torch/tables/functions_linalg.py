"""Linear algebra, transforms and images as functions of torch. Data only: no torch is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import LIST, REQUIRED, WHOLE, Direct, Dtypes, Own, Row

_FORMATS = (None, "channels_last", "channels_first")
_WINDOW = {"window": ("hann", "hamming", None, LIST)}

_LINALG: dict[str, list[Row]] = {
    "ops.inv": [Direct("torch.linalg.inv")],
    "ops.eig": [Direct("torch.linalg.eig")],
    "ops.det": [Direct("torch.linalg.det")],
    "ops.slogdet": [Direct("torch.linalg.slogdet")],
    "ops.logdet": [Direct("torch.logdet")],
    "ops.solve": [Own("ops.linalg", "solve", "torch.linalg.solve")],
    "ops.solve_triangular": [
        Own("ops.linalg", "solve_triangular", "torch.linalg.solve_triangular")
    ],
    "ops.lstsq": [Own("ops.linalg", "lstsq", "torch.linalg.lstsq")],
    "ops.lu_factor": [Own("ops.linalg", "lu_factor", "torch.linalg.lu_factor")],
    "ops.matrix_rank": [
        Direct(
            "torch.linalg.matrix_rank",
            keywords={"tol": None},
            rename={"tol": "atol"},
            dtypes=Dtypes(answer={"*": "int32"}),
            note="ranks are int64, Keras's are int32",
        )
    ],
    "ops.pinv": [Direct("torch.linalg.pinv", keywords={"rcond": None}, rename={"rcond": "rtol"})],
    "ops.cholesky_inverse": [
        Direct(
            "torch.linalg.inv",
            only={"upper": (False, True)},
            note="torch.cholesky_inverse takes the factor, not the matrix",
        )
    ],
    "ops.cdist": [Direct("torch.cdist", ("x", "y"))],
}

_TRANSFORMS: dict[str, list[Row]] = {
    "ops.fft2": [Own("ops.fft", "fft2", "torch.fft.fft2, torch.complex")],
    "ops.ifft2": [Own("ops.fft", "ifft2", "torch.fft.ifft2, torch.complex")],
    "ops.rfft": [Own("ops.fft", "rfft", "torch.fft.rfft")],
    "ops.irfft": [Own("ops.fft", "irfft", "torch.fft.irfft, torch.complex")],
    "ops.stft": [Own("ops.fft", "stft", "torch.stft", only=_WINDOW)],
    "ops.istft": [Own("ops.fft", "istft", "torch.istft, torch.complex", only=_WINDOW)],
    "ops.extract_sequences": [
        Direct(
            "torch.Tensor.unfold",
            keywords={"sequence_length": REQUIRED, "sequence_stride": REQUIRED},
            rename={"sequence_length": "size", "sequence_stride": "step"},
            fixed={"dimension": -1},
        )
    ],
}

_IMAGES: dict[str, list[Row]] = {
    "ops.image.crop_images": [Own("ops.image", "crop_images", "torch.narrow")],
    "ops.image.pad_images": [Own("ops.image", "pad_images", "torch.nn.functional.pad")],
    "ops.image.gaussian_blur": [
        Own(
            "ops.image",
            "gaussian_blur",
            "torch.nn.functional.conv2d",
            composed=True,
            only={"data_format": _FORMATS},
        )
    ],
    "ops.image.sobel_edges": [
        Own(
            "ops.image",
            "sobel_edges",
            "torch.nn.functional.conv2d",
            composed=True,
            only={"data_format": _FORMATS},
        )
    ],
    "ops.image.map_coordinates": [
        Own(
            "ops.image",
            "map_coordinates",
            "torch.nn.functional.grid_sample",
            only={
                "order": (WHOLE,),
                "fill_mode": ("constant", "nearest", "mirror", "reflect"),
            },
        )
    ],
    "ops.image.affine_transform": [
        Own(
            "ops.image",
            "affine_transform",
            "torch.nn.functional.grid_sample",
            composed=True,
            only={
                "fill_mode": ("constant", "nearest", "reflect"),
                "data_format": _FORMATS,
            },
        )
    ],
    "ops.image.perspective_transform": [
        Own(
            "ops.image",
            "perspective_transform",
            "torch.nn.functional.grid_sample, torch.linalg.solve",
            composed=True,
            only={"data_format": _FORMATS},
        )
    ],
}

ABSENT = {"ops.image.scale_and_translate": "torch resizes images, and does not move them with it"}
"""Why something of Keras's has no row."""

FUNCTIONS: dict[str, list[Row]] = {**_LINALG, **_TRANSFORMS, **_IMAGES}
"""By Keras's symbol."""
