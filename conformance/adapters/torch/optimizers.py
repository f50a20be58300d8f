"""keras.optimizers by torch.optim: what is passed, and what has to be done around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_value_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from conformance.adapters.native.optimizers import Common, optimizer
from conformance.adapters.torch import schedules
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Moving:
    """Variables that an optimizer of torch moves.

    Args:
        variables: By name; they are moved where they lie.
        common: What all optimizers take. Weights are shrunk by those alone that say so.
        kind: torch's class.
        more: Further arguments of the class.
    """

    slots: Mapping[str, str] = {}
    """torch's names of what is kept for a variable, to Keras's."""

    def __init__(
        self,
        variables: Mapping[str, Tensor],
        common: Common,
        kind: Any,
        **more: Any,
    ) -> None:
        """Make the optimizer, and the scheduler where there is one."""
        self.variables = dict(variables)
        self.clips = common.clips
        self.lacking: dict[str, str] = {}
        """Keras's variables that torch has not, with the reasons."""
        initial, make = _scheduled(common.rate)
        self.optimizer = kind(list(self.variables.values()), lr=initial, **more)
        self.scheduler = make(self.optimizer) if make else None
        self.averages = common.averages and Averages(self.variables, *common.averages)

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
        variables: By name.
        momentum: Keras's ``ema_momentum``.
        every: Keras's ``ema_overwrite_frequency``.
    """

    def __init__(self, variables: Mapping[str, Tensor], momentum: float, every: int | None) -> None:
        """Make a module of the variables, whose memory it shares."""
        self._every, self._steps = every, 0
        self._module = nn.ParameterDict(
            {name: nn.Parameter(one, requires_grad=False) for name, one in variables.items()}
        )
        average = get_ema_multi_avg_fn(momentum)
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


class Counted(Moving):
    """One that counts its steps."""

    def state(self) -> dict[str, Tensor]:
        """As of :class:`Moving`, with the steps."""
        kept = next(iter(self.optimizer.state.values()))
        return {**super().state(), "iteration": kept["step"].to(torch.int64)}


class _Sgd(Moving):
    slots: Mapping[str, str] = {"momentum_buffer": "momentum"}

    def __init__(
        self, variables: Mapping[str, Tensor], common: Common, decay: float, **more: Any
    ) -> None:
        super().__init__(variables, common, torch.optim.SGD, **more)
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


@optimizer(learning_rate=0.01)
def sgd(
    variables: Mapping[str, Tensor],
    common: Common,
    *,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> Moving:
    """``optimizers.SGD``: torch's momentum gathers gradients, Keras's gathers steps.

    So it is scaled by old / new when the learning rate changes. torch's weight decay goes through
    the momentum, so that beside one variables are shrunk by hand.
    """
    decay = common.weight_decay or 0.0
    coupled = momentum == 0
    return _Sgd(
        variables,
        common,
        0.0 if coupled else decay,
        momentum=momentum,
        nesterov=nesterov and momentum > 0,
        weight_decay=decay if coupled else 0.0,
    )


class Adam(Counted):
    """One that is told epsilon anew at each step.

    Keras adds epsilon before it corrects the bias of the second moment, torch after.
    """

    slots: Mapping[str, str] = {
        "exp_avg": "momentum",
        "exp_avg_sq": "velocity",
        "max_exp_avg_sq": "velocity_hat",
    }

    def __init__(
        self, variables: Mapping[str, Tensor], common: Common, kind: Any, *, eps: float, **more: Any
    ) -> None:
        """Make it; ``eps`` is Keras's epsilon."""
        super().__init__(variables, common, kind, eps=eps, **more)
        self._epsilon = eps
        self._steps = 0

    def apply(self, gradients: Mapping[str, Tensor]) -> None:
        """Move each variable by its gradient."""
        self._steps += 1
        group = self.optimizer.param_groups[0]
        group["eps"] = self._epsilon / math.sqrt(1 - group["betas"][1] ** self._steps)
        super().apply(gradients)


def _adam(
    variables: Mapping[str, Tensor],
    common: Common,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
) -> Moving:
    """``optimizers.Adam``: torch adds epsilon after the correction of the bias.

    So it is told ``epsilon / sqrt(1 - beta_2 ** t)`` at step t. With a weight decay it is AdamW.
    """
    decay = common.weight_decay
    return Adam(
        variables,
        common,
        torch.optim.Adam if decay is None else torch.optim.AdamW,
        betas=(beta_1, beta_2),
        eps=epsilon,
        amsgrad=amsgrad,
        weight_decay=decay or 0.0,
    )


adam = optimizer()(_adam)
adamw = optimizer(weight_decay=0.004)(_adam)


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
