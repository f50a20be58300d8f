"""SwapEMAWeights: averages of weights where the model is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.errors import Refused
from conformance.reference.spec.callbacks.base import Callback
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.callbacks.base import Fitted


@defines("callbacks.SwapEMAWeights")
class SwapEMAWeights(Callback):
    """The averages stand in for the weights during validation, or from an epoch's end on."""

    def __init__(self, swap_on_epoch: bool = False) -> None:
        """Keras's own argument."""
        self._each_epoch, self._swapped = swap_on_epoch, False

    def _turn(self, fit: Fitted, *, averaged: bool) -> None:
        """Have the model hold averages, or its own weights.

        Raises:
            Refused: The optimizer keeps no averages.
        """
        if not fit.optimizer.use_ema:
            message = "SwapEMAWeights: the optimizer has no averages (use_ema)"
            raise Refused(message, at="call")
        if averaged == self._swapped:
            return
        averages: dict[str, Array] = {}
        for name in fit.optimizer.values:
            averages[name] = fit.optimizer.recalled(name, "average")
            fit.optimizer.remember(name, "average", fit.weights[name])
        fit.put(averages)
        self._swapped = averaged

    def on_epoch_begin(self, fit: Fitted, epoch: int) -> None:  # noqa: ARG002 (Keras's signature)
        """Train on with the weights."""
        if self._each_epoch:
            self._turn(fit, averaged=False)

    def on_test_begin(self, fit: Fitted) -> None:
        """Validate the averages."""
        self._turn(fit, averaged=True)

    def on_test_end(self, fit: Fitted) -> None:
        """Take the weights back."""
        self._turn(fit, averaged=False)

    def on_epoch_end(self, fit: Fitted, epoch: int, logs: dict[str, Array]) -> None:  # noqa: ARG002 (Keras's signature)
        """Show the averages to the callbacks that follow."""
        if self._each_epoch:
            self._turn(fit, averaged=True)

    def on_last_epoch_end(self, fit: Fitted) -> None:
        """Once training is over, the averages are what remains, in the model and beside it."""
        if self._swapped:
            for name in fit.optimizer.values:
                fit.optimizer.remember(name, "average", fit.weights[name])
