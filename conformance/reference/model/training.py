"""Training one model in one arithmetic: losses, metrics, weights, the optimizer's own variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.shared.layer_names import automatic_name
from conformance.cases.model import Target
from conformance.reference.engine.array import Array, gradients
from conformance.reference.engine.dtypes import DEFAULT
from conformance.reference.engine.structure import stack
from conformance.reference.errors import Unsupported
from conformance.reference.model.arrays import fed, watching
from conformance.reference.model.functions import made
from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Named, Train
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.model.network import Network
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

    Raises:
        Unsupported: The optimizer, the loss, a metric or an argument is not in the reference.
    """
    if any(policy != DEFAULT for policy in network.policies.values()):
        message = "training in another dtype than float32 is not in the reference"
        raise Unsupported(message)
    arithmetic = context.arithmetic
    loss_of = _made("losses", spec.loss, arithmetic)
    optimizer = _made("optimizers", spec.optimizer, arithmetic)
    inputs = {
        one.name: fed(arithmetic, one, feeds[f"call/0/{one.name}"]) for one in network.model.inputs
    }
    targets = _targets(network, spec, feeds, arithmetic)
    given = [] if (found := _weights(spec, targets)) is None else [arithmetic.fed(found)]
    trainable = [name for name in weights if network.variables[name].trainable]
    optimizer.build({name: weights[name] for name in trainable})
    losses, told = [], _metrics(spec)
    for _ in range(spec.steps):
        watched = {name: weights[name].watched() for name in trainable}
        watching(arithmetic, on=True)
        trace = network.run(inputs, weights | watched, context)
        terms = [
            loss_of(target, output, *given)
            for target, output in zip(targets, trace.outputs, strict=True)
        ]
        loss = terms[0]
        for term in [*terms[1:], *context.penalties]:
            loss = loss + term
        found_gradients = gradients([loss], [arithmetic.constant(1.0)], [*watched.values()])
        losses.append(loss.detached())
        for _, metric in told:
            metric.tell(arithmetic, targets[0], trace.outputs[0], given)
        optimizer.apply(dict(zip(watched, found_gradients, strict=True)))
        weights = weights | optimizer.values | trace.updates
        watching(arithmetic, on=False)
    return TrainingRun(
        losses=stack(losses, 0),
        weights=weights,
        metrics={name: stack(metric.values, 0) for name, metric in told},
        optimizer=optimizer.variables if spec.optimizer_variables else {},
    )


def _made(namespace: str, named: Named, arithmetic: Arithmetic) -> Any:
    """A loss, an optimizer or a metric by its class's name, or its function's: ``huber``."""
    return made(table.named(namespace, named.name), named.config, arithmetic)


class _Told:
    """A metric of a training, and its value after each step."""

    def __init__(self, named: Named, *, weighted: bool) -> None:
        self._named, self._weighted = named, weighted
        self.values: list[Array] = []

    def tell(
        self, arithmetic: Arithmetic, target: Array, output: Array, weights: list[Array]
    ) -> None:
        """Its value of one step alone."""
        with arithmetic.unrecorded():
            metric = _made("metrics", self._named, arithmetic)
            metric.update_state(target, output.detached(), *(weights if self._weighted else ()))
            self.values.append(metric.result().detached())


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
