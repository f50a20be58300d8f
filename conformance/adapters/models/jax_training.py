"""Training of a port to JAX that has no ``train_step``: of functions, or of a Flax module.

Functions are trained where the file has three more of them, which `keras-conformance port` writes:
``forward_and_update(weights, *inputs)``, which answers in training and returns the weights with
moved statistics, ``split(weights)`` into what is trained and what isn't, and ``joined`` of both. Of
a module of Flax NNX every ``nnx.Param`` is trained.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from conformance.adapters.models.base import flat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

NEEDED = ("forward_and_update", "split", "joined")
_FIRST, _SECOND, _EPSILON = 0.9, 0.999, 1e-7


def trains(module: ModuleType, model: Any) -> bool:
    """Whether a port can be trained here."""
    return is_flax(model) or all(callable(getattr(module, name, None)) for name in NEEDED)


def step_of(module: ModuleType, model: Any, settings: Mapping[str, Any]) -> Any:
    """What makes one update: takes model, inputs and targets, returns the model and the loss."""
    rule = _Adam(settings) if settings["optimizer"] == "adam" else _Sgd(settings)
    return _flax_step(module, rule) if is_flax(model) else _functional_step(module, rule)


def named(model: Any) -> list[tuple[str, Any]]:
    """The arrays of a port's weights by name."""
    import jax

    tree = sys.modules["flax"].nnx.state(model) if is_flax(model) else model
    found = []
    for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        if hasattr(leaf, "dtype") and jax.numpy.issubdtype(leaf.dtype, jax.numpy.floating):
            found.append((jax.tree_util.keystr(path), leaf))
    return found


def is_made_of_jax(model: Any) -> bool:
    """Whether a model is a module of Flax NNX, or holds arrays of JAX."""
    import jax

    leaves = [] if callable(model) else jax.tree_util.tree_leaves(model)
    return is_flax(model) or any(isinstance(one, jax.Array) for one in leaves)


def is_flax(model: Any) -> bool:
    """Whether a model is a module of Flax NNX."""
    nnx = getattr(sys.modules.get("flax"), "nnx", None)
    return nnx is not None and isinstance(model, nnx.Module)


def _loss(answer: Any, targets: Sequence[Any]) -> Any:
    outputs = flat(answer)
    if len(outputs) != len(targets):
        raise ValueError(f"{len(outputs)} outputs are answered, not {len(targets)}")
    return sum(((y - t) ** 2).mean() for y, t in zip(outputs, targets))


def _functional_step(module: Any, rule: _Rule) -> Any:
    import jax

    def step(weights: Any, inputs: Sequence[Any], targets: Sequence[Any]) -> tuple[Any, Any]:
        trainable, frozen = module.split(weights)

        def loss(trainable: Any) -> tuple[Any, Any]:
            answer, moved = module.forward_and_update(module.joined(trainable, frozen), *inputs)
            return _loss(answer, targets), moved

        (value, moved), slopes = jax.value_and_grad(loss, has_aux=True)(trainable)
        _, still = module.split(moved)
        return module.joined(rule(trainable, slopes), still), value

    return step


def _flax_step(module: Any, rule: _Rule) -> Any:
    nnx = sys.modules["flax"].nnx

    def step(model: Any, inputs: Sequence[Any], targets: Sequence[Any]) -> tuple[Any, Any]:
        def loss(model: Any) -> Any:
            return _loss(module.forward(model, *inputs, training=True), targets)

        value, slopes = nnx.value_and_grad(loss)(model)
        nnx.update(model, rule(nnx.state(model, nnx.Param), slopes))
        return model, value

    return step


class _Rule:
    """Moves weights against their slopes, by Keras's formula, and keeps what it remembers."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Read the rate."""
        self.rate, self.settings = settings["learning_rate"], settings
        self.steps = 0
        self.memory: list[Any] = []

    def __call__(self, weights: Any, slopes: Any) -> Any:
        """The weights after one update."""
        import jax

        self.steps += 1
        if not self.memory:
            zeros = jax.tree_util.tree_map(jax.numpy.zeros_like, weights)
            self.memory = [zeros, zeros]
        return self.moved(weights, slopes, jax.tree_util.tree_map)

    def moved(self, weights: Any, slopes: Any, every: Any) -> Any:
        """The same, with what applies a function to every array."""
        raise NotImplementedError


class _Sgd(_Rule):
    """With momentum or without."""

    def moved(self, weights: Any, slopes: Any, every: Any) -> Any:
        """``v = momentum * v - rate * slope``; ``w + v``."""
        momentum = self.settings["momentum"]
        self.memory[0] = every(lambda v, g: momentum * v - self.rate * g, self.memory[0], slopes)
        return every(lambda w, v: w + v, weights, self.memory[0])


class _Adam(_Rule):
    """Keras's, whose epsilon stands beside the root that is not corrected for its start."""

    def moved(self, weights: Any, slopes: Any, every: Any) -> Any:
        """``w - rate * correction * m / (sqrt(v) + epsilon)``."""
        import jax

        first, second = self.memory
        first = every(lambda m, g: m + (g - m) * (1 - _FIRST), first, slopes)
        second = every(lambda v, g: v + (g * g - v) * (1 - _SECOND), second, slopes)
        self.memory = [first, second]
        rate = self.rate * math.sqrt(1 - _SECOND**self.steps) / (1 - _FIRST**self.steps)
        root = jax.numpy.sqrt
        return every(lambda w, m, v: w - rate * m / (root(v) + _EPSILON), weights, first, second)
