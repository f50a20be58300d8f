"""Which preprocessing layer of Keras is which function of JAX."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry

_KERNELS = {"real_kernel": "as it is", "imag_kernel": "as it is"}


def _composed(module: str, function: str, symbol: str) -> list[Entry]:
    return [Entry(module, function, symbol, composed=True)]


_DIGITIZE = "jax.numpy.digitize"

LAYERS = {
    "Rescaling": _composed("preprocessing", "rescaling", "jax.numpy.multiply, jax.numpy.add"),
    "Normalization": _composed("preprocessing", "normalization", "jax.numpy.divide"),
    "Discretization": [
        Entry("preprocessing", "discretization", _DIGITIZE, only={"output_mode": ("int",)}),
        Entry("preprocessing", "discretization", _DIGITIZE, composed=True),
    ],
    "CategoryEncoding": [
        Entry(
            "preprocessing",
            "category_encoding",
            "jax.nn.one_hot",
            only={"output_mode": ("multi_hot", "one_hot", "count")},
            composed=True,
        )
    ],
    "Resizing": [
        # antialias is False in Keras and True in JAX where it is left out.
        Entry("images", "resizing", "jax.image.resize", only={"fill_mode": ("constant",)}),
    ],
    "CenterCrop": _composed("images", "center_crop", "jax.lax.slice"),
    "AutoContrast": _composed("images", "auto_contrast", "jax.numpy.min, jax.numpy.max"),
    "STFTSpectrogram": [
        Entry(
            "spectrograms",
            "stft_spectrogram",
            "jax.lax.conv_general_dilated",
            _KERNELS,
            composed=True,
            only={"padding": ("valid", "same")},
        )
    ],
    "MelSpectrogram": _composed("spectrograms", "mel_spectrogram", "jax.numpy.fft.rfft"),
}
