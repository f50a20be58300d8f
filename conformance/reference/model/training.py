"""Training one model in one arithmetic: losses, metrics, weights, the optimizer's own variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.shared.layer_names import automatic_name
from conformance.cases.model import Target
from conformance.reference.engine.array import Array, gradients
from conformance.reference.engine.dtypes import DEFAULT
from conformance.reference.engine.structure import stack, take
from conformance.reference.errors import Unsupported
from conformance.reference.model.arrays import fed, watching
from conformance.reference.model.functions import made
from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.cases.model import Named, Train
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.model.network import Network, Trace
    from conformance.reference.spec.layers.base import Context


@dataclass
class TrainingRun:
    """What training gives.

    Attributes:
        losses: One a step.
        weights: Every weight afterwards.
        metrics: By name, one value a step.
        optimizer: The optimizer's own variables afterwards.
    """

    losses: Array
    weights: dict[str, Array]
    metrics: dict[str, Array] = field(default_factory=dict)
    optimizer: dict[str, Array] = field(default_factory=dict)


def train(
    network: Network,
    spec: Train,
    weights: dict[str, Array],
    feeds: Mapping[str, Values],
    context: Context,
) -> TrainingRun:
    """``steps`` updates on call 0's inputs; each loss and metric is that before its update.

    With ``batch_size`` each of the steps is an epoch: an update for every so many rows, the loss
    the mean over the rows, the metrics those of all batches.

    Raises:
        Unsupported: The optimizer, the loss, a metric or an argument is not in the reference.
    """
    if any(policy != DEFAULT for policy in network.policies.values()):
        message = "training in another dtype than float32 is not in the reference"
        raise Unsupported(message)
    data = _data(network, spec, feeds, context.arithmetic)
    steps = _Steps(network, spec, weights, context)
    told = _metrics(spec)
    context.flag, context.frozen_nodes = True, frozenset(spec.freeze)
    context.memory.clear()
    losses = [_epoch(steps, data, told) for _ in range(spec.steps)]
    run = TrainingRun(
        losses=stack(losses, 0),
        weights=steps.weights,
        metrics={name: stack(metric.values, 0) for name, metric in told},
        optimizer=steps.optimizer.variables if spec.optimizer_variables else {},
    )
    if spec.evaluate:
        context.flag = False
        run.losses = stack([*losses, steps.evaluated(data)], 0)
        run.weights = steps.weights
    context.flag, context.frozen_nodes = None, frozenset()
    return run


@dataclass(frozen=True)
class _Batch:
    """What one update is made from."""

    inputs: dict[str, Array]
    targets: list[Array]
    weights: list[Array]
    """Of the rows, if they are weighed: none or one array."""

    @property
    def rows(self) -> int:
        """How many rows."""
        return self.targets[0].shape[0]


class _Data(list[_Batch]):
    """All batches in order."""

    @property
    def rows(self) -> int:
        """Of all together."""
        return sum(batch.rows for batch in self)


class _Steps:
    """A model on its way through a training."""

    def __init__(
        self, network: Network, spec: Train, weights: dict[str, Array], context: Context
    ) -> None:
        self.network, self.context, self.weights = network, context, weights
        arithmetic = context.arithmetic
        self._loss = _made("losses", spec.loss, arithmetic)
        self.optimizer = _made("optimizers", spec.optimizer, arithmetic)
        frozen = set(spec.freeze)
        self.trainable = [
            name
            for name in weights
            if network.variables[name].trainable and name.split("/", 1)[0] not in frozen
        ]
        self.optimizer.build({name: weights[name] for name in self.trainable})

    def loss(self, batch: _Batch, weights: Mapping[str, Array]) -> tuple[Array, Trace]:
        """What is made less: the losses of all outputs, and what layers and weights add."""
        trace = self.network.run(batch.inputs, weights, self.context)
        terms = [
            self._loss(target, output, *batch.weights)
            for target, output in zip(batch.targets, trace.outputs, strict=True)
        ]
        rules = {name: self.network.variables[name].rule for name in self.trainable}
        penalties = [
            rule.penalty(weights[name])
            for name, rule in rules.items()
            if rule is not None and rule.penalty is not None
        ]
        return _sum([*terms, *self.context.penalties, *penalties]), trace

    def update(self, batch: _Batch) -> tuple[Array, Trace]:
        """One update; the loss before it."""
        arithmetic = self.context.arithmetic
        watched = {name: self.weights[name].watched() for name in self.trainable}
        watching(arithmetic, on=True)
        loss, trace = self.loss(batch, self.weights | watched)
        found = gradients([loss], [arithmetic.constant(1.0)], [*watched.values()])
        self.optimizer.apply(dict(zip(watched, found, strict=True)))
        with arithmetic.unrecorded():
            self.optimizer.values |= self._bound()
        self.weights = self.weights | self.optimizer.values | trace.updates
        watching(arithmetic, on=False)
        return loss.detached(), trace

    def evaluated(self, data: _Data) -> Array:
        """The mean of the losses over all rows; a layer that trains all the same moves on."""
        found = []
        for batch in data:
            loss, trace = self.loss(batch, self.weights)
            self.weights = self.weights | trace.updates
            found.append(loss * (batch.rows / data.rows))
        return _sum(found)

    def _bound(self) -> dict[str, Array]:
        """The weights that have a constraint, brought under it."""
        rules = {name: self.network.variables[name].rule for name in self.trainable}
        return {
            name: rule.constraint(self.optimizer.values[name]).detached()
            for name, rule in rules.items()
            if rule is not None and rule.constraint is not None
        }


def _epoch(steps: _Steps, data: _Data, told: list[tuple[str, _Told]]) -> Array:
    """An update for each batch; the mean of the losses over all rows."""
    found = []
    for batch in data:
        loss, trace = steps.update(batch)
        found.append(loss if len(data) == 1 else loss * (batch.rows / data.rows))
        for _, metric in told:
            metric.tell(steps.context.arithmetic, batch, trace.outputs[0])
    for _, metric in told:
        metric.end()
    return _sum(found)


def _sum(terms: Sequence[Array]) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _data(
    network: Network, spec: Train, feeds: Mapping[str, Values], arithmetic: Arithmetic
) -> _Data:
    """Call 0's inputs and the targets, all at once or in the batches of ``fit``."""
    inputs = {
        one.name: fed(arithmetic, one, feeds[f"call/0/{one.name}"]) for one in network.model.inputs
    }
    targets = _targets(network, spec, feeds, arithmetic)
    given = [] if (found := _weights(spec, targets)) is None else [arithmetic.fed(found)]
    if spec.batch_size is None:
        return _Data([_Batch(inputs, targets, given)])
    rows, size = targets[0].shape[0], spec.batch_size
    return _Data(
        _Batch(
            {name: take(a, 0, start, min(start + size, rows)) for name, a in inputs.items()},
            [take(a, 0, start, min(start + size, rows)) for a in targets],
            [take(a, 0, start, min(start + size, rows)) for a in given],
        )
        for start in range(0, rows, size)
    )


def _made(namespace: str, named: Named, arithmetic: Arithmetic) -> Any:
    """A loss, an optimizer or a metric by its class's name, or its function's: ``huber``."""
    return made(table.named(namespace, named.name), named.config, arithmetic)


class _Told:
    """A metric of a training, and its value after each step."""

    def __init__(self, named: Named, *, weighted: bool) -> None:
        self._named, self._weighted = named, weighted
        self._metric: Any = None
        self.values: list[Array] = []

    def tell(self, arithmetic: Arithmetic, batch: _Batch, output: Array) -> None:
        """One batch more."""
        with arithmetic.unrecorded():
            if self._metric is None:
                self._metric = _made("metrics", self._named, arithmetic)
            weights = batch.weights if self._weighted else ()
            self._metric.update_state(batch.targets[0], output.detached(), *weights)
            self._latest = self._metric.result().detached()

    def end(self) -> None:
        """Its value of one step alone."""
        self.values.append(self._latest)
        self._metric = None


def _metrics(spec: Train) -> list[tuple[str, _Told]]:
    """Each metric by its name."""
    return [
        *((_name(one), _Told(one, weighted=False)) for one in spec.metrics),
        *((_name(one), _Told(one, weighted=True)) for one in spec.weighted_metrics),
    ]


def _name(named: Named) -> str:
    """What Keras calls a metric where it tells its value."""
    return str(named.config.get("name") or automatic_name(named.name))


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
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.ndim != 1 or (
        labels.size and not 0 <= labels.min() <= labels.max() < len(spec.class_weight)
    ):
        message = f"class_weight for targets outside of 0..{len(spec.class_weight) - 1}"
        raise Unsupported(f"{message}, or several a row, is not in the reference")
    return np.asarray(spec.class_weight, np.float64)[labels]
