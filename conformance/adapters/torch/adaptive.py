"""Further optimizers of keras.optimizers by torch.optim: those that divide by gradients' size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from conformance.adapters.torch.optimizers import EpsilonFirst, KerasOptimizer

if TYPE_CHECKING:
    from collections.abc import Iterable


class RMSprop(KerasOptimizer, torch.optim.RMSprop):  # type: ignore[misc]
    """``optimizers.RMSprop``: torch's momentum gathers steps without the learning rate.

    So it is scaled by old / new when that changes; it can't become 0 beside a momentum. Epsilon is
    added to the root. torch's weight decay goes into the gradient, so weights are shrunk by hand.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Any,
    ) -> None:
        """Make it."""
        more = {"alpha": rho, "eps": epsilon, "momentum": momentum, "centered": centered}
        super().__init__(params, more, **common)

    def move(self) -> None:
        """Do torch's own step, of a momentum that has gathered steps."""
        for group in self.param_groups:
            before, group["lr_before"] = group.get("lr_before", group["lr"]), group["lr"]
            for weight in group["params"]:
                if before != group["lr"] and "momentum_buffer" in self.state[weight]:
                    self.state[weight]["momentum_buffer"].mul_(before / group["lr"])
        super().move()


class Adagrad(KerasOptimizer, torch.optim.Adagrad):  # type: ignore[misc]
    """``optimizers.Adagrad``: epsilon is added to the root.

    torch's weight decay goes into the gradient, so weights are shrunk by hand.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        """Make it."""
        more = {"initial_accumulator_value": initial_accumulator_value, "eps": epsilon}
        super().__init__(params, more, **common)


class Adadelta(KerasOptimizer, torch.optim.Adadelta):  # type: ignore[misc]
    """``optimizers.Adadelta``: epsilon is under both roots, as in Keras.

    torch's weight decay goes into the gradient, so weights are shrunk by hand.
    """

    def __init__(
        self, params: Iterable[Any], *, rho: float = 0.95, epsilon: float = 1e-7, **common: Any
    ) -> None:
        """Make it."""
        super().__init__(params, {"rho": rho, "eps": epsilon}, **common)


class Adamax(KerasOptimizer, torch.optim.Adamax):  # type: ignore[misc]
    """``optimizers.Adamax``: torch adds epsilon to the gradient's size, and remembers that.

    Keras adds it to what is divided by, so 0 alone is the same. torch's weight decay goes into the
    gradient, so weights are shrunk by hand.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        """Make it."""
        super().__init__(params, {"betas": (beta_1, beta_2), "eps": epsilon}, **common)


class Nadam(EpsilonFirst, torch.optim.NAdam):  # type: ignore[misc]
    """``optimizers.Nadam``: torch's schedule of momentum is that of Keras 2, by default.

    torch adds epsilon after the correction of the bias, so it is told
    ``epsilon / sqrt(1 - beta_2 ** t)`` at step t. Its weight decay is told to be decoupled.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        **common: Any,
    ) -> None:
        """Make it."""
        more = {
            "betas": (beta_1, beta_2),
            "weight_decay": weight_decay or 0.0,
            "decoupled_weight_decay": True,
        }
        super().__init__(params, more, epsilon=epsilon, **common)


class Adafactor(KerasOptimizer, torch.optim.Adafactor):  # type: ignore[misc]
    """``optimizers.Adafactor``: torch's first epsilon is a bound of what is divided by.

    In Keras it is added to the squares. torch's learning rate always falls with the root of the
    steps.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        beta_2_decay: float = -0.8,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        weight_decay: float | None = None,
        **common: Any,
    ) -> None:
        """Make it."""
        more = {"beta2_decay": beta_2_decay, "eps": (None, epsilon_2), "d": clip_threshold}
        super().__init__(params, {**more, "weight_decay": weight_decay or 0.0}, **common)
