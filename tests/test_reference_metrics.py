"""Metrics of the reference against the numbers of Keras's documentation, and plain formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.conversion import fed
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import table

ONE = Variance()
RANDOM = np.random.default_rng(11)
TRUE, PRED = RANDOM.uniform(0.1, 0.9, (2, 4, 3))


def array(values: Any) -> Any:
    return fed(ONE, np.asarray(values), "")


def result(symbol: str, *updates: Any, **config: Any) -> Any:
    metric = table.find(f"metrics.{symbol}")(**config, arithmetic=ONE)
    for true, pred, *weights in updates:
        metric.update_state(array(true), array(pred), *map(array, weights))
    return metric.result().value


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("MeanSquaredError", "mean_squared_error"),
        ("MeanAbsoluteError", "mean_absolute_error"),
        ("MeanAbsolutePercentageError", "mean_absolute_percentage_error"),
        ("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error"),
        ("LogCoshError", "log_cosh"),
        ("KLDivergence", "kl_divergence"),
        ("Poisson", "poisson"),
        ("Hinge", "hinge"),
        ("SquaredHinge", "squared_hinge"),
        ("CategoricalHinge", "categorical_hinge"),
        ("BinaryCrossentropy", "binary_crossentropy"),
        ("CategoricalCrossentropy", "categorical_crossentropy"),
    ],
)
def test_a_metric_is_the_weighed_mean_of_its_loss(name: str, loss: str) -> None:
    values = table.find(f"losses.{loss}")(array(TRUE), array(PRED)).value
    weights = np.asarray([0.5, 2.0, 0.0, 1.0])
    assert np.allclose(result(name, (TRUE, PRED)), values.mean())
    both = (values.sum() + values @ weights) / (4 + weights.sum())
    assert np.allclose(result(name, (TRUE, PRED), (TRUE, PRED, weights)), both)


def test_errors_are_as_documented() -> None:
    pair = [[0, 1], [0, 0]], [[1, 1], [0, 0]]
    assert result("RootMeanSquaredError", pair) == pytest.approx(0.5)
    assert result("RootMeanSquaredError", (*pair, [1, 0])) == pytest.approx(0.70710677)
    cosine = [[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]
    assert result("CosineSimilarity", cosine) == pytest.approx(0.5)
    assert result("CosineSimilarity", (*cosine, [0.3, 0.7])) == pytest.approx(0.7)
    sparse = [1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]
    assert result("SparseCategoricalCrossentropy", sparse) == pytest.approx(1.1769392)
    total = table.find("metrics.Sum")(arithmetic=ONE)
    total.update_state(array([1, 3, 5, 7]))
    total.update_state(array([1, 3, 5, 7]), sample_weight=array([1, 1, 0, 0]))
    assert total.result().value == 20.0


def test_hits_are_as_documented() -> None:
    labels = [[1], [2], [3], [4]], [[0], [2], [3], [4]]
    assert result("Accuracy", labels) == pytest.approx(0.75)
    assert result("Accuracy", (*labels, [1, 1, 0, 0])) == pytest.approx(0.5)
    binary = [[1], [1], [0], [0]], [[0.98], [1], [0], [0.6]]
    assert result("BinaryAccuracy", binary) == pytest.approx(0.75)
    assert result("BinaryAccuracy", (*binary, [1, 0, 0, 1])) == pytest.approx(0.5)
    assert result("BinaryAccuracy", binary, threshold=0.7) == pytest.approx(1.0)
    scores = [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]
    several = [[0, 0, 1], [0, 1, 0]], scores
    assert result("CategoricalAccuracy", several) == pytest.approx(0.5)
    assert result("CategoricalAccuracy", (*several, [0.7, 0.3])) == pytest.approx(0.3)
    assert result("TopKCategoricalAccuracy", several, k=1) == pytest.approx(0.5)
    assert result("TopKCategoricalAccuracy", (*several, [0.7, 0.3]), k=1) == pytest.approx(0.3)
    assert result("SparseTopKCategoricalAccuracy", ([2, 1], scores), k=1) == pytest.approx(0.5)
    assert result("SparseTopKCategoricalAccuracy", ([2, 1], scores), k=2) == pytest.approx(1.0)
    with pytest.raises(Unsupported, match="equal"):
        result("SparseTopKCategoricalAccuracy", ([0], [[0.5, 0.5]]), k=1)


def test_counts_are_as_documented() -> None:
    assert result("FalseNegatives", ([0, 1, 1, 1], [0, 1, 0, 0])) == 2.0
    assert result("FalseNegatives", ([0, 1, 1, 1], [0, 1, 0, 0], [0, 0, 1, 0])) == 1.0
    assert result("FalsePositives", ([0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0])) == 1.0
    assert result("TrueNegatives", ([0, 1, 0, 0], [1, 1, 0, 0])) == 2.0
    assert result("TruePositives", ([0, 1, 1, 1], [1, 0, 1, 1], [0, 0, 1, 0])) == 1.0
    few = result("TruePositives", ([1, 1, 0], [0.3, 0.6, 0.9]), thresholds=[0.5, 0.1, 0.7])
    assert few.tolist() == [1.0, 2.0, 0.0]
    with pytest.raises(Refused, match="thresholds"):
        result("TruePositives", thresholds=[0.5, 1.5])


def test_precision_and_recall_are_as_documented() -> None:
    pair = [0, 1, 1, 1], [1, 0, 1, 1]
    assert result("Precision", pair) == pytest.approx(2 / 3)
    assert result("Precision", (*pair, [0, 0, 1, 0])) == pytest.approx(1.0)
    assert result("Recall", pair) == pytest.approx(2 / 3)
    assert result("Recall", (*pair, [0, 0, 1, 0])) == pytest.approx(1.0)
    # With top_k the largest count, whatever they are; with a threshold those of them above it.
    row = [[0, 0, 1, 1]], [[0.1, 0.2, 0.4, 0.3]]
    assert result("Precision", row, top_k=1) == pytest.approx(1.0)
    assert result("Precision", ([[0, 0, 1, 0]], row[1]), top_k=2) == pytest.approx(0.5)
    assert result("Recall", row, top_k=1) == pytest.approx(0.5)
    assert result("Precision", row, top_k=4) == pytest.approx(0.5)
    assert result("Recall", row, top_k=2, thresholds=0.35) == pytest.approx(0.5)
    assert result("Recall", row, class_id=2, thresholds=0.35) == pytest.approx(1.0)
    assert result("Recall", row, class_id=3, thresholds=0.35) == pytest.approx(0.0)
    assert result("Precision", row, class_id=0, thresholds=0.35) == 0.0
