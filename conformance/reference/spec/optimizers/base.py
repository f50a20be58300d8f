"""What optimizers share: clipping, decay, averages of weights, gradients that are collected.

The order of one step, as Keras documents each part: gradients are divided by the loss scale and
collected; every so many steps their mean is clipped, weights decay, and the optimizer's rule moves
them; then their averages are brought along, and from time to time replace them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import cast
from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.optimizers.schedules import Schedule, learning_rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array


def norm(arrays: Sequence[Array]) -> Array:
    """Root of the sum of all squares."""
    squares = [f.square(a).sum() for a in arrays]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    return f.sqrt(total)


def turning(gradient: Array, least: float) -> None:
    """Note how near gradients are to nought, where a step that is divided by their size turns.

    Such a step is of about the learning rate whatever the gradient's size: it jumps at 0, or goes
    from one side to the other where the gradient is about as large as what is added to its size.
    """
    if gradient.quantum is None:
        gradient.arithmetic.kink(gradient, np.abs(gradient.value) + least)


class Optimizer(ABC):
    """Moves variables by gradients, step by step.

    Attributes:
        slots: Names of what it remembers of each variable, in the order in which it makes them.
        values: The variables that are trained, as they are now, by name.
    """

    slots: Sequence[Sequence[str]] = ()
    """Slots that are made variable by variable, and those that are made after these."""

    def __init__(
        self,
        rate: Any,
        weight_decay: float | None,
        clipnorm: float | None,
        clipvalue: float | None,
        global_clipnorm: float | None,
        use_ema: bool,
        ema_momentum: float,
        ema_overwrite_frequency: int | None,
        loss_scale_factor: float | None,
        gradient_accumulation_steps: int | None,
        name: str | None,
        arithmetic: Arithmetic,
    ) -> None:
        """Arguments that every optimizer has; the name changes nothing.

        Raises:
            Refused: Two kinds of clipping, or a number out of its range.
        """
        owner = type(self).__name__
        wrong = ""
        if sum(clip is not None for clip in (clipnorm, clipvalue, global_clipnorm)) > 1:
            wrong = "only one of clipnorm, clipvalue and global_clipnorm can be set"
        elif use_ema and not 0 <= ema_momentum <= 1:
            wrong = f"ema_momentum must lie between 0 and 1, not {ema_momentum}"
        elif use_ema and ema_overwrite_frequency is not None and ema_overwrite_frequency < 1:
            wrong = f"ema_overwrite_frequency must be positive, not {ema_overwrite_frequency}"
        elif gradient_accumulation_steps is not None and gradient_accumulation_steps < 2:  # noqa: PLR2004 (one step collects nothing)
            wrong = (
                f"gradient_accumulation_steps must be at least 2, not {gradient_accumulation_steps}"
            )
        if wrong:
            message = f"{owner}: {wrong}"
            raise Refused(message)
        self.name = name
        self.arithmetic = arithmetic.at(FLOATX)
        self.weight_decay, self.scale = weight_decay, loss_scale_factor
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.overwrite = ema_overwrite_frequency
        self.collected = gradient_accumulation_steps
        self.values: dict[str, Array] = {}
        self._kept: dict[str, Array] = {}
        given = learning_rate(rate, arithmetic)
        self._schedule = given if isinstance(given, Schedule) else None
        self._rate = self.arithmetic.constant(given) if isinstance(given, float) else None
        self.calls = 0
        self._excluded: tuple[frozenset[str], tuple[str, ...]] = (frozenset(), ())

    @abstractmethod
    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """The weight after one step of the optimizer's own rule; slots change too."""

    @property
    def step(self) -> int:
        """Updates before this one; with collected gradients fewer than calls."""
        return self.calls // (self.collected or 1)

    @property
    def variables(self) -> dict[str, Array]:
        """The optimizer's own variables in Keras's order.

        ``iteration`` and, without a schedule, ``learning_rate``; then ``<variable>/<slot>``:
        ``average`` and ``gradient_accumulator`` where there are any, and the rule's own.
        """
        count = self.arithmetic.whole(np.asarray(self.calls, np.int32))
        rate = {} if self._rate is None else {"learning_rate": self._rate}
        return {"iteration": count, **rate, **self._kept}

    def build(self, variables: Mapping[str, Array]) -> None:
        """Make the slots, all zeros, for variables by their names."""
        self.values = {name: array.detached() for name, array in variables.items()}
        shared = (
            ["average"] if self.use_ema else [],
            ["gradient_accumulator"] if self.collected else [],
        )
        for group in shared:
            self._begin(group)
        for at in range(
            max((len(self.slots_of(n, a.shape)) for n, a in variables.items()), default=0)
        ):
            self._begin_own(at)

    def _begin(self, slots: Sequence[str]) -> None:
        for name, array in self.values.items():
            for slot in slots:
                self._kept[f"{name}/{slot}"] = array.arithmetic.constant(0.0, array.shape)

    def _begin_own(self, at: int) -> None:
        for name, array in self.values.items():
            for slot in [*self.slots_of(name, array.shape), *[()] * (at + 1)][at]:
                self._kept[f"{name}/{slot}"] = self.first(slot, array)

    def slots_of(self, name: str, shape: Sequence[int]) -> Sequence[Sequence[str]]:  # noqa: ARG002 (of those that tell variables apart)
        """What is remembered of one variable."""
        return self.slots

    def first(self, slot: str, array: Array) -> Array:  # noqa: ARG002 (of those that tell slots apart)
        """What a slot holds at first."""
        return array.arithmetic.constant(0.0, array.shape)

    def decay_of(self, name: str) -> float | None:  # noqa: ARG002 (of those that tell variables apart)
        """The weight decay of one variable."""
        return self.weight_decay

    def exclude_from_weight_decay(
        self, var_list: Sequence[str] = (), var_names: Sequence[str] = ()
    ) -> None:
        """Let variables be, by their names, and those in whose names a word appears."""
        self._excluded = (frozenset(var_list), tuple(var_names))

    def _excludes(self, name: str) -> bool:
        variables, words = self._excluded
        return name in variables or any(word in name for word in words)

    def recalled(self, name: str, slot: str) -> Array:
        """A slot's array."""
        return self._kept[f"{name}/{slot}"]

    def remember(self, name: str, slot: str, array: Array) -> None:
        """Give a slot a new array."""
        self._kept[f"{name}/{slot}"] = array.detached()

    def set(self, *, learning_rate: float) -> None:
        """Another learning rate from now on.

        Raises:
            Refused: A schedule decides it.
        """
        if self._schedule is not None:
            message = f"{type(self).__name__}: the learning rate is a schedule's and can't be set"
            raise Refused(message, at="call")
        self._rate = self.arithmetic.constant(float(learning_rate))

    def apply(self, gradients: Mapping[str, Array]) -> None:
        """One step.

        Args:
            gradients: One for each variable, by its name.

        Raises:
            Unsupported: A variable has none.
        """
        if set(gradients) != set(self.values):
            message = "an optimizer's step without a gradient for every variable"
            raise Unsupported(f"{message} is not in the reference")
        with self.arithmetic.unrecorded():
            given = {name: gradients[name] for name in self.values}
            if self.scale is not None:
                given = {name: g / self.scale for name, g in given.items()}
            ready = self._gathered(given) if self.collected else given
            if ready is not None:
                self._move(self._clipped(ready))
            if self.use_ema:
                self._average()
        self.calls += 1

    def _gathered(self, gradients: dict[str, Array]) -> dict[str, Array] | None:
        """The mean of the gradients since the last update, when there is one."""
        steps = self.collected or 1
        updates = (self.calls + 1) % steps == 0
        ready = {}
        for name, gradient in gradients.items():
            total = self.recalled(name, "gradient_accumulator") + gradient
            ready[name] = total / float(steps)
            rest = total.arithmetic.constant(0.0, total.shape) if updates else total
            self.remember(name, "gradient_accumulator", rest)
        return ready if updates else None

    def _clipped(self, gradients: dict[str, Array]) -> dict[str, Array]:
        if self.clipvalue is not None:
            high = self.clipvalue
            return {name: f.clip(g, -high, high) for name, g in gradients.items()}
        if self.clipnorm is not None:
            return {name: _shortened(g, norm([g]), self.clipnorm) for name, g in gradients.items()}
        if self.global_clipnorm is not None:
            length = norm(list(gradients.values()))
            return {n: _shortened(g, length, self.global_clipnorm) for n, g in gradients.items()}
        return gradients

    def _move(self, gradients: dict[str, Array]) -> None:
        rate = self._schedule(self.calls) if self._schedule is not None else self._rate
        if rate is None:
            message = "an optimizer has neither a learning rate nor a schedule"
            raise TypeError(message)
        for name, gradient in gradients.items():
            weight = self.values[name]
            own = cast(rate, weight.dtype)
            decay = None if self._excludes(name) else self.decay_of(name)
            if decay is not None:
                weight = weight - weight * decay * own
            self.values[name] = self.update(name, weight, gradient, own).detached()

    def _average(self) -> None:
        """``momentum · average + (1 - momentum) · value``; the first value itself before that."""
        momentum = self.ema_momentum if self.step else 0.0
        overwrites = self.overwrite is not None and (self.step + 1) % self.overwrite == 0
        for name, value in self.values.items():
            kept = value.arithmetic.constant(momentum)
            average = self.recalled(name, "average") * kept + value * (1.0 - kept)
            self.remember(name, "average", average)
            if overwrites:
                self.values[name] = average.detached()


def _shortened(gradient: Array, length: Array, most: float) -> Array:
    """A gradient so scaled that what has this length has at most another."""
    longer = f.split_at(length, most)
    return f.choose(np.broadcast_to(longer, gradient.shape), gradient * (most / length), gradient)
