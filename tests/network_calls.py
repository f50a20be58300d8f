"""A call for each row of the native adapters that is of networks, images, matrices or transforms.

Where Keras 3.15.1 answers otherwise than the reference, the call keeps away from it: pools along
equal strides, normalization of the last axis, a blur that is told its data format, a sparsemax that
leaves one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from number_calls import Call

WIDE = {
    "x": ([[-7.5, -3.25, -2.0, -0.75], [-0.25, 0.1, 0.3, 0.8], [1.5, 2.75, 4.0, 6.5]], "float32")
}
IMAGES = {"images": ([2, 6, 5, 3], "float32")}
INPUTS = {"inputs": ([2, 6, 5, 3], "float32")}
SQUARE = {"x": ([[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]], "float32")}
SYSTEM = {"a": SQUARE["x"], "b": ([3, 2], "float32")}
LABELS = {"target": ([3], "int32"), "output": ([3, 4], "float32")}
STEP: dict[str, tuple[list[int], str]] = {"step": ([], "int32")}
PAIR = {"target": ([2, 3], "float32"), "output": ([2, 3], "float32")}

_CURVES = """
elu celu selu gelu silu softplus softsign log_softmax sigmoid log_sigmoid hard_sigmoid hard_silu
hard_tanh tanh_shrink soft_shrink hard_shrink leaky_relu relu6 glu sparse_plus sparse_sigmoid
squareplus
"""

CALLS: list[Call] = [
    *((f"ops.{name}", WIDE, {}) for name in _CURVES.split()),
    ("ops.sparsemax", {"x": ([[-7.5, -3.25, -2.0, -0.75]], "float32")}, {}),
    ("ops.threshold", WIDE, {"threshold": 0.2, "default_value": -1.5}),
    ("activations.threshold", WIDE, {"threshold": 0.2, "default_value": -1.5}),
    *(
        (f"ops.{name}", INPUTS, {"pool_size": 2, "strides": 2})
        for name in ("max_pool", "average_pool")
    ),
    *(
        (
            f"ops.adaptive_{name}_pool",
            {"inputs": ([2, 6, 4, 3], "float32")},
            {"output_size": [3, 2]},
        )
        for name in ("average", "max")
    ),
    (
        "ops.batch_normalization",
        {"x": ([4, 3], "float32"), "mean": ([3], "float32"), "variance": ([3], "float32")},
        {"axis": -1, "epsilon": 0.01},
    ),
    *(
        (f"ops.{name}", {"x": ([3, 4], "float32")}, {})
        for name in ("layer_normalization", "rms_normalization")
    ),
    ("ops.normalize", WIDE, {}),
    ("ops.binary_crossentropy", PAIR, {}),
    ("ops.categorical_crossentropy", PAIR, {}),
    ("ops.sparse_categorical_crossentropy", LABELS, {"from_logits": True}),
    ("ops.conv_transpose", {**INPUTS, "kernel": ([3, 3, 2, 3], "float32")}, {"strides": 2}),
    ("ops.depthwise_conv", {**INPUTS, "kernel": ([3, 3, 3, 2], "float32")}, {}),
    (
        "ops.separable_conv",
        {
            **INPUTS,
            "depthwise_kernel": ([3, 3, 3, 2], "float32"),
            "pointwise_kernel": ([1, 1, 6, 4], "float32"),
        },
        {},
    ),
    (
        "ops.dot_product_attention",
        {name: ([2, 4, 2, 3], "float32") for name in ("query", "key", "value")},
        {},
    ),
    ("ops.depth_to_space", {"x": ([2, 2, 3, 8], "float32")}, {"block_size": 2}),
    ("ops.space_to_depth", {"x": ([2, 4, 6, 3], "float32")}, {"block_size": 2}),
    ("ops.unfold", {"x": ([2, 3, 6, 5], "float32")}, {"kernel_size": 2}),
    ("ops.fold", {"x": ([2, 12, 20], "float32")}, {"output_size": [6, 5], "kernel_size": 2}),
    ("ops.multi_hot", {"inputs": ([[0, 2], [1, 1]], "int32")}, {"num_classes": 4}),
    ("ops.psnr", {"x1": ([2, 3], "float32"), "x2": ([2, 3], "float32")}, {"max_val": 1.0}),
    ("ops.cdist", {"x": ([3, 4], "float32"), "y": ([2, 4], "float32")}, {}),
    *(
        (f"ops.{name}", SQUARE, {})
        for name in ("det", "slogdet", "logdet", "inv", "pinv", "matrix_rank")
    ),
    ("ops.solve", SYSTEM, {}),
    ("ops.lstsq", SYSTEM, {}),
    ("ops.solve_triangular", SYSTEM, {"lower": True}),
    ("ops.rfft", {"x": ([2, 8], "float32")}, {}),
    (
        "ops.extract_sequences",
        {"x": ([2, 9], "float32")},
        {"sequence_length": 4, "sequence_stride": 2},
    ),
    (
        "ops.stft",
        {"x": ([2, 16], "float32")},
        {"sequence_length": 8, "sequence_stride": 4, "fft_length": 8},
    ),
    *((f"ops.{name}", {"x": ([3, 4], "float32")}, {}) for name in ("fft2", "ifft2")),
    ("ops.irfft", {"x": ([2, 5], "float32")}, {}),
    (
        "ops.image.crop_images",
        IMAGES,
        {"top_cropping": 1, "left_cropping": 2, "target_height": 3, "target_width": 2},
    ),
    (
        "ops.image.pad_images",
        IMAGES,
        {"top_padding": 1, "left_padding": 2, "target_height": 9, "target_width": 8},
    ),
    ("ops.image.extract_patches", IMAGES, {"size": [2, 2]}),
    (
        "ops.image.extract_patches_3d",
        {"volumes": ([1, 4, 4, 4, 2], "float32")},
        {"size": [2, 2, 2]},
    ),
    (
        "ops.image.map_coordinates",
        {"inputs": ([3, 4], "float32"), "coordinates": ([2, 5], "float32")},
        {"order": 1},
    ),
    ("ops.image.sobel_edges", IMAGES, {}),
    *(
        (f"initializers.{one}", {}, {"shape": [3, 4], "seed": 7})
        for one in ("HeUniform", "LecunUniform", "RandomNormal", "RandomUniform")
    ),
    *((f"ops.{name}", {"xs": ([2, 3], "float32")}, {}) for name in ("vstack", "hstack", "dstack")),
    (
        "ops.select",
        {"condlist": ([2, 3], "bool"), "choicelist": ([2, 3], "float32")},
        {"default": 2.5},
    ),
    ("ops.meshgrid", {"x": ([3], "float32"), "y": ([2], "float32")}, {"indexing": "ij"}),
    (
        "ops.scatter",
        {"indices": ([[0], [2], [3]], "int32"), "values": ([3, 2], "float32")},
        {"shape": [5, 2]},
    ),
    (
        "ops.scatter_update",
        {
            "inputs": ([5, 2], "float32"),
            "indices": ([[0], [2], [3]], "int32"),
            "updates": ([3, 2], "float32"),
        },
        {},
    ),
    *(
        (
            f"ops.segment_{name}",
            {"data": ([9, 2], "float32"), "segment_ids": ([9], "int32")},
            {"num_segments": 3},
        )
        for name in ("max", "min", "prod")
    ),
    ("ops.matrix_rank", SQUARE, {"tol": 0.5}),
    ("ops.eig", SQUARE, {}),
    ("ops.lu_factor", SQUARE, {}),
    (
        "ops.image.gaussian_blur",
        {"images": ([2, 6, 5, 1], "float32")},
        {"kernel_size": [3, 3], "sigma": [1.0, 1.0], "data_format": "channels_last"},
    ),
    (
        "ops.image.affine_transform",
        {**IMAGES, "transform": ([[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]] * 2, "float32")},
        {},
    ),
    (
        "ops.image.perspective_transform",
        {
            **IMAGES,
            "start_points": ([[[0, 0], [4, 0], [0, 5], [4, 5]]] * 2, "float32"),
            "end_points": ([[[1, 1], [4, 0], [0, 5], [4, 5]]] * 2, "float32"),
        },
        {},
    ),
    (
        "ops.istft",
        {"x": ([3, 5], "float32")},
        {"sequence_length": 8, "sequence_stride": 4, "fft_length": 8},
    ),
    (
        "ops.ctc_loss",
        {
            "target": ([[1, 2], [2, 1]], "int32"),
            "output": ([2, 4, 3], "float32"),
            "target_length": ([2.0, 2.0], "int32"),
            "output_length": ([4.0, 4.0], "int32"),
        },
        {},
    ),
    ("ops.empty", {}, {"shape": [2, 3]}),
    ("ops.empty_like", {"x": ([2, 3], "float32")}, {}),
    ("initializers.Ones", {}, {"shape": [3, 4]}),
    (
        "optimizers.schedules.CosineDecayRestarts",
        STEP,
        {"initial_learning_rate": 0.5, "first_decay_steps": 4},
    ),
    (
        "optimizers.schedules.PolynomialDecay",
        STEP,
        {"initial_learning_rate": 0.5, "decay_steps": 9, "power": 2.0},
    ),
    (
        "optimizers.schedules.PiecewiseConstantDecay",
        STEP,
        {"boundaries": [4, 9], "values": [0.5, 0.25, 0.125]},
    ),
]

OF_JAX: list[Call] = [
    (
        "ops.image.scale_and_translate",
        {**IMAGES, "scale": ([2], "float32"), "translation": ([2], "float32")},
        {"output_shape": [2, 4, 4, 3], "spatial_dims": [1, 2], "method": "linear"},
    ),
    *(
        (f"initializers.{one}", {}, {"shape": [3, 4], "seed": 7})
        for one in ("GlorotNormal", "HeNormal", "LecunNormal", "VarianceScaling")
    ),
]
"""Of rows that jax alone has: torch has no such resize, and no cut normal numbers by the fans."""

OF_TORCH: list[Call] = [
    (
        "optimizers.schedules.InverseTimeDecay",
        STEP,
        {"initial_learning_rate": 0.5, "decay_steps": 2, "decay_rate": 0.5},
    ),
]
"""Optax has no such schedule."""
