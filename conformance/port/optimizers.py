"""The optimizer that a model was compiled with, as text for a port's file.

Keras adds Adam's epsilon before it corrects the bias of the second moment, torch and optax after:
at the first step Keras's is 31.6 times as large. SGD's momentum gathers steps in Keras and
gradients in torch, which is the same as long as the learning rate stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.port.model import PortError
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

_IDLE: Mapping[str, Json] = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}
"""Arguments of every optimizer that a port lacks, with the values at which they do nothing."""


class Optimizer(NamedTuple):
    """What a model was compiled with."""

    kind: str
    """``SGD`` or ``Adam``."""
    arguments: Mapping[str, float | bool]


def compiled(written: Json) -> Optimizer | None:
    """The optimizer in a ``compile_config``; None where the model is not compiled.

    Raises:
        PortError: It is another one, or has arguments that a port has not.
    """
    if not isinstance(written, dict) or not isinstance(written.get("optimizer"), dict):
        return None
    kind, config = written["optimizer"]["class_name"], written["optimizer"]["config"]
    if kind not in {"SGD", "Adam"}:
        raise PortError(f"the optimizer {kind} is not ported; SGD and Adam are")
    for key, idle in _IDLE.items():
        if config.get(key, idle) != idle:
            raise PortError(f"{kind}: {key}={config[key]!r} is not ported")
    rate = config["learning_rate"]
    if not isinstance(rate, (int, float)):
        raise PortError(f"{kind}: a schedule of the learning rate is not ported")
    names = {
        "SGD": ("momentum", "nesterov"),
        "Adam": ("beta_1", "beta_2", "epsilon", "amsgrad"),
    }[kind]
    return Optimizer(kind, {"learning_rate": rate, **{name: config[name] for name in names}})


def text(optimizer: Optimizer | None, framework: str) -> str:
    """What a file says of the optimizer; nothing where there is none."""
    if optimizer is None:
        return ""
    given = optimizer.arguments
    if framework == "torch":
        if optimizer.kind == "SGD":
            return _TORCH_SGD.format(**{key: literal(value) for key, value in given.items()})
        return _TORCH_ADAM.format(**{key: literal(value) for key, value in given.items()})
    if given.get("amsgrad"):
        raise PortError("Adam: amsgrad=True is not ported to JAX")
    frame = _JAX_SGD if optimizer.kind == "SGD" else _JAX_ADAM
    return frame.format(**{key: literal(value) for key, value in given.items()})


_TORCH_SGD = '''

def optimizer(model):
    """The optimizer that the model was compiled with."""
    return torch.optim.SGD(
        [one for one in model.parameters() if one.requires_grad],
        lr={learning_rate},
        momentum={momentum},
        nesterov={nesterov},
    )
'''

_TORCH_ADAM = '''

class KerasAdam(torch.optim.Adam):
    """Keras's Adam: epsilon is added before the second moment's bias is corrected."""

    def __init__(self, parameters, epsilon, **more):
        super().__init__(parameters, eps=epsilon, **more)
        self.epsilon, self.steps = epsilon, 0

    def step(self, closure=None):
        self.steps += 1
        for group in self.param_groups:
            group["eps"] = self.epsilon / (1 - group["betas"][1] ** self.steps) ** 0.5
        return super().step(closure)


def optimizer(model):
    """The optimizer that the model was compiled with."""
    return KerasAdam(
        [one for one in model.parameters() if one.requires_grad],
        epsilon={epsilon},
        lr={learning_rate},
        betas=({beta_1}, {beta_2}),
        amsgrad={amsgrad},
    )
'''

_JAX_SGD = '''

def optimizer_state(weights):
    """What the optimizer keeps before its first step: the last step of every weight."""
    return jax.tree.map(jnp.zeros_like, weights)


def optimizer_step(gradients, state, weights):
    """(weights, state) after a step of the optimizer that the model was compiled with."""
    rate, momentum = {learning_rate}, {momentum}
    state = jax.tree.map(lambda kept, g: momentum * kept - rate * g, state, gradients)
    if {nesterov}:
        moved = jax.tree.map(lambda kept, g: momentum * kept - rate * g, state, gradients)
    else:
        moved = state
    return jax.tree.map(jnp.add, weights, moved), state
'''

_JAX_ADAM = '''

def optimizer_state(weights):
    """What the optimizer keeps before its first step: both moments, and the count of steps."""
    zeros = jax.tree.map(jnp.zeros_like, weights)
    return zeros, zeros, 0


def optimizer_step(gradients, state, weights):
    """(weights, state) after a step of the optimizer that the model was compiled with.

    Keras adds epsilon before it corrects the bias of the second moment; optax adds it after.
    """
    first, second, steps = state
    b1, b2, steps = {beta_1}, {beta_2}, steps + 1
    first = jax.tree.map(lambda m, g: m + (g - m) * (1 - b1), first, gradients)
    second = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - b2), second, gradients)
    rate = {learning_rate} * jnp.sqrt(1 - b2**steps) / (1 - b1**steps)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + {epsilon}), weights, first, second
    )
    return weights, (first, second, steps)
'''
