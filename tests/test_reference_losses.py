"""Losses of the reference against the numbers of Keras's documentation, and plain formulas."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.conversion import fed
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import table

ONE = Variance()
RANDOM = np.random.default_rng(7)
TRUE, PRED = RANDOM.uniform(0.1, 0.9, (2, 4, 3))


def array(values: Any) -> Any:
    return fed(ONE, np.asarray(values), "")


def answer(symbol: str, true: Any, pred: Any, *weights: Any, **config: Any) -> Any:
    """A loss's number or numbers; of a function's symbol those of the function."""
    definition = table.find(symbol)
    if symbol.rpartition(".")[2][0].isupper():
        definition, config = definition(**config, arithmetic=ONE), {}
    return definition(array(true), array(pred), *map(array, weights), **config).value


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("mean_squared_error", lambda t, p: np.square(t - p).mean(-1)),
        ("mean_absolute_error", lambda t, p: np.abs(t - p).mean(-1)),
        ("mean_absolute_percentage_error", lambda t, p: 100 * np.abs((t - p) / t).mean(-1)),
        (
            "mean_squared_logarithmic_error",
            lambda t, p: np.square(np.log((t + 1) / (p + 1))).mean(-1),
        ),
        ("log_cosh", lambda t, p: np.log(np.cosh(p - t)).mean(-1)),
        ("hinge", lambda t, p: np.maximum(1 - t * p, 0).mean(-1)),
        ("squared_hinge", lambda t, p: np.square(np.maximum(1 - t * p, 0)).mean(-1)),
        (
            "categorical_hinge",
            lambda t, p: np.maximum(((1 - t) * p).max(-1) - (t * p).sum(-1) + 1, 0),
        ),
        ("kl_divergence", lambda t, p: (t * np.log(t / p)).sum(-1)),
        ("poisson", lambda t, p: (p - t * np.log(p + 1e-7)).mean(-1)),
        (
            "cosine_similarity",
            lambda t, p: -(t * p).sum(-1) / np.linalg.norm(t, axis=-1) / np.linalg.norm(p, axis=-1),
        ),
    ],
)
def test_a_loss_is_its_formula_by_sample(name: str, formula: Any) -> None:
    values = answer(f"losses.{name}", TRUE, PRED)
    assert np.allclose(values, formula(TRUE, PRED), rtol=1e-12)
    words = {"kl": "KL"}
    made = "".join(words.get(word, word.title()) for word in name.split("_"))
    assert np.allclose(answer(f"losses.{made}", TRUE, PRED), values.mean(), rtol=1e-12)


def test_labels_of_hinges_become_signs() -> None:
    pred = [[0.6, 0.4], [0.4, 0.6]]
    assert answer("losses.hinge", [[0, 1], [0, 0]], pred).round(3).tolist() == [1.1, 1.5]
    assert answer("losses.hinge", [[-1, 1], [-1, -1]], pred).round(3).tolist() == [1.1, 1.5]


def test_binary_focal_crossentropy_is_as_documented() -> None:
    symbol = "losses.BinaryFocalCrossentropy"
    row, logits = [0, 1, 0, 0], [-18.6, 0.51, 2.94, -12.8]
    pair = np.reshape(row, (2, 2)), np.reshape(logits, (2, 2))
    told = {"from_logits": True}
    balanced = {**told, "apply_class_balancing": True}
    assert answer(symbol, row, logits, **told) == pytest.approx(0.691, abs=5e-4)
    assert answer(symbol, row, logits, **balanced) == pytest.approx(0.51, abs=5e-4)
    assert answer(symbol, *pair, gamma=3, **told) == pytest.approx(0.647, abs=5e-4)
    assert answer(symbol, *pair, [0.8, 0.2], gamma=3, **told) == pytest.approx(0.133, abs=5e-4)
    rows = answer(symbol, *pair, gamma=5, reduction=None, **balanced)
    assert rows.round(4).tolist() == [0.0004, 0.8671]
    few = answer("losses.binary_focal_crossentropy", [[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    assert few.round(3).tolist() == [0.33, 0.206]


def test_categorical_crossentropies_are_as_documented() -> None:
    true, pred = [[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]
    rows = answer("losses.categorical_crossentropy", true, pred)
    assert rows.round(4).tolist() == [0.0513, 2.3026]
    focal = answer("losses.CategoricalFocalCrossentropy", true, pred, reduction=None)
    assert focal == pytest.approx([3.2058331e-05, 4.6627346e-01], rel=1e-4)
    # By 0.1 / 3 for the classes that are not meant, along another axis too.
    target = np.full((2, 3), 0.1 / 3) + np.asarray(true) * 0.9
    logits = RANDOM.standard_normal((2, 3))
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    told = {"from_logits": True, "label_smoothing": 0.1}
    smooth = answer("losses.categorical_crossentropy", true, logits, **told)
    assert np.allclose(smooth, -(target * np.log(shares)).sum(-1))
    turned = answer("losses.categorical_crossentropy", np.transpose(true), logits.T, axis=0, **told)
    assert np.allclose(turned, smooth)
    by_class = answer("losses.categorical_focal_crossentropy", true, shares, alpha=[1.0, 2.0, 3.0])
    plain = answer("losses.categorical_focal_crossentropy", true, shares, alpha=1.0)
    assert np.allclose(by_class, plain * [2.0, 3.0])
    with pytest.raises(Unsupported, match="alpha"):
        answer("losses.categorical_focal_crossentropy", true, shares, alpha=[1.0, 2.0])


def test_generalized_crossentropy_is_its_formula() -> None:
    pred = np.asarray([[0.7, 0.3], [0.2, 0.8], [0.4, 0.6]])
    rows = answer("losses.categorical_generalized_cross_entropy", [0, 1, 0], pred, q=0.25)
    assert np.allclose(rows, (1 - np.asarray([0.7, 0.8, 0.4]) ** 0.25) / 0.25)
    with pytest.raises(Refused, match="q="):
        answer("losses.CategoricalGeneralizedCrossEntropy", [0], [[0.5, 0.5]], q=1.0)


def test_overlaps_are_as_documented() -> None:
    true = [[[[1.0], [1.0]], [[0.0], [0.0]]]] * 2
    pred = [[[[0.0], [1.0]], [[0.0], [1.0]]], [[[0.4], [0.0]], [[0.0], [0.9]]]]
    rows = answer("losses.Dice", true, pred, axis=(1, 2, 3), reduction=None)
    assert rows == pytest.approx([0.5, 0.75757575])
    assert answer("losses.Dice", true, pred) == pytest.approx(0.6164384)
    assert answer("losses.Tversky", true, pred) == pytest.approx(0.6164384)
    # One hit, one false positive, no false negative: only alpha counts.
    assert answer("losses.tversky", [[1, 0]], [[1, 1]], alpha=1.0, beta=0.0) == pytest.approx(0.5)
    assert answer("losses.tversky", [[1, 0]], [[1, 1]], alpha=0.0, beta=1.0) == pytest.approx(0.0)
    with pytest.raises(Unsupported, match="nothing"):
        answer("losses.dice", [[0.0]], [[0.0]])


def test_circle_is_equation_6_of_its_paper() -> None:
    labels = np.asarray([0, 1, 0, 1])
    vectors = np.asarray([[1, 0], [0.6, 0.8], [0, 1], [-0.8, 0.6]])
    gamma, m, truth = 2.0, 0.3, []
    for i in range(4):
        s = vectors @ vectors[i]
        others = [k for k in range(4) if k != i]
        p = [s[k] for k in others if labels[k] == labels[i]]
        n = [s[k] for k in others if labels[k] != labels[i]]
        near = sum(np.exp(-gamma * max(1 + m - one, 0) * (one - 1 + m)) for one in p)
        far = sum(np.exp(gamma * max(one + m, 0) * (one - m)) for one in n)
        truth.append(np.log(1 + near * far))
    rows = answer("losses.Circle", labels, vectors, gamma=gamma, margin=m, reduction="none")
    assert np.allclose(rows, truth)
    with pytest.raises(Unsupported, match="no other of its label"):
        answer("losses.circle", [0, 1, 0, 2], vectors)


def test_ctc_adds_up_every_path() -> None:
    logits = RANDOM.standard_normal((1, 4, 3))
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    for labels in ([1, 2], [1, 1], [2, 0], [0, 0]):
        total = 0.0
        for path in itertools.product(range(3), repeat=4):
            read = [one for one, _ in itertools.groupby(path)]
            if [one for one in read if one] == [one for one in labels if one]:
                total += np.prod(shares[0, range(4), path])
        assert answer("losses.ctc", [labels], logits) == pytest.approx([-np.log(total)])
    with pytest.raises(Unsupported, match="times"):
        answer("losses.ctc", [[1, 1, 1, 1]], logits)
