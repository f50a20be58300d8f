"""keras.optimizers by optax: what is passed, and what has to be done around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import optax
from jax import Array
from jax import numpy as jnp

from conformance.adapters.jax import schedules
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Arrays = dict[str, Array]


class Moving:
    """Variables that an optimizer of optax moves.

    Args:
        variables: By name.
        make: The optimizer, of ``learning_rate`` and ``more``.
        rate: The learning rate, or Keras's words for a schedule of it.
        clips: Keras's ``clipnorm``, ``clipvalue`` and ``global_clipnorm``.
        averages: Keras's ``ema_momentum`` and ``ema_overwrite_frequency``, if there are averages.
        more: Further arguments of ``make``; a function is one of the step, counted from 0. Numbers
            stay Python's: as an array, 0.999 would be a float32, and 1 - 0.999 off by 1e-5.
    """

    slots: Mapping[str, str] = {}
    """optax's names of what is kept for a variable, to Keras's."""

    def __init__(
        self,
        variables: Mapping[str, Array],
        make: Callable[..., Any],
        rate: float | Mapping[str, Any],
        clips: Mapping[str, float | None],
        averages: tuple[float, int | None] | None = None,
        **more: Any,
    ) -> None:
        """Make the optimizer, whose learning rate can be set from step to step."""
        self.variables = dict(variables)
        self.clips = {name: limit for name, limit in clips.items() if limit is not None}
        if len(self.clips) > 1:
            raise Unsupported("Keras refuses to clip in two ways")
        self.lacking: dict[str, str] = {}
        """Keras's variables that optax has not, with the reasons."""
        schedule = _schedule(rate)
        self.scheduled = schedule is not None
        given = schedule if schedule is not None else rate
        numbers = [name for name, value in more.items() if not callable(value)]
        injected = optax.inject_hyperparams(make, static_args=numbers)
        self.optimizer = injected(learning_rate=given, **more)
        self.averages = averages
        self.average: Arrays = {name: jnp.zeros_like(one) for name, one in self.variables.items()}
        self.steps = 0
        self.kept = self.optimizer.init(self.variables)

    @property
    def rate(self) -> Any:
        """The learning rate of the last step, or as it was set since."""
        return self.kept.hyperparams["learning_rate"]

    def apply(self, gradients: Mapping[str, Array]) -> None:
        """Move each variable by its gradient."""
        before = self.rate
        if self.scheduled and int(self.kept.count):
            after = self.optimizer.update(self.variables, self.kept, self.variables)[1]
            self.changed(before, after.hyperparams["learning_rate"])
        moves, self.kept = self.optimizer.update(
            self._clipped(dict(gradients)), self.kept, self.variables
        )
        self.variables = optax.apply_updates(self.variables, moves)
        if self.averages is not None:
            self._averaged(*self.averages)

    def _averaged(self, momentum: float, every: int | None) -> None:
        """Bring the averages along; from time to time, put them in the variables' place."""
        step = 1 - momentum if self.steps else 1.0
        self.average = optax.incremental_update(self.variables, self.average, step)
        self.steps += 1
        if every is not None and self.steps % every == 0:
            self.variables = dict(self.average)

    def set(self, *, learning_rate: float) -> None:
        """Set the learning rate."""
        before = self.rate
        self.kept.hyperparams["learning_rate"] = jnp.asarray(learning_rate, jnp.float32)
        self.changed(before, learning_rate)

    def changed(self, before: Any, after: Any) -> None:
        """Do what a change of the learning rate asks for."""

    def _clipped(self, gradients: Arrays) -> Arrays:
        if limit := self.clips.get("clipvalue"):
            return _through(optax.clip(limit), gradients)
        if limit := self.clips.get("global_clipnorm"):
            return _through(optax.clip_by_global_norm(limit), gradients)
        if limit := self.clips.get("clipnorm"):
            clip = optax.clip_by_global_norm(limit)
            return {name: _through(clip, {name: array})[name] for name, array in gradients.items()}
        return gradients

    def state(self) -> Arrays:
        """Every variable of Keras's that optax has a counterpart of, by Keras's name."""
        found = {**self.variables, "iteration": self.kept.count}
        if self.averages is not None:
            found.update({f"{name}/average": one for name, one in self.average.items()})
        if not self.scheduled:
            found["learning_rate"] = jnp.asarray(self.rate, jnp.float32)
        for part in _parts(self.kept.inner_state):
            for own, keras in self.slots.items():
                for name, array in (getattr(part, own, None) or {}).items():
                    found[f"{name}/{keras}"] = self.slot(array)
        return found

    def slot(self, kept: Array) -> Array:
        """What is kept, as Keras keeps it."""
        return kept


def _through(transformation: Any, gradients: Arrays) -> Arrays:
    found: Arrays = transformation.update(gradients, transformation.init(gradients))[0]
    return found


def _parts(state: Any) -> list[Any]:
    """The states of a chain's transformations."""
    if hasattr(state, "_fields"):
        return [state]
    return [part for one in state for part in _parts(one)] if isinstance(state, tuple) else []


class _Sgd(Moving):
    slots: Mapping[str, str] = {"trace": "momentum"}

    def changed(self, before: Any, after: Any) -> None:
        def scaled(part: Any) -> Any:
            if not isinstance(part, optax.TraceState):
                return part
            return part._replace(trace=jax.tree.map(lambda a: a * (before / after), part.trace))

        inner = jax.tree.map(
            scaled, self.kept.inner_state, is_leaf=lambda one: isinstance(one, optax.TraceState)
        )
        self.kept = self.kept._replace(inner_state=inner)

    def slot(self, kept: Array) -> Array:
        return -self.rate * kept


def sgd(
    variables: Mapping[str, Array],
    *,
    learning_rate: float | Mapping[str, Any] = 0.01,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float | None = None,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
) -> Moving:
    """``optimizers.SGD``: optax's trace gathers gradients, Keras's momentum gathers steps.

    So it is scaled by old / new when the learning rate changes. A weight decay is added last.
    """

    def make(learning_rate: Any) -> Any:
        chain = [optax.trace(momentum, nesterov=nesterov)] if momentum else []
        if weight_decay is not None:
            chain.append(optax.add_decayed_weights(weight_decay))
        return optax.chain(*chain, optax.scale_by_learning_rate(learning_rate))

    plain = optax.sgd if weight_decay is None else make
    more = {"momentum": momentum or None, "nesterov": nesterov} if plain is optax.sgd else {}
    clipping = clips(clipnorm, clipvalue, global_clipnorm)
    averages = (ema_momentum, ema_overwrite_frequency) if use_ema else None
    return _Sgd(variables, plain, learning_rate, clipping, averages, **more)


class _Adam(Moving):
    slots: Mapping[str, str] = {"mu": "momentum", "nu": "velocity"}


def adam(
    variables: Mapping[str, Array],
    *,
    learning_rate: float | Mapping[str, Any] = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
    weight_decay: float | None = None,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
) -> Moving:
    """``optimizers.Adam``: optax adds epsilon after the correction of the bias.

    So it is told ``epsilon / sqrt(1 - beta_2 ** t)`` at step t. With a weight decay it is adamw.
    """

    def eps(count: Array) -> Array:
        return epsilon / jnp.sqrt(1 - beta_2 ** (count + 1))

    clipping = clips(clipnorm, clipvalue, global_clipnorm)
    more: dict[str, Any] = {"b1": beta_1, "b2": beta_2, "eps": eps}
    make = optax.adam
    if weight_decay is not None:
        make, more = optax.adamw, {**more, "weight_decay": weight_decay}
    averages = (ema_momentum, ema_overwrite_frequency) if use_ema else None
    return _Adam(variables, make, learning_rate, clipping, averages, **more)


def clips(
    clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> dict[str, float | None]:
    """The three kinds of clipping by Keras's names."""
    return {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}


def _schedule(rate: float | Mapping[str, Any]) -> Callable[[Array], Array] | None:
    """A schedule in optax's terms, where the learning rate is one."""
    if not isinstance(rate, dict):
        return None
    ((kind, config),) = rate.items()
    if kind != "ExponentialDecay":
        raise Unsupported(f"the schedule {kind} of an optimizer is not handled here")
    given = {key: value for key, value in config.items() if key != "name"}
    return schedules.exponential(**given)
