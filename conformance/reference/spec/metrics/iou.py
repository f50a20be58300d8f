"""Intersection over union, by a confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.conversion import (
    arithmetic_of,
    as_array,
    convert,
    real,
    whole,
)
from conformance.reference.engine.structure import picked, scatter
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.losses.base import without_zero
from conformance.reference.spec.metrics.accuracy import classes
from conformance.reference.spec.metrics.base import Metric
from conformance.reference.spec.metrics.confusion import compared
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.conversion import Scalar, Tensor

_MATRIX = "total_confusion_matrix"


class Matrix(Metric):
    """Weights of pairs of a true and a predicted class, and what they say of each class."""

    def __init__(
        self,
        num_classes: int,
        *,
        targets: Sequence[int] | None,
        name: str | None,
        dtype: str | None,
        arithmetic: Arithmetic,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        """See the base; without ``targets`` every class is one.

        Raises:
            Refused: A target is no class.
        """
        super().__init__(name, dtype, arithmetic)
        self.targets = list(range(num_classes) if targets is None else targets)
        if max(self.targets) >= num_classes:
            message = f"{self.owner}: target_class_ids={targets} of {num_classes} classes"
            raise Refused(message)
        self.count, self.ignored, self.axis = num_classes, ignore_class, axis
        self.sparse = (sparse_y_true, sparse_y_pred)
        self.add_variable(_MATRIX, (num_classes, num_classes))

    def _labels(self, y: Tensor | Scalar, *, sparse: bool) -> Values:
        if not sparse:
            return classes(y, self.axis, self.owner).reshape(-1)
        given = convert(as_array(y, arithmetic_of(y, self.variables[_MATRIX])), "int64")
        return whole(given).reshape(-1)

    def weights(self, sample_weight: Tensor | Scalar | None, count: int) -> Array:
        """A weight of each of so many labels."""
        if sample_weight is None:
            return self.arithmetic.constant(1.0, (count,))
        given = self.given(sample_weight)
        return reshape(given, (given.value.size,)) if given.ndim else broadcast(given, (count,))

    def spread(
        self, sample_weight: Tensor | Scalar | None, y_true: Tensor | Scalar
    ) -> Tensor | Scalar | None:
        """Weights of as many axes as labels that are numbers of classes, one for each of these."""
        if sample_weight is None or not self.sparse[0]:
            return sample_weight
        given, shape = self.given(sample_weight), as_array(y_true, self.arithmetic).shape
        fits = given.ndim == len(shape) and all(
            one in {1, size} for one, size in zip(given.shape, shape, strict=True)
        )
        return broadcast(given, shape) if fits else given

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """Add weights to the matrix: its rows are the true classes, its columns the predicted.

        Raises:
            Refused: There are more labels than predictions, or weights, or fewer.
            Unsupported: A label is no class.
        """
        true = self._labels(y_true, sparse=self.sparse[0])
        found = self._labels(y_pred, sparse=self.sparse[1])
        weights = self.weights(self.spread(sample_weight, y_true), true.size)
        if not true.shape == found.shape == weights.shape:
            message = f"{self.owner}: {true.size} labels, {found.size} predictions, weights of "
            raise Refused(f"{message}{weights.shape}", at="call")
        counts = true != self.ignored if self.ignored is not None else np.ones(true.shape, bool)
        places = np.flatnonzero(counts)
        cells = (true * self.count + found)[places]
        outside = [v for v in (true[places], found[places]) if v.size and _outside(v, self.count)]
        if outside:
            message = f"{self.owner}: a label outside of 0..{self.count - 1}"
            raise Unsupported(message)
        matrix = scatter(picked(weights, places), cells, self.count**2)
        self.add(_MATRIX, reshape(matrix, (self.count, self.count)))

    def result(self) -> Array:
        """The mean over those of the targets that have been seen, as true or predicted ones."""
        matrix = self.variables[_MATRIX]
        diagonal = picked(matrix, np.arange(self.count) * (self.count + 1))
        union = matrix.sum(0) + matrix.sum(1) - diagonal
        targets = np.asarray(self.targets, np.int64)
        diagonal, union = picked(diagonal, targets), picked(union, targets)
        seen = int((union.value.real != 0).sum())
        total = without_zero(diagonal, union).sum()
        return total / float(seen) if seen else total


@defines("metrics.IoU")
class IoU(Matrix):
    """keras.metrics.IoU."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(
            num_classes,
            targets=target_class_ids,
            name=name,
            dtype=dtype,
            arithmetic=arithmetic,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )


@defines("metrics.MeanIoU")
class MeanIoU(Matrix):
    """keras.metrics.MeanIoU."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(
            num_classes,
            targets=None,
            name=name,
            dtype=dtype,
            arithmetic=arithmetic,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )


@defines("metrics.OneHotIoU")
class OneHotIoU(IoU):
    """keras.metrics.OneHotIoU."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(
            num_classes,
            target_class_ids,
            name,
            dtype,
            ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
            arithmetic=arithmetic,
        )


@defines("metrics.OneHotMeanIoU")
class OneHotMeanIoU(MeanIoU):
    """keras.metrics.OneHotMeanIoU."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(
            num_classes,
            name,
            dtype,
            ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
            arithmetic=arithmetic,
        )


@defines("metrics.BinaryIoU")
class BinaryIoU(Matrix):
    """keras.metrics.BinaryIoU."""

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(2, targets=target_class_ids, name=name, dtype=dtype, arithmetic=arithmetic)
        self.threshold = threshold

    def update_state(
        self,
        y_true: Tensor | Scalar,
        y_pred: Tensor | Scalar,
        sample_weight: Tensor | Scalar | None = None,
    ) -> None:
        """A prediction is class 1 from the threshold on."""
        given = real(as_array(y_pred, arithmetic_of(y_pred)))
        said = given.arithmetic.whole((compared(given, self.threshold) >= 0).astype(np.int64))
        super().update_state(y_true, said, sample_weight)


def _outside(labels: Values, count: int) -> bool:
    return bool(labels.min() < 0 or labels.max() >= count)
