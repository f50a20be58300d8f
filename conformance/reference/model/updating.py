"""A model on its way through a training: its loss, its updates, what metrics tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from conformance.adapters.shared.layer_names import automatic_name
from conformance.reference.engine.array import gradients
from conformance.reference.model.arrays import watching
from conformance.reference.model.functions import made
from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.cases.model import Named, Train
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.model.batches import Batch, Data
    from conformance.reference.model.network import Network, Trace
    from conformance.reference.spec.layers.base import Context


class Steps:
    """A model on its way through a training."""

    def __init__(
        self, network: Network, spec: Train, weights: dict[str, Array], context: Context
    ) -> None:
        """Make the loss and the optimizer."""
        self.network, self.context, self.weights = network, context, weights
        arithmetic = context.arithmetic
        self._loss = made_of("losses", spec.loss, arithmetic)
        self._counts = spec.loss_weights
        self.optimizer = made_of("optimizers", spec.optimizer, arithmetic)
        frozen = set(spec.freeze)
        self.trainable = [
            name
            for name in weights
            if network.variables[name].trainable and name.split("/", 1)[0] not in frozen
        ]
        self.optimizer.build({name: weights[name] for name in self.trainable})

    def loss(self, batch: Batch, weights: Mapping[str, Array]) -> tuple[Array, Trace]:
        """What is made less: the losses of all outputs, and what layers and weights add."""
        trace = self.network.run(batch.inputs, weights, self.context)
        terms = [
            self._loss(target, output, *batch.weights)
            for target, output in zip(batch.targets, trace.outputs, strict=True)
        ]
        if self._counts is not None:
            terms = [term * one for term, one in zip(terms, self._counts, strict=True)]
        rules = {name: self.network.variables[name].rule for name in self.trainable}
        penalties = [
            rule.penalty(weights[name])
            for name, rule in rules.items()
            if rule is not None and rule.penalty is not None
        ]
        return total([*terms, *self.context.penalties, *penalties]), trace

    def update(self, batch: Batch) -> tuple[Array, Trace]:
        """One update; the loss before it."""
        arithmetic = self.context.arithmetic
        watched = {name: self.weights[name].watched() for name in self.trainable}
        watching(arithmetic, on=True)
        loss, trace = self.loss(batch, self.weights | watched)
        # The loss is scaled for its gradients alone, which the optimizer scales back.
        scale = getattr(self.optimizer, "scale", None) or 1.0
        found = gradients([loss], [arithmetic.constant(scale)], [*watched.values()])
        self.optimizer.apply(dict(zip(watched, found, strict=True)))
        with arithmetic.unrecorded():
            self.optimizer.values |= self._bound()
        self.weights = self.weights | self.optimizer.values | trace.updates
        watching(arithmetic, on=False)
        return loss.detached(), trace

    def put(self, weights: Mapping[str, Array]) -> None:
        """Give the model other weights."""
        self.weights = {**self.weights, **weights}
        self.optimizer.values |= {name: self.weights[name] for name in self.trainable}

    def evaluated(self, data: Data, told: Sequence[tuple[str, Told]] = ()) -> Array:
        """The mean of the losses over all rows; a layer that trains all the same moves on."""
        found = []
        for batch in data:
            loss, trace = self.loss(batch, self.weights)
            self.weights = self.weights | trace.updates
            found.append(loss * (batch.rows / data.rows))
            for _, metric in told:
                metric.tell(self.context.arithmetic, batch, trace.outputs[0])
        for _, metric in told:
            metric.end()
        return total(found).detached()

    def _bound(self) -> dict[str, Array]:
        """The weights that have a constraint, brought under it."""
        rules = {name: self.network.variables[name].rule for name in self.trainable}
        return {
            name: rule.constraint(self.optimizer.values[name]).detached()
            for name, rule in rules.items()
            if rule is not None and rule.constraint is not None
        }


def total(terms: Sequence[Array]) -> Array:
    """The sum of all."""
    added = terms[0]
    for term in terms[1:]:
        added = added + term
    return added


def made_of(namespace: str, named: Named, arithmetic: Arithmetic) -> Any:
    """A loss, an optimizer or a metric by its class's name, or its function's: ``huber``."""
    return made(table.named(namespace, named.name), named.config, arithmetic)


class Told:
    """A metric of a training, and its value after each step."""

    def __init__(self, named: Named, *, weighted: bool) -> None:
        """Of its name and arguments."""
        self._named, self._weighted = named, weighted
        self._metric: Any = None
        self.values: list[Array] = []

    def tell(self, arithmetic: Arithmetic, batch: Batch, output: Array) -> None:
        """One batch more."""
        with arithmetic.unrecorded():
            if self._metric is None:
                named = _by_shapes(self._named, batch.targets[0], output)
                self._metric = made_of("metrics", named, arithmetic)
            weights = batch.weights if self._weighted else ()
            self._metric.update_state(batch.targets[0], output.detached(), *weights)
            self._latest = self._metric.result().detached()

    def end(self) -> None:
        """Its value of one step alone."""
        self.values.append(self._latest)
        self._metric = None


def _by_shapes(named: Named, target: Array, output: Array) -> Named:
    """The word ``accuracy`` is one of three metrics, by the shapes of target and output."""
    if named.name != "accuracy":
        return named
    if output.shape[-1] == 1:
        return replace(named, name="BinaryAccuracy")
    if target.ndim < output.ndim or target.shape[-1] == 1:
        return replace(named, name="SparseCategoricalAccuracy")
    return replace(named, name="CategoricalAccuracy")


def metrics_of(spec: Train) -> list[tuple[str, Told]]:
    """Each metric by its name."""
    return [
        *((_name(one), Told(one, weighted=False)) for one in spec.metrics),
        *((_name(one), Told(one, weighted=True)) for one in spec.weighted_metrics),
    ]


def _name(named: Named) -> str:
    """What Keras calls a metric where it tells its value."""
    return str(named.config.get("name") or automatic_name(named.name))
