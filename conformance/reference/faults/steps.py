"""Faults of objects with a memory: what they forget, keep too long, or take from the wrong step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.cases.model import EXCLUDING
from conformance.reference.engine import functions as f
from conformance.reference.faults.arguments import mistaken, mistaken_steps, with_step
from conformance.reference.faults.fault import Fault, nodewise
from conformance.reference.faults.metrics import COUNTS
from conformance.reference.faults.moving import NEEDED, RULES
from conformance.reference.faults.several import SEVERAL, exchanged, wrapped_otherwise
from conformance.reference.spec import table
from conformance.reference.spec.metrics.base import Averaged, Metric
from conformance.reference.spec.optimizers.adam import Adam
from conformance.reference.spec.optimizers.adamax import Adamax
from conformance.reference.spec.optimizers.base import Optimizer
from conformance.reference.spec.optimizers.lion import Lamb
from conformance.reference.spec.optimizers.sgd import SGD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.cases.model import Node, Step, Steps
    from conformance.reference.engine.array import Array

_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


class _Kept:
    """A reset that doesn't."""

    def reset_state(self) -> None:
        """Keep everything."""


class _Replacing:
    """Only the last update counts."""

    def update_state(self, *given: Any, **named: Any) -> None:
        self.reset_state()  # type: ignore[attr-defined] # a metric's
        super().update_state(*given, **named)  # type: ignore[misc] # a metric's


class _Late:
    """The result is that of before the last update."""

    _before: Any = None

    def update_state(self, *given: Any, **named: Any) -> None:
        self._before = super().result()  # type: ignore[misc] # a metric's
        super().update_state(*given, **named)  # type: ignore[misc] # a metric's

    def result(self) -> Any:
        return super().result() if self._before is None else self._before  # type: ignore[misc] # a metric's


class _Skipping:
    """The second update is lost."""

    _calls = 0

    def update_state(self, *given: Any, **named: Any) -> None:
        self._calls += 1
        if self._calls != 2:  # noqa: PLR2004 (the second)
            super().update_state(*given, **named)  # type: ignore[misc] # a metric's


class _MeanOfMeans:
    """Every update counts alike, however many values it has."""

    def take(self, values: Array, sample_weight: Any) -> None:
        if sample_weight is None:
            values = values.mean()
        super().take(values, sample_weight)  # type: ignore[misc] # a metric's


class _Idle:
    """The second step moves nothing, but is counted."""

    def _move(self, gradients: Mapping[str, Array]) -> None:
        if self.calls != 1:  # type: ignore[attr-defined] # an optimizer's
            super()._move(gradients)  # type: ignore[misc] # an optimizer's


class _Stale:
    """Every step goes by the gradients of the one before."""

    _last: Any = None

    def apply(self, gradients: Mapping[str, Array]) -> None:
        given, self._last = self._last or gradients, gradients
        super().apply(given)  # type: ignore[misc] # an optimizer's


class _DecayIntoGradient:
    """Weight decay as L2 regularization: a part of the gradient, and so of what is remembered."""

    def _move(self, gradients: Mapping[str, Array]) -> None:
        decay, self.weight_decay = self.weight_decay, None  # type: ignore[has-type] # an optimizer's
        pulled = {name: g + self.values[name] * decay for name, g in gradients.items()}  # type: ignore[attr-defined] # an optimizer's
        super()._move(pulled)  # type: ignore[misc] # an optimizer's
        self.weight_decay = decay


class _AllDecay:
    """Variables decay whatever it was told of them."""

    def _excludes(self, name: str) -> bool:
        del name  # it is not looked at
        return False


class _LateSchedule:
    """The schedule is asked after the step is counted."""

    def _move(self, gradients: Mapping[str, Array]) -> None:
        schedule = self._schedule  # type: ignore[has-type] # an optimizer's
        self._schedule = lambda step: schedule(step + 1)
        super()._move(gradients)  # type: ignore[misc] # an optimizer's
        self._schedule = schedule


class _LateSet:
    """What is set counts from the step after the next."""

    _pending: float | None = None

    def set(self, *, learning_rate: float) -> None:
        self._pending = learning_rate

    def apply(self, gradients: Mapping[str, Array]) -> None:
        super().apply(gradients)  # type: ignore[misc] # an optimizer's
        if self._pending is not None:
            super().set(learning_rate=self._pending)  # type: ignore[misc] # an optimizer's
            self._pending = None


class _Summed:
    """Collected gradients are added up and not averaged."""

    def _gathered(self, gradients: dict[str, Array]) -> Any:
        ready = super()._gathered(gradients)  # type: ignore[misc] # an optimizer's
        count = float(self.collected)  # type: ignore[attr-defined] # an optimizer's
        return ready and {name: g * count for name, g in ready.items()}


class _FromZero:
    """Averages of weights begin at zero."""

    def _average(self) -> None:
        calls, self.calls = self.calls, self.calls + (self.collected or 1)  # type: ignore[has-type,attr-defined] # an optimizer's
        super()._average()  # type: ignore[misc] # an optimizer's
        self.calls = calls


class _Damped:
    """Momentum that takes a share of the gradient away."""

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        share = 1.0 - self.momentum  # type: ignore[attr-defined] # SGD's
        made: Array = super().update(name, weight, gradient * share, rate)  # type: ignore[misc] # SGD's
        return made


class _Uncorrected:
    """A rule without its bias corrections."""

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        # After many steps there is nothing left to correct.
        calls, self.calls = self.calls, 10**9 * (self.collected or 1)  # type: ignore[has-type,attr-defined] # Adam's
        made: Array = super().update(name, weight, gradient, rate)  # type: ignore[misc] # Adam's
        self.calls = calls
        return made


class _EpsilonInside:
    """Adam with epsilon under the root."""

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        honest: Array = super().update(name, weight, gradient, rate)  # type: ignore[misc] # Adam's
        kept = "velocity_hat" if self.amsgrad else "velocity"  # type: ignore[attr-defined] # Adam's
        square = self.recalled(name, kept)  # type: ignore[attr-defined] # Adam's
        epsilon = self.epsilon  # type: ignore[attr-defined] # Adam's
        outside, inside = f.sqrt(square) + epsilon, f.sqrt(square + epsilon)
        made: Array = weight + (honest - weight) * outside / inside
        return made


_MIXED: dict[str, tuple[type | tuple[type, ...], type, str]] = {
    "not-reset": (Metric, _Kept, "kept its state when it was reset"),
    "replaced": (Metric, _Replacing, "replaced its state in each update instead of adding to it"),
    "result-late": (Metric, _Late, "answered with the result before the last update"),
    "update-lost": (Metric, _Skipping, "lost its second update"),
    "means-averaged": (Averaged, _MeanOfMeans, "averaged the means of its updates"),
    "step-skipped": (Optimizer, _Idle, "moved nothing in its second step"),
    "gradients-late": (Optimizer, _Stale, "moved by the gradients of the step before"),
    "decay-in-gradient": (
        Optimizer,
        _DecayIntoGradient,
        "added weight decay to the gradient, as L2 regularization does",
    ),
    "exclusions-ignored": (
        Optimizer,
        _AllDecay,
        "let weights decay that it was told to leave out",
    ),
    "schedule-late": (Optimizer, _LateSchedule, "asked its schedule for the step after"),
    "set-late": (Optimizer, _LateSet, "went by what was set one step later"),
    "gradients-summed": (Optimizer, _Summed, "added collected gradients up without averaging them"),
    "average-from-zero": (Optimizer, _FromZero, "began its averages of weights at zero"),
    "momentum-damped": (SGD, _Damped, "multiplied the gradient by one minus the momentum"),
    "bias-correction-missing": (
        (Adam, Adamax, Lamb),
        _Uncorrected,
        "left the bias corrections out",
    ),
    "epsilon-inside-root": (Adam, _EpsilonInside, "added epsilon under the root"),
    **RULES,
    **COUNTS,
    **SEVERAL,
}
"""Faults of an object's own definition: the class that they fit, what is mixed in, the words."""

_NEEDED = {
    "decay-in-gradient": "weight_decay",
    "gradients-summed": "gradient_accumulation_steps",
    "average-from-zero": "use_ema",
    "momentum-damped": "momentum",
    **NEEDED,
}
"""Arguments without which a fault is none."""


def of_steps(program: Steps) -> Iterator[Fault]:
    """Every fault that may fit an object and its steps; the caller drops those that don't."""
    yield from mistaken([program.object])
    yield from mistaken_steps(program)
    yield from _left_out(program)
    yield from _clipped_otherwise(program.object)
    yield from wrapped_otherwise(program.object)
    yield from exchanged(program.object)
    definition = table.find(program.object.layer)
    for name, (owner, mixin, says) in _MIXED.items():
        if not issubclass(definition, owner) or not _may_show(name, program):
            continue
        yield Fault(
            name=name,
            says=says,
            definition=lambda symbol, honest, mixin=mixin: (  # type: ignore[misc] # a lambda with a default
                type(honest.__name__, (mixin, honest), {})
                if symbol == program.object.layer
                else honest
            ),
        )


def _may_show(name: str, program: Steps) -> bool:
    config = program.object.config
    if name == "exclusions-ignored":
        return any(step.call == EXCLUDING for step in program.steps)
    if name == "set-late":
        return any(step.call == "set" for step in program.steps)
    if name == "schedule-late":
        return isinstance(config.get("learning_rate"), dict)
    return name not in _NEEDED or bool(config.get(_NEEDED[name]))


def _left_out(program: Steps) -> Iterator[Fault]:
    """Arrays that a method can do without, such as sample weights."""
    owner = program.object.layer
    keys = {key for step in program.steps if step.call != "apply" for key in step.tensors}
    for key in sorted(keys):

        def sequence(program: Steps, key: str = key) -> Steps:
            def without(step: Step) -> Step:
                tensors = {k: name for k, name in step.tensors.items() if k != key}
                return msgspec.structs.replace(step, tensors=tensors)

            for index, step in enumerate(program.steps):
                if step.call != "apply":
                    program = with_step(program, index, without)
            return program

        yield Fault(
            name=f"ignored:{owner}.{key}",
            says=f"ignored the argument {key} of {owner}",
            sequence=sequence,
        )


def _clipped_otherwise(node: Node) -> Iterator[Fault]:
    """Clipping of another kind: by each variable's norm, by number, by the norm of all."""
    for ours in _CLIPS:
        if node.config.get(ours) is None:
            continue
        for theirs in _CLIPS:
            if theirs == ours:
                continue

            def rewrite(node: Node, ours: str = ours, theirs: str = theirs) -> list[Node]:
                config = {**node.config, ours: None, theirs: node.config[ours]}
                return [msgspec.structs.replace(node, config=config)]

            yield Fault(
                name=f"{theirs}-for-{ours}",
                says=f"clipped by {theirs} where {ours} is asked for",
                model=nodewise(rewrite),
            )
