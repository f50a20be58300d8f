"""Training one model in one arithmetic: losses, metrics, weights, the optimizer's own variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.reference.engine.dtypes import DEFAULT
from conformance.reference.engine.structure import stack
from conformance.reference.errors import Unsupported
from conformance.reference.model.batches import fed_to
from conformance.reference.model.fitting import Fitting
from conformance.reference.model.updating import Steps, metrics_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Train
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.model.batches import Data
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
        checkpoint: What the files hold that a callback wrote: ``<number>/<node>/<variable>``.
        later: Losses and weights of the steps after these, by whoever goes on with them.
    """

    losses: Array
    weights: dict[str, Array]
    metrics: dict[str, Array] = field(default_factory=dict)
    optimizer: dict[str, Array] = field(default_factory=dict)
    checkpoint: dict[str, Array] = field(default_factory=dict)
    later: TrainingRun | None = None


def train(  # noqa: PLR0913 (what a training is made of)
    network: Network,
    spec: Train,
    weights: dict[str, Array],
    feeds: Mapping[str, Values],
    context: Context,
    *,
    more: int = 0,
) -> TrainingRun:
    """``steps`` updates on call 0's inputs; each loss and metric is that before its update.

    With ``batch_size`` the steps are the epochs of one ``fit``. ``more`` steps are told apart, as
    ``later``.

    Raises:
        Unsupported: The optimizer, the loss, a metric, a callback or an argument is not in the
            reference.
    """
    if any(policy != DEFAULT for policy in network.policies.values()):
        message = "training in another dtype than float32 is not in the reference"
        raise Unsupported(message)
    data = fed_to(network, spec, feeds, context.arithmetic)
    steps = Steps(network, spec, weights, context)
    context.flag, context.frozen_nodes = True, frozenset(spec.freeze)
    context.memory.clear()
    told: dict[str, list[Array]]
    files: dict[str, Array] = {}
    if spec.batch_size is None:
        told = _stepped(steps, spec, data.training)
    else:
        fitting = Fitting(steps, spec, data)
        fitting.run()
        told, files = fitting.history, fitting.checkpoint()
    losses = told.pop("loss")
    held = steps.optimizer.variables if spec.optimizer_variables else {}
    if spec.evaluate:
        context.flag = False
        losses.append(steps.evaluated(data.whole))
    run = TrainingRun(
        losses=stack(losses, 0),
        weights=steps.weights,
        metrics={name: stack(values, 0) for name, values in told.items()},
        optimizer=held,
        checkpoint=files,
    )
    if more:
        run.later = _later(steps, replace(spec, steps=more), data.training)
    context.flag, context.frozen_nodes = None, frozenset()
    return run


def _later(steps: Steps, spec: Train, data: Data) -> TrainingRun:
    """What further steps give."""
    if not steps.context.optimizer_kept:
        steps = Steps(steps.network, spec, steps.weights, steps.context)
    losses = _stepped(steps, spec, data)["loss"]
    return TrainingRun(losses=stack(losses, 0), weights=steps.weights)


def _stepped(steps: Steps, spec: Train, data: Data) -> dict[str, list[Array]]:
    """Updates on all rows at once: what is told of each, by name."""
    told = metrics_of(spec)
    losses = []
    for _ in range(spec.steps):
        loss, trace = steps.update(data[0])
        losses.append(loss)
        for _, metric in told:
            metric.tell(steps.context.arithmetic, data[0], trace.outputs[0])
            metric.end()
    return {"loss": losses, **{name: metric.values for name, metric in told}}
