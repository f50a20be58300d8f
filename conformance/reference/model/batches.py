"""What a training is fed, update by update: batches, targets, weights of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from conformance.cases.model import Fit, Target
from conformance.reference.engine.structure import take
from conformance.reference.errors import Unsupported
from conformance.reference.model.arrays import fed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Train
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.model.network import Network


@dataclass(frozen=True)
class Batch:
    """What one update is made from."""

    inputs: dict[str, Array]
    targets: list[Array]
    weights: list[Array]
    """Of the rows, if they are weighed: none or one array."""

    @property
    def rows(self) -> int:
        """How many rows."""
        return self.targets[0].shape[0]


class Data(list[Batch]):
    """All batches in order."""

    @property
    def rows(self) -> int:
        """Of all together."""
        return sum(batch.rows for batch in self)


class Fed(NamedTuple):
    """What a training is fed.

    Attributes:
        whole: All rows.
        training: Those that are trained on, in batches.
        validation: Those that are held out, in batches of their own.
    """

    whole: Data
    training: Data
    validation: Data


def fed_to(
    network: Network, spec: Train, feeds: Mapping[str, Values], arithmetic: Arithmetic
) -> Fed:
    """Call 0's inputs and the targets, all at once or in the batches of ``fit``.

    The last rows are those that are held out; a class weighs nothing there.
    """
    inputs = {
        one.name: fed(arithmetic, one, feeds[f"call/0/{one.name}"]) for one in network.model.inputs
    }
    targets = _targets(network, spec, feeds, arithmetic)
    given = [] if (found := _weights(spec, targets)) is None else [arithmetic.fed(found)]
    every = Batch(inputs, targets, given)
    if spec.batch_size is None:
        return Fed(Data([every]), Data([every]), Data())
    fit, size = spec.fit or Fit(), spec.batch_size
    first = every.rows - _held(fit, every.rows)
    plain = Batch(inputs, targets, []) if spec.class_weight is not None else every
    validation = _cut(plain, first, every.rows, fit.validation_batch_size or size)
    return Fed(
        whole=_cut(every, 0, every.rows, size),
        training=_cut(every, 0, first, size),
        validation=Data(validation[: fit.validation_steps]),
    )


def _held(fit: Fit, rows: int) -> int:
    """How many rows are held out."""
    return fit.validation_rows or int((fit.validation_split or 0.0) * rows)


def _cut(every: Batch, first: int, last: int, size: int) -> Data:
    """The batches of some of the rows."""
    return Data(
        Batch(
            {name: take(a, 0, start, min(start + size, last)) for name, a in every.inputs.items()},
            [take(a, 0, start, min(start + size, last)) for a in every.targets],
            [take(a, 0, start, min(start + size, last)) for a in every.weights],
        )
        for start in range(first, last, size)
    )


def _targets(
    network: Network, spec: Train, feeds: Mapping[str, Values], arithmetic: Arithmetic
) -> list[Array]:
    stated = spec.targets or [Target()] * len(network.outputs)
    found = []
    for j, one in enumerate(stated):
        values = feeds[f"target/{j}"]
        drawn = not spec.targets
        found.append(arithmetic.leaf(values) if drawn else fed(arithmetic, one, values))
    return found


def _weights(spec: Train, targets: list[Array]) -> Values | None:
    """What each row's loss is multiplied with, if with anything.

    Raises:
        Unsupported: A class without a weight: Keras documents none.
    """
    if spec.sample_weight is not None:
        return np.asarray(spec.sample_weight, np.float64)
    if spec.class_weight is None:
        return None
    given = targets[0].value if targets[0].integers is None else targets[0].integers
    labels = np.asarray(given).real.astype(np.int64)
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else labels.argmax(-1)
    if labels.ndim != 1 or (
        labels.size and not 0 <= labels.min() <= labels.max() < len(spec.class_weight)
    ):
        message = f"class_weight for targets outside of 0..{len(spec.class_weight) - 1}"
        raise Unsupported(f"{message}, or several a row, is not in the reference")
    return np.asarray(spec.class_weight, np.float64)[labels]
