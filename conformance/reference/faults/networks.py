"""What a function of neural networks, of images or of matrices may be taken for."""

from __future__ import annotations

_PAIRS = """
relu6 relu, hard_sigmoid sigmoid, sparse_sigmoid hard_sigmoid, log_sigmoid softplus,
silu hard_silu, hard_silu silu, hard_tanh relu6, tanh_shrink relu, hard_shrink soft_shrink,
soft_shrink hard_shrink, softplus relu, softsign hard_tanh, sparse_plus softplus,
squareplus softplus, elu celu, celu elu, selu relu, gelu silu, glu softmax,
leaky_relu elu, log_softmax softmax, sparsemax softmax,
max_pool average_pool, average_pool max_pool, adaptive_max_pool adaptive_average_pool,
adaptive_average_pool adaptive_max_pool, layer_normalization rms_normalization,
rms_normalization normalize, normalize rms_normalization,
binary_crossentropy sparse_categorical_crossentropy, fft fft2, fft2 fft, ifft2 fft2,
inv pinv, pinv inv, solve lstsq, lstsq solve, solve_triangular solve, det logdet, logdet det,
depth_to_space space_to_depth, space_to_depth depth_to_space,
image.rgb_to_hsv image.hsv_to_rgb, image.hsv_to_rgb image.rgb_to_hsv,
image.crop_images image.pad_images, image.pad_images image.crop_images
"""

NETWORKS: dict[str, tuple[str, ...]] = {
    "activations.gelu": ("ops.gelu",),
    **{
        f"ops.{one}": (f"ops.{other}",)
        for one, other in (pair.split() for pair in _PAIRS.replace("\n", " ").split(","))
    },
}
"""By Keras's symbol; both take the same arguments, or the other one fewer."""

SYMMETRIC = frozenset({"ops.psnr", "ops.image.ssim"})
"""Functions that answer the same whichever operand comes first."""
