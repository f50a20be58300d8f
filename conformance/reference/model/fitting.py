"""One ``fit``: epochs, validation, callbacks, what the history tells, files that are written."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from conformance.cases.model import Fit
from conformance.reference.errors import Unsupported
from conformance.reference.model.arrays import watching
from conformance.reference.model.updating import made_of, metrics_of, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.cases.model import Train
    from conformance.reference.engine.array import Array
    from conformance.reference.model.batches import Batch, Fed
    from conformance.reference.model.updating import Steps


class Fitting:
    """A model in ``fit``: what callbacks see and change (:class:`spec.callbacks.base.Fitted`).

    Attributes:
        history: What is told of each epoch, by name: ``loss`` first.
        optimizer: The optimizer of the specification.
        epochs: The number of the epoch behind the last.
        stopped: Whether a callback ended the training.
        files: What files hold that were written: variables by name, by the file's name.
    """

    def __init__(self, steps: Steps, spec: Train, data: Fed) -> None:
        """Make the callbacks."""
        self._steps, self._spec, self._data = steps, spec, data
        self._fit = spec.fit or Fit()
        self.callbacks = [
            made_of("callbacks", one, steps.context.arithmetic) for one in spec.callbacks
        ]
        self.history: dict[str, list[Array]] = {}
        self.optimizer: Any = steps.optimizer
        self.epochs = spec.steps
        self.stopped = False
        self.files: dict[str, dict[str, Array]] = {}
        self._endless = itertools.cycle(data.training)
        self._told = metrics_of(spec)

    @property
    def weights(self) -> dict[str, Array]:
        """Every variable as it is now."""
        return self._steps.weights

    def put(self, weights: Mapping[str, Array]) -> None:
        """Give the model other weights."""
        self._steps.put(weights)

    def run(self) -> None:
        """All epochs, as far as callbacks let them come."""
        for epoch in range(self._fit.initial_epoch, self.epochs):
            self._call("on_epoch_begin", epoch)
            logs = self._epoch()
            if self._validates(epoch):
                logs |= self._validated()
            self._call("on_epoch_end", epoch, logs)
            for name, value in logs.items():
                self.history.setdefault(name, []).append(value)
            if self.stopped:
                break
        if not self.history:
            message = "a training without an epoch is not in the reference"
            raise Unsupported(message)
        self._call("on_last_epoch_end")
        if self.optimizer.use_ema:
            self.put({name: self.optimizer.recalled(name, "average") for name in self._trained()})
        self._call("on_train_end")

    def checkpoint(self) -> dict[str, Array]:
        """What the files hold, in the order of their names: ``1/dense/kernel``."""
        return {
            f"{number}/{name}": array
            for number, (_, held) in enumerate(sorted(self.files.items()), 1)
            for name, array in held.items()
        }

    def _trained(self) -> list[str]:
        return self._steps.trainable

    def _call(self, what: str, *given: Any) -> None:
        """Tell every callback in order; what they compare should be far from equal."""
        arithmetic = self._steps.context.arithmetic
        watching(arithmetic, on=True)
        with arithmetic.unrecorded():
            for callback in self.callbacks:
                getattr(callback, what)(self, *given)
        watching(arithmetic, on=False)

    def _batches(self) -> Iterator[Batch]:
        """Those of one epoch: a generator goes on where it stood, arrays begin anew."""
        steps = self._fit.steps_per_epoch
        if self._fit.data == "generator":
            if steps is None:
                message = "a generator whose epochs have no end is not in the reference"
                raise Unsupported(message)
            return itertools.islice(self._endless, steps)
        return iter(self._data.training[:steps])

    def _epoch(self) -> dict[str, Array]:
        """An update for each batch; the mean of the losses over the rows, and the metrics."""
        found: list[tuple[Array, int]] = []
        for batch in self._batches():
            loss, trace = self._steps.update(batch)
            found.append((loss, batch.rows))
            for _, metric in self._told:
                metric.tell(self._steps.context.arithmetic, batch, trace.outputs[0])
            self._call("on_batch_end", _mean(found))
            if self.stopped:
                break
        return {"loss": _mean(found), **self._ended()}

    def _ended(self) -> dict[str, Array]:
        """What metrics tell of the epoch."""
        for _, metric in self._told:
            metric.end()
        return {name: metric.values[-1] for name, metric in self._told}

    def _validates(self, epoch: int) -> bool:
        """Whether this epoch, counted from 0, is one after which there is validation."""
        return bool(self._data.validation) and (epoch + 1) % (self._fit.validation_freq or 1) == 0

    def _validated(self) -> dict[str, Array]:
        """Loss and metrics on what is held out."""
        context = self._steps.context
        self._call("on_test_begin")
        context.flag = False
        with context.arithmetic.unrecorded():
            loss = self._steps.evaluated(self._data.validation, self._told)
        context.flag = True
        self._call("on_test_end")
        found = {f"val_{name}": metric.values[-1] for name, metric in self._told}
        return {"val_loss": loss, **found}


def _mean(found: list[tuple[Array, int]]) -> Array:
    """The mean of losses over the rows of their batches."""
    if not found:
        message = "an epoch without a batch is not in the reference"
        raise Unsupported(message)
    rows = sum(number for _, number in found)
    weighed = [loss if len(found) == 1 else loss * (number / rows) for loss, number in found]
    return total(weighed)
