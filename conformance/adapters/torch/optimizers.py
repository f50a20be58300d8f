"""keras.optimizers by torch.optim: what is passed, and what has to be done around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_value_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from conformance.adapters.torch import schedules
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Moving:
    """Variables that an optimizer of torch moves.

    Args:
        variables: By name; they are moved where they lie.
        kind: torch's class.
        rate: The learning rate, or Keras's words for a schedule of it.
        clips: Keras's ``clipnorm``, ``clipvalue`` and ``global_clipnorm``.
        averages: How the variables are averaged, if they are.
        more: Further arguments of the class.
    """

    slots: Mapping[str, str] = {}
    """torch's names of what is kept for a variable, to Keras's."""

    def __init__(
        self,
        variables: Mapping[str, Tensor],
        kind: Any,
        rate: float | Mapping[str, Any],
        clips: Mapping[str, float | None],
        averages: Averages | None = None,
        **more: Any,
    ) -> None:
        """Make the optimizer, and the scheduler where there is one."""
        self.variables = dict(variables)
        self.clips = {name: limit for name, limit in clips.items() if limit is not None}
        if len(self.clips) > 1:
            raise Unsupported("Keras refuses to clip in two ways")
        self.lacking: dict[str, str] = {}
        """Keras's variables that torch has not, with the reasons."""
        initial, make = _scheduled(rate)
        self.optimizer = kind(list(self.variables.values()), lr=initial, **more)
        self.scheduler = make(self.optimizer) if make else None
        self.averages = averages
        if averages is not None:
            averages.begin(self.variables)

    @property
    def rate(self) -> float:
        """The learning rate as it is now."""
        found: float = self.optimizer.param_groups[0]["lr"]
        return found

    def apply(self, gradients: Mapping[str, Tensor]) -> None:
        """Move each variable by its gradient."""
        for name, gradient in gradients.items():
            self.variables[name].grad = gradient
        self._clip()
        before = self.rate
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.averages is not None:
            self.averages.update()
        if self.scheduler is not None:
            self.scheduler.step()
            self.changed(before)

    def set(self, *, learning_rate: float) -> None:
        """Set the learning rate."""
        before = self.rate
        self.optimizer.param_groups[0]["lr"] = learning_rate
        self.changed(before)

    def changed(self, before: float) -> None:
        """Do what a change of the learning rate asks for."""

    def _clip(self) -> None:
        variables = list(self.variables.values())
        if limit := self.clips.get("clipvalue"):
            clip_grad_value_(variables, limit)
        elif limit := self.clips.get("global_clipnorm"):
            _clip_norm(variables, limit)
        elif limit := self.clips.get("clipnorm"):
            for variable in variables:
                _clip_norm([variable], limit)

    def state(self) -> dict[str, Tensor]:
        """Every variable of Keras's that torch has a counterpart of, by Keras's name."""
        found = dict(self.variables)
        if self.averages is not None:
            found.update(self.averages.state())
        if self.scheduler is None:
            found["learning_rate"] = torch.tensor(self.rate, dtype=torch.float32)
        for name, variable in self.variables.items():
            kept = self.optimizer.state[variable]
            for own, keras in self.slots.items():
                if own in kept:
                    found[f"{name}/{keras}"] = self.slot(kept[own])
        return found

    def slot(self, kept: Tensor) -> Tensor:
        """What is kept, as Keras keeps it."""
        return kept


def _clip_norm(variables: Sequence[Tensor], limit: float) -> None:
    """Shrink gradients whose common norm is larger: clip_grad_norm_ would add 1e-6 to the norm."""
    gradients = [variable.grad for variable in variables if variable.grad is not None]
    norms = torch.stack([torch.linalg.vector_norm(one) for one in gradients])
    share = limit / torch.clamp(torch.linalg.vector_norm(norms), min=limit)
    for gradient in gradients:
        gradient.mul_(share)


class Averages:
    """Averages of variables, which torch keeps of modules.

    Args:
        momentum: Keras's ``ema_momentum``.
        every: Keras's ``ema_overwrite_frequency``.
    """

    def __init__(self, momentum: float, every: int | None) -> None:
        """Hold them."""
        self._momentum, self._every, self._steps = momentum, every, 0

    def begin(self, variables: Mapping[str, Tensor]) -> None:
        """Make a module of the variables, whose memory it shares."""
        self._module = nn.ParameterDict(
            {name: nn.Parameter(one, requires_grad=False) for name, one in variables.items()}
        )
        average = get_ema_multi_avg_fn(self._momentum)
        self._averaged = AveragedModel(self._module, multi_avg_fn=average)

    def update(self) -> None:
        """Bring the averages along; from time to time, put them in the variables' place."""
        self._steps += 1
        self._averaged.update_parameters(self._module)
        if self._every is not None and self._steps % self._every == 0:
            for name, variable in self._module.items():
                variable.copy_(self._averaged.module[name])

    def state(self) -> dict[str, Tensor]:
        """The averages, as Keras calls them."""
        return {f"{name}/average": one for name, one in self._averaged.module.items()}


class _Sgd(Moving):
    slots: Mapping[str, str] = {"momentum_buffer": "momentum"}

    def __init__(self, variables: Mapping[str, Tensor], decay: float, **more: Any) -> None:
        super().__init__(variables, torch.optim.SGD, **more)
        self._decay = decay
        self.lacking["iteration"] = "torch.optim.SGD counts no steps"

    def apply(self, gradients: Mapping[str, Tensor]) -> None:
        for variable in self.variables.values():
            if self._decay:  # torch's own goes through the momentum
                variable.mul_(1 - self.rate * self._decay)
        super().apply(gradients)

    def changed(self, before: float) -> None:
        for kept in self.optimizer.state.values():
            if kept.get("momentum_buffer") is not None:
                kept["momentum_buffer"].mul_(before / self.rate)

    def slot(self, kept: Tensor) -> Tensor:
        return -self.rate * kept


def sgd(
    variables: Mapping[str, Tensor],
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
    """``optimizers.SGD``: torch's momentum gathers gradients, Keras's gathers steps.

    So it is scaled by old / new when the learning rate changes. torch's weight decay goes through
    the momentum, so that beside one variables are shrunk by hand.
    """
    coupled = weight_decay is not None and momentum == 0
    more: dict[str, Any] = {"weight_decay": weight_decay} if coupled else {}
    return _Sgd(
        variables,
        0.0 if coupled else weight_decay or 0.0,
        rate=learning_rate,
        clips=clips(clipnorm, clipvalue, global_clipnorm),
        averages=Averages(ema_momentum, ema_overwrite_frequency) if use_ema else None,
        momentum=momentum,
        nesterov=nesterov and momentum > 0,
        **more,
    )


class _Adam(Moving):
    slots: Mapping[str, str] = {
        "exp_avg": "momentum",
        "exp_avg_sq": "velocity",
        "max_exp_avg_sq": "velocity_hat",
    }

    def __init__(self, variables: Mapping[str, Tensor], epsilon: float, **more: Any) -> None:
        super().__init__(variables, **more)
        self._epsilon = epsilon
        self._steps = 0

    def apply(self, gradients: Mapping[str, Tensor]) -> None:
        self._steps += 1
        group = self.optimizer.param_groups[0]
        # Keras adds epsilon before it corrects the bias of the second moment, torch after.
        group["eps"] = self._epsilon / math.sqrt(1 - group["betas"][1] ** self._steps)
        super().apply(gradients)

    def state(self) -> dict[str, Tensor]:
        kept = next(iter(self.optimizer.state.values()))
        return {**super().state(), "iteration": kept["step"].to(torch.int64)}


def adam(
    variables: Mapping[str, Tensor],
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
    """``optimizers.Adam``: torch adds epsilon after the correction of the bias.

    So it is told ``epsilon / sqrt(1 - beta_2 ** t)`` at step t. With a weight decay it is AdamW.
    """
    decayed = weight_decay is not None
    more: dict[str, Any] = {"weight_decay": weight_decay} if decayed else {}
    return _Adam(
        variables,
        epsilon,
        kind=torch.optim.AdamW if decayed else torch.optim.Adam,
        rate=learning_rate,
        clips=clips(clipnorm, clipvalue, global_clipnorm),
        averages=Averages(ema_momentum, ema_overwrite_frequency) if use_ema else None,
        betas=(beta_1, beta_2),
        eps=epsilon,
        amsgrad=amsgrad,
        **more,
    )


def clips(
    clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> dict[str, float | None]:
    """The three kinds of clipping by Keras's names."""
    return {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}


def _scheduled(rate: float | Mapping[str, Any]) -> tuple[float, schedules.Make | None]:
    """The first learning rate, and what makes the scheduler of an optimizer."""
    if not isinstance(rate, dict):
        return float(rate), None  # type: ignore[arg-type] # a number
    ((kind, config),) = rate.items()
    if kind != "ExponentialDecay":
        raise Unsupported(f"the schedule {kind} of an optimizer is not handled here")
    given = dict(config)
    initial = given.pop("initial_learning_rate")
    given.pop("name", None)
    return initial, schedules.exponential(**given)
