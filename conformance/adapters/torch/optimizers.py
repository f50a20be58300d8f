"""keras.optimizers by torch: made of Keras's arguments, they step as Keras's do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.utils import clip_grad_value_

from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from torch import Tensor


class KerasOptimizer(torch.optim.Optimizer):  # type: ignore[misc] # torch is not followed
    """What Keras does around the step of any optimizer. A class of torch's stands behind it.

    Before a step gradients are clipped, where they lie, and weights are shrunk. Behind it the
    averages of the weights follow, if there are any: ``state[weight]["average"]``.

    Args:
        params: As torch takes them.
        more: Arguments of torch's class. All others are Keras's.
    """

    def __init__(
        self,
        params: Iterable[Any],
        more: Mapping[str, Any],
        *,
        learning_rate: float = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
    ) -> None:
        """Make it."""
        if [clipnorm, clipvalue, global_clipnorm].count(None) < 2:  # noqa: PLR2004 - all but one
            raise Unsupported("Keras refuses to clip in two ways")
        super().__init__(params, lr=learning_rate, **more)
        self.decay = weight_decay
        self.clipnorm, self.clipvalue = clipnorm, clipvalue
        self.global_clipnorm = global_clipnorm
        self.momentum_of_averages = ema_momentum if use_ema else None
        self.overwrite_every = ema_overwrite_frequency

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> Any:
        """Move each weight that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.clip([one for one in self.weights() if one.grad is not None])
        for group in self.param_groups:
            group["steps"] = group.get("steps", 0) + 1
            for weight in group["params"]:
                if self.decay and weight.grad is not None:
                    weight.mul_(1 - group["lr"] * self.decay)
        self.move()
        if self.momentum_of_averages is not None:
            self.average(self.momentum_of_averages)
        return loss

    def weights(self) -> list[Tensor]:
        """All that it moves."""
        return [weight for group in self.param_groups for weight in group["params"]]

    def move(self) -> None:
        """Do torch's own step."""
        super().step()

    def clip(self, weights: Sequence[Tensor]) -> None:
        """Shrink the gradients of weights."""
        if self.clipvalue is not None:
            clip_grad_value_(weights, self.clipvalue)
        elif self.global_clipnorm is not None:
            clip_norm(weights, self.global_clipnorm)
        elif self.clipnorm is not None:
            for weight in weights:
                clip_norm([weight], self.clipnorm)

    def average(self, momentum: float) -> None:
        """Bring the averages along; from time to time, put them in the weights' place."""
        for group in self.param_groups:
            for weight in group["params"]:
                kept = self.state[weight]
                if "average" in kept:
                    kept["average"].lerp_(weight, 1 - momentum)
                else:
                    kept["average"] = weight.detach().clone()
                if self.overwrite_every and group["steps"] % self.overwrite_every == 0:
                    weight.copy_(kept["average"])


def clip_norm(weights: Sequence[Tensor], limit: float) -> None:
    """Shrink gradients whose common norm is larger: clip_grad_norm_ would add 1e-6 to the norm."""
    if not weights:
        return
    norms = torch.stack([torch.linalg.vector_norm(one.grad) for one in weights])
    share = limit / torch.clamp(torch.linalg.vector_norm(norms), min=limit)
    for one in weights:
        one.grad.mul_(share)


class SGD(KerasOptimizer, torch.optim.SGD):  # type: ignore[misc]
    """``optimizers.SGD``: torch's momentum gathers gradients, Keras's gathers steps.

    That is one and the same as long as the learning rate stays. So that it may change, gradients
    are multiplied by it, where they lie, and torch's own is 1 meanwhile. torch's weight decay goes
    through the momentum, so weights are shrunk by hand.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **common: Any,
    ) -> None:
        """Make it."""
        more = {"momentum": momentum, "nesterov": nesterov and momentum > 0}
        super().__init__(params, more, learning_rate=learning_rate, **common)

    def move(self) -> None:
        """Do torch's own step, of gradients that are steps."""
        rates = [group["lr"] for group in self.param_groups]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.grad.mul_(group["lr"])
            group["lr"] = 1.0
        super().move()
        for group, rate in zip(self.param_groups, rates):
            group["lr"] = rate


class EpsilonFirst(KerasOptimizer):
    """One that is told epsilon anew at each step, ``epsilon / sqrt(1 - beta_2 ** t)`` at step t.

    Keras adds epsilon before it corrects the bias of the second moment, torch after.
    """

    def __init__(
        self, params: Iterable[Any], more: Mapping[str, Any], *, epsilon: float, **common: Any
    ) -> None:
        """Make it."""
        first = epsilon / math.sqrt(1 - more["betas"][1])
        super().__init__(params, {**more, "eps": first}, **common)
        self.epsilon = epsilon

    def move(self) -> None:
        """Do torch's own step, with Keras's epsilon."""
        for group in self.param_groups:
            group["eps"] = self.epsilon / math.sqrt(1 - group["betas"][1] ** group["steps"])
        super().move()


class Adam(EpsilonFirst, torch.optim.Adam):  # type: ignore[misc]
    """``optimizers.Adam``: torch adds epsilon after the correction of the bias.

    So it is told ``epsilon / sqrt(1 - beta_2 ** t)`` at step t. A weight decay shrinks the weights
    by itself, as of AdamW.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
        """Make it."""
        more = {"betas": (beta_1, beta_2), "amsgrad": amsgrad}
        super().__init__(params, more, epsilon=epsilon, **common)


class AdamW(EpsilonFirst, torch.optim.AdamW):  # type: ignore[misc]
    """``optimizers.AdamW``: torch adds epsilon after the correction of the bias.

    So it is told ``epsilon / sqrt(1 - beta_2 ** t)`` at step t.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = 0.004,
        **common: Any,
    ) -> None:
        """Make it."""
        more = {
            "betas": (beta_1, beta_2),
            "amsgrad": amsgrad,
            "weight_decay": weight_decay or 0.0,
        }
        super().__init__(params, more, epsilon=epsilon, **common)
