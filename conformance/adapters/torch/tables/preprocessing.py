"""Which preprocessing layer of Keras is which function of torch."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry

_KERNELS = {
    "real_kernel": "weight = real_kernel.permute(2, 1, 0)",
    "imag_kernel": "weight = imag_kernel.permute(2, 1, 0)",
}


def _composed(module: str, function: str, symbol: str) -> list[Entry]:
    return [Entry(module, function, symbol, composed=True)]


LAYERS = {
    "Rescaling": _composed("preprocessing", "rescaling", "torch.mul, torch.add"),
    "Normalization": _composed("preprocessing", "normalization", "torch.sub, torch.div"),
    "Discretization": [
        # Boundaries belong to the bin above them: right=True, which is not torch's default.
        Entry("preprocessing", "discretization", "torch.bucketize", only={"output_mode": ("int",)}),
        Entry("preprocessing", "discretization", "torch.bucketize", composed=True),
    ],
    "CategoryEncoding": [
        Entry(
            "preprocessing",
            "category_encoding",
            "torch.nn.functional.one_hot",
            only={"output_mode": ("multi_hot", "one_hot", "count")},
            composed=True,
        )
    ],
    "Resizing": [
        # "nearest" would floor; Keras takes the pixel whose middle is nearest.
        Entry(
            "images",
            "resizing",
            "torch.nn.functional.interpolate",
            only={"interpolation": ("bilinear", "nearest"), "fill_mode": ("constant",)},
        ),
        # Without antialiasing torch's cubic has the constant -3/4, where Keras's has -1/2.
        Entry(
            "images",
            "bicubic_resizing",
            "torch.nn.functional.interpolate",
            only={"interpolation": ("bicubic",), "antialias": (True,), "fill_mode": ("constant",)},
        ),
    ],
    "CenterCrop": _composed("images", "center_crop", "torch.narrow"),
    "AutoContrast": _composed("images", "auto_contrast", "torch.amin, torch.amax"),
    "STFTSpectrogram": [
        Entry(
            "spectrograms",
            "stft_spectrogram",
            "torch.nn.functional.conv1d",
            _KERNELS,
            composed=True,
            only={"padding": ("valid", "same")},
        )
    ],
    "MelSpectrogram": _composed("spectrograms", "mel_spectrogram", "torch.stft"),
}
