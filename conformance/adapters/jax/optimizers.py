"""keras.optimizers by optax: what is passed, and what has to be done around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import optax
from jax import Array
from jax import numpy as jnp

from conformance.adapters.jax import schedules
from conformance.adapters.native.optimizers import Common, optimizer
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Arrays = dict[str, Array]


class Moving:
    """Variables that an optimizer of optax moves.

    Args:
        variables: By name.
        common: What all optimizers take; ``make`` shrinks the weights.
        make: The optimizer, of ``learning_rate`` and ``more``.
        more: Further arguments of ``make``; a function is one of the step, counted from 0. Numbers
            stay Python's: as an array, 0.999 would be a float32, and 1 - 0.999 off by 1e-5.
    """

    slots: Mapping[str, str] = {}
    """optax's names of what is kept for a variable, to Keras's."""

    def __init__(
        self,
        variables: Mapping[str, Array],
        common: Common,
        make: Callable[..., Any],
        **more: Any,
    ) -> None:
        """Make the optimizer, whose learning rate can be set from step to step."""
        self.variables = dict(variables)
        self.clips = common.clips
        self.lacking: dict[str, str] = {}
        """Keras's variables that optax has not, with the reasons."""
        schedule = _schedule(common.rate)
        self.scheduled = schedule is not None
        given = schedule if schedule is not None else common.rate
        numbers = [name for name, value in more.items() if not callable(value)]
        injected = optax.inject_hyperparams(make, static_args=numbers)
        self.optimizer = injected(learning_rate=given, **more)
        self.averages = common.averages
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


@optimizer(learning_rate=0.01)
def sgd(
    variables: Mapping[str, Array],
    common: Common,
    *,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> Moving:
    """``optimizers.SGD``: optax's trace gathers gradients, Keras's momentum gathers steps.

    So it is scaled by old / new when the learning rate changes. A weight decay is added last.
    """
    if common.weight_decay is None:
        more = {"momentum": momentum or None, "nesterov": nesterov}
        return _Sgd(variables, common, optax.sgd, **more)
    return _Sgd(
        variables,
        common,
        chained([optax.trace(momentum, nesterov=nesterov)] if momentum else [], common),
    )


def chained(parts: Sequence[Any], common: Common) -> Callable[..., Any]:
    """A chain of transformations, in which weight decay comes last, before the learning rate."""

    def make(learning_rate: Any) -> Any:
        chain = [*parts]
        if common.weight_decay is not None:
            chain.append(optax.add_decayed_weights(common.weight_decay))
        return optax.chain(*chain, optax.scale_by_learning_rate(learning_rate))

    return make


class _Adam(Moving):
    slots: Mapping[str, str] = {"mu": "momentum", "nu": "velocity"}


def _adam(
    variables: Mapping[str, Array],
    common: Common,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
) -> Moving:
    """``optimizers.Adam``: optax adds epsilon after the correction of the bias.

    So it is told ``epsilon / sqrt(1 - beta_2 ** t)`` at step t. With a weight decay it is adamw.
    """

    def eps(count: Array) -> Array:
        return epsilon / jnp.sqrt(1 - beta_2 ** (count + 1))

    more: dict[str, Any] = {"b1": beta_1, "b2": beta_2, "eps": eps}
    if common.weight_decay is None:
        return _Adam(variables, common, optax.adam, **more)
    return _Adam(variables, common, optax.adamw, weight_decay=common.weight_decay, **more)


adam = optimizer()(_adam)
adamw = optimizer(weight_decay=0.004)(_adam)


def _schedule(rate: float | Mapping[str, Any]) -> Callable[[Array], Array] | None:
    """A schedule in optax's terms, where the learning rate is one."""
    if not isinstance(rate, dict):
        return None
    ((kind, config),) = rate.items()
    if kind != "ExponentialDecay":
        raise Unsupported(f"the schedule {kind} of an optimizer is not handled here")
    given = {key: value for key, value in config.items() if key != "name"}
    return schedules.exponential(**given)
