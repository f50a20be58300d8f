"""Optimizers and schedules as cases ask for them: step by step, and by Keras's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from conformance.adapters.native.optimizers import takes_common
from conformance.adapters.torch.schedules import exponential_decay
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

SLOTS: Mapping[str, Mapping[str, str]] = {
    "Adam": {"exp_avg": "momentum", "exp_avg_sq": "velocity", "max_exp_avg_sq": "velocity_hat"},
    "AdamW": {"exp_avg": "momentum", "exp_avg_sq": "velocity", "max_exp_avg_sq": "velocity_hat"},
    "Nadam": {"exp_avg": "momentum", "exp_avg_sq": "velocity"},
    "Adagrad": {"sum": "accumulator"},
    "Adadelta": {"square_avg": "accumulated_grad", "acc_delta": "accumulated_delta_var"},
    "Adamax": {"exp_avg": "momentum", "exp_inf": "norm"},
    "RMSprop": {"square_avg": "velocity", "grad_avg": "average_gradient"},
    "Adafactor": {"variance": "velocity"},
    "SGD": {},
}
"""torch's names of what is kept for a variable, to Keras's, by optimizer: what is the same."""

MAX_STEPS = 100_000
"""Steps that a scheduler is moved on at most."""


class Moved:
    """Variables that an optimizer moves.

    Args:
        kind: Its class, which takes Keras's arguments.
        variables: By name; they are moved where they lie.
        config: Keras's arguments, of which the learning rate may be Keras's words for a schedule.
    """

    def __init__(self, kind: Any, variables: Mapping[str, Tensor], config: dict[str, Any]) -> None:
        """Make the optimizer, and the scheduler where there is one."""
        self.variables = dict(variables)
        self.kind: str = kind.__name__
        schedule = config.get("learning_rate")
        if isinstance(schedule, dict):
            config = {key: value for key, value in config.items() if key != "learning_rate"}
        self.optimizer = kind(list(self.variables.values()), **config)
        self.scheduler = _scheduler(self.optimizer, schedule)
        self.lacking = _lacking(self.kind, self.variables)
        """Keras's variables that torch has not, with the reasons."""

    def apply(self, gradients: Mapping[str, Tensor]) -> None:
        """Move each variable by its gradient."""
        for name, gradient in gradients.items():
            self.variables[name].grad = gradient
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.scheduler is not None:
            self.scheduler.step()

    def set(self, *, learning_rate: float) -> None:
        """Set the learning rate."""
        self.optimizer.param_groups[0]["lr"] = learning_rate

    def state(self) -> dict[str, Tensor]:
        """Every variable of Keras's that torch has a counterpart of, by Keras's name."""
        (group,) = self.optimizer.param_groups
        found = dict(self.variables)
        if self.scheduler is None:
            found["learning_rate"] = torch.tensor(group["lr"], dtype=torch.float32)
        for name, variable in self.variables.items():
            kept = self.optimizer.state[variable]
            found.update({f"{name}/{slot}": one for slot, one in self._slots(kept, group).items()})
        if self.kind != "SGD":
            first = next(iter(self.optimizer.state.values()))
            found["iteration"] = first["step"].to(torch.int64)
            if "mu_product" in first:
                found["u_product"] = first["mu_product"]
        return found

    def _slots(self, kept: Mapping[str, Any], group: Mapping[str, Any]) -> dict[str, Tensor]:
        """What is kept for a variable, by Keras's names."""
        slots = {**SLOTS[self.kind], "average": "average"}
        found = {keras: kept[own] for own, keras in slots.items() if own in kept}
        if kept.get("momentum_buffer") is not None:  # of gradients' steps, or without the rate
            rate = -1.0 if self.kind == "SGD" else group["lr_before"]
            found["momentum"] = rate * kept["momentum_buffer"]
        if "row_var" in kept:
            found["r"], found["c"] = kept["row_var"].squeeze(-1), kept["col_var"].squeeze(-2)
        return found


@takes_common
def moved(
    kind: Any,
    variables: Mapping[str, Tensor],
    *,
    loss_scale_factor: None = None,
    gradient_accumulation_steps: None = None,
    **config: Any,
) -> Moved:
    """An optimizer of Keras's, and the variables that it moves."""
    return Moved(kind, variables, config)


def rate_after(make: Callable[..., Any], step: Tensor, **config: Any) -> Tensor:
    """The learning rate of an optimizer whose scheduler has made some steps."""
    count = float(step)
    if step.ndim or count != int(count) or not 0 <= count <= MAX_STEPS:
        raise Unsupported(f"torch's schedulers count whole steps, from 0 to {MAX_STEPS:,} here")
    optimizer = torch.optim.SGD([torch.zeros(())], lr=1.0)
    scheduler = make(optimizer, **config)
    for _ in range(int(count)):
        optimizer.step()
        scheduler.step()
    return torch.tensor(optimizer.param_groups[0]["lr"], dtype=torch.float32)


def _scheduler(optimizer: Any, rate: Any) -> Any:
    """What moves the learning rate, where it is a schedule."""
    if not isinstance(rate, dict):
        return None
    ((kind, config),) = rate.items()
    if kind != "ExponentialDecay":
        raise Unsupported(f"the schedule {kind} of an optimizer is not handled here")
    given = {key: value for key, value in config.items() if key != "name"}
    return exponential_decay(optimizer, **given)


def _lacking(kind: str, variables: Mapping[str, Tensor]) -> dict[str, str]:
    if kind == "SGD":
        return {"iteration": "torch.optim.SGD counts no steps"}
    found: dict[str, str] = {}
    for name, variable in variables.items() if kind == "Adafactor" else ():
        if variable.ndim > 1:
            found[f"{name}/velocity"] = "torch keeps the two factors alone"
        else:
            why = "torch keeps no factors of what is no matrix"
            found.update({f"{name}/r": why, f"{name}/c": why})
    return found
