"""Faults of an optimizer made of others: which of them moves a variable, and how often it does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.reference.faults.fault import Fault, nodewise
from conformance.reference.spec.optimizers.multi import MultiOptimizer, OptimizerMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.cases.model import Model, Node
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.optimizers.base import Optimizer


class _Beginning(OptimizerMap):
    """A pattern fits where a path begins with it."""

    def fits(self, pattern: str, path: str) -> bool:
        return re.match(pattern, path) is not None


class _Anywhere(OptimizerMap):
    """A pattern fits where it is found in a path."""

    def fits(self, pattern: str, path: str) -> bool:
        return re.search(pattern, path) is not None


class _PathsAlone(OptimizerMap):
    """Keys are paths, and no patterns."""

    def fits(self, pattern: str, path: str) -> bool:
        return pattern == path


class _PatternsFirst(OptimizerMap):
    """The first key that fits, whether it is the path itself or not."""

    def key_of(self, path: str) -> str:
        keys = [key for key in self.optimizers if self.fits(key, path)]
        return keys[0] if keys else super().key_of(path)


class _FirstForAll(OptimizerMap):
    """The first optimizer of the map moves every variable."""

    def key_of(self, path: str) -> str:  # noqa: ARG002 (it is all the same)
        return next(iter(self.optimizers))


class _DefaultForAll(OptimizerMap):
    """The default optimizer moves every variable."""

    def key_of(self, path: str) -> str:  # noqa: ARG002 (it is all the same)
        return [*self.optimizers][-1]


class _OneByOne:
    """A call of its optimizer for each variable, which counts every one of them."""

    def apply(self, gradients: Mapping[str, Array]) -> None:
        super().apply(gradients)  # type: ignore[misc] # a MultiOptimizer's
        for key, optimizer in _parts(self):
            optimizer.calls += max([*_owners(self)].count(key) - 1, 0)


class _Uncounted:
    """Its own steps aren't counted."""

    def apply(self, gradients: Mapping[str, Array]) -> None:
        super().apply(gradients)  # type: ignore[misc] # a MultiOptimizer's
        self.calls = 0


class _Together:
    """Steps of all of its optimizers are counted, of those without a variable too."""

    def apply(self, gradients: Mapping[str, Array]) -> None:
        super().apply(gradients)  # type: ignore[misc] # a MultiOptimizer's
        for key, optimizer in _parts(self):
            optimizer.calls += key not in _owners(self)


class _Unscaled:
    """Its loss scale is not handed on."""

    def scale_of(self, optimizer: Optimizer, factor: float | None) -> float | None:  # noqa: ARG002 (its own)
        return optimizer.scale


class _ScaledTwice:
    """Its loss scale is multiplied with that of its optimizers."""

    def scale_of(self, optimizer: Optimizer, factor: float | None) -> float | None:
        return (factor or 1.0) * (optimizer.scale or 1.0)


class _OneNorm:
    """A global norm over the variables of all optimizers."""

    def apply(self, gradients: Mapping[str, Array]) -> None:
        given = dict(gradients)
        for _, optimizer in _parts(self):
            if optimizer.global_clipnorm is not None:
                shortened = optimizer._clipped(dict(gradients))  # noqa: SLF001 (an optimizer's own)
                given |= {name: shortened[name] for name in optimizer.values}
        super().apply(given)  # type: ignore[misc] # a MultiOptimizer's


def _parts(several: Any) -> list[tuple[str, Optimizer]]:
    return [*several.map.optimizers.items()]


def _owners(several: Any) -> list[str]:
    """The key of each variable's optimizer."""
    return [several.map.key_of(name) for name in several.values]


def _by(wrong: type[OptimizerMap]) -> type:
    """What makes a MultiOptimizer go by another map."""
    return type(f"By{wrong.__name__}", (), {"map_of": wrong})


SEVERAL: dict[str, tuple[type, type, str]] = {
    name: (MultiOptimizer, mixin, says)
    for name, mixin, says in (
        ("pattern-begins", _by(_Beginning), "took a pattern to fit what begins with it"),
        ("pattern-anywhere", _by(_Anywhere), "took a pattern to fit what it is found in"),
        ("paths-alone", _by(_PathsAlone), "took no key for a pattern"),
        ("patterns-first", _by(_PatternsFirst), "took a pattern that fits before the path itself"),
        ("first-for-all", _by(_FirstForAll), "moved all variables by the map's first optimizer"),
        ("default-for-all", _by(_DefaultForAll), "moved all variables by the default optimizer"),
        ("counted-by-variable", _OneByOne, "counted an optimizer's step for each variable of it"),
        ("steps-uncounted", _Uncounted, "did not count its own steps"),
        ("idle-counted", _Together, "counted steps of an optimizer that has no variable"),
        ("scale-not-handed-on", _Unscaled, "left its optimizers the loss scales of their own"),
        ("scale-twice", _ScaledTwice, "divided by its loss scale and by that of its optimizers"),
        ("one-norm", _OneNorm, "took a global norm over the variables of all optimizers"),
    )
}
"""By name: the class that it fits, what is mixed in, the words."""


def exchanged(node: Node) -> Iterator[Fault]:
    """The first optimizer of a map and the default one, each in the other's place."""
    form, config = _map_of(node)
    by_key = config.get("optimizer_map") or {}
    for key, one in [*by_key.items()][:1]:
        others = {**by_key, key: config["default_optimizer"]}
        swapped = {form: {**config, "default_optimizer": one, "optimizer_map": others}}
        yield Fault(
            name=f"exchanged:{node.layer}.optimizer_map",
            says=f"took the optimizer of {key} for the default one, and that for {key}'s",
            model=_with(swapped, "optimizer_map"),
        )


def wrapped_otherwise(node: Node) -> Iterator[Fault]:
    """An optimizer that another one wraps, or has in its map, with twice its learning rate."""
    form, config = _map_of(node)
    for key, one in (config.get("optimizer_map") or {}).items():
        if faster := _faster(one):
            others = {**config["optimizer_map"], key: faster}
            yield Fault(
                name=f"more:optimizers.OptimizerMap.optimizer_map {key}",
                says=f"doubled the learning rate of the optimizer for {key}",
                model=_with({form: {**config, "optimizer_map": others}}, "optimizer_map"),
            )
    if faster := _faster(config.get("default_optimizer")):
        yield Fault(
            name="more:optimizers.OptimizerMap.default_optimizer",
            says="doubled the learning rate of the default optimizer",
            model=_with({form: {**config, "default_optimizer": faster}}, "optimizer_map"),
        )
    if faster := _faster(node.config.get("inner_optimizer")):
        yield Fault(
            name=f"more:{node.layer}.inner_optimizer",
            says=f"doubled the learning rate of {next(iter(faster))} inside {node.layer}",
            model=_with(faster, "inner_optimizer"),
        )


def _map_of(node: Node) -> tuple[str, dict[str, Any]]:
    """In which form a map of optimizers is handed over, and its arguments; none without one."""
    held = node.config.get("optimizer_map")
    if not isinstance(held, dict) or len(held) != 1:
        return "", {}
    ((form, config),) = held.items()
    return form, config


def _faster(written: Any) -> dict[str, Any] | None:
    """An optimizer with twice its learning rate; None where it says none."""
    config = next(iter(written.values())) if isinstance(written, dict) else None
    rate = (config or {}).get("learning_rate")
    if not isinstance(rate, int | float):
        return None
    return {next(iter(written)): {**(config or {}), "learning_rate": 2 * rate}}


def _with(value: Any, argument: str) -> Callable[[Model], Model]:
    """An object's model whose argument is another one."""

    def rewrite(node: Node) -> list[Node]:
        return [msgspec.structs.replace(node, config={**node.config, argument: value})]

    return nodewise(rewrite)
