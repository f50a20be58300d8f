"""What callbacks share: when they are called, and what they compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from conformance.reference.engine import functions as f
from conformance.reference.errors import Refused, Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.array import Array

_LESS = ("loss", "error", "absolute", "squared", "crossentropy", "divergence")
_MORE = ("accuracy", "auc", "precision", "recall", "score", "iou")


class Fitted(Protocol):
    """A model in ``fit``, as callbacks see it."""

    optimizer: Any
    epochs: int
    stopped: bool
    files: dict[str, dict[str, Array]]

    @property
    def weights(self) -> dict[str, Array]:
        """Every variable as it is now."""

    def put(self, weights: Mapping[str, Array]) -> None:
        """Give the model other weights."""


class Callback:
    """Does nothing at any time."""

    def on_epoch_begin(self, fit: Fitted, epoch: int) -> None:
        """Before the first batch of an epoch, counted from 0."""

    def on_batch_end(self, fit: Fitted, loss: Array) -> None:
        """After an update; the loss is the mean over the epoch so far."""

    def on_test_begin(self, fit: Fitted) -> None:
        """Before validation."""

    def on_test_end(self, fit: Fitted) -> None:
        """After validation."""

    def on_epoch_end(self, fit: Fitted, epoch: int, logs: dict[str, Array]) -> None:
        """After validation, with all that is told of the epoch; more may be added to it."""

    def on_last_epoch_end(self, fit: Fitted) -> None:
        """Before averages of weights take their place."""

    def on_train_end(self, fit: Fitted) -> None:
        """At the very end."""


class Monitor(Callback):
    """Watches one quantity: whether it has become smaller, or larger.

    Args:
        monitor: Its name.
        mode: ``min``, ``max``, or ``auto``: by its name.
        min_delta: What it must change by, at least, to have improved.
    """

    def __init__(self, monitor: str, mode: str, min_delta: float) -> None:
        """Find the direction.

        Raises:
            Unsupported: The name tells none.
        """
        self.monitor, self._delta = monitor, abs(min_delta)
        if mode not in {"auto", "min", "max"}:
            message = f"mode {mode!r} is not in the reference"
            raise Unsupported(message)
        self._less = mode == "min" or (mode == "auto" and _is_better_small(monitor))

    def told(self, logs: Mapping[str, Array]) -> Array:
        """The quantity.

        Raises:
            Unsupported: Nothing of that name is told.
        """
        if self.monitor not in logs:
            message = f"a callback that monitors {self.monitor}, which is not told,"
            raise Unsupported(f"{message} is not in the reference")
        return logs[self.monitor]

    def improves(self, now: Array, best: Array | float | None) -> bool:
        """Whether a quantity is better than another; than none, it always is."""
        if best is None:
            return True
        gain = (now * -1.0 + best) if self._less else now - best
        return bool(f.split_at(gain, self._delta))


def _is_better_small(monitor: str) -> bool:
    name = monitor.removeprefix("val_").lower()
    if any(word in name for word in _LESS):
        return True
    if any(word in name for word in _MORE):
        return False
    message = f"the direction of {monitor} is not in the reference: give a mode"
    raise Unsupported(message)


def rate_of(fit: Fitted) -> Array:
    """The learning rate now.

    Raises:
        Refused: A schedule decides it.
    """
    found: Array | None = fit.optimizer.variables.get("learning_rate")
    if found is None:
        message = "the learning rate is a schedule's and can't be set"
        raise Refused(message, at="call")
    return found
