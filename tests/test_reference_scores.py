"""Curves, scores, overlaps and correlations of the reference: Keras's examples, plain formulas."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.conversion import fed
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import table

ONE = Variance()
RANDOM = np.random.default_rng(5)


def array(values: Any) -> Any:
    return fed(ONE, np.asarray(values), "")


def result(symbol: str, *updates: Any, **config: Any) -> Any:
    metric = table.find(f"metrics.{symbol}")(**config, arithmetic=ONE)
    for true, pred, *weights in updates:
        metric.update_state(array(true), array(pred), *map(array, weights))
    return metric.result().value


BEST = [0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]


@pytest.mark.parametrize(
    ("symbol", "argument", "pair", "plain", "weights", "weighed"),
    [
        ("SensitivityAtSpecificity", "specificity", BEST, 0.5, [1, 1, 2, 2, 1], 0.33333333),
        ("SpecificityAtSensitivity", "sensitivity", BEST, 0.66666667, [1, 1, 2, 2, 2], 0.5),
        ("PrecisionAtRecall", "recall", BEST, 0.5, [2, 2, 2, 1, 1], 0.33333333),
    ],
)
def test_the_best_shares_are_as_documented(  # noqa: PLR0913, PLR0917 (an example's parts)
    symbol: str, argument: str, pair: Any, plain: float, weights: Any, weighed: float
) -> None:
    assert result(symbol, pair, **{argument: 0.5}) == pytest.approx(plain)
    assert result(symbol, (*pair, weights), **{argument: 0.5}) == pytest.approx(weighed)


def test_recall_at_precision_is_as_documented() -> None:
    pair = [0, 0, 1, 1], [0, 0.5, 0.3, 0.9]
    assert result("RecallAtPrecision", pair, precision=0.8) == pytest.approx(0.5)
    assert result("RecallAtPrecision", (*pair, [1, 0, 0, 1]), precision=0.8) == pytest.approx(1.0)
    assert result("RecallAtPrecision", ([0, 1], [0.9, 0.2]), precision=0.8) == 0.0


def test_a_share_that_is_just_reached_counts() -> None:
    # Three of five negatives are below the threshold 0.5: 3 / 5 is at least 0.6, and not 0.61.
    pair = [0, 0, 0, 0, 0, 1], [0.1, 0.2, 0.3, 0.8, 0.9, 0.6]
    best = "SensitivityAtSpecificity"
    assert result(best, pair, specificity=0.6, num_thresholds=1) == 1.0
    assert result(best, pair, specificity=0.61, num_thresholds=1) == 0.0
    with pytest.raises(Refused, match="share"):
        result(best, pair, specificity=1.5)
    with pytest.raises(Refused, match="num_thresholds"):
        result(best, pair, specificity=0.5, num_thresholds=0)


def test_areas_are_as_documented() -> None:
    pair = [0, 0, 1, 1], [0, 0.5, 0.3, 0.9]
    assert result("AUC", pair, num_thresholds=3) == pytest.approx(0.75)
    assert result("AUC", (*pair, [1, 0, 0, 1]), num_thresholds=3) == pytest.approx(1.0)


def test_an_area_of_all_thresholds_is_the_share_of_pairs_in_order() -> None:
    """What scikit-learn's ``roc_auc_score`` answers, by its other definition."""
    labels = RANDOM.integers(0, 2, 30)
    scores = RANDOM.permutation(30) / 32 + 1 / 64
    between = [i / 32 for i in range(1, 32)]
    positive, negative = scores[labels == 1], scores[labels == 0]
    in_order = np.mean(positive[:, None] > negative)
    assert result("AUC", (labels, scores), thresholds=between) == pytest.approx(in_order)
    lower, higher = (
        result("AUC", (labels, scores), thresholds=[0.6, 0.2], summation_method=one)
        for one in ("minoring", "majoring")
    )
    assert lower < in_order < higher


def test_an_area_of_precision_is_that_between_counts() -> None:
    """Davis and Goadrich's area, added up in many small steps of what is predicted."""
    labels, scores = [1, 0, 1, 1, 0, 1, 0], [0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2]
    thresholds = [1.0, 0.65, 0.35, -1.0]
    points = [
        (
            sum(y for y, s in zip(labels, scores, strict=True) if s > t),
            sum(s > t for s in scores),
        )
        for t in thresholds
    ]
    area = 0.0
    for (true, said), (more, all_said) in pairwise(points):
        steps = (np.arange(20000) + 0.5) / 20000
        trues = true + (more - true) * steps
        area += np.mean(trues / (said + (all_said - said) * steps)) * (more - true) / sum(labels)
    found = result("AUC", (labels, scores), thresholds=[0.65, 0.35], curve="PR")
    assert found == pytest.approx(area, rel=1e-6)


def test_several_labels_are_weighed_after_or_before_they_are_mixed() -> None:
    labels = np.array([[0, 1], [1, 0], [1, 1], [0, 0], [1, 0]])
    scores = np.array([[0.1, 0.8], [0.9, 0.3], [0.4, 0.6], [0.6, 0.7], [0.7, 0.2]])
    each = [result("AUC", (labels[:, i], scores[:, i])) for i in range(2)]
    several = {"multi_label": True, "label_weights": [1.0, 3.0]}
    assert result("AUC", (labels, scores), multi_label=True) == pytest.approx(np.mean(each))
    weighed = (each[0] + 3 * each[1]) / 4
    assert result("AUC", (labels, scores), **several) == pytest.approx(weighed)
    mixed = result("AUC", (labels.ravel(), scores.ravel(), [1, 3] * 5))
    assert result("AUC", (labels, scores), label_weights=[1.0, 3.0]) == pytest.approx(mixed)
    with pytest.raises(Refused, match="num_labels"):
        result("AUC", num_labels=2)
    with pytest.raises(Unsupported, match="PRGAIN"):
        result("AUC", curve="PRGAIN")


F = [[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]


def test_f_scores_are_as_documented() -> None:
    found = result("FBetaScore", F, beta=2.0, threshold=0.5)
    assert found == pytest.approx([0.3846154, 0.90909094, 0.8333334])
    assert result("F1Score", F, threshold=0.5) == pytest.approx([0.5, 0.8, 0.6666667])


def test_averages_of_f_scores_are_scikit_learns() -> None:
    each, support = np.array([0.5, 0.8, 2 / 3]), np.array([3, 2, 1])
    # By hand: 4 hits, 2 false ones, 2 that were missed.
    assert result("F1Score", F, threshold=0.5, average="micro") == pytest.approx(8 / 12)
    assert result("F1Score", F, threshold=0.5, average="macro") == pytest.approx(each.mean())
    weighed = result("F1Score", F, threshold=0.5, average="weighted")
    assert weighed == pytest.approx(each @ support / 6)
    # A weight of two is a sample that is there twice.
    twice = [[*rows, rows[0]] for rows in F]
    assert result("F1Score", (*F, [2, 1, 1]), threshold=0.5) == pytest.approx(
        result("F1Score", twice, threshold=0.5)
    )
    with pytest.raises(Refused, match="average"):
        result("F1Score", average="most")
    with pytest.raises(Refused, match="threshold"):
        result("F1Score", threshold=0.0)
    with pytest.raises(Unsupported, match="before the first update"):
        result("F1Score")


def test_overlaps_are_as_documented() -> None:
    labels, weights = ([0, 0, 1, 1], [0, 1, 0, 1]), [0.3, 0.3, 0.3, 0.1]
    one = {"num_classes": 2, "target_class_ids": [0]}
    assert result("IoU", labels, **one) == pytest.approx(0.33333334)
    assert result("IoU", (*labels, weights), **one) == pytest.approx(0.33333334)
    assert result("MeanIoU", (*labels, weights), num_classes=2) == pytest.approx(0.23809525)
    binary = [0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]
    assert result("BinaryIoU", binary, threshold=0.3) == pytest.approx(0.33333334)
    weighed = result("BinaryIoU", (*binary, [0.2, 0.3, 0.4, 0.1]), threshold=0.3)
    assert weighed == pytest.approx(0.17361112)
    hot = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
    scores = [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.5, 0.3, 0.1], [0.1, 0.4, 0.5]]
    given = hot, scores, [0.1, 0.2, 0.3, 0.4]
    ids = {"num_classes": 3, "target_class_ids": [0, 2]}
    assert result("OneHotIoU", given, **ids) == pytest.approx(0.1 / 0.7 / 2)
    assert result("OneHotMeanIoU", given, num_classes=3) == pytest.approx(0.1 / 0.7 / 3)
    with pytest.raises(Refused, match="target_class_ids"):
        result("IoU", num_classes=2, target_class_ids=[2])


def test_a_class_to_ignore_is_one_of_labels() -> None:
    full, void = ([0, 1, 1], [0, 1, 0]), ([0, 255, 1, 1], [0, 0, 1, 0])
    expected = result("MeanIoU", full, num_classes=2)
    assert result("MeanIoU", void, num_classes=2, ignore_class=255) == expected
    with pytest.raises(Unsupported, match="outside"):
        result("MeanIoU", void, num_classes=2)


def test_correlations_are_as_documented() -> None:
    pair = [[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]]
    assert result("PearsonCorrelation", pair) == pytest.approx(0.9966996338993913)
    assert result("ConcordanceCorrelation", pair) == pytest.approx(0.9816320385426076)
    true, pred = RANDOM.normal(size=(2, 4, 6))
    rows = [np.corrcoef(a, b)[0, 1] for a, b in zip(true, pred, strict=True)]
    found = table.find("metrics.pearson_correlation")(array(true), array(pred))
    assert found.value == pytest.approx(rows, rel=1e-6)
    with pytest.raises(Unsupported, match="constant"):
        result("PearsonCorrelation", ([[1.0, 2.0]], [[3.0, 3.0]]))
    with pytest.raises(Unsupported, match="constants"):
        result("ConcordanceCorrelation", ([[3.0, 3.0]], [[3.0, 3.0]]))


def test_what_is_explained_is_as_documented() -> None:
    pair = [[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]
    assert result("R2Score", pair) == pytest.approx(0.57142854)
    # The example of scikit-learn's r2_score, of two outputs.
    both = [[0.5, 1.0], [-1.0, 1.0], [7.0, -6.0]], [[0.0, 2.0], [-1.0, 2.0], [8.0, -5.0]]
    by_variance = {"class_aggregation": "variance_weighted_average"}
    assert result("R2Score", both, **by_variance) == pytest.approx(0.9382566)
    each = result("R2Score", both, class_aggregation=None)
    assert each.mean() == pytest.approx(result("R2Score", both))
    # A weight of two is a sample that is there twice; updates are one sample after another.
    twice = [[*rows, rows[1]] for rows in both]
    assert result("R2Score", (*both, [1, 2, 1])) == pytest.approx(result("R2Score", twice))
    apart = [([true], [pred]) for true, pred in zip(*both, strict=True)]
    assert result("R2Score", *apart) == pytest.approx(result("R2Score", both))


def test_an_adjusted_score_counts_samples() -> None:
    both = [[0.5, 1.0], [-1.0, 1.0], [7.0, -6.0]], [[0.0, 2.0], [-1.0, 2.0], [8.0, -5.0]]
    plain = result("R2Score", both)
    assert result("R2Score", both, num_regressors=1) == pytest.approx(1 - (1 - plain) * 2 / 1)
    with pytest.raises(Unsupported, match="regressors"):
        result("R2Score", both, num_regressors=2)
    with pytest.raises(Unsupported, match="the same"):
        result("R2Score", ([[1.0], [1.0]], [[1.0], [1.0]]))


def test_functions_of_hits_answer_each_sample() -> None:
    scores = array([[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]])

    def hits(symbol: str, labels: Any, given: Any = scores, **config: Any) -> list[float]:
        found = table.find(f"metrics.{symbol}")(array(labels), given, **config)
        return list(found.value)

    assert hits("categorical_accuracy", [[0, 0, 1], [0, 1, 0]]) == [0.0, 1.0]
    assert hits("sparse_categorical_accuracy", [2, 1]) == [0.0, 1.0]
    assert hits("sparse_categorical_accuracy", [[2], [1]]) == [0.0, 1.0]
    assert hits("top_k_categorical_accuracy", [[0, 0, 1], [0, 1, 0]], k=2) == [1.0, 1.0]
    assert hits("sparse_top_k_categorical_accuracy", [0, 1], k=2) == [0.0, 1.0]
    listed = array([[1, 2], [0, 1]])
    ids = "sparse_top_k_categorical_accuracy"
    assert hits(ids, [2, 0], listed, k=1, from_sorted_ids=True) == [0.0, 1.0]
    assert hits(ids, [2, 0], listed, k=2, from_sorted_ids=True) == [1.0, 1.0]
    with pytest.raises(Unsupported, match="outside"):
        hits(ids, [3, 0])


def test_a_crossentropy_counts_no_sample_that_is_ignored() -> None:
    scores = [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]]
    symbol = "SparseCategoricalCrossentropy"
    found = result(symbol, ([1, 1, -1], scores), ignore_class=-1)
    assert found == pytest.approx(-np.log([0.5, 0.75]).mean())
    weighed = result(symbol, ([1, 1, -1], scores, [1.0, 3.0, 9.0]), ignore_class=-1)
    assert weighed == pytest.approx(-np.log([0.5, 0.75]) @ [0.25, 0.75])
