"""What is documented to take Python lists of numbers in the places of tensors.

Keras's docstrings of nearly all functions say *tensor*. A list is handed over in the examples of
those named here, or its arguments are called "array-like". So only these are asked for the answer
to lists (``from_lists``); what the others make of lists, Keras promises nothing of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.cases.model import Steps

if TYPE_CHECKING:
    from conformance.cases.model import Program

FUNCTIONS: Final = frozenset(
    {
        "activations.relu",
        "losses.BinaryCrossentropy",
        "losses.BinaryFocalCrossentropy",
        "losses.CategoricalFocalCrossentropy",
        "losses.Dice",
        "losses.binary_crossentropy",
        "losses.binary_focal_crossentropy",
        "losses.categorical_crossentropy",
        "losses.categorical_focal_crossentropy",
        "losses.cosine_similarity",
        "losses.dice",
        "losses.huber",
        "losses.log_cosh",
        "losses.sparse_categorical_crossentropy",
        "metrics.binary_crossentropy",
        "metrics.binary_focal_crossentropy",
        "metrics.categorical_crossentropy",
        "metrics.categorical_focal_crossentropy",
        "metrics.concordance_correlation",
        "metrics.huber",
        "metrics.log_cosh",
        "metrics.sparse_categorical_crossentropy",
        "ops.deg2rad",
        "ops.geomspace",
        "ops.isin",
        "ops.linspace",
        "ops.logspace",
        "ops.rad2deg",
        "utils.to_categorical",
    }
)
"""Functions, and losses that are called like one, of Keras 3.15.1's docstrings."""

METRICS: Final = frozenset(
    f"metrics.{name}"
    for name in (
        "AUC",
        "Accuracy",
        "BinaryAccuracy",
        "BinaryCrossentropy",
        "BinaryIoU",
        "CategoricalAccuracy",
        "CategoricalCrossentropy",
        "CategoricalHinge",
        "ConcordanceCorrelation",
        "CosineSimilarity",
        "FalseNegatives",
        "FalsePositives",
        "Hinge",
        "IoU",
        "KLDivergence",
        "LogCoshError",
        "Mean",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanIoU",
        "MeanSquaredError",
        "MeanSquaredLogarithmicError",
        "OneHotIoU",
        "OneHotMeanIoU",
        "PearsonCorrelation",
        "Poisson",
        "Precision",
        "PrecisionAtRecall",
        "Recall",
        "RecallAtPrecision",
        "RootMeanSquaredError",
        "SensitivityAtSpecificity",
        "SparseCategoricalAccuracy",
        "SparseCategoricalCrossentropy",
        "SparseTopKCategoricalAccuracy",
        "SpecificityAtSensitivity",
        "SquaredHinge",
        "Sum",
        "TopKCategoricalAccuracy",
        "TrueNegatives",
        "TruePositives",
    )
)
"""Metrics whose ``update_state`` is called on lists in their docstrings."""

_OF_PYTHON: Final = frozenset({"float32", "int32", "bool"})
"""Dtypes of inputs whose numbers Python's own say all of: floats, whole numbers, True and False."""


def takes_lists(program: Program) -> bool:
    """Whether a program calls what takes lists, on arrays that a list can say.

    Lists say nothing of sizes behind a size of 0, and not that a number is narrow.

    Args:
        program: Of functions, or of an object and its steps.
    """
    documented = METRICS if isinstance(program, Steps) else FUNCTIONS
    specs = program.model.inputs
    return (
        bool(specs)
        and all(node.layer in documented for node in program.model.nodes)
        and all(spec.dtype in _OF_PYTHON and 0 not in spec.shape for spec in specs)
    )
