"""Further optimizers of keras.optimizers by torch.optim: those that divide by gradients' size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from conformance.adapters.native.optimizers import Common, optimizer
from conformance.adapters.torch.optimizers import Adam, Counted, Moving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class _Decayed(Counted):
    """One whose weights are shrunk by hand: torch's own decay goes into the gradient."""

    def __init__(self, variables: Mapping[str, Tensor], common: Common, **more: Any) -> None:
        super().__init__(variables, common, **more)
        self._decay = common.weight_decay or 0.0

    def apply(self, gradients: Mapping[str, Tensor]) -> None:
        if self._decay:
            for variable in self.variables.values():
                variable.mul_(1 - self.rate * self._decay)
        super().apply(gradients)


class _RMSprop(_Decayed):
    slots: Mapping[str, str] = {
        "square_avg": "velocity",
        "momentum_buffer": "momentum",
        "grad_avg": "average_gradient",
    }

    def changed(self, before: float) -> None:
        for kept in self.optimizer.state.values():
            if kept.get("momentum_buffer") is not None:
                kept["momentum_buffer"].mul_(before / self.rate)

    def state(self) -> dict[str, Tensor]:
        found = super().state()
        for name in self.variables:
            if f"{name}/momentum" in found:
                found[f"{name}/momentum"] = self.rate * found[f"{name}/momentum"]
        return found


@optimizer()
def rmsprop(
    variables: Mapping[str, Tensor],
    common: Common,
    *,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
) -> Moving:
    """``optimizers.RMSprop``: torch's momentum gathers steps without the learning rate.

    So it is scaled by old / new when that changes. Epsilon is added to the root. torch's weight
    decay goes into the gradient, so variables are shrunk by hand.
    """
    return _RMSprop(
        variables,
        common,
        kind=torch.optim.RMSprop,
        alpha=rho,
        eps=epsilon,
        momentum=momentum,
        centered=centered,
    )


class _Adagrad(_Decayed):
    slots: Mapping[str, str] = {"sum": "accumulator"}


@optimizer()
def adagrad(
    variables: Mapping[str, Tensor],
    common: Common,
    *,
    initial_accumulator_value: float = 0.1,
    epsilon: float = 1e-7,
) -> Moving:
    """``optimizers.Adagrad``: epsilon is added to the root.

    torch's weight decay goes into the gradient, so variables are shrunk by hand.
    """
    return _Adagrad(
        variables,
        common,
        kind=torch.optim.Adagrad,
        initial_accumulator_value=initial_accumulator_value,
        eps=epsilon,
    )


class _Adadelta(_Decayed):
    slots: Mapping[str, str] = {
        "square_avg": "accumulated_grad",
        "acc_delta": "accumulated_delta_var",
    }


@optimizer()
def adadelta(
    variables: Mapping[str, Tensor],
    common: Common,
    *,
    rho: float = 0.95,
    epsilon: float = 1e-7,
) -> Moving:
    """``optimizers.Adadelta``: epsilon is under both roots, as in Keras.

    torch's weight decay goes into the gradient, so variables are shrunk by hand.
    """
    return _Adadelta(
        variables,
        common,
        kind=torch.optim.Adadelta,
        rho=rho,
        eps=epsilon,
    )


class _Adamax(_Decayed):
    slots: Mapping[str, str] = {"exp_avg": "momentum", "exp_inf": "norm"}


@optimizer()
def adamax(
    variables: Mapping[str, Tensor],
    common: Common,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Moving:
    """``optimizers.Adamax``: torch adds epsilon to the gradient's size, and remembers that.

    torch's weight decay goes into the gradient, so variables are shrunk by hand.
    """
    return _Adamax(
        variables,
        common,
        kind=torch.optim.Adamax,
        betas=(beta_1, beta_2),
        eps=epsilon,
    )


class _NAdam(Adam):
    def state(self) -> dict[str, Tensor]:
        kept = next(iter(self.optimizer.state.values()))
        return {**super().state(), "u_product": kept["mu_product"]}


@optimizer()
def nadam(
    variables: Mapping[str, Tensor],
    common: Common,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Moving:
    """``optimizers.Nadam``: torch's schedule of momentum is that of Keras 2, by default.

    torch adds epsilon after the correction of the bias, so it is told
    ``epsilon / sqrt(1 - beta_2 ** t)`` at step t. Its weight decay is told to be decoupled.
    """
    return _NAdam(
        variables,
        common,
        kind=torch.optim.NAdam,
        betas=(beta_1, beta_2),
        eps=epsilon,
        weight_decay=common.weight_decay or 0.0,
        decoupled_weight_decay=True,
    )


class _Adafactor(Counted):
    def __init__(self, variables: Mapping[str, Tensor], common: Common, **more: Any) -> None:
        super().__init__(variables, common, **more)
        for name, variable in self.variables.items():
            if variable.ndim > 1:
                self.lacking[f"{name}/velocity"] = "torch keeps the two factors alone"
            else:
                why = "torch keeps no factors of what is no matrix"
                self.lacking.update({f"{name}/r": why, f"{name}/c": why})

    def state(self) -> dict[str, Tensor]:
        found = super().state()
        for name, variable in self.variables.items():
            kept = self.optimizer.state[variable]
            if variable.ndim > 1:
                found[f"{name}/r"] = kept["row_var"].squeeze(-1)
                found[f"{name}/c"] = kept["col_var"].squeeze(-2)
            else:
                found[f"{name}/velocity"] = kept["variance"]
        return found


@optimizer()
def adafactor(
    variables: Mapping[str, Tensor],
    common: Common,
    *,
    beta_2_decay: float = -0.8,
    epsilon_1: float = 1e-30,
    epsilon_2: float = 1e-3,
    clip_threshold: float = 1.0,
    relative_step: bool = True,
) -> Moving:
    """``optimizers.Adafactor``: torch's first epsilon is a bound of what is divided by.

    In Keras it is added to the squares. torch's learning rate always falls with the root of the
    steps.
    """
    return _Adafactor(
        variables,
        common,
        kind=torch.optim.Adafactor,
        beta2_decay=beta_2_decay,
        eps=(None, epsilon_2),
        d=clip_threshold,
        weight_decay=common.weight_decay or 0.0,
    )
