"""Numbers of a curve of thresholds: the area under it, and the best of one share at another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.functions import choose
from conformance.reference.engine.structure import take
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.losses.base import EPSILON, without_zero
from conformance.reference.spec.metrics.confusion import Counting
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.engine.conversion import Scalar, Tensor

_COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
_MIDDLE = 0.5
_CURVES = ("ROC", "PR")
_SUMMATIONS = ("interpolation", "minoring", "majoring")


def _between(count: int) -> list[float]:
    """Thresholds evenly spread over 0 to 1, without these two."""
    return [i / (count - 1) for i in range(1, count - 1)]


class _Curve(Counting):
    """All four counts for each of many thresholds."""

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Add weights up."""
        self.count({name: name for name in _COUNTS}, y_true, y_pred, sample_weight)

    def share(self, of: str, other: str) -> Array:
        """One count among itself and another, by threshold; 0 of nothing."""
        part = self.variables[of]
        return without_zero(part, part + self.variables[other])


class Best(_Curve):
    """The largest share of one kind where that of another is large enough; 0 where it never is."""

    constrained, wanted = ("", ""), ("", "")
    """Each a count and the one beside it."""

    def __init__(
        self,
        least: float,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: str | None,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: The share is none, or there is no threshold.
        """
        if not 0 <= least <= 1:
            message = f"{type(self).__name__}: a share of {least}"
            raise Refused(message)
        if num_thresholds < 1:
            message = f"{type(self).__name__}: num_thresholds={num_thresholds}"
            raise Refused(message)
        thresholds = [_MIDDLE] if num_thresholds == 1 else [0.0, *_between(num_thresholds), 1.0]
        super().__init__(thresholds, None, class_id, name, dtype, arithmetic)
        self.least = least
        for one in _COUNTS:
            self.add_variable(one, (len(thresholds),))

    def result(self) -> Array:
        """The largest share."""
        held, wanted = self.share(*self.constrained), self.share(*self.wanted)
        counts = [self.variables[name] for name in self.constrained]
        equal = np.zeros(held.shape, bool)
        if all(one.quantum is not None for one in counts):
            # Of exact counts a quotient is rounded as the number is that it is held to: 3 / 5
            # reaches 0.6 in every float dtype.
            equal = np.isclose(held.value.real, self.least, rtol=1e-12, atol=0.0)
        # All of what there is, is exactly all of it.
        alone = (held.value.real == 1) & (counts[1].value.real == 0)
        equal = equal | (alone & (self.least == 1))
        distance = held.value.real - self.least
        held.arithmetic.jump(held, np.where(equal, np.inf, distance))
        open_to = choose(self.enough(distance, equal), wanted, 0.0)
        # Of two that are the largest it is no matter which: nothing is differentiated here.
        return open_to.arithmetic.result(open_to.arithmetic.maximum(open_to, (0,)))

    def enough(self, distance: Values, equal: Values) -> Values:
        """Whether shares so far above the one that is asked for, or equal to it, reach it."""
        return np.asarray(equal | (distance >= 0))


_RECALL = ("true_positives", "false_negatives")
_PRECISION = ("true_positives", "false_positives")
_SPECIFICITY = ("true_negatives", "false_positives")


@defines("metrics.SensitivityAtSpecificity")
class SensitivityAtSpecificity(Best):
    """keras.metrics.SensitivityAtSpecificity."""

    constrained, wanted = _SPECIFICITY, _RECALL

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(specificity, num_thresholds, class_id, name, dtype, arithmetic)


@defines("metrics.SpecificityAtSensitivity")
class SpecificityAtSensitivity(Best):
    """keras.metrics.SpecificityAtSensitivity."""

    constrained, wanted = _RECALL, _SPECIFICITY

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype, arithmetic)


@defines("metrics.PrecisionAtRecall")
class PrecisionAtRecall(Best):
    """keras.metrics.PrecisionAtRecall."""

    constrained, wanted = _RECALL, _PRECISION

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(recall, num_thresholds, class_id, name, dtype, arithmetic)


@defines("metrics.RecallAtPrecision")
class RecallAtPrecision(Best):
    """keras.metrics.RecallAtPrecision."""

    constrained, wanted = _PRECISION, _RECALL

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(precision, num_thresholds, class_id, name, dtype, arithmetic)


@defines("metrics.AUC")
class AUC(_Curve):
    """keras.metrics.AUC."""

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: list[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: list[float] | None = None,
        from_logits: bool = False,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras.

        Raises:
            Refused: There are fewer than two thresholds, or a number of labels without labels.
            Unsupported: The curve or the summation is not one of those that are documented.
        """
        if thresholds is None and num_thresholds <= 1:
            message = f"AUC: num_thresholds={num_thresholds}"
            raise Refused(message)
        if num_labels and not multi_label:
            message = "AUC: num_labels without multi_label"
            raise Refused(message)
        for key, value, known in (
            ("curve", curve, _CURVES),
            ("summation_method", summation_method, _SUMMATIONS),
        ):
            if value not in known:
                message = f"AUC: {key}={value!r} is not in the reference"
                raise Unsupported(message)
        inner = _between(num_thresholds) if thresholds is None else self.ordered(thresholds)
        super().__init__(inner or None, None, None, name, dtype, arithmetic)
        self.thresholds = [-EPSILON, *inner, 1.0 + EPSILON]
        self.curve, self.summation = curve, summation_method
        self.multi_label, self.from_logits = multi_label, from_logits
        self.weighed = label_weights
        self.labels = num_labels
        if not multi_label or num_labels:
            self._build(num_labels)

    def ordered(self, thresholds: list[float]) -> list[float]:
        """Thresholds as the curve goes."""
        return sorted(thresholds)

    def _build(self, labels: int | None) -> None:
        shape = (len(self.thresholds), *([] if labels is None else [labels]))
        for one in _COUNTS:
            self.add_variable(one, shape)

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Add weights up.

        Raises:
            Refused: Predictions of several labels are no matrix, or of another number of labels.
        """
        given = self.given(y_pred)
        if self.multi_label:
            if given.ndim != len(("samples", "labels")):
                message = f"AUC: predictions of {given.shape} for several labels"
                raise Refused(message, at="call")
            if not self.variables:
                self._build(given.shape[-1])
            if self.variables["true_positives"].shape[-1] != given.shape[-1]:
                message = f"AUC: {given.shape[-1]} labels where there were others"
                raise Refused(message, at="call")
        super().update_state(y_true, f.sigmoid(given) if self.from_logits else given, sample_weight)

    def _weights(self, sample_weight: Tensor | Scalar | None, shape: tuple[int, ...]) -> Array:
        weights = super()._weights(sample_weight, shape)
        if self.weighed is None or self.multi_label:
            return weights
        return weights * self._label_weights()

    def _label_weights(self) -> Array:
        return self.arithmetic.leaf(np.asarray(self.weighed, np.float32))

    def _total(self, counted: Array) -> Array:
        return counted.sum(1) if self.multi_label else super()._total(counted)

    def result(self) -> Array:
        """The area under the curve, between each two thresholds by itself.

        Raises:
            Unsupported: Nothing was seen, and so it isn't known how many labels there are.
        """
        if not self.variables:
            message = "AUC: before the first update there is no label"
            raise Unsupported(message)
        areas = self._interpolated() if self.of_counts else self._riemann()
        total = areas.sum(0)
        if not self.multi_label:
            return total
        if self.weighed is None:
            return total.mean()
        weights = self._label_weights()
        return without_zero((total * weights).sum(), weights.sum())

    @property
    def of_counts(self) -> bool:
        """Whether counts are interpolated and not the shares that are made of them."""
        return self.curve == "PR" and self.summation == "interpolation"

    def _riemann(self) -> Array:
        """Each width times a height: the mean of both ends, the lower or the higher one."""
        recall = self.share(*_RECALL)
        x, y = recall, self.share(*_PRECISION)
        if self.curve == "ROC":
            x, y = self.share("false_positives", "true_negatives"), recall
        (low_x, high_x), (low, high) = _ends(x), _ends(y)
        first = np.asarray(low.value.real <= high.value.real)
        if self.summation == "interpolation":
            height = (low + high) * 0.5
        elif self.summation == "minoring":
            height = choose(first, low, high)
        else:
            height = choose(first, high, low)
        return (low_x - high_x) * height

    def _interpolated(self) -> Array:
        """Davis and Goadrich 2006: between thresholds, positives of both kinds go straight.

        With ``p`` predictions that say yes, ``t`` of them rightly, ``t = slope * p + rest``; the
        area of ``t / p`` over recall is ``slope * (dt + rest * log(p_B / p_A)) / all``, and the
        share is constant where there were none.
        """
        true = self.variables["true_positives"]
        low, high = _ends(true)
        low_p, high_p = _ends(true + self.variables["false_positives"])
        (_, after) = _ends(true + self.variables["false_negatives"])
        gained = low - high
        slope = without_zero(gained, low_p - high_p)
        rest = high - slope * high_p
        both = np.asarray((low_p.value.real > 0) & (high_p.value.real > 0))
        ratio = choose(both, low_p, 1.0) / choose(both, high_p, 1.0)
        return without_zero(slope * (gained + rest * f.log(ratio)), after)


def _ends(a: Array) -> tuple[Array, Array]:
    """What is at the lower and at the higher threshold of each interval."""
    count = a.shape[0]
    return take(a, 0, 0, count - 1), take(a, 0, 1, count)
